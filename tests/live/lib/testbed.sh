# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The testbed: a victim and a crowd in two network namespaces, joined by a veth
# pair. A library: scripts/testbed, scripts/demo and the live tests source it.
#
#	sg-NAME-v  v0  10.77.0.1/24  2001:db8:77::1/64   nginx, nsd, the gate
#	sg-NAME-c  c0  10.77.0.2/24  2001:db8:77::2/64   curl, Chromium, build/crowd
#
# The victim routes 198.18.0.0/15 and 2001:db8:18::/48 to the crowd, which owns
# none of these addresses: a raw-socket population lives on them, and the
# crowd's own kernel stays silent about them. Nothing here reaches any other
# network: neither namespace has a default route.
#
# All that a testbed leaves outside of its namespaces lies in $TB_RUN/NAME, with
# a pid file for each process it started; an `owner` file says which process
# the testbed belongs to, so that `clean` takes away only what was orphaned.

TB_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
TB_RUN=${TB_RUN:-/run/straygate-testbed}
TB_GATE=${TB_GATE:-$TB_ROOT/build/straygate}
TB_VICTIM4=10.77.0.1
TB_VICTIM6=2001:db8:77::1
TB_CROWD4=10.77.0.2
TB_CROWD6=2001:db8:77::2
TB_VICTIM_MAC=02:77:00:00:00:01
TB_CROWD_MAC=02:77:00:00:00:02
TB_CORE_VICTIM=0
TB_CORE_CROWD=1
[ -e /sys/devices/system/cpu/cpu1 ] || TB_CORE_CROWD=0

if [ -n "${TB_ASLEEP:-}" ]; then
	# shellcheck source=tests/live/lib/asleep.sh
	. "$TB_ROOT/tests/live/lib/asleep.sh"
fi

tb_die()
{
	echo "testbed: $*" >&2
	exit 1
}

tb_need_root()
{
	[ "$EUID" = 0 ] || tb_die "needs root (network namespaces)"
}

tb_check_name()
{
	[[ $1 =~ ^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,39}$ ]] || tb_die "bad name '$1': letters, digits, - _ . (at most 40)"
}

# Not `ip netns exec`: that mounts a fresh /sys, and what is pinned in
# /sys/fs/bpf could not be seen inside.
# tb_in NETNS COMMAND..., tb_limited SECONDS COMMAND...: as nsenter(1) and timeout(1), which
# build/within is cheaper than.
TB_WITHIN=$TB_ROOT/build/within
if [ -x "$TB_WITHIN" ]; then
	tb_in() { "$TB_WITHIN" -n "/run/netns/$1" "${@:2}"; }
	tb_limited() { "$TB_WITHIN" -t "$@"; }
else
	tb_in() { nsenter --net="/run/netns/$1" -- "${@:2}"; }
	tb_limited() { timeout "$@"; }
fi

tb_victim()
{
	tb_in "sg-$1-v" "${@:2}"
}

tb_crowd()
{
	tb_in "sg-$1-c" "${@:2}"
}

# Where the servers run: with the victim, or in a container behind it (TB_SERVER=x).
tb_server()
{
	tb_in "sg-$1-${TB_SERVER:-v}" "${@:2}"
}

# A fork costs 10 ms on many a virtual machine, and the tests are thousands of these
# calls: what follows has no $(...) in it where a variable does.

# tb_sysctl NAME VALUE: of this shell's own namespaces.
tb_sysctl()
{
	echo "$2" >"/proc/sys/$1"
}

