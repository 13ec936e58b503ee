# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the tests of posture auto share: times that are shorter than an hour, and a table
# by the second of what came, what became of served visitors, and when the gate acted.
# Sourced after lib.sh and shake.sh.

PROBE=$(dirname "${BASH_SOURCE[0]}")/probe.py

# pace ARM PATIENCE [MOST RELAPSE HABIT]: seconds, in place of an hour, five minutes, an
# hour, an hour, ten minutes. A gate that is to stay asleep (scripts/asleep) keeps them.
pace()
{
	local bytes
	[ -z "${TB_ASLEEP:-}" ] || return 0
	bytes=$("$PYTHON" - "$@" <<-'END'
		import struct, sys
		said, usual = [float(a) for a in sys.argv[1:]], [3600, 300, 3600, 3600, 600]
		arm, patience, most, relapse, habit = said + usual[len(said):]
		ns = [0, arm, 3600, patience, most, relapse, habit, 0]
		print(*struct.pack("=8Q", *(int(n * 1e9) for n in ns)))
	END
	)
	# shellcheck disable=SC2086 # the bytes are words
	bpftool map update pinned "/sys/fs/bpf/straygate/$T/pace" key 0 0 0 0 value $bytes
}

# alarm LISTENER [JQ]: what `status` says of it.
alarm()
{
	sg status -j | jq -rc --arg l "$1" ".listeners[] | select(.listener == \$l) | .auto | ${2:-.state}"
}

# auto_up [LINE...]: as gate_shakes, asleep.
auto_up()
{
	tb_sysctl kernel/bpf_stats_enabled 1
	policy "$T_DIR/policy" "$@"
	sed -i 's/^posture .*/posture auto/' "$T_DIR/policy"
	sg up v0 "${UP_OPTIONS[@]}" --netns "sg-$T-v"
	sg apply "$T_DIR/policy"
}

# arm LISTENER: served visits of its protocol, and a moment later another, until it is
# armed. The pace is short.
arm()
{
	local mode=http rate=40 end=$((SECONDS + 60))
	case $1 in
	tcp/443*) mode=tls ;;
	udp/53*) mode=dns ;;
	esac
	while [ $SECONDS -lt $end ]; do
		crowd --rate 0 --served-mode $mode --served-rate $rate --seconds 1 --drain 500 >/dev/null
		[ "$(alarm "$1" .armed)" != true ] || return 0
		rate=10
	done
	is "$1 is armed" "$(alarm "$1" .)" armed
}

# until_state LISTENER STATE SECONDS
until_state()
{
	local end=$((SECONDS + $3))
	while [ $SECONDS -lt $end ]; do
		[ "$(alarm "$1")" != "$2" ] || return 0
		sleep 0.1
	done
	return 1
}

# --- the table -----------------------------------------------------------------

# watch_begin LISTENER [INTERVAL]: samples and served visitors go to $T_DIR/samples and
# $T_DIR/probes from now on.
watch_begin()
{
	local port=${1#*/}
	"$PYTHON" - "$TB_GATE" "$T" "$1" >"$T_DIR/samples" <<-'END' &
		import json, subprocess, sys, time
		gate, instance, listener = sys.argv[1:]
		while True:
		    now = time.time()
		    out = subprocess.run([gate, "status", "-j", "--instance", instance], capture_output=True)
		    for l in json.loads(out.stdout or b"{}").get("listeners", []):
		        if l["listener"] == listener:
		            a = l["auto"] or {}
		            print(int(now * 1000), l["stray"], l["served"], a.get("state"),
		                  a.get("queue", {}).get("accept", 0), a.get("last", {}).get("silent", 0), flush=True)
		    time.sleep(max(0, now + 0.25 - time.time()))
	END
	sampler=$!
	nsenter --net="/run/netns/sg-$T-c" -- "$PYTHON" "$PROBE" "$TB_VICTIM4" "${port%% *}" www.served.example \
		"${2:-0.05}" >"$T_DIR/probes" 2>"$T_DIR/probes.err" &
	prober=$!
}

watch_end()
{
	kill "$sampler" 2>/dev/null || true
	kill "$prober" 2>/dev/null || true
	wait "$sampler" "$prober" 2>/dev/null || true
}

# table WHAT: by the second, as comments.
table()
{
	"$PYTHON" - "$T_DIR/samples" "$T_DIR/probes" "$1" <<-'END'
		import sys
		samples = [l.split() for l in open(sys.argv[1])]
		probes = [l.split() for l in open(sys.argv[2])]
		begin = int(samples[0][0])
		second = lambda ms: (int(ms) - begin) // 1000
		rows = {}
		for s in samples:
		    rows.setdefault(second(s[0]), {"first": s})["last"] = s
		print(f"# {sys.argv[3]}")
		print("#   s   strays   served  asked  lost   p50 ms   p99 ms  queue  silent  state")
		before = samples[0]
		for n in sorted(rows):
		    last = rows[n]["last"]
		    took = sorted(int(p[1]) for p in probes if second(p[0]) == n)
		    lost = sum(p[2] != "200" for p in probes if second(p[0]) == n)
		    span = max(1, int(last[0]) - int(before[0])) / 1000
		    at = lambda q: str(took[min(len(took) - 1, int(len(took) * q))]) if took else "-"
		    print(f"# {n:3}  {(int(last[1]) - int(before[1])) / span:7.0f}  {(int(last[2]) - int(before[2])) / span:7.0f}"
		          f"  {len(took):5}  {lost:4}  {at(0.5):>7}  {at(0.99):>7}  {last[4]:>5}  {last[5]:>6}  {last[3]}")
		    before = last
	END
}

# probes_lost: served visitors who got no page.
probes_lost()
{
	awk '$3 != 200' "$T_DIR/probes" | wc -l
}

# engaged_after MS: how long after that moment the first sample was engaged; "never".
engaged_after()
{
	awk -v from="$1" '$1 >= from && $4 == "engaged" { print $1 - from; found = 1; exit } END { if (!found) print "never" }' \
		"$T_DIR/samples"
}

now_ms()
{
	date +%s%3N
}
