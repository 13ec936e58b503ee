# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# swap: the same flood with nothing else going on, while policies are applied one
# after the other, and while somebody looks at the strays all the time: A B C A B C.
# The commands run on the victim's core, as they would. Sourced by scripts/bench.
#
# shellcheck disable=SC2034,SC2154 # variables of scripts/bench's other parts

SWAP_STRAY=${SWAP_STRAY:-20000}
SWAP_SERVED=1000
SWAP_SECONDS=4
SWAP_BUDGET=60 # seconds, after which no other round begins

# Two policies that serve the same names, and are different in all else.
swap_policy()
{
	printf '%s\n' "posture enforce" "${HTTP_GATE[@]}" "serve name-$1.example .many-$1.example"
	awk -v n="$1" 'BEGIN { for (i = 0; i < 5000; i++) printf "source 10.%d.%d.%d drop\n", n + 100, i / 250, i % 250 }'
}

swap_command()
{
	case $1 in
	apply) "$TB_GATE" apply --instance "$(bed gate)" "$DIR/policy-$(($2 % 2))" ;;
	show) "$TB_GATE" show strays -j --instance "$(bed gate)" ;;
	esac
}

# swap_loop apply|show FILE: again and again until killed, the count in FILE.
swap_loop()
{
	local n=0
	renice -n 0 -p "$BASHPID" >/dev/null
	while swap_command "$1" $n >/dev/null 2>"$DIR/loop.log"; do
		n=$((n + 1))
		echo $n >"$2"
	done
	echo "failed after $n: $(cat "$DIR/loop.log")" >"$2"
}

# swap_phase quiet|apply|show
swap_phase()
{
	local what=$1 loop='' out n
	out=$TB_RUN/$(bed gate)/bench/report
	if [ "$what" != quiet ]; then
		swap_loop "$what" "$DIR/times" &
		loop=$!
		tb_record "$TB_RUN/$(bed gate)/pids/loop" "$loop"
	fi
	flood gate "$SWAP_STRAY" "$SWAP_SERVED" "$SWAP_SECONDS"
	if [ -n "$loop" ]; then
		tb_stop_pid "$loop"
		wait "$loop" 2>/dev/null || true
		sleep 0.3 # for its last command
		n=$(cat "$DIR/times")
		[[ $n =~ ^[0-9]+$ ]] || tb_die "swap: $what $n"
		sample "swap.$what.times" "$n"
	fi
	jq -r '.streams as $s | [$s.served.offered - $s.served.answered, $s.served.turned_away + $s.served.reset,
		$s.stray.answered, $s.stray.turned_away / .seconds, $s.stray.turned_away_usec.p99 / 1000,
		$s.stray.turned_away_usec.p50 / 1000, $s.served.answered_usec.p99 / 1000] | map(tostring) | join(" ")' "$out" >"$DIR/phase"
	read -r lost refused let_in rate p99 p50 served_p99 <"$DIR/phase"
	sample "swap.$what.lost" "$lost"
	sample "swap.$what.misjudged" $((refused + let_in))
	sample "swap.$what.rate" "$rate"
	sample "swap.$what.p50" "$p50"
	sample "swap.$what.p99" "$p99"
	sample "swap.$what.served" "$served_p99"
}

bench_swap()
{
	local what i begun=$SECONDS lost refused let_in rate p99 p50 served_p99
	declare -A who=([quiet]="straygate, left alone" [apply]="straygate, apply after apply"
		[show]="straygate, show strays after show strays")
	CROWD=(--mode http --drain 3000)
	FLOOD_PORT[gate]=80
	FLOOD_SOFTIRQ=$(softirq_thread)
	bed_up gate
	bed_nginx gate
	swap_policy 0 >"$DIR/policy-0"
	swap_policy 1 >"$DIR/policy-1"
	bed_gate gate "${HTTP_GATE[@]}"
	bed_pin gate
	stand_aside
	flood gate "$SWAP_STRAY" "$SWAP_SERVED" 1
	for ((i = 0; i < ROUNDS && SECONDS - begun < SWAP_BUDGET; i++)); do
		for what in quiet apply show; do
			swap_phase $what
		done
	done
	for what in quiet apply show; do
		figure "swap.$what.rate" swap "strays turned away a second, $SWAP_STRAY come" "${who[$what]}" /s
		figure "swap.$what.lost" swap "served visits not answered, of $((SWAP_SERVED * SWAP_SECONDS))" "${who[$what]}" visits
		figure "swap.$what.misjudged" swap "visits misjudged, of $(((SWAP_STRAY + SWAP_SERVED) * SWAP_SECONDS))" \
			"${who[$what]}" visits
		figure "swap.$what.p50" swap "a stray's 421, p50" "${who[$what]}" ms
		figure "swap.$what.p99" swap "a stray's 421, p99" "${who[$what]}" ms
		figure "swap.$what.served" swap "a served page, p99" "${who[$what]}" ms
	done
	figure swap.apply.times swap "policies applied in $SWAP_SECONDS s" straygate times
	figure swap.show.times swap "show strays in $SWAP_SECONDS s" straygate times
	beds_down
}
