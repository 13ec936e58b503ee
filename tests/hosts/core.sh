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
. "$(dirname "${BASH_SOURCE[0]}")/../live/lib/lib.sh"
# shellcheck source=tests/live/lib/shake.sh
. "$(dirname "${BASH_SOURCE[0]}")/../live/lib/shake.sh"

SERVED=www.served.example
STRAY=www.foreign.example
FLIGHTS=$(dirname "${BASH_SOURCE[0]}")/flights.py
PATIENCE=20 # seconds, of curl
# Where the clients are: c, beside the victim, or x, behind a router (far_up()).
CLIENT=c
FAMILIES="4 6"
VISITS="plain cookie keepalive split headbody post tls hello tls-post dns dns-tcp down up"

declare -A CORE_VICTIM=([4]=$TB_VICTIM4 [6]=$TB_VICTIM6)
declare -A CORE_STRAY=() # addresses, by family

in_client()
{
	nsenter --net="/run/netns/sg-$T-$CLIENT" -- "$@"
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

# kept FAMILY FILE OPTION...: FILE is sent, and compared with what the server has of it.
kept()
{
	local family=$1 file=$2 status copy result
	shift 2
	: >"$T_DIR/got"
	status=$(fetch "$family" "$T_DIR/got" -H Expect: --data-binary "@$file" "$@")
	copy=$(cat "$T_DIR/got")
	result=$(right "$status" "$copy" "$file")
	[[ $status != 200 || $copy != "$TB_RUN/$T/nginx/"* ]] || rm -f "$copy"
	echo "$result"
}

# flight FAMILY KIND: what no ordinary client can be told to do: see flights.py.
flight()
{
	in_client "$PYTHON" "$FLIGHTS" "$2" "${CORE_VICTIM[$1]}" "$SERVED" "$CORE_PAGE" "$CORE_POST"
}

visit_plain() { page "$1" "http://$SERVED/"; }
visit_cookie() { page "$1" -H "Cookie: id=$(printf '%02000d' 7)" "http://$SERVED/"; }
visit_split() { flight "$1" split; }
visit_headbody() { flight "$1" headbody; }
visit_post() { flight "$1" post; }
visit_tls() { page "$1" "https://$SERVED/"; }
visit_tls-post() { kept "$1" "$CORE_POST" "https://$SERVED/keep"; }
visit_up() { kept "$1" "$CORE_BIG" "http://$SERVED/keep"; }

visit_down()
{
	rm -f "$T_DIR/got"
	right "$(fetch "$1" "$T_DIR/got" "http://$SERVED/thirty")" "$T_DIR/got" "$CORE_BIG"
}

# Four requests over one connection.
visit_keepalive()
{
	local n got
	got=$(fetch "$1" "$T_DIR/got1" "http://$SERVED/" -o "$T_DIR/got2" "http://$SERVED/post" \
		-o "$T_DIR/got3" "http://$SERVED/" -o "$T_DIR/got4" "http://$SERVED/" -w '%{http_code},%{num_connects} ')
	[ "$got" = "200,1 200,0 200,0 200,0 " ] || { echo "$got"; return; }
	for n in 1 3 4; do
		cmp -s "$T_DIR/got$n" "$CORE_PAGE" || { echo "wrong bytes in $n"; return; }
	done
	right 200 "$T_DIR/got2" "$CORE_POST"
}

# openssl_asks FAMILY NAME OPTION...: HTTP over TLS by openssl; what came is in got.
openssl_asks()
{
	local to=${CORE_VICTIM[$1]}
	[ "$1" = 4 ] || to="[$to]"
	printf 'GET / HTTP/1.0\r\nHost: %s\r\n\r\n' "$2" |
		in_client timeout 20 openssl s_client -connect "$to:443" -servername "$2" -quiet -ign_eof "${@:3}" \
			>"$T_DIR/got" 2>"$T_DIR/openssl.err"
}

# A ClientHello of more than 2 KB: two segments, and the kernel's GRO may make them one.
long_alpn()
{
	local i list=
	for i in {1..9}; do
		list+=$(printf "$i%0220d" 0),
	done
	echo "${list}http/1.1"
}

visit_hello()
{
	openssl_asks "$1" "$SERVED" -alpn "$(long_alpn)" || { tail -n 1 "$T_DIR/openssl.err"; return; }
	sed '1,/^\r$/d' "$T_DIR/got" >"$T_DIR/got1"
	right "$(sed -n '1s/^HTTP[^ ]* \([0-9]*\).*/\1/p' "$T_DIR/got")" "$T_DIR/got1" "$CORE_PAGE"
}

dig_served()
{
	local got
	got=$(in_client dig +short +tries=1 +time=5 "${@:2}" "@${CORE_VICTIM[$1]}" "$SERVED" 2>&1 || true)
	[ "$got" = "$TB_VICTIM4" ] && echo good || echo "${got:-nothing}" | tail -n 1
}

visit_dns() { dig_served "$1"; }
visit_dns-tcp() { dig_served "$1" +tcp; }

# How often a visit is tried: whether two segments arrive in one NAPI poll is chance.
core_times()
{
	case $1 in
	cookie | post | hello) echo 4 ;;
	plain | split | headbody) echo 2 ;;
	*) echo 1 ;;
	esac
}

