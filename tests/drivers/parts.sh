# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What happens to devices, a function each: see row.test, whose words these use. Each
# leaves v0 with its addresses, and the gate on it.
# shellcheck disable=SC2153 # MODE is row.test's

# reachable: until the server can be reached; a link takes its time, and an emulated one more.
reachable()
{
	until_ok 60 in_crowd timeout 3 bash -c ": </dev/tcp/$TB_VICTIM4/80" || echo "# not reachable"
}

# again DEVICE [OPTION...]: the gate goes to this device, wherever it was before, with its
# policy; says what `up` says.
again()
{
	sg down --now >/dev/null 2>&1 || true
	sg up "$@" --netns "sg-$T-v" 2>&1 || true
	sg apply "$T_DIR/policy" >"$T_DIR/applied" 2>&1 || sed 's/^/# apply: /' "$T_DIR/applied"
}

# feature NAME: "yes", "no" or "?", as it was before `up`.
feature()
{
	jq -r --arg f "$1" '.devices[0].features[] | select(.feature == $f) |
		if .here == null then "?" elif .here then "yes" else "no" end' "$T_DIR/features"
}

features_before()
{
	in_victim "$TB_GATE" features v0 | sed -n '/^v0/,$s/^/# features: /p'
	in_victim "$TB_GATE" features v0 -j >"$T_DIR/features"
}

# What `features` said before fits what `up` then got.
part_words()
{
	local native
	native=$(feature "native XDP")
	sg status | sed 's/^/# status: /' || true
	[ "$native" = "?" ] || [ "$(feature MTU)" = no ] ||
		is "words: native mode as features said" "$native" "$([ "$(device_is v0)" = native ] && echo yes || echo no)"
	if grep -q '"LRO".*stays off' "$T_DIR/features"; then
		like "words: LRO is off now, as features said" \
			"$(in_victim ethtool -k v0 | sed -n 's/^large-receive-offload: *//p')" ^off
	fi
	is "words: the place was free" "$(feature "XDP attached")" no
}

# vlan_up LOWER: VLAN 5 on it, and on the crowd's end.
vlan_up()
{
	ip -n "sg-$T-v" link add link "$1" name "$1.5" type vlan id 5
	ip -n "sg-$T-v" link set "$1.5" addrgenmode none
	ip -n "sg-$T-v" addr add 10.78.0.1/24 dev "$1.5"
	ip -n "sg-$T-v" link set "$1.5" up
	! ip -n "sg-$T-c" link show c0.5 >/dev/null 2>&1 || return 0
	ip -n "sg-$T-c" link add link c0 name c0.5 type vlan id 5
	ip -n "sg-$T-c" addr add 10.78.0.2/24 dev c0.5
	ip -n "sg-$T-c" link set c0.5 up
}

# by_vlan WHAT: a served visit and a stray one with tags.
by_vlan()
{
	is "$1: served" "$(curl_to 10.78.0.1 "http://$SERVED/")" 200
	like "$1: stray" "$(curl_to 10.78.0.1 "http://$STRAY/")" "${2:-$TURNED_AWAY}"
}

changed()
{
	sg status -j | jq -c --arg d "$1" '.devices[] | select(.device == $d) | .changed'
}

# Tags that the NIC takes off are said; without that offload they are judged.
part_vlan()
{
	vlan_up v0
	if [ "$(changed v0)" != '[]' ]; then
		is "vlan: the NIC takes tags off, and status knows" "$(changed v0)" '["handshake"]'
		sg up >/dev/null
		like "vlan: the cause" "$(sg status -j | jq -r '.devices[0].shallow')" "VLAN tags"
		is "vlan: served, while tags are taken off" "$(curl_to 10.78.0.1 "http://$SERVED/")" 200
		in_victim ethtool -K v0 rxvlan off 2>&1
	fi
	sg up >/dev/null
	is "vlan: nothing is new" "$(changed v0)" '[]'
	is "vlan: handshakes are possible" "$(sg status -j | jq -r '.devices[0].shallow')" ""
	by_vlan vlan
	like "vlan: its own device is refused" "$(sg up v0.5 2>&1)" "the gate stands on v0 already"
	both "untagged"
	ip -n "sg-$T-v" link del v0.5
	ip -n "sg-$T-c" link del c0.5
	sg up >/dev/null
}

