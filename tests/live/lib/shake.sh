# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the tests of the handshake share: a gate that shakes hands, what the
# victim's own TCP says it did, and visitors with real sockets. Sourced after lib.sh.

# Not what a version manager puts before it: that costs half a second each time.
PYTHON=$(PATH=/usr/bin:$PATH command -v python3)
VISITOR=${BASH_SOURCE[0]%/*}/visitor.py

# What `up` is told besides the device (--generic).
UP_OPTIONS=()

# gate_shakes on|auto|off [LINE...]: as gate_up, with that depth for all TCP listeners.
gate_shakes()
{
	tb_sysctl kernel/bpf_stats_enabled 1
	shaking_policy "$T_DIR/policy" "$@"
	sg up v0 "${UP_OPTIONS[@]}" --netns "sg-$T-v"
	sg apply "$T_DIR/policy"
}

# way_seen: a visit of each family to tcp/80 and tcp/443, by the kernel's handshake, after
# which the gate knows their way back and shakes hands itself. nginx's log forgets them.
way_seen()
{
	local scheme
	for scheme in http https; do
		http $scheme://www.served.example/ >/dev/null
		http6 $scheme://www.served.example/ >/dev/null
	done
	is "judged at the handshake" "$(depth_of tcp/80) $(depth_of tcp/443)" "handshake handshake"
	wait_closed
	: >"$TB_RUN/$T/nginx/access.log"
}

# wait_closed: until the victim holds no visitor's socket any more.
wait_closed()
{
	local i
	for ((i = 0; i < 50; i++)); do
		[ "$(sockets_on_victim)" != 0 ] || return 0
		sleep 0.1
	done
}

# shaking_policy FILE on|auto|off [LINE...]
shaking_policy()
{
	policy "$1" "${@:3}"
	sed -i "s/^listen tcp.*/& handshake $2/" "$1"
}

# visitor VERB ...: a client of the crowd; prints one line of JSON.
visitor()
{
	in_crowd "$PYTHON" "$VISITOR" "$@"
}

# Starts a server of visitor.py in the victim's namespace: server PORT OPTION...
server()
{
	local port=$1
	shift
	nsenter --net="/run/netns/sg-$T-v" -- "$PYTHON" "$VISITOR" serve "$port" "$@" >"$T_DIR/server-$port" 2>&1 &
	server_pid=$!
	tb_record "$TB_RUN/$T/pids/server-$port" $server_pid
	tb_wait_port "$T" "$port"
}

# other_build BUILD: $T_DIR/straygate is a command that says of itself that it is another
# build, whose name is printed.
other_build()
{
	local build=$1 other=${1%?}+
	BUILD=$build OTHER=$other perl -0777 -pe 's/\Q$ENV{BUILD}\E\0/$ENV{OTHER}\0/g' "$TB_GATE" >"$T_DIR/straygate"
	chmod +x "$T_DIR/straygate"
	echo "$other"
}

server_stop()
{
	tb_stop_recorded "$TB_RUN/$T/pids/server-$1"
	wait "$server_pid" 2>/dev/null || true
}

# nstat_of NAME...: the victim's own counters, added up since its namespace began.
nstat_of()
{
	in_victim nstat -asz "$@" 2>/dev/null | awk '!/^#/ { sum += $2 } END { print sum + 0 }'
}

# depth_of SUBJECT, shallow_of SUBJECT: as `status -j` says it.
depth_of()
{
	sg status -j | jq -r --arg l "$1" '.listeners[] | select(.listener == $l) | .depth'
}

shallow_of()
{
	sg status -j | jq -r --arg l "$1" '.listeners[] | select(.listener == $l) | .shallow'
}

# msec COMMAND...: how long it took; its output goes to $T_DIR/out.
msec()
{
	local before=${EPOCHREALTIME/[.,]/}
	"$@" >"$T_DIR/out" 2>&1 || true
	echo $(((${EPOCHREALTIME/[.,]/} - before) / 1000))
}

# Sockets of the crowd's own kernel that are not closed yet.
unclosed()
{
	in_crowd ss -Htan state fin-wait-1 state fin-wait-2 state last-ack state closing state close-wait | wc -l
}

# --- a client behind a router ---------------------------------------------------

# far_up: a third namespace, whose way to the victim leads through the crowd's. What
# the crowd drops on that way is lost: a client that drops its own packets knows of it.
#
#	sg-NAME-x  x0  198.18.9.2/24  2001:db8:18:9::2/64
far_up()
{
	ip netns add "sg-$T-x"
	ip -n "sg-$T-x" link add x0 type veth peer name f0 netns "sg-$T-c"
	ip -n "sg-$T-x" addr add 198.18.9.2/24 dev x0
	ip -n "sg-$T-x" addr add 2001:db8:18:9::2/64 dev x0 nodad
	ip -n "sg-$T-c" addr add 198.18.9.1/24 dev f0
	ip -n "sg-$T-c" addr add 2001:db8:18:9::1/64 dev f0 nodad
	in_far ethtool -K x0 tx off tso off >/dev/null # a wire, as in tb_wire()
	ip -n "sg-$T-x" link set x0 up
	ip -n "sg-$T-x" link set lo up
	ip -n "sg-$T-c" link set f0 up
	ip -n "sg-$T-x" route add 10.77.0.0/24 via 198.18.9.1
	ip -n "sg-$T-x" -6 route add 2001:db8:77::/64 via 2001:db8:18:9::1
	in_crowd sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	in_crowd nft delete table netdev quiet 2>/dev/null || true
}

in_far()
{
	tb_in "sg-$T-x" "$@"
}

far_visitor()
{
	in_far "$PYTHON" "$VISITOR" "$@"
}

# losing RULE COMMAND...: COMMAND, while what matches RULE is lost on its way through
# the crowd's namespace.
losing()
{
	in_crowd nft "add table inet loss; add chain inet loss way { type filter hook forward priority 0; }; \
		add rule inet loss way $1 drop"
	"${@:2}"
	in_crowd nft delete table inet loss
}