# tried FAMILY VISIT: "good", or how the first that was not went.
tried()
{
	local i got=good
	for ((i = $(core_times "$2"); i > 0; i--)); do
		got=$("visit_$2" "$1")
		[ "$got" = good ] || break
	done
	echo "$got"
}

# core_visits FILE: a line "IPv4 VISIT HOW" for each.
core_visits()
{
	local family visit
	for family in $FAMILIES; do
		for visit in $VISITS; do
			echo "IPv$family $visit $(tried "$family" "$visit")"
		done
	done >"$1"
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
	core_visits "$T_DIR/with"
	while read -r family visit was; do
		how=$(grep "^$family $visit " "$T_DIR/with" | cut -d ' ' -f 3-)
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

stray_http() { fetch "$1" /dev/null --interface "${CORE_STRAY[$1]}" "http://$STRAY/"; }
stray_tls() { fetch "$1" /dev/null --interface "${CORE_STRAY[$1]}" "https://$STRAY/"; }

stray_cookie()
{
	fetch "$1" /dev/null --interface "${CORE_STRAY[$1]}" -H "Cookie: id=$(printf '%02000d' 7)" "http://$STRAY/"
}

stray_post()
{
	fetch "$1" /dev/null --interface "${CORE_STRAY[$1]}" -H Expect: --data-binary "@$CORE_POST" "http://$STRAY/keep"
}

stray_hello()
{
	local bind=${CORE_STRAY[$1]}
	[ "$1" = 4 ] || bind="[$bind]"
	if openssl_asks "$1" "$STRAY" -bind "$bind:0" -alpn "$(long_alpn)"; then
		head -n 1 "$T_DIR/got"
	else
		echo "000 exit 35"
	fi
}

dig_stray()
{
	in_client dig -b "${CORE_STRAY[$1]}" +tries=1 +time=5 "${@:2}" "@${CORE_VICTIM[$1]}" "$STRAY" |
		sed -n 's/.*status: \([A-Z]*\).*/\1/p'
}

stray_dns() { dig_stray "$1"; }
stray_dns-tcp() { dig_stray "$1" +tcp; }

# strays WHAT DEPTH
strays()
{
	local what=$1 family kind wanted queries
	PATIENCE=8 # strays are to be told at once
	watch_strays
	queries=$(nsd_queries "$T")
	for family in $STRAY_FAMILIES; do
		for kind in http cookie post tls hello dns dns-tcp; do
			wanted=$TURNED_AWAY
			[[ $kind != dns* ]] || wanted='^REFUSED$'
			like "$what: stray, IPv$family, $kind" "$("stray_$kind" "$family")" "$wanted"
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
	local i family
	for ((i = 0; i < 20; i++)); do
		for family in $FAMILIES; do
			for visit in plain tls dns-tcp; do
				"visit_$visit" "$family" >/dev/null
			done
		done
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