# generic_why WHAT SAID: `up` got generic mode here, and says what would help.
generic_why()
{
	[ "$(device_is v0)" = "$MODE" ] ||
		like "$1: up says why it is generic" "$2" \
			"refuses native XDP: .*For native mode: .ip link set v0 mtu [0-9]+., then .straygate up v0 --reattach"
}

# Some drivers refuse large frames while a program is attached, and some a program while
# there are large frames.
part_mtu()
{
	local said
	ip -n "sg-$T-c" link set c0 mtu 9000
	if said=$(ip -n "sg-$T-v" link set v0 mtu 9000 2>&1); then
		said=$(sg up 2>&1) || true
	else
		echo "# mtu: refused while the gate is attached: $said"
		sg down --now
		ip -n "sg-$T-v" link set v0 mtu 9000
		said=$(again v0)
		settle
	fi
	echo "# mtu: ${said//$'\n'/; }"
	if [[ $said == *"does not let its program go"* ]]; then
		like "mtu: status says so" "$(sg status || true)" "drops large frames; .ip link set v0 mtu [0-9]+"
		ip -n "sg-$T-v" link set v0 mtu 1500
		ip -n "sg-$T-c" link set c0 mtu 1500
		ok "mtu 1500 again: up" sg up
		is "mtu 1500 again: mode" "$(device_is v0)" "$MODE"
		is "mtu 1500 again: 8 MB up" "$(visit_up 4)" good
		both "mtu 1500 again"
		return
	fi
	is "mtu: attached" "$(sg status -j | jq '.devices[0].attached')" true
	generic_why mtu "$said"
	is "mtu: nothing is new" "$(changed v0)" '[]'
	both "mtu 9000"
	is "mtu 9000: 8 MB down" "$(visit_down 4)" good
	is "mtu 9000: 8 MB up" "$(visit_up 4)" good
	ip -n "sg-$T-v" link set v0 mtu 1500
	ip -n "sg-$T-c" link set c0 mtu 1500
	again v0 | sed 's/^/# mtu 1500: /'
	is "mtu 1500 again: mode" "$(device_is v0)" "$MODE"
	settle
	both "mtu 1500 again"
}

# A thousand datagrams to nobody.
flood()
{
	in_crowd timeout 10 bash -c "for i in {1..1000}; do echo >/dev/udp/$TB_VICTIM4/9; done" >/dev/null 2>&1
}

# Does the program see packets? `status` takes a second in which a flood comes.
runs()
{
	flood &
	sg status >"$T_DIR/status" || true
	wait $! || true
	! grep -q "ATTACHED BUT NOT RUN" "$T_DIR/status"
}

flooded_check()
{
	flood &
	sg status --check || true
	wait $! || true
}

part_link()
{
	ip -n "sg-$T-v" link set v0 down
	ip -n "sg-$T-v" link set v0 up
	ip -n "sg-$T-v" -6 addr replace "$TB_VICTIM6/64" dev v0 nodad
	reachable
	if ! runs; then
		like "link: status says that the program is not run" "$(cat "$T_DIR/status")" "straygate up v0 --reattach"
		like "link: and --check" "$(flooded_check)" "CRITICAL: v0: attached, but of [0-9]+ packets"
		is "link: everything passes" "$(page 4 "http://$SERVED/")" good
		sg up v0 --reattach >"$T_DIR/said" 2>&1 || true
		sed 's/^/# link: /' "$T_DIR/said"
		like "link: up says that it resets the link" "$(cat "$T_DIR/said")" "resets the link"
		settle
		ok "link: now it is run" runs
	fi
	is "link: attached" "$(device_is v0)" "$MODE"
	both "link down and up"
}

addresses_back()
{
	ip -n "sg-$T-v" addr replace "$TB_VICTIM4/24" dev v0
	ip -n "sg-$T-v" addr replace "$TB_VICTIM6/64" dev v0 nodad
	ip -n "sg-$T-v" link set v0 addrgenmode none up
	ip -n "sg-$T-v" route replace 198.18.0.0/15 via "$TB_CROWD4"
	reachable
}

