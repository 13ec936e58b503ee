# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a run found, as Markdown, for docs/performance.md: a summary, and all figures.
# Sourced by scripts/bench.
#
# shellcheck disable=SC2154,SC2016 # variables of scripts/bench; backquotes of Markdown

machine()
{
	printf '%s, %s cores, Linux %s, %s; straygate %s, %s\n\n' \
		"$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" "$(uname -r)" \
		"$(systemd-detect-virt 2>/dev/null || true)" \
		"$(git -C "$ROOT" rev-parse --short HEAD 2>/dev/null || echo '?')" "$(date -u +%F)"
	printf 'Load average before: %s\n\n' "$LOAD"
}

# A peer's figure beside ours of the same measurement: how many times ours it is.
markdown()
{
	awk -F '\t' '
		function shown(v) { return v >= 1000 || v == int(v) ? sprintf("%.0f", v) : sprintf("%.3g", v) }
		NR == FNR { if ($3 == "straygate") ours[$1 "\t" $2] = $5; next }
		FNR == 1 {
			print "| benchmark | what | who | median | spread | unit | of straygate |"
			print "| --- | --- | --- | ---: | --- | --- | ---: |"
		}
		{
			key = $1 "\t" $2
			ratio = $3 != "straygate" && ours[key] > 0 ? sprintf("%.2f times", $5 / ours[key]) : ""
			printf "| %s | %s | %s | %s | %s to %s | %s%s | %s |\n", $1, $2, $3, shown($5), shown($6),
				shown($7), $4, $8 == "" ? "" : ", " $8, ratio
		}' "$1" "$1"
}

# short PART: of the figures, by tests/bench/targets.awk.
short()
{
	awk -F '\t' -v part="$1" -f "$ROOT/tests/bench/targets.awk" "$RESULTS"
}

# The summary, for the first pair of marks.
quoted()
{
	printf '%s' "$(machine | sed -n 1p)"
	printf ' (`ROUNDS=%s FLOOD_STEPS=%s scripts/bench --record %s`):\n\n' "$ROUNDS" "${FLOOD_STEPS:-}" "${CHOSEN[*]}"
	short targets
	printf '\n### Capacity\n\n'
	short capacity
	printf '\nCore times are with veth, which copies each packet for an XDP program; a driver with native XDP does not.\n'
	printf '\n21 January 2014, by the assumptions below: '
	short incident
}

# put MARK FILE: into docs/performance.md, between `<!-- MARK:` and `<!-- MARK end`.
put()
{
	local page=$ROOT/docs/performance.md new=$SAMPLES/performance
	sed -n "/^<!-- $1:/,/^<!-- $1 end/p" "$page" | grep -q "$1 end" ||
		tb_die "docs/performance.md has no place for $1"
	awk -v mark="$1" -v text="$2" '
		index($0, "<!-- " mark " end") == 1 { skip = 0 }
		!skip { print }
		index($0, "<!-- " mark ":") == 1 { skip = 1; print ""; while ((getline line <text) > 0) print line; print "" }
		' "$page" >"$new"
	cat "$new" >"$page"
}

# The run, for those who come after: its summary, and all figures.
record()
{
	quoted >"$SAMPLES/quoted"
	{
		machine
		markdown "$RESULTS"
	} >"$SAMPLES/figures"
	put bench "$SAMPLES/quoted"
	put figures "$SAMPLES/figures"
}
