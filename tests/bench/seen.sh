# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# seen: the same flood with nobody who looks on, and with everybody: watch, capture, top, a
# scrape a second and an open page, all at once; by turns, A B B A. No packet may be missing
# from the counts, nor from what watch and capture say they were offered. Sourced by
# scripts/bench.
#
# shellcheck disable=SC2034,SC2154 # variables of scripts/bench's other parts

SEEN_STRAY=${SEEN_STRAY:-300000} # a second; fewer come if the machine cannot
SEEN_SECONDS=${SEEN_SECONDS:-4}
SEEN_ROUNDS=${SEEN_ROUNDS:-5} # of each

seen_gate()
{
	timeout 120 "$TB_GATE" "$@" --instance "$(bed gate)"
}

# seen_counts: packets, of all reasons, as the kernel counts them, strays answered.
seen_counts()
{
	seen_gate show counters -j | jq -r '.devices.v0 |
		[.packets, ([.reasons[].packets] | add), .run_count, .reasons.stray_answered.packets // 0] | join(" ")'
}

# Until nothing moves any more.
seen_quiet()
{
	local before after=none i
	for ((i = 0; i < 40; i++)); do
		before=$after
		after=$(seen_counts)
		[ "$before" != "$after" ] || return 0
		sleep 0.2
	done
}

# seen_start NAME COMMAND...: among the victim's processes, as an ordinary one.
seen_start()
{
	local name=$1
	shift
	nsenter --net="/run/netns/sg-$(bed gate)-v" -- nice -n 15 "$@" &
	SEEN_PIDS[$name]=$!
	tb_record "$TB_RUN/$(bed gate)/pids/$name" $!
}

# A terminal that shows top.
seen_top()
{
	TMUX_TMPDIR=$DIR tb_victim "$(bed gate)" tmux -L seen -f /dev/null "$@"
}

seen_begin()
{
	local i ask=(curl -sS --unix-socket "$DIR/exporter" -m 10)
	seen_start exporter "$ROOT/build/straygate-exporter" --instance "$(bed gate)" --listen "unix:$DIR/exporter" 2>"$DIR/exporter.log"
	for ((i = 0; i < 100; i++)); do
		! "${ask[@]}" http://localhost/metrics >/dev/null 2>&1 || break
		sleep 0.1
	done
	seen_start page "${ask[@]}" -m 600 -N http://localhost/live >"$DIR/live" 2>/dev/null
	# shellcheck disable=SC2016 # expanded there
	seen_start scrape bash -c 'while sleep 1; do
		curl -sS --unix-socket "$1" -m 10 http://localhost/metrics | tail -n 1; done' scrape "$DIR/exporter" >"$DIR/scraped" 2>&1
	seen_start watch "$TB_GATE" watch -j --reason stray_answered --instance "$(bed gate)" >"$DIR/watch" 2>/dev/null
	seen_start capture "$TB_GATE" capture -j -w "$DIR/capture.pcapng" --count 0 --reason stray_answered \
		--instance "$(bed gate)" >"$DIR/capture" 2>"$DIR/capture.log"
	seen_top new-session -d -x 200 -y 60 "TERM=screen-256color '$TB_GATE' top --instance '$(bed gate)'"
	for ((i = 0; i < 100; i++)); do
		! seen_top capture-pane -p | grep -q 'stray name' || break
		sleep 0.1
	done
	[ "$i" -lt 100 ] || tb_die "seen: top shows nothing"
}

# What watch and capture matched, as they say themselves.
seen_end()
{
	kill "${SEEN_PIDS[watch]}" "${SEEN_PIDS[capture]}" "${SEEN_PIDS[exporter]}" "${SEEN_PIDS[scrape]}"
	wait "${SEEN_PIDS[watch]}" "${SEEN_PIDS[capture]}" "${SEEN_PIDS[exporter]}" "${SEEN_PIDS[scrape]}" \
		"${SEEN_PIDS[page]}" 2>/dev/null || true
	seen_top kill-server
	watched=$(tail -n 1 "$DIR/watch" | jq -r .matched)
	captured=$(jq -r .matched "$DIR/capture")
	[[ "$watched $captured" =~ ^[0-9]+\ [0-9]+$ ]] || tb_die "seen: watch: $watched, capture: $captured: $(cat "$DIR/capture.log")"
	[ -s "$DIR/scraped" ] && grep -q '^event: second' "$DIR/live" || tb_die "seen: nothing was scraped, or shown"
}

# seen_lost: packets that no reason has counted, or that the program ran for and did not count.
# The kernel counts runs only while top asks for that.
seen_lost()
{
	local packets=$1 reasons=$2 runs=$3 lost
	lost=$((packets > reasons ? packets - reasons : reasons - packets))
	[ "$who" = alone ] || lost=$((lost + (packets > runs ? packets - runs : runs - packets)))
	echo "$lost"
}

# seen_phase alone|all
seen_phase()
{
	local who=$1 packets reasons runs strays before answered watched captured lost
	local packets0 reasons0 runs0
	[ "$who" = alone ] || seen_begin
	seen_quiet
	read -r packets0 reasons0 runs0 before < <(seen_counts)
	flood gate "$SEEN_STRAY" "$SERVED_RATE" "$SEEN_SECONDS"
	seen_quiet
	read -r packets reasons runs strays < <(seen_counts)
	[ "$who" = alone ] || seen_end
	answered=$((strays - before))
	lost=$(seen_lost $((packets - packets0)) $((reasons - reasons0)) $((runs - runs0)))
	sample "seen.$who.rate" "$((answered / SEEN_SECONDS))"
	sample "seen.$who.lost" "$lost"
	sample "seen.$who.good" "$(awk -v g="$flood_good" 'BEGIN { print g / 10000 }')"
	sample "seen.$who.p99" "$(awk -v p="$flood_p99" 'BEGIN { print p / 1000 }')"
	echo "bench: seen: $who: $flood_rate/s came, $((answered / SEEN_SECONDS))/s answered; $lost counts lost" >&2
	if [ "$who" = all ]; then
		sample seen.all.tapped $(((watched > answered ? watched - answered : answered - watched) +
			(captured > answered ? captured - answered : answered - captured)))
		sample seen.written "$(jq -r .written "$DIR/capture")"
		echo "bench: seen: watch matched $watched, capture $captured, of $answered" >&2
	fi
}

# Of each pair, with everybody to with nobody.
seen_ratios()
{
	paste "$SAMPLES/seen.all.rate" "$SAMPLES/seen.alone.rate" | awk '$2 { print $1 / $2 }' >"$SAMPLES/seen.ratio"
}

bench_seen()
{
	local i who order
	declare -A SEEN_PIDS
	CROWD=(--mode dns --served-mode dns --random-label --served-sources 198.19.0.1/32)
	SERVED_RATE=1000
	FLOOD_PORT[gate]=53
	FLOOD_SOFTIRQ=$(softirq_thread)
	bed_up gate
	start_nsd "$(bed gate)"
	bed_gate gate "${DNS_GATE[@]}"
	bed_pin gate
	stand_aside
	flood gate 1000 "$SERVED_RATE" 1
	for ((i = 0; i < SEEN_ROUNDS; i++)); do
		order=(alone all)
		[ $((i % 2)) = 0 ] || order=(all alone)
		for who in "${order[@]}"; do
			seen_phase "$who"
		done
	done
	seen_ratios
	for who in alone all; do
		declare -A name=([alone]="straygate, nobody looks on" [all]="straygate, watch, capture, top, scrapes and a page")
		figure "seen.$who.rate" seen "strays answered a second, $SEEN_STRAY come" "${name[$who]}" /s
		figure "seen.$who.good" seen "served queries answered in time" "${name[$who]}" %
		figure "seen.$who.p99" seen "a served answer, p99" "${name[$who]}" ms
		figure "seen.$who.lost" seen "packets that no reason counts, or that the kernel counts otherwise" "${name[$who]}" packets
	done
	figure seen.ratio seen "carried while all look on, to nobody, pair by pair" straygate times
	figure seen.all.tapped seen "strays that watch and capture were not offered" straygate packets
	figure seen.written seen "strays in the capture file" straygate packets
	beds_down
}