# A NIC that is pulled out while somebody downloads, and put back.
part_unplug()
{
	local policy
	policy=$(sg show policy)
	settle
	slow_begin "$T_DIR/pulled"
	is "unplug: the download is a bound visit" "$(bound_visits)" 1
	host unplug v0
	ok "unplug: the device is gone" nic_gone v0
	is "unplug: status says so" "$(device_is v0)" "NOT ATTACHED"
	fails "unplug: and fails" sg status
	host plug v0
	ok "plug: it is back" nic_name v0
	ip link set v0 netns "sg-$T-v"
	addresses_back
	like "plug: up attaches it" "$(sg up v0 2>/dev/null)" "^v0  $MODE XDP"
	is "plug: the policy is kept" "$(sg show policy)" "$policy"
	slow_end "$T_DIR/pulled"
	is "plug: the download goes on" "$slow_got" good
	settle
	both plug
}

part_bridge()
{
	sg down --now
	ip -n "sg-$T-v" addr flush dev v0
	ip -n "sg-$T-v" link add name br0 type bridge
	ip -n "sg-$T-v" link set v0 master br0
	ip -n "sg-$T-v" link set br0 addrgenmode none address "${NIC[v0]}" up
	ip -n "sg-$T-v" addr add "$TB_VICTIM4/24" dev br0
	reachable
	like "bridge: up br0 names its port" "$(again br0)" "on its port v0 the gate runs in the driver"
	is "bridge: generic there" "$(device_is br0)" generic
	settle
	both "on the bridge"
	like "bridge: the port is refused beside it" "$(sg up v0 2>&1)" "judged twice"
	like "bridge: up on the port" "$(again v0)" "v0  $MODE XDP"
	settle
	both "on the port"
	sg down --now
	ip -n "sg-$T-v" link del br0
	addresses_back
	again v0 >/dev/null
}

part_macvlan()
{
	ip -n "sg-$T-v" link add link v0 name m0 type macvlan mode bridge
	ip -n "sg-$T-v" addr add 10.79.0.1/24 dev m0
	ip -n "sg-$T-v" link set m0 up
	ip -n "sg-$T-c" addr add 10.79.0.2/24 dev c0
	like "macvlan: refused above a gate" "$(sg up m0 2>&1)" "the gate stands on v0 already"
	sg up >/dev/null
	is "macvlan: served" "$(curl_to 10.79.0.1 "http://$SERVED/")" 200
	like "macvlan: alone it is right, in generic mode" "$(again m0)" "m0  generic XDP"
	is "macvlan: served by its own gate" "$(curl_to 10.79.0.1 "http://$SERVED/")" 200
	like "macvlan: stray" "$(curl_to 10.79.0.1 "http://$STRAY/")" "$TURNED_AWAY"
	sg down --now
	ip -n "sg-$T-v" link del m0
	ip -n "sg-$T-c" addr del 10.79.0.2/24 dev c0
	again v0 >/dev/null
}

# filtered WHAT: port 8080 is the other program's to drop.
filtered()
{
	like "$1: the other program filters" \
		"$(in_crowd curl -sS -m 3 -o /dev/null "http://$TB_VICTIM4:8080/" 2>&1)" "timed out"
}

# large WHAT: frames of 9000 bytes, which come in pieces, or the reason why not.
large()
{
	local said
	ip -n "sg-$T-c" link set c0 mtu 9000
	if said=$(ip -n "sg-$T-v" link set v0 mtu 9000 2>&1) && said=$(sg up 2>&1) &&
		! sg status | grep -q "drops large frames"; then
		both "$1, mtu 9000"
		filtered "$1, mtu 9000"
		is "$1, mtu 9000: 8 MB up" "$(visit_up 4)" good
	fi
	echo "# $1, mtu 9000: ${said//$'\n'/; }"
	ip -n "sg-$T-v" link set v0 mtu 1500
	ip -n "sg-$T-c" link set c0 mtu 1500
	sg up >/dev/null 2>&1 || true
	both "$1, mtu 1500 again"
	filtered "$1, mtu 1500 again"
}

