# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What was counted, as JSON and as Markdown, for docs/answers.md. Sourced by scripts/answers.
#
# shellcheck disable=SC2016 # jq's variables

# version PACKAGE
version()
{
	dpkg-query -W -f '${Version}' "$1" 2>/dev/null || true
}

results()
{
	local p versions='{}'
	for p in chromium firefox-esr unbound bind9 knot-resolver pdns-recursor dnsmasq-base libc6; do
		versions=$(jq -c --arg p "$p" --arg v "$(version "$p")" '.[$p] = $v' <<<"$versions")
	done
	find "$RESULTS" -type f -print0 | sort -z | xargs -0 -r cat | jq -s --argjson versions "$versions" \
		--arg commit "$(git -C "$ROOT" rev-parse --short HEAD 2>/dev/null || true)" --arg date "$(date -u +%F)" \
		'{format: 1, $commit, $date, $versions, rows: .}'
}

MARKDOWN='
# connections/packets
def visits: if . then "\(.connections)/\(.packets)" else "0/0" end;
def shown: if . == null then "" elif .protocol == "tls" then .tls | visits
	else (.http | visits) + (if .tls then ", and \(.tls | visits) to 443" else "" end) end;
# All that comes within the first second is one burst.
def again: if . == null then "" else
	[(.http, .tls) | .begun[]? | select(. > 1) | round] | unique |
	if length > 6 then "\(length) times, \(.[0]) to \(.[-1]) s" elif length > 0 then (map(tostring) | join(", ")) + " s"
	else "never" end end;
def in_order: reduce .[] as $x ([]; if index([$x]) then . else . + [$x] end);
def rows($part): .rows | map(select(.part == $part));

def views: rows("views") | if length == 0 then empty else . as $rows |
	"| address | line | Chromium | asks again | Firefox | asks again |", "| --- | --- | ---: | --- | ---: | --- |",
	(map(.line) | in_order[] as $l | ($rows | map(select(.line == $l))) as $r |
	 (reduce $r[] as $x ({}; .[$x.browser] = $x)) as $b |
	 "| \($r[0].protocol | sub("tls"; "https"))://... | `\($l)` | \($b.chromium | shown) | \($b.chromium | again) | \($b.firefox | shown) | \($b.firefox | again) |"),
	"" end;

def objects: rows("objects") | if length == 0 then empty else . as $rows |
	"| objects at | line | Chromium | asks again | Firefox | asks again |", "| --- | --- | ---: | --- | ---: | --- |",
	(map(.line) | in_order[] as $l | ($rows | map(select(.line == $l))) as $r |
	 (reduce $r[] as $x ({}; .[$x.browser] = $x)) as $b |
	 "| \($r[0].protocol | sub("tls"; "https"))://... | `\($l)` | " + ([$b.chromium, $b.firefox | shown, again] | join(" | ")) + " |"),
	"" end;

def idle: rows("idle") | if length == 0 then empty else . as $rows |
	"| browser | policy | connections/packets | to port 80 | to port 443 |", "| --- | --- | ---: | ---: | ---: |",
	($rows[] | "| \(.browser) | `\(.line)` | \((.http.connections // 0) + (.tls.connections // 0))/\((.http.packets // 0) + (.tls.packets // 0)) | \(.http | visits) | \(.tls | visits) |"),
	"" end;

def resolvers: rows("resolvers") | if length == 0 then empty else . as $rows | (map(.resolver) | in_order) as $who |
	"| line | \($who | join(" | ")) | sum |", "| --- |\($who | map(" ---: |") | add) ---: |",
	(map(.line) | in_order[] as $l | ($rows | map(select(.line == $l))) as $r |
	 "| `\($l)` | \($r | map("\(.udp)" + if .tcp > 0 then "/\(.tcp)" else "" end) | join(" | ")) | \($r | map(.udp) | add)/\($r | map(.tcp) | add) |"),
	"" end;
'

# markdown FILE [PART]
markdown()
{
	local part
	for part in ${2:-views objects idle resolvers}; do
		jq -r "$MARKDOWN $part" "$1"
	done
}

# measured FILE PART: when, and with what.
measured()
{
	local only=chromium,firefox-esr
	[ "$2" != resolvers ] || only=unbound,bind9,knot-resolver,pdns-recursor,dnsmasq-base,libc6
	jq -r --arg only "$only" '"Measured \(.date), Debian\u0027s " +
		(.versions as $v | $only | split(",") | map("\(.) \($v[.])") | join(", ")) + ":\n"' "$1"
}

# record FILE PART...: between the marks of each part in docs/answers.md.
record()
{
	local file=$1 doc=$ROOT/docs/answers.md part
	shift
	for part in "$@"; do
		{
			measured "$file" "$part"
			markdown "$file" "$part"
		} >"$RESULTS.table"
		awk -v begin="<!-- $part: written by scripts/answers --record, to the end mark -->" -v end="<!-- $part end -->" \
			-v table="$RESULTS.table" '
			$0 == begin { print; print ""; while ((getline line < table) > 0) print line; inside = 1; found = 1; next }
			$0 == end { inside = 0 }
			!inside
			END { exit !found }' "$doc" >"$RESULTS.doc" || tb_die "$doc has no place for $part"
		cat "$RESULTS.doc" >"$doc"
		rm -f "$RESULTS.table" "$RESULTS.doc"
	done
}
