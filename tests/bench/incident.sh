# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# incident: 21 January 2014, time compressed (incident-2014.mix), against a server
# alone, with `return 444`, and with the gate. Sourced by scripts/bench.
#
# shellcheck disable=SC2034,SC2154 # variables of scripts/bench's other parts

INCIDENT_SCALE=${INCIDENT_SCALE:-1}

incident_day()
{
	local d=$1 out fifo=() pid
	out=$TB_RUN/$(bed "$d")/bench/report
	[ "$TB_CORE_CROWD" = "$TB_CORE_VICTIM" ] || fifo=(--fifo)
	tb_crowd "$(bed "$d")" taskset -c "$TB_CORE_CROWD" "$ROOT/build/crowd" --json "${fifo[@]}" \
		--mix "$ROOT/tests/bench/incident-2014.mix" --scale "$INCIDENT_SCALE" >"$out" &
	pid=$!
	tb_record "$TB_RUN/$(bed "$d")/pids/crowd" "$pid"
	wait "$pid"
	jq -r '.streams.served as $s | [$s.good / $s.offered * 100, $s.answered_usec.p99 / 1000,
		([.streams[] | .offered] | add - $s.offered), ([.streams[] | .came_again] | add)] |
		map(tostring) | join(" ")' "$out"
}

bench_incident()
{
	local all=(nothing 444 gate) d good p99 strays again
	declare -A who=([nothing]="nothing: nginx answers" [444]="nginx return 444" [gate]=straygate)
	for d in "${all[@]}"; do
		bed_up "$d"
	done
	bed_nginx nothing
	bed_nginx 444 "return 444;"
	bed_nginx gate
	bed_gate gate "${HTTP_GATE[@]}" "${TLS_GATE[0]}" "${TLS_GATE[2]}"
	stand_aside
	for d in "${all[@]}"; do
		bed_pin "$d"
		read -r good p99 strays again < <(incident_day "$d")
		sample "incident.$d.good" "$good"
		sample "incident.$d.p99" "$p99"
		sample "incident.$d.strays" "$strays"
		sample "incident.$d.again" "$again"
	done
	for d in "${all[@]}"; do
		figure "incident.$d.good" incident "served visits that were good" "${who[$d]}" %
		figure "incident.$d.p99" incident "a served page, p99" "${who[$d]}" ms
		figure "incident.$d.strays" incident "stray visits in 20 s" "${who[$d]}" visits
		figure "incident.$d.again" incident "of these, people who came again" "${who[$d]}" visits
	done
	beds_down
}
