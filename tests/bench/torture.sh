# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# torture: random labels below a zone that is served here, before nsd alone and before a gate
# that knows the zone's names; known names are asked for all the while, and in calm.
# Sourced by scripts/bench.
#
# shellcheck disable=SC2034,SC2154 # variables of scripts/bench's other parts

TORTURE_RATE=${TORTURE_RATE:-100000}
TORTURE_SECONDS=4

# torture_names DEFENCE: the zone's names, as the zone file has them.
torture_names()
{
	local file
	file=$TB_RUN/$(bed "$1")/bench/names
	printf '%s\n' served.example ns.served.example www.served.example txt.served.example >"$file"
	echo "$file"
}

# torture_round DEFENCE: in calm, and tortured.
torture_round()
{
	local d=$1 calm
	flood "$d" 0 "$SERVED_RATE" "$TORTURE_SECONDS"
	calm=$flood_p99
	sample "torture.$d.calm" "$(awk -v p="$calm" 'BEGIN { print p / 1000 }')"
	flood "$d" "$TORTURE_RATE" "$SERVED_RATE" "$TORTURE_SECONDS"
	sample "torture.$d.came" "$flood_rate"
	sample "torture.$d.good" "$(awk -v g="$flood_good" 'BEGIN { print g / 10000 }')"
	sample "torture.$d.p99" "$(awk -v p="$flood_p99" 'BEGIN { print p / 1000 }')"
	sample "torture.$d.times" "$(awk -v p="$flood_p99" -v c="$calm" 'BEGIN { print (c > 0 ? p / c : 0) }')"
	echo "bench: torture: $d: $flood_rate/s came: good $flood_good ppm, p99 $flood_p99 us, in calm $calm us;" \
		"cores $flood_core % $flood_crowd %" >&2
}

bench_torture()
{
	local all=(gate nxdomain nothing) d i
	declare -A who=([gate]=straygate [nxdomain]="straygate, answer nxdomain" [nothing]="nothing: nsd answers")
	CROWD=(--mode dns --random-label --name served.example --served-mode dns --served-sources 198.19.0.1/32)
	SERVED_RATE=2000
	beds 53 "${all[@]}"
	FLOOD_SOFTIRQ=$(softirq_thread)
	for d in "${all[@]}"; do
		start_nsd "$(bed "$d")"
	done
	bed_gate gate "listen udp/53 as dns" "zone served.example names from $(torture_names gate)"
	bed_gate nxdomain "listen udp/53 as dns" "zone served.example names from $(torture_names nxdomain)" \
		"unknown dns answer nxdomain"
	stand_aside
	for d in "${all[@]}"; do
		bed_pin "$d"
		flood "$d" 0 "$SERVED_RATE" 0.5 # caches, ARP
	done
	for ((i = 0; i < ROUNDS; i++)); do
		for d in "${all[@]}"; do
			torture_round "$d"
		done
	done
	for d in "${all[@]}"; do
		figure "torture.$d.came" torture "random labels a second, $TORTURE_RATE asked" "${who[$d]}" /s
		figure "torture.$d.good" torture "known names answered" "${who[$d]}" %
		figure "torture.$d.p99" torture "a known name, p99" "${who[$d]}" ms
		figure "torture.$d.calm" torture "a known name, p99, in calm" "${who[$d]}" ms
		figure "torture.$d.times" torture "its p99, of that in calm" "${who[$d]}" times
	done
	beds_down
}
