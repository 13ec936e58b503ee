# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# load: a million prefixes of each family from a text file, until the tables that
# have them rule; one more; swapping them while others are in use. Sourced by
# scripts/bench.

# load_list 4|6 COUNT: prefixes as operators have them, /20 to /32 or /32 to /64.
load_list()
{
	awk -v family="$1" -v count="$2" 'BEGIN {
		srand(1)
		for (i = 0; i < count; i++) {
			len = family == 4 ? 20 + int(rand() * 13) : 32 + int(rand() * 33)
			if (family == 4) {
				a = int(1 + rand() * 222) * 16777216 + int(rand() * 16777216)
				size = 2 ^ (32 - len)
				a -= a % size
				printf "%d.%d.%d.%d/%d\n", a / 16777216, a / 65536 % 256, a / 256 % 256, a % 256, len
				continue
			}
			high = 536870912 + int(rand() * 536870912)
			low = int(rand() * 4294967296)
			low -= low % (2 ^ (64 - len))
			printf "%x:%x:%x:%x::/%d\n", high / 65536, high % 65536, low / 65536, low % 65536, len
		}
	}'
}

# Seconds and MiB of a command's life.
load_timed()
{
	local what=$1 file=$DIR/time
	shift
	/usr/bin/time -o "$file" -f '%e %M' "$@" >/dev/null
	read -r load_seconds load_kb <"$file"
	sample "load.$what.seconds" "$load_seconds"
	sample "load.$what.memory" "$((load_kb / 1024))"
}

# MiB of the instance's maps, those of older tables that still stand included.
load_maps()
{
	local ids
	ids=$(find "/sys/fs/bpf/straygate/$NAME" -type f | while read -r pin; do
		bpftool -j map show pinned "$pin" 2>/dev/null || true
	done | jq -s 'map(select(.id)) | unique_by(.id)')
	jq -r --arg kind "$1" '[.[] | select($kind == "" or (.name | startswith($kind))) | .bytes_memlock | tonumber] |
		add / 1048576 | round' <<<"$ids"
}

bench_load()
{
	local i policy=$DIR/policy
	mkdir -p "$DIR"
	load_list 4 1000000 >"$DIR/four"
	load_list 6 1000000 >"$DIR/six"
	cat >"$policy" <<-END
		posture enforce
		listen tcp/80 as http
		serve served.example
	END
	gate up v0 --netns "sg-$NAME-v" >/dev/null
	for ((i = 0; i < ROUNDS; i++)); do
		gate apply "$policy" >/dev/null
		load_timed four "$TB_GATE" apply --instance "$NAME" <(cat "$policy"; echo "source from $DIR/four drop")
		sample load.four.maps "$(load_maps image)"
		load_timed both "$TB_GATE" apply --instance "$NAME" \
			<(cat "$policy"; echo "source from $DIR/four drop"; echo "source from $DIR/six drop")
		sample load.both.maps "$(load_maps image)"
		load_timed add "$TB_GATE" add --instance "$NAME" source "198.51.100.$i" drop
		load_timed show "$TB_GATE" show counters -j --instance "$NAME"
	done
	load_rules "$policy"
	gate down >/dev/null
	figure load.four.seconds load "apply, list of 1,000,000 IPv4 prefixes" straygate s
	figure load.four.memory load "its peak memory, the command" straygate MiB
	figure load.four.maps load "its tables in the kernel" straygate MiB
	figure load.both.seconds load "apply, 1,000,000 IPv4 and 1,000,000 IPv6" straygate s
	figure load.both.memory load "its peak memory, the command" straygate MiB
	figure load.both.maps load "both tables in the kernel" straygate MiB
	figure load.add.seconds load "add source, with two million loaded" straygate s
	figure load.show.seconds load "show counters -j, with two million in two lines" straygate s
	figure load.rules.seconds load "apply, 1,000,000 lines of their own" straygate s
	figure load.counters.seconds load "show counters -j, 1,000,000 rules" straygate s
}

# A million lines are a million rules with counters of their own.
load_rules()
{
	local i
	{
		cat "$1"
		sort -u "$DIR/four" | sed 's/.*/source & drop/'
	} >"$DIR/rules"
	for ((i = 0; i < ROUNDS && i < 3; i++)); do
		gate apply "$1" >/dev/null
		load_timed rules "$TB_GATE" apply --instance "$NAME" "$DIR/rules"
		load_timed counters "$TB_GATE" show counters -j --instance "$NAME"
	done
}