# tb_stat PID: $tb_stat is the process's state, and $tb_start when it began; or it fails.
tb_stat()
{
	local stat=
	read -r -d '' stat 2>/dev/null <"/proc/$1/stat" || [ -n "$stat" ] || return 1
	# The second field may hold blanks and parentheses: cut behind the last one.
	# shellcheck disable=SC2086 # fields, to be split
	set -- ${stat##*) }
	tb_stat=$1 tb_start=${20}
}

# A process is named by pid and start time: a pid alone may have been reused by
# somebody else's process when `clean` comes, long after.
# tb_record FILE PID
tb_record()
{
	tb_stat "$2" || tb_start=
	echo "$2 $tb_start" >"$1"
}

# tb_recorded FILE: $tb_pid, if that very process still runs.
tb_recorded()
{
	local start
	read -r tb_pid start 2>/dev/null <"$1" || return 1
	[ -n "$start" ] && tb_stat "$tb_pid" && [ "$tb_start" = "$start" ]
}

# tb_recorded_alive FILE: prints it.
tb_recorded_alive()
{
	tb_recorded "$1" && echo "$tb_pid"
}

# A zombie is as good as gone: there are machines whose pid 1 takes its time.
tb_runs()
{
	tb_stat "$1" && [ "$tb_stat" != Z ]
}

tb_stop_pid()
{
	local pid=$1 i
	kill "$pid" 2>/dev/null || return 0
	for ((i = 0; i < 60; i++)); do
		tb_runs "$pid" || return 0
		sleep 0.05
	done
	kill -9 "$pid" 2>/dev/null || true
}

tb_stop_recorded()
{
	! tb_recorded "$1" || tb_stop_pid "$tb_pid"
	rm -f "$1"
}

tb_netns_exists()
{
	[ -e "/run/netns/$1" ]
}

# Whatever still runs inside of a namespace of ours is ours: servers' workers,
# a crowd whose starter was killed.
tb_netns_empty()
{
	local pid
	tb_netns_exists "$1" || return 0
	for pid in $(ip netns pids "$1" 2>/dev/null); do
		tb_stop_pid "$pid"
	done
}

# tb_up NAME [OWNER_PID]: without an owner the testbed stays until `down`.
tb_up()
{
	local name=$1 owner=${2:-}
	tb_check_name "$name"
	[ -e "$TB_ROOT/build/pass.bpf.o" ] || tb_die "there is no build/pass.bpf.o: run make"
	tb_down "$name"
	mkdir -p "$TB_RUN/$name/pids"
	if [ -n "$owner" ]; then
		tb_record "$TB_RUN/$name/owner" "$owner"
	fi

	ip -batch - <<-END
		netns add sg-$name-v
		netns add sg-$name-c
	END
	ip -n "sg-$name-v" link set lo up
	ip -n "sg-$name-c" link set lo up
	tb_link "$name"
}

# The wire between the two, with all that is set on it.
tb_link()
{
	# On NICs of its own: see tests/drivers.
	if declare -F tb_own_wire >/dev/null; then
		tb_own_wire "$1"
		tb_batch "$1" c tb_crowd_end
		tb_batch "$1" v tb_victim_end
		tb_quiet_crowd "$1"
		tb_wait_link "$1"
	else
		tb_wire "$1"
		tb_quiet_crowd "$1"
	fi
}

# tb_batch NAME END COMMAND...: ip does what it prints.
tb_batch()
{
	"${@:3}" | tb_in "sg-$1-$2" ip -batch -
}

tb_crowd_end()
{
	cat <<-END
		addr add $TB_CROWD4/24 dev c0
		addr add $TB_CROWD6/64 dev c0 nodad
		link set c0 addrgenmode none up
	END
}

tb_victim_end()
{
	cat <<-END
		addr add $TB_VICTIM4/24 dev v0
		addr add $TB_VICTIM6/64 dev v0 nodad
		link set v0 addrgenmode none up
		route add 198.18.0.0/15 via $TB_CROWD4
		route add 2001:db8:18::/48 via $TB_CROWD6
	END
}

# The victim's end is a server's NIC: offloads as the kernel sets them, and GRO, which
# every physical NIC has and a veth has only if it is asked for. The crowd's end is
# the wire: without `tx` and `tso`, what it sends arrives in segments with their
# checksums in them. It has an XDP program that passes everything: veth queues what
# the victim's program sends back (XDP_TX), but wakes the other end for it only if a
# program is there (veth_xdp_flush() in drivers/net/veth.c). With GRO alone the
# answers lie in the queue until some other packet comes along.
tb_wire()
{
	tb_batch "$1" c tb_wire_crowd "$1"
	tb_crowd "$1" ethtool -K c0 tx off tso off >/dev/null
	tb_victim "$1" ethtool -K v0 gro on
	[ -z "${TB_ASLEEP:-}" ] || asleep_begin "$1"
	tb_batch "$1" v tb_wire_victim
}

tb_wire_crowd()
{
	echo "link add c0 address $TB_CROWD_MAC type veth peer name v0 address $TB_VICTIM_MAC netns sg-$1-v"
	echo "link set dev c0 xdp object $TB_ROOT/build/pass.bpf.o section xdp"
	tb_crowd_end
	echo "neigh replace $TB_VICTIM4 lladdr $TB_VICTIM_MAC dev c0 nud permanent"
	echo "neigh replace $TB_VICTIM6 lladdr $TB_VICTIM_MAC dev c0 nud permanent"
}

# As both know each other's MAC from the beginning, and without link-local addresses
# nobody asks for routers, a test that counts packets counts those it sent.
tb_wire_victim()
{
	tb_victim_end
	echo "neigh replace $TB_CROWD4 lladdr $TB_CROWD_MAC dev v0 nud permanent"
	echo "neigh replace $TB_CROWD6 lladdr $TB_CROWD_MAC dev v0 nud permanent"
}

# The raw population's replies end at its packet socket. Without this drop (it
# comes after the packet socket has had its copy) each would climb on into a
# routing lookup that can only fail. It only saves time: a kernel that cannot do
# it may go without.
tb_quiet_crowd()
{
	tb_crowd "$1" nft -f - 2>/dev/null <<-END || true
		table netdev quiet {
			chain ingress {
				type filter hook ingress device "c0" priority 0; policy accept;
				ip daddr 198.18.0.0/15 drop
				ip6 daddr 2001:db8:18::/48 drop
			}
		}
	END
}

# One datagram each way makes both kernels ask for the other's MAC, and a neighbour
# that has one is a link that works.
tb_wait_link()
{
	local i
	for ((i = 0; i < 50; i++)); do
		tb_crowd "$1" bash -c "echo >/dev/udp/$TB_VICTIM4/9; echo >/dev/udp/$TB_VICTIM6/9" 2>/dev/null || true
		tb_victim "$1" bash -c "echo >/dev/udp/$TB_CROWD4/9; echo >/dev/udp/$TB_CROWD6/9" 2>/dev/null || true
		if [ "$(tb_crowd "$1" ip neigh | grep -c lladdr)" -ge 2 ] &&
			[ "$(tb_victim "$1" ip neigh | grep -c lladdr)" -ge 2 ]; then
			tb_keep_neighbours "$1"
			return 0
		fi
		sleep 0.1
	done
	tb_die "victim and crowd do not reach each other"
}

# Once known they stay known, and without link-local addresses (above) nobody asks
# for routers: a test that counts packets counts those it sent.
tb_keep_neighbours()
{
	local end addr mac
	for end in v:v0 c:c0; do
		ip -n "sg-$1-${end%:*}" neigh | while read -r addr _ _ _ mac _; do
			ip -n "sg-$1-${end%:*}" neigh replace "$addr" lladdr "$mac" dev "${end#*:}" nud permanent
		done
	done
}

# Idempotent: takes away whatever there is of NAME, however it came to be; also a
# third namespace (sg-NAME-x), a second instance (NAME_2) and its policy file,
# which tests have.
tb_down()
{
	local name=$1 file end gone=
	tb_check_name "$name"
	for file in "$TB_RUN/$name"/pids/*; do
		! tb_recorded "$file" || kill "$tb_pid" 2>/dev/null || true # all end at the same time
	done
	for file in "$TB_RUN/$name"/pids/*; do
		[ ! -e "$file" ] || tb_stop_recorded "$file"
	done
	tb_gate_down "$name"
	tb_file_down "$name"
	for end in v c x; do
		tb_netns_empty "sg-$name-$end"
	done
	[ -z "${TB_ASLEEP:-}" ] || asleep_end "$name"
	for end in v c x; do
		! tb_netns_exists "sg-$name-$end" || gone+="netns del sg-$name-$end"$'\n'
	done
	# Another run may take the same orphan away.
	[ -z "$gone" ] || ip -force -batch - <<<"$gone" 2>/dev/null || true
	for end in v c x; do
		! tb_netns_exists "sg-$name-$end" || ip netns del "sg-$name-$end"
	done
	# Whatever a test has mounted there is not the testbed's.
	[ ! -e "$TB_RUN/$name" ] || rm -rf --one-file-system "${TB_RUN:?}/$name"
}

# Pins live outside of the namespaces and would survive them.
tb_gate_down()
{
	[ -x "$TB_GATE" ] || return 0
	if [ -e "/sys/fs/bpf/straygate/$1" ] || tb_netns_exists "sg-$1-v"; then
		timeout 20 "$TB_GATE" down --now --instance "$1" >/dev/null 2>&1 || true
	fi
	if [ -e "/sys/fs/bpf/straygate/$1_2" ]; then
		timeout 20 "$TB_GATE" down --now --instance "$1_2" >/dev/null 2>&1 || true
	fi
}

# tb_file NAME: where the policy file of its second instance is.
tb_file()
{
	echo "/etc/straygate/$1_2.policy"
}

# tb_file_up NAME <POLICY: another testbed may take the empty directory away
# meanwhile, if a testbed made it.
tb_file_up()
{
	local text i
	text=$(cat)
	for ((i = 0; i < 10; i++)); do
		! mkdir /etc/straygate 2>/dev/null || : >"$TB_RUN/.made-etc"
		{ echo "$text" >"$(tb_file "$1")"; } 2>/dev/null && return 0
	done
	tb_die "cannot write $(tb_file "$1")"
}

tb_file_down()
{
	[ ! -e "/etc/straygate/$1_2.policy" ] || rm -f "/etc/straygate/$1_2.policy"
	[ ! -e "$TB_RUN/.made-etc" ] || ! rmdir /etc/straygate 2>/dev/null || rm -f "$TB_RUN/.made-etc"
}

# Names of all testbeds that left a directory or a namespace.
tb_names()
{
	{
		ls "$TB_RUN" 2>/dev/null || true
		ip netns list | sed -n 's/^sg-\(.*\)-[vcx]\( .*\)\?$/\1/p'
	} | sort -u
}

# tb_orphaned NAME: true if its owner is dead, or if it has lost its directory.
tb_orphaned()
{
	[ -d "$TB_RUN/$1" ] || return 0
	[ -e "$TB_RUN/$1/owner" ] || return 1
	! tb_recorded "$TB_RUN/$1/owner"
}

# tb_clean [all]: what killed runs left; with `all` also what still has an owner.
tb_clean()
{
	local name
	for name in $(tb_names); do
		if [ "${1:-}" = all ] || tb_orphaned "$name"; then
			tb_down "$name"
			echo "testbed: removed $name"
		fi
	done
}

# --- measuring ------------------------------------------------------------

# tb_pin NAME: the victim's servers and receive work on core 0, the crowd's on 1.
# Left alone, veth does receive work on the *sender's* core, and a flood would
# be paid for by the one who sends it. Both ends run NAPI in a kernel thread then,
# with the gate and without it: GRO brings NAPI along, as on a server's real NIC. Call
# it again after the gate went up or down.
tb_pin()
{
	local name=$1 pid
	tb_threaded "$name" c c0 "$TB_CORE_CROWD" || tb_die "c0 has no NAPI thread"
	tb_threaded "$name" v v0 "$TB_CORE_VICTIM" || tb_die "v0 has no NAPI thread"
	for pid in $(ip netns pids "sg-$name-v"); do
		taskset -a -p -c "$TB_CORE_VICTIM" "$pid" >/dev/null 2>&1 || true
	done
}

# /sys of a namespace can only be seen through a mount made inside it.
# tb_sysfs NAME END DEV FILE VALUE
tb_sysfs()
{
	ip netns exec "sg-$1-$2" sh -c "echo $5 >/sys/class/net/$3/$4" 2>/dev/null
}

# Makes DEV's NAPI a kernel thread, on CORE. The crowd's thread shares its core
# with the load generator, which takes all it can get, and the ring before it is
# only 256 packets long: it must run soon, or replies are lost that any real
# network would have delivered. It runs ahead of all ordinary processes, and by
# turns with a generator that does, too (--fifo): once for each round of sending.
# Interrupting it for each reply, it cost more than it brought.
tb_threaded()
{
	local name=$1 end=$2 dev=$3 core=$4 before pid file
	file=$TB_RUN/$name/napi-$dev
	tb_sysfs "$name" "$end" "$dev" threaded 0 || return 1
	sleep 0.1
	before=$(tb_napi_threads "$dev")
	tb_sysfs "$name" "$end" "$dev" threaded 1 || return 1
	sleep 0.1
	# Ours is the one that has come now; where a kernel keeps the thread
	# while it is not used, the one of last time.
	pid=$(comm -13 <(echo "$before") <(tb_napi_threads "$dev") | head -n 1)
	[ -n "$pid" ] || pid=$(tb_recorded_alive "$file") || return 1
	tb_record "$file" "$pid"
	taskset -p -c "$core" "$pid" >/dev/null
	if [ "$end" = c ]; then
		chrt -f -p "${TB_NAPI_FIFO:-1}" "$pid" 2>/dev/null || renice -n -20 -p "$pid" >/dev/null
	fi
}

# Threads of all devices of that name: other testbeds have theirs.
tb_napi_threads()
{
	local f comm
	for f in /proc/[0-9]*/comm; do
		read -r comm 2>/dev/null <"$f" || continue
		if [[ $comm == "napi/$1-"* ]]; then
			f=${f#/proc/}
			echo "${f%/comm}"
		fi
	done | sort
}
