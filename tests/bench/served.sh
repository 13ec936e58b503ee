# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# served: what those who are served lose by the gate. Clients of the crowd's own
# kernel, one server on one core, no flood; with the gate at both depths, observing, asleep,
# with a program that passes everything in its place (on veth a program costs by
# itself: each packet a TCP socket sends is copied for it), and with none: A B C, C B A.
# SERVED_BEDS= says which of them (the first is what the others are compared with),
# SERVED_MEASURES= what is measured, SERVED_BUDGET= for how many seconds. Sourced by scripts/bench.
#
# shellcheck disable=SC2034,SC2154 # variables of scripts/bench's other parts

SERVED_SECONDS=2
SERVED_BUDGET=${SERVED_BUDGET:-160} # seconds, after which no other round begins
SERVED_PAGE=http://$TB_VICTIM4

declare -A SERVED_WHO=([none]="no gate" [pass]="a program that passes all" [gate]=straygate
	[data]="straygate, judged at data" [observe]="straygate, observing" [asleep]="straygate, asleep (posture auto)")
# In this order: what is measured, and its unit.
declare -A SERVED_WHAT=([down]="100 MB down" [up]="100 MB up" [requests]="requests, connections kept"
	[visits]="visits, 1 KB each" [short]="visits, 100 KB each")
declare -A SERVED_UNIT=([down]=MB/s [up]=MB/s [requests]=/s [visits]=/s [short]=/s)

served_bed()
{
	local d=$1
	bed_up "$d"
	bed_nginx "$d"
	head -c 100000 /dev/zero >"$TB_RUN/$(bed "$d")/nginx/www/short"
	case $d in
	gate) bed_gate "$d" "${HTTP_GATE[@]}" ;;
	data) bed_gate "$d" "listen tcp/80 as http handshake off" "${HTTP_GATE[@]:1}" ;;
	observe) bed_gate "$d" "${HTTP_GATE[@]}" && "$TB_GATE" posture observe --instance "$(bed "$d")" >/dev/null ;;
	asleep) bed_gate "$d" "${HTTP_GATE[@]}" && "$TB_GATE" posture auto --force --instance "$(bed "$d")" >/dev/null ;;
	pass) tb_victim "$(bed "$d")" ip link set dev v0 xdp object "$ROOT/build/pass.bpf.o" section xdp ;;
	none) ;;
	esac
	bed_pin "$d"
	# As on a NIC, where GRO comes after XDP and both are there.
	tb_victim "$(bed "$d")" ethtool -K v0 gro on
}

served_client()
{
	tb_crowd "$(bed "$1")" nice -n -15 taskset -c "$TB_CORE_CROWD" "${@:2}"
}

# served_wrk DEFENCE PATH [OPTION...]: requests a second, of which none may fail.
served_wrk()
{
	served_client "$1" wrk -t 1 -c 32 -d "$SERVED_SECONDS" -H "Host: www.served.example" "${@:3}" "$SERVED_PAGE$2" |
		awk '/^Requests\/sec/ { rate = $2 } /Socket errors|Non-2xx/ { bad = 1 } END { print bad ? 0 : rate }'
}

# served_curl DEFENCE WHICH OPTION... URL: MB/s of three transfers, 0 if one was not whole.
served_curl()
{
	served_client "$1" curl -sf -m 6 --connect-to "::$TB_VICTIM4:" -o /dev/null \
		-w "%{speed_$2} %{size_$2}\n" "${@:3:$#-3}" "${*: -1}?[1-3]" |
		awk '$2 >= 100000000 && $1 > 0 { n++; s += 1e6 / $1 } END { print (n == 3 ? 3 / s : 0) }'
}

served_once()
{
	case $2 in
	down) served_curl "$1" download http://www.served.example/big ;;
	up) served_curl "$1" upload -T "$DIR/up" -H Expect: http://www.served.example/upload ;;
	requests) served_wrk "$1" / ;;
	visits) served_wrk "$1" / -H "Connection: close" ;;
	short) served_wrk "$1" /short -H "Connection: close" ;;
	esac
}

# served_round MEASURE BED...: one sample of each, and its ratio to that of the first of BEDS.
served_round()
{
	local m=$1 d
	local -A now
	for d in "${@:2}"; do
		now[$d]=$(served_once "$d" "$m")
		sample "served.$m.$d" "${now[$d]}"
	done
	for d in "${BEDS[@]:1}"; do
		sample "served.$m.$d.ratio" "$(awk -v a="${now[$d]}" -v b="${now[${BEDS[0]}]}" 'BEGIN { print (b > 0 ? a / b : 0) }')"
	done
}

bench_served()
{
	local BEDS measures back=() d m i base begun=$SECONDS
	read -r -a BEDS <<<"${SERVED_BEDS:-none gate data observe asleep pass}"
	read -r -a measures <<<"${SERVED_MEASURES:-down up requests visits short}"
	truncate -s 100MB "$DIR/up"
	for d in "${BEDS[@]}"; do
		back=("$d" "${back[@]}")
		served_bed "$d"
		served_once "$d" visits >/dev/null
	done
	for ((i = 0; i < ROUNDS && SECONDS - begun < SERVED_BUDGET; i++)); do
		for m in "${measures[@]}"; do
			# A machine that gets slower or faster does so for none of them more than for another.
			if ((i % 2)); then served_round "$m" "${back[@]}"; else served_round "$m" "${BEDS[@]}"; fi
		done
	done
	for m in "${measures[@]}"; do
		for d in "${BEDS[@]}"; do
			figure "served.$m.$d" served "${SERVED_WHAT[$m]}" "${SERVED_WHO[$d]}" "${SERVED_UNIT[$m]}"
		done
	done
	base="of those with ${SERVED_WHO[${BEDS[0]}]}"
	[ "${BEDS[0]}" != none ] || base="of no gate's" # as targets.awk has it
	for m in "${measures[@]}"; do
		for d in "${BEDS[@]:1}"; do
			figure "served.$m.$d.ratio" served "${SERVED_WHAT[$m]}: $base" "${SERVED_WHO[$d]}" times
		done
	done
	beds_down
}
