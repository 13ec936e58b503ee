# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Floods: what each defence carries while served visitors notice nothing. Sourced
# by scripts/bench. Each defence has a testbed of its own, all of them at once, so
# that floods go to one after the other, round after round: A B C A B C.
#
# A search is a staircase: a flood that was carried makes the next one bigger, one
# that was not makes it smaller, with a step that shrinks to 10 % at each turn.
# What counts are the floods that were carried from the time the step was small.
#
# shellcheck disable=SC2153,SC2016,SC2034 # variables of scripts/bench's other parts; awk's

FLOOD_SECONDS=2
FLOOD_STEPS=${FLOOD_STEPS:-7}
FLOOD_BUDGET=130 # seconds, after which a search begins no other round

declare -A FLOOD_WHO FLOOD_PORT FLOOD_START FLOOD_RATE FLOOD_STEP FLOOD_LAST FLOOD_BASE FLOOD_FULL

# bed DEFENCE: the name of its testbed.
bed()
{
	echo "$NAME-$1"
}

bed_up()
{
	tb_up "$(bed "$1")" $$
	mkdir -p "$TB_RUN/$(bed "$1")/bench"
}

beds_down()
{
	local name
	for name in $(tb_names); do
		[[ $name != "$NAME"-* ]] || tb_down "$name"
	done
}

# bed_gate DEFENCE LINE...: a gate that enforces these lines.
bed_gate()
{
	local d=$1 file
	file=$TB_RUN/$(bed "$d")/bench/policy
	shift
	printf '%s\n' "posture enforce" "$@" >"$file"
	"$TB_GATE" up v0 --netns "sg-$(bed "$d")-v" --instance "$(bed "$d")" >/dev/null
	"$TB_GATE" apply "$file" --instance "$(bed "$d")" >/dev/null
}

# --- the victim's core ---------------------------------------------------------