# chained WHAT: in front of the program that is there, and that one alone again behind `down`.
chained()
{
	local id
	id=$(program_id)
	filtered "$1, without a gate"
	again v0 --chain >"$T_DIR/said"
	sed "s/^/# $1: /" "$T_DIR/said"
	like "$1: up" "$(cat "$T_DIR/said")" "v0  $MODE XDP, in front of program $id"
	settle
	both "$1"
	filtered "$1"
	is "$1: at the handshake" "$(depths | sort -u | xargs)" handshake
	large "$1"
	sg down --now
	is "$1: down puts it back" "$(program_id)" "$id"
	filtered "$1, after down"
}

xdp_filter()
{
	in_victim xdp-filter load v0 -m "$([ "$MODE" = native ] && echo native || echo skb)" -f tcp
	in_victim xdp-filter port 8080 -p tcp -m dst
}

program_name()
{
	bpftool -j prog show id "$(program_id)" | jq -r .name
}

# libxdp's dispatcher: kernels differ in whether it may be called; where not, it stays.
behind_dispatcher()
{
	local id
	id=$(program_id)
	sg up v0 --chain --netns "sg-$T-v" >"$T_DIR/said" 2>&1 && { sg down --now; chained "chain, the dispatcher"; return; }
	sed "s/^/# chain, the dispatcher: /" "$T_DIR/said"
	like "chain: up says how to live with the dispatcher" "$(cat "$T_DIR/said")" \
		"$id is libxdp's dispatcher.*LIBXDP_SKIP_DISPATCHER=1"
	is "chain: the dispatcher stays" "$(program_id)" "$id"
	filtered "chain, the dispatcher"
}

# Behind the gate: somebody's programs, attached by netlink, and libxdp's dispatcher,
# which is there if the kernel can replace a program's functions.
part_chain()
{
	local how=xdpdrv kind
	[ "$MODE" = native ] || how=xdpgeneric
	sg down --now
	for kind in xdp xdp.frags; do
		in_victim ip link set dev v0 $how object "$TB_ROOT/build/filter.bpf.o" section $kind
		chained "chain, $kind"
		in_victim ip link set dev v0 $how off
	done
	xdp_filter
	is "chain: the dispatcher" "$(program_name)" xdp_dispatcher
	behind_dispatcher
	in_victim xdp-filter unload v0
	LIBXDP_SKIP_DISPATCHER=1 xdp_filter
	chained "chain, $(program_name)"
	ok "chain: and its owner finds it" in_victim xdp-filter unload v0
	again v0 >/dev/null
	settle
}

# slow_begin FILE, slow_end FILE: a download that waits in the middle, so that what is
# done between the two is done under it; $slow_got says how it went. (curl's --limit-rate
# does not wait.)
slow_begin()
{
	rm -f "$1" "$1".*
	# shellcheck disable=SC2016 # of the inner shell
	in_crowd timeout 180 bash -c 'exec 5<>"/dev/tcp/$1/80"
		printf "GET /thirty HTTP/1.0\r\nHost: %s\r\n\r\n" "$2" >&5
		head -c 100000 <&5 >"$3" && touch "$3.begun"
		while [ ! -e "$3.go" ]; do sleep 0.1; done
		cat <&5 >>"$3"' - "$TB_VICTIM4" "$SERVED" "$1" 2>"$1.err" &
	slow_pid=$!
	until_ok 60 test -e "$1.begun" || echo "# the download did not begin"
}

slow_end()
{
	touch "$1.go"
	wait "$slow_pid" || true
	tail -c "$(stat -c %s "$CORE_BIG")" "$1" >"$1.got"
	slow_got=good
	cmp -s "$1.got" "$CORE_BIG" || slow_got="wrong bytes, $(stat -c %s "$1")"
}

bound_visits()
{
	sg status -j | jq .bound.visits
}

# visits_go_on: one after the other, until there is $T_DIR/enough; those that did not go well.
visits_go_on()
{
	local got
	while [ ! -e "$T_DIR/enough" ]; do
		got=$(page 4 "http://$SERVED/")
		[ "$got" = good ] || echo "$got"
		echo >>"$T_DIR/visited"
	done
}

