# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A testbed whose gate sleeps, and whose packets are compared on their way: see
# scripts/asleep, and wire.c beside this file. Sourced by testbed.sh where TB_ASLEEP is
# the directory for what is found.

# asleep_begin NAME: when v0 and c0 are there, and v0 is still down. What has passed tc ingress,
# and what has not reached tc egress yet, is copied to a pair of devices that stay down:
# netfilter's ingress hook stands behind that of tc, its egress hook before it.
asleep_begin()
{
	mkdir -p "$TB_ASLEEP"
	ip -n "sg-$1-v" link add mirrori type veth peer name mirroro
	tb_victim "$1" nft -f - <<-END
		table netdev mirror {
			chain in {
				type filter hook ingress device "v0" priority -500; policy accept;
				counter dup to "mirrori"
			}
			chain out {
				type filter hook egress device "v0" priority 500; policy accept;
				counter dup to "mirroro"
			}
		}
	END
	asleep_look "$1"
}

# asleep_look NAME: from now on, until asleep_end.
asleep_look()
{
	local report i
	report=$TB_ASLEEP/$1.$(find "$TB_ASLEEP" -name "$1.*.wire" | wc -l)
	basename "$0" >"$report.file"
	echo "$report" >"$TB_RUN/$1/report"
	asleep_counted "$1" >"$report.begun"
	"$TB_ROOT/build/wire" "$TB_ROOT/build/wire.bpf.o" "/run/netns/sg-$1-v" "/run/netns/sg-$1-c" ${ROOM:+"$ROOM"} \
		>"$report.wire" 2>&1 </dev/null &
	tb_record "$TB_RUN/$1/wire" $!
	for ((i = 0; i < 200; i++)); do
		! grep -q ready "$report.wire" || return 0
		sleep 0.05
	done
	tb_die "the packets cannot be looked at: $(tail -n 1 "$report.wire")"
}

# asleep_end NAME: when nobody sends any more, and before the devices go.
asleep_end()
{
	local pid i
	pid=$(tb_recorded_alive "$TB_RUN/$1/wire") || return 0
	kill "$pid" 2>/dev/null || true
	# Ten million packets are not compared in a moment.
	for ((i = 0; i < 600; i++)); do
		tb_runs "$pid" || break
		sleep 0.2
	done
	tb_stop_recorded "$TB_RUN/$1/wire"
	asleep_counted "$1" >"$(cat "$TB_RUN/$1/report").kernel" 2>/dev/null || true
}

# asleep_counted NAME: how many packets there were by the kernel's own count, "NAME PLACE N"
# each: now and then a burst of them meets tracepoints that do not run.
asleep_counted()
{
	tb_victim "$1" nft -j list table netdev mirror | jq -r '.nftables[].rule // empty |
		"host \(.chain) \(if .chain == "in" then "behind" else "before" end) \(.expr[0].counter.packets)"'
	tb_crowd "$1" ip -s -j link show c0 | jq -r '.[0].stats64 | "wire in before \(.tx.packets)", "wire out behind \(.rx.packets)"'
	tb_victim "$1" ip -s -j link show v0 | jq -r '.[0].stats64 | "wire out before \(.tx.packets)", "wire in behind \(.rx.packets)"'
}

# What awk knows of a report's lines, and of the kernel's counts, in this order of files.
# shellcheck disable=SC2016 # awk's
ASLEEP_READ='
	FILENAME == ARGV[1] { n[$1 " " $2 " " $3] -= $4; next }
	FILENAME == ARGV[2] { n[$1 " " $2 " " $3] += $4; next }
	/ before, / && !/^\t/ {
		name = $1 " " $2; before = $3; behind = $5; lost = $7; changed = $9
		only_before = $11; only_behind = $14
		# counted by the kernel, and seen by no tracepoint
		unseen_before = n[name " before"] - before
		unseen_behind = n[name " behind"] - behind
	}'

# asleep_awk PROGRAM REPORT
asleep_awk()
{
	touch "$2.begun" "$2.kernel"
	awk -F '[: ,]+' "$ASLEEP_READ $1" "$2.begun" "$2.kernel" "$2.wire"
}

# asleep_differs REPORT: prints what shows that a packet was changed, dropped or made up. One
# that was changed is at both places alone. If packets are at one place alone and the kernel
# has counted as many at the other that no tracepoint has seen, that explains them.
asleep_differs()
{
	grep -q '^wire out:' "$1.wire" || echo "the comparison did not come to its end: $(tail -n 1 "$1.wire")"
	# shellcheck disable=SC2016 # awk's
	asleep_awk '
		/^ready/ { next }
		/ before, / && !/^\t/ {
			fits = lost == 0 && (changed == 0 ||
				(only_before == 0 && changed <= only_behind && only_behind <= unseen_before) ||
				(only_behind == 0 && changed <= only_before && only_before <= unseen_behind))
		}
		!fits' "$1"
}

# asleep_unseen REPORT: were there packets that the kernel has counted and no tracepoint has
# seen? (Or was the test killed, so that nobody counted?)
asleep_unseen()
{
	[ -s "$1.kernel" ] || return 0
	# shellcheck disable=SC2016 # awk's
	asleep_awk '/ before, / && !/^\t/ && ((name " before" in n && unseen_before) || (name " behind" in n && unseen_behind)) { found = 1 }
		END { exit !found }' "$1"
}
