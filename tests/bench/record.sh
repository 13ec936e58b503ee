# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a run found, as Markdown: the whole table, and what the README quotes of it.
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

# What the README quotes, between its two marks.
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

# The run, for those who come after.
record()
{
	local new=$SAMPLES/README
	{
		printf '# The last recorded run of the benchmarks\n\n'
		printf 'Written by `ROUNDS=%s FLOOD_STEPS=%s sudo scripts/bench --record %s`; nothing here\n' \
			"$ROUNDS" "${FLOOD_STEPS:-}" "${CHOSEN[*]}"
		printf 'is written by hand. What is measured, and how:\n'
		printf '`tests/bench`, [speed.md](speed.md).\n\n'
		machine
		printf '## In short\n\n'
		short targets
		printf '\n## Capacity\n\n'
		short capacity
		printf '\n21 January 2014, by the assumptions in the README: '
		short incident
		printf '\n## All figures\n\nOf peers, the last column is their figure as a multiple of the gate'"'"'s.\n\n'
		markdown "$RESULTS"
	} >"$ROOT/docs/bench.md"
	quoted >"$SAMPLES/quoted"
	sed -n '/^<!-- bench:/,/^<!-- bench end/p' "$ROOT/README.md" | grep -q 'bench end' ||
		tb_die "README.md has no place for the benchmarks"
	awk -v text="$SAMPLES/quoted" '
		/^<!-- bench end/ { skip = 0 }
		!skip { print }
		/^<!-- bench:/ { skip = 1; print ""; while ((getline line <text) > 0) print line; print "" }
		' "$ROOT/README.md" >"$new"
	cat "$new" >"$ROOT/README.md"
}