more_than()
{
	[ "$(wc -l <"$T_DIR/visited")" -gt "$1" ]
}

active_slave()
{
	in_victim ip -d -j link show bond0 | jq -r '.[0].linkinfo.info_data.active_slave'
}

# Without the gate: what does not survive then need not survive with it.
failover_without()
{
	ip -n "sg-$T-v" link set v0 down
	fails_over=yes
	until_ok 30 in_crowd timeout 3 bash -c ": </dev/tcp/$TB_VICTIM4/80" || fails_over=no
	ip -n "sg-$T-v" link set v0 up
	[ $fails_over = yes ] || echo "# bond: without the gate there is no failover either; $(active_slave) is active"
	until_ok 20 in_victim ip link set bond0 type bond active_slave v0 || true # once its link is up
	reachable
}

# The slave that carries the traffic goes down under a download, and while others come.
failover()
{
	rm -f "$T_DIR/enough" "$T_DIR/visited"
	slow_begin "$T_DIR/long"
	visits_go_on >"$T_DIR/unserved" &
	until_ok 60 more_than 0 || true
	ip -n "sg-$T-v" link set v0 down
	until_ok 90 more_than "$(($(wc -l <"$T_DIR/visited") + 2))" || true
	touch "$T_DIR/enough"
	wait $! || true
	slow_end "$T_DIR/long"
	is "bond: each visit during the failover is served" "$(sort "$T_DIR/unserved" | uniq -c)" ""
	is "bond: a download survives the failover" "$slow_got" good
	is "bond: the other slave is active" "$(active_slave)" v1
	both "after the failover"
	ip -n "sg-$T-v" link set v0 up
}

part_bond()
{
	sg down --now
	ip -n "sg-$T-v" addr flush dev v0
	ip -n "sg-$T-v" link add name bond0 type bond mode active-backup miimon 100
	for name in v0 v1; do
		ip -n "sg-$T-v" link set "$name" down
		ip -n "sg-$T-v" link set "$name" master bond0
	done
	ip -n "sg-$T-v" addr add "$TB_VICTIM4/24" dev bond0
	ip -n "sg-$T-v" link set bond0 addrgenmode none up
	reachable
	failover_without
	like "bond: a slave is refused, and the bond named" "$(again v0)" "it belongs to the bond bond0.*straygate up bond0"
	like "bond: up" "$(again bond0 | tee "$T_DIR/said")" "bond0  $MODE XDP"
	sed 's/^/# bond: /' "$T_DIR/said"
	like "bond: a slave under it" "$(sg up v0 2>&1)" "the gate stands on bond0 already"
	settle
	is "bond: at the handshake" "$(depths | sort -u | xargs)" handshake
	both bond
	bound_on bond0
	[ $fails_over = no ] || failover
	vlan_up bond0
	sg up >/dev/null
	by_vlan "bond, VLAN"
	like "bond: its VLAN's own device is refused" "$(sg up bond0.5 2>&1)" "the gate stands on bond0 already"
	like "bond: alone, the VLAN's names the bond" "$(again bond0.5)" "it is a VLAN of bond0.*straygate up bond0"
	by_vlan "on the VLAN's own device"
	# A gated device that joins a bond.
	ip -n "sg-$T-v" link set v1 nomaster
	again v1 >/dev/null
	ip -n "sg-$T-v" link set v1 down
	ip -n "sg-$T-v" link set v1 master bond0
	like "bond: a gated slave that joined it" "$(sg status || true)" "v1: it belongs to the bond bond0"
	like "bond: the bond above it is refused" "$(sg up bond0 2>&1)" "judged twice"
	sg down --now
	ip -n "sg-$T-v" link del bond0
	ip -n "sg-$T-v" link set v0 up
	addresses_back
	again v0 >/dev/null
}

# While a visit is under way, `down` waits for it: it is known to be the bond's.
bound_on()
{
	local said
	slow_begin "$T_DIR/kept"
	said=$(sg down "$1" --drain 1s 2>&1 || true)
	slow_end "$T_DIR/kept"
	again "$1" >/dev/null
	settle
	like "bond: its visits are counted as its own" "$said" "waiting for [1-9]"
}
