# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The core of the live tests, for hosts as people have them. A test makes its host,
# runs the core without the gate, which is the measure, and then with it:
#
#	. "$(dirname "$0")/core.sh"
#	start_servers
#	measure
#	gate_shakes auto
#	core "a firewall" handshake
#	done_testing
#
# Each served visit that went well without the gate must go well with it. A visit went
# well if the status is 200 and every byte is right. Strays are turned away and reach
# no server. They come from an address of their own, so that what the host's own TCP
# sends to them can be counted.

# shellcheck source=tests/live/lib/lib.sh
. "${BASH_SOURCE[0]%/*}/../live/lib/lib.sh"
# shellcheck source=tests/live/lib/shake.sh
. "${BASH_SOURCE[0]%/*}/../live/lib/shake.sh"

SERVED=www.served.example
STRAY=www.foreign.example
CORE_CLIENT=${BASH_SOURCE[0]%/*}/visits.py
PATIENCE=20 # seconds, of curl
# Where the clients are: c, beside the victim, or x, behind a router (far_up()).
CLIENT=c
FAMILIES="4 6"
VISITS="plain cookie keepalive split headbody post tls hello tls-post dns dns-tcp down up"

declare -A CORE_VICTIM=([4]=$TB_VICTIM4 [6]=$TB_VICTIM6)
declare -A CORE_STRAY=() # addresses, by family

in_client()
{
	tb_in "sg-$T-$CLIENT" "$@"
}

# --- servers and addresses -------------------------------------------------------

# start_servers ["extra lines for nginx"]
start_servers()
{
	start_nginx "$T" "${1:-}"
	core_files
	start_nsd "$T"
	core_addresses
}

core_files()
{
	local www=$TB_RUN/$T/nginx/www
	CORE_PAGE=$www/index.html
	CORE_BIG=$www/thirty
	CORE_POST=$www/post
	head -c 31457280 /dev/urandom >"$CORE_BIG"
	head -c 20480 /dev/urandom >"$CORE_POST"
}

# The strays' own addresses, at the clients' end.
core_addresses()
{
	local dev=${CLIENT}0
	if [ "$CLIENT" = c ]; then
		CORE_STRAY=([4]=10.77.0.3 [6]=2001:db8:77::3)
	else
		CORE_STRAY=([4]=198.18.9.3 [6]=2001:db8:18:9::3)
	fi
	ip -n "sg-$T-$CLIENT" addr replace "${CORE_STRAY[4]}/24" dev "$dev"
	ip -n "sg-$T-$CLIENT" addr replace "${CORE_STRAY[6]}/64" dev "$dev" nodad
}

# --- served visits ---------------------------------------------------------------

# fetch FAMILY OUT OPTION...: curl; prints the status, or "000 exit N".
fetch()
{
	local family=$1 out=$2 to status=0
	shift 2
	to=${CORE_VICTIM[$family]}
	[ "$family" = 4 ] || to="[$to]"
	in_client curl -sS -k -m "$PATIENCE" --connect-to "::$to:" -o "$out" -w '%{http_code}' "$@" 2>"$T_DIR/curl.err" || status=$?
	[ $status = 0 ] || echo " exit $status"
}

# right STATUS GOT WANTED: prints "good", or what is wrong.
right()
{
	if [ "$1" != 200 ]; then
		echo "$1"
	elif cmp -s "$2" "$3"; then
		echo good
	else
		echo "wrong bytes"
	fi
}

page()
{
	rm -f "$T_DIR/got"
	right "$(fetch "$1" "$T_DIR/got" "${@:2}")" "$T_DIR/got" "$CORE_PAGE"
}

# clients served|strays FAMILIES VISIT...: a line "IPv4 VISIT HOW" for each: see visits.py.
clients()
{
	local kind=$1 family visit arguments=()
	for family in $2; do
		arguments+=("IPv$family=${CORE_VICTIM[$family]}" "from$family=${CORE_STRAY[$family]}")
	done
	for visit in "${@:3}"; do
		if [ "$kind" = served ]; then arguments+=("$visit:$(core_times "$visit")"); else arguments+=("$visit:1"); fi
	done
	[ "$kind" = served ] && arguments+=("name=$SERVED") || arguments+=("name=$STRAY")
	in_client "$PYTHON" -B "$CORE_CLIENT" "$kind" patience="$PATIENCE" answer="$TB_VICTIM4" page="$CORE_PAGE" \
		post="$CORE_POST" big="$CORE_BIG" kept="$TB_RUN/$T/nginx/" work="$T_DIR" "${arguments[@]}"
}

# client served|strays FAMILY VISIT: how that one went.
client()
{
	clients "$1" "$2" "$3" | cut -d ' ' -f 3-
}

visit_down() { client served "$1" down; }
visit_up() { client served "$1" up; }

# How often a visit is tried: whether two segments arrive in one NAPI poll is chance.
core_times()
{
	case $1 in
	cookie | post | hello) echo 4 ;;
	plain | split | headbody) echo 2 ;;
	*) echo 1 ;;
	esac
}

# core_visits FILE
core_visits()
{
	# shellcheck disable=SC2086 # words
	clients served "$FAMILIES" $VISITS >"$1"
}

# measure: the core without the gate. What goes well here must go well later.
measure()
{
	local served
	core_visits "$T_DIR/without"
	grep -v ' good$' "$T_DIR/without" | sed 's/^/# not served without the gate: /' || true
	served=$(grep -c ' good$' "$T_DIR/without" || true)
	between "served visits without the gate" "$served" "${1:-14}" 100
	# With next to nothing served, the comparison would be worth nothing.
	[ "$served" -ge "${1:-14}" ] || { done_testing; exit 1; }
}

# as_without WHAT: the core with the gate, beside what was measured.
as_without()
{
	local family visit was how
	local -A now=()
	core_visits "$T_DIR/with"
	while read -r family visit how; do
		now[$family $visit]=$how
	done <"$T_DIR/with"
	while read -r family visit was; do
		how=${now[$family $visit]:-}
		if [ "$was" = good ]; then
			is "$1: served, $family, $visit" "$how" good
		else
			echo "# $1: $family, $visit: $how; without the gate: $was"
		fi
	done <"$T_DIR/without"
}

# --- strays ----------------------------------------------------------------------

# What the host's own TCP sends to the strays' addresses: counted behind all else, where
# what containers send comes by, too.
watch_strays()
{
	in_victim nft delete table inet straywatch 2>/dev/null || true
	in_victim nft -f - <<-END
		table inet straywatch {
			counter sent { }
			chain out {
				type filter hook postrouting priority 300; policy accept;
				ip daddr ${CORE_STRAY[4]} meta l4proto tcp counter name sent
				ip6 daddr ${CORE_STRAY[6]} meta l4proto tcp counter name sent
			}
		}
	END
}

segments_to_strays()
{
	in_victim nft -j list counter inet straywatch sent | jq '[.nftables[].counter.packets // 0] | add'
}

stray_http() { client strays "$1" http; }
stray_tls() { client strays "$1" tls; }
stray_dns() { client strays "$1" dns; }

# strays WHAT DEPTH
strays()
{
	local what=$1 family kind wanted queries how
	PATIENCE=8 # strays are to be told at once
	watch_strays
	queries=$(nsd_queries "$T")
	clients strays "$STRAY_FAMILIES" http cookie post tls hello dns dns-tcp >"$T_DIR/strays"
	for family in $STRAY_FAMILIES; do
		for kind in http cookie post tls hello dns dns-tcp; do
			wanted=$TURNED_AWAY
			[[ $kind != dns* ]] || wanted='^REFUSED$'
			how=$(grep "^IPv$family $kind " "$T_DIR/strays" || echo "- - not tried")
			like "$what: stray, IPv$family, $kind" "${how#* * }" "$wanted"
		done
	done
	is "$what: no stray in nginx's log" "$(nginx_log_lines foreign)" 0
	is "$what: none of their queries at nsd" $(($(nsd_queries "$T") - queries)) 0
	if [ "$2" = handshake ]; then
		is "$what: segments of the host's TCP for them" "$(segments_to_strays)" 0
	else
		echo "# $what: $(segments_to_strays) segments of the host's TCP for strays"
	fi
	in_victim nft delete table inet straywatch
	PATIENCE=20
}

# --- the gate --------------------------------------------------------------------

# settle: served visits, until `status` says that each TCP listener is judged at the
# handshake, and not for longer than it takes to be sure that it will not be.
settle()
{
	local i
	for ((i = 0; i < 20; i++)); do
		clients served "$FAMILIES" plain tls dns-tcp >/dev/null
		[ "$(depths | sort -u)" != handshake ] || return 0
		sleep 0.2
	done
}

# The depth of each TCP listener, a line each.
depths()
{
	sg status -j | jq -r '.listeners[] | select(.listener | startswith("tcp/")) | .depth'
}

# core WHAT handshake|data|any: with a gate that is up. Says at which depth visits were
# judged; which one is demanded is the design's business, and the caller's.
core()
{
	local what=$1 depth=$2 answered
	settle
	answered=$(packets_of syn_answered)
	as_without "$what"
	answered=$(($(packets_of syn_answered) - answered))
	echo "# $what: visits judged at the handshake: $answered;" \
		"$(sg status -j | jq -c '[.listeners[] | {(.listener): [.depth, .shallow]}] | add')"
	case $depth in
	handshake)
		is "$what: listeners are judged at the handshake" "$(depths | sort -u | xargs)" handshake
		between "$what: SYNs answered by the gate" "$answered" $(($(tcp_visits) - 4)) 1000
		;;
	data) is "$what: no SYN answered by the gate" "$answered" 0 ;;
	esac
	strays "$what" "$depth"
	conserved
}

# The least number of TCP visits that one round of the core makes: those that were
# served without the gate.
tcp_visits()
{
	local family visit was n=0
	while read -r family visit was; do
		[ "$visit" = dns ] || [ "$was" != good ] || n=$((n + $(core_times "$visit")))
	done <"$T_DIR/without"
	echo $n
}

STRAY_FAMILIES=$FAMILIES
