# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# torture: random labels below a zone that is served here, before nsd alone and before a gate
# that knows the zone's names; known names are asked for all the while, and in calm. Beside it
# a program that drops them by their length alone: what it costs, nothing can do without.
# TORTURE_BEDS= which of them. Sourced by scripts/bench.
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

# torture_gate DEFENCE: before its nsd.
torture_gate()
{
	local lines=("listen udp/53 as dns" "zone served.example names from $(torture_names "$1")")
	case $1 in
	gate) bed_gate "$1" "${lines[@]}" ;;
	nxdomain) bed_gate "$1" "${lines[@]}" "unknown dns answer nxdomain" ;;
	drop) bed_gate "$1" "${lines[@]}" "unknown dns drop" ;;
	least) tb_victim "$(bed "$1")" ip link set dev v0 xdp object "$ROOT/build/labels.bpf.o" section xdp.frags ;;
	esac
}

# torture_ran DEFENCE: nanoseconds for which its threads have run so far: the one that takes
# packets in, and nsd; and for which nsd has waited for the core.
torture_ran()
{
	local napi pid files=()
	read -r napi _ <"$TB_RUN/$(bed "$1")/napi-v0"
	for pid in $(ip netns pids "sg-$(bed "$1")-v"); do
		files+=("/proc/$pid/schedstat")
	done
	cat "/proc/$napi/schedstat"
	cat "${files[@]}" 2>/dev/null | awk '{ ran += $1; waited += $2 } END { print ran, waited }'
}

# torture_round DEFENCE: in calm, and tortured.
torture_round()
{
	local d=$1 calm before after napi nsd waited
	flood "$d" 0 "$SERVED_RATE" "$TORTURE_SECONDS"
	calm=$flood_p99
	sample "torture.$d.calm" "$(awk -v p="$calm" 'BEGIN { print p / 1000 }')"
	mapfile -t before < <(torture_ran "$d")
	flood "$d" "$TORTURE_RATE" "$SERVED_RATE" "$TORTURE_SECONDS"
	mapfile -t after < <(torture_ran "$d")
	# How long it takes to take one in, and how much of the time nsd runs, or waits for it.
	read -r napi nsd waited < <(echo "${before[*]} ${after[*]}" | awk -v n="$flood_stray" -v s="$TORTURE_SECONDS" \
		'{ printf "%d %.1f %.1f\n", ($6 - $1) / (n ? n : 1), ($9 - $4) / s / 1e7, ($10 - $5) / s / 1e7 }')
	sample "torture.$d.napi" "$napi"
	sample "torture.$d.waits" "$waited"
	sample "torture.$d.came" "$flood_rate"
	sample "torture.$d.good" "$(awk -v g="$flood_good" 'BEGIN { print g / 10000 }')"
	sample "torture.$d.p99" "$(awk -v p="$flood_p99" 'BEGIN { print p / 1000 }')"
	sample "torture.$d.times" "$(awk -v p="$flood_p99" -v c="$calm" 'BEGIN { print (c > 0 ? p / c : 0) }')"
	echo "bench: torture: $d: $flood_rate/s came: good $flood_good ppm, p99 $flood_p99 us, in calm $calm us;" \
		"cores $flood_core % $flood_crowd %; $napi ns to take one in;" \
		"nsd ran $nsd % and waited $waited %" >&2
}

bench_torture()
{
	local all=() d i
	declare -A who=([gate]=straygate [nxdomain]="straygate, answer nxdomain" [drop]="straygate, drop"
		[least]="a program that drops them" [nothing]="nothing: nsd answers")
	read -r -a all <<<"${TORTURE_BEDS:-gate nxdomain drop least nothing}"
	CROWD=(--mode dns --random-label --name served.example --served-mode dns --served-sources 198.19.0.1/32)
	SERVED_RATE=2000
	beds 53 "${all[@]}"
	FLOOD_SOFTIRQ=$(softirq_thread)
	for d in "${all[@]}"; do
		start_nsd "$(bed "$d")"
	done
	for d in "${all[@]}"; do
		torture_gate "$d"
	done
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
		figure "torture.$d.napi" torture "core 0, taking one in" "${who[$d]}" ns
		figure "torture.$d.waits" torture "nsd has work and waits for core 0" "${who[$d]}" %
		figure "torture.$d.times" torture "its p99, of that in calm" "${who[$d]}" times
	done
	beds_down
}