# bed_cpu DEFENCE: nanoseconds that the victim has had of its core: its servers'
# threads, the thread that takes its packets in (with the gate in it), softirqs.
bed_cpu()
{
	local pid napi files=()
	read -r napi _ <"$TB_RUN/$(bed "$1")/napi-v0"
	for pid in $napi $FLOOD_SOFTIRQ $(ip netns pids "sg-$(bed "$1")-v"); do
		files+=("/proc/$pid"/task/*/schedstat)
	done
	# One of them may have ended by now.
	{ cat "${files[@]}" 2>/dev/null || true; } | awk '{ ns += $1 } END { printf "%.0f\n", ns }'
}

softirq_thread()
{
	local f comm
	for f in /proc/[0-9]*/comm; do
		read -r comm 2>/dev/null <"$f" || continue
		[ "$comm" != "ksoftirqd/$TB_CORE_VICTIM" ] || echo "${f//[!0-9]/}"
	done
}

# --- one flood -------------------------------------------------------------------

# flood DEFENCE STRAY SERVED SECONDS: both a second, with $CROWD's options on top.
# Sets flood_*: what came of it.
flood()
{
	local d=$1 fifo=() before after pid
	local out
	out=$TB_RUN/$(bed "$d")/bench/report
	[ "$TB_CORE_CROWD" = "$TB_CORE_VICTIM" ] || fifo=(--fifo)
	before=$(bed_cpu "$d")
	tb_crowd "$(bed "$d")" taskset -c "$TB_CORE_CROWD" "$ROOT/build/crowd" --json "${fifo[@]}" --seconds "$4" \
		--drain 300 --rate "$2" --served-rate "$3" --port "${FLOOD_PORT[$d]}" "${CROWD[@]}" >"$out" &
	pid=$!
	tb_record "$TB_RUN/$(bed "$d")/pids/crowd" "$pid"
	sleep "$(awk -v s="$4" 'BEGIN { print s * 0.9 }')"
	flood_sockets=$(tb_victim "$(bed "$d")" awk '/^TCP6?: inuse/ { n += $3 } END { print n }' \
		/proc/net/sockstat /proc/net/sockstat6)
	wait "$pid"
	after=$(bed_cpu "$d")
	flood_cpu=$((after - before))
	read -r flood_stray flood_rate flood_served flood_good flood_p99 flood_core flood_crowd \
		flood_bytes < <(jq -r '
		def part(a; b): if b > 0 then (1000000 * a / b | floor) else 0 end;
		.streams.served as $served | .streams.stray as $stray |
		[$stray.offered // 0, ($stray.offered_rate // 0 | round), $served.offered, part($served.good; $served.offered),
		 $served.answered_usec.p99, .cpu.cores_percent[0], .cpu.cores_percent[1] // 0,
		 # A frame is 24 bytes longer on the wire: preamble, checksum, gap;.
		 part(($stray.tx_bytes // 0) + 24 * ($stray.tx_packets // 0); 1000000 * ($stray.offered // 0))] | join(" ")' "$out")
}

# bed_pin DEFENCE: and ahead of what else runs on that core; its threads stay among
# themselves what they are to each other.
bed_pin()
{
	local pid napi
	tb_pin "$(bed "$1")"
	read -r napi _ <"$TB_RUN/$(bed "$1")/napi-v0"
	for pid in $napi $(ip netns pids "sg-$(bed "$1")-v"); do
		renice -n -15 -p "$pid" >/dev/null
	done
}

# This shell and what it looks with: on the crowd's core, which is its alone, they would
# stop it for the 50 ms a second that the scheduler keeps for ordinary processes.
stand_aside()
{
	taskset -p -c "$TB_CORE_VICTIM" "$BASHPID" >/dev/null
	renice -n 10 -p "$BASHPID" >/dev/null
}

# flood_begin BENCHMARK DEFENCE...: all beds are up; a served visit's share of the
# core, to be taken off what a flood costs.
flood_begin()
{
	local d
	FLOOD_SOFTIRQ=$(softirq_thread)
	stand_aside
	shift
	for d in "$@"; do
		bed_pin "$d"
		flood "$d" 0 "$SERVED_RATE" 0.5 # caches, ARP, a worker's first visits
		flood "$d" 0 "$SERVED_RATE" 1.5
		FLOOD_BASE[$d]=$((flood_cpu / flood_served))
		FLOOD_RATE[$d]=${FLOOD_START[$d]}
		FLOOD_STEP[$d]=1.5
		FLOOD_LAST[$d]=''
		FLOOD_FULL[$d]=0
	done
}

# flood_carried: by this benchmark's measure of a served visit.
flood_carried()
{
	[ "$flood_good" -ge "$GOOD_PPM" ] && [ "$flood_p99" -le "$P99_USEC" ]
}

# flood_turn DEFENCE yes|no: the next rate.
flood_turn()
{
	local d=$1 now=$2 step=${FLOOD_STEP[$1]}
	if [ -n "${FLOOD_LAST[$d]}" ] && [ "${FLOOD_LAST[$d]}" != "$now" ]; then
		step=$(awk -v s="$step" 'BEGIN { s = sqrt(s); print (s > 1.1 ? s : 1.1) }')
	fi
	# A crowd that cannot do more: there is nothing to be found further up.
	if [ $((flood_rate * 100)) -lt $((FLOOD_RATE[$d] * 95)) ]; then
		FLOOD_FULL[$d]=$((FLOOD_FULL[$d] + 1))
		FLOOD_RATE[$d]=$flood_rate
		step=1.1
	fi
	FLOOD_STEP[$d]=$step
	FLOOD_LAST[$d]=$now
	FLOOD_RATE[$d]=$(awk -v r="${FLOOD_RATE[$d]}" -v s="$step" -v up="$now" 'BEGIN {
		printf "%d\n", up == "yes" ? r * s : r / s }')
}

flood_step()
{
	local b=$1 d=$2 carried=no cpu asked=${FLOOD_RATE[$2]}
	flood "$d" "$asked" "$SERVED_RATE" $FLOOD_SECONDS
	flood_carried || flood "$d" "$asked" "$SERVED_RATE" $FLOOD_SECONDS
	! flood_carried || carried=yes
	cpu=$(((flood_cpu - FLOOD_BASE[$d] * flood_served) / (flood_stray > 0 ? flood_stray : 1)))
	sample "$b.$d.bytes" "$flood_bytes"
	[ $cpu -le 0 ] || sample "$b.$d.cpu-any" "$flood_rate $cpu"
	if [ $carried = yes ]; then
		sample "$b.$d.any" "$flood_rate"
		sample "$b.$d.cpu" "$flood_rate $cpu"
		if awk -v s="${FLOOD_STEP[$d]}" 'BEGIN { exit s > 1.25 }'; then
			sample "$b.$d.carries" "$flood_rate"
			sample "$b.$d.p99" "$flood_p99"
			sample "$b.$d.core" "$flood_core"
			sample "$b.$d.sockets" "$flood_sockets"
		fi
	fi
	echo "bench: $b: $d: $asked asked, $flood_rate/s came: good $((flood_good / 10000)).$((flood_good / 100 % 100)) %," \
		"p99 $flood_p99 us; $cpu ns a stray; cores $flood_core % $flood_crowd %; $flood_sockets sockets: $carried" >&2
	flood_turn "$d" $carried
}

middle()
{
	[ -s "$SAMPLES/$1" ] || return 0
	sort -g "$SAMPLES/$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# A thread that takes packets in is woken for each few when few come, which costs more
# than they do: what counts is what one costs when about as many come as are carried.
# Where none was carried, it is the smallest flood's.
flood_cpu_figure()
{
	if [ ! -s "$SAMPLES/$1.cpu" ]; then
		[ ! -s "$SAMPLES/$1.cpu-any" ] ||
			sort -g "$SAMPLES/$1.cpu-any" | head -n 1 | cut -d ' ' -f 2 >"$SAMPLES/$1.cpu"
		return 0
	fi
	awk -v most="$(sort -g "$SAMPLES/$1.any" | tail -n 1)" '$1 >= 0.75 * most { print $2 }' "$SAMPLES/$1.cpu" >"$SAMPLES/new"
	mv "$SAMPLES/new" "$SAMPLES/$1.cpu"
}

flood_note()
{
	local note
	note="core 0 at $(middle "$1.core") %, p99 $(awk -v p="$(middle "$1.p99")" 'BEGIN { printf "%.1f", p / 1000 }') ms"
	[ "$(middle "$1.sockets")" -lt 200 ] || note+=", $(middle "$1.sockets") sockets held"
	[ "$2" = 0 ] || note+="; the crowd's core was full"
	echo "$note"
}

# flood_search BENCHMARK WHAT DEFENCE...
flood_search()
{
	local b=$1 what=$2 d i begun=$SECONDS
	shift 2
	flood_begin "$b" "$@"
	for ((i = 0; i < FLOOD_STEPS && SECONDS - begun < FLOOD_BUDGET; i++)); do
		for d in "$@"; do
			flood_step "$b" "$d"
		done
	done
	for d in "$@"; do
		if [ -s "$SAMPLES/$b.$d.carries" ]; then
			figure "$b.$d.carries" "$b" "$what a second, carried" "${FLOOD_WHO[$d]}" /s \
				"$(flood_note "$b.$d" "${FLOOD_FULL[$d]}")"
		elif [ -s "$SAMPLES/$b.$d.any" ]; then
			sample "$b.$d.most" "$(sort -g "$SAMPLES/$b.$d.any" | tail -n 1)"
			figure "$b.$d.most" "$b" "$what a second, carried" "${FLOOD_WHO[$d]}" /s "or more"
		else
			sample "$b.$d.none" "${FLOOD_RATE[$d]}"
			figure "$b.$d.none" "$b" "$what a second, carried" "${FLOOD_WHO[$d]}" /s "not even these"
		fi
	done
	for d in "$@"; do
		flood_cpu_figure "$b.$d"
		figure "$b.$d.cpu" "$b" "core 0, one of them, when so many come" "${FLOOD_WHO[$d]}" ns
	done
	figure "$b.gate.bytes" "$b" "bytes on the wire to the server, one of them" straygate bytes
	beds_down
}
