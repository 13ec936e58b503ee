# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# resolvers: ten names below a foreign domain whose two name servers are, wrongly, the
# victim's addresses. All resolvers at once, each with a source address of its own, by which
# the victim's packets are told apart. Sourced by scripts/answers.
#
# People ask as stub resolvers do: 5 s, twice, one name after another.

RESOLVER_LINES=("stray dns answer" "stray dns answer nxdomain" "stray dns drop")
RESOLVER_NAMES=10
# resolver|what it is|source address|port it listens on
RESOLVERS=(
	"unbound|unbound|10.77.0.11|5301"
	"named|named|10.77.0.12|5302"
	"kresd|knot-resolver|10.77.0.13|5303"
	"pdns|pdns-recursor|10.77.0.14|5304"
	"dnsmasq|dnsmasq, forwarding|10.77.0.15|5305"
	"unbound_fwd|unbound, forwarding|10.77.0.16|5306"
	"glibc|glibc, no resolver|10.77.0.2|"
)

# Each starts one, in the foreground: DIR SOURCE PORT

start_unbound()
{
	unbound_conf "$@" >"$1/unbound.conf"
	printf 'server:\n\troot-hints: "%s"\n' "$1/hints" >>"$1/unbound.conf"
	exec unbound -d -c "$1/unbound.conf"
}

start_unbound_fwd()
{
	unbound_conf "$@" >"$1/unbound_fwd.conf"
	printf 'forward-zone:\n\tname: .\n\tforward-addr: %s\n\tforward-addr: %s\n' "$TB_VICTIM4" "$VICTIM_TOO" >>"$1/unbound_fwd.conf"
	exec unbound -d -c "$1/unbound_fwd.conf"
}

unbound_conf()
{
	cat <<-END
		server:
			interface: 127.0.0.1@$3
			outgoing-interface: $2
			chroot: ""
			username: ""
			directory: "$1"
			pidfile: ""
			use-syslog: no
			do-daemonize: no
			module-config: "iterator"
			do-ip6: no
		remote-control:
			control-enable: no
	END
}

start_named()
{
	cat >"$1/named.conf" <<-END
		options {
			directory "$1";
			pid-file none;
			session-keyfile none;
			listen-on port $3 { 127.0.0.1; };
			listen-on-v6 { none; };
			query-source address $2;
			dnssec-validation no;
			recursion yes;
		};
		controls { };
		zone "." { type hint; file "$1/hints"; };
	END
	exec named -4 -g -c "$1/named.conf"
}

start_kresd()
{
	rm -rf "$1/kresd" # its cache, which outlives it
	mkdir -p "$1/kresd"
	cat >"$1/kresd.conf" <<-END
		net.listen('127.0.0.1', $3)
		net.outgoing_v4('$2')
		net.ipv6 = false
		trust_anchors.remove('.')
		modules.unload('ta_update')
		modules.load('hints')
		hints.root({ ['ns.root-servers.net.'] = { '$TB_CROWD4' } })
		cache.open(8 * MB, 'lmdb://$1/kresd')
	END
	exec kresd -n -c "$1/kresd.conf" "$1/kresd"
}

start_pdns()
{
	mkdir -p "$1/pdns"
	exec pdns_recursor --config-dir="$1/pdns" --socket-dir="$1/pdns" --daemon=no --write-pid=no --setuid= --setgid= \
		--hint-file="$1/hints" --local-address=127.0.0.1 --local-port="$3" --query-local-address="$2" \
		--dont-query= --dnssec=off --threads=1 --security-poll-suffix=
}

start_dnsmasq()
{
	exec dnsmasq --keep-in-foreground --conf-file=/dev/null --no-hosts --no-resolv --pid-file= --user=root --log-facility=- \
		--listen-address=127.0.0.1 --bind-interfaces --port="$3" \
		--server="$TB_VICTIM4@$2" --server="$VICTIM_TOO@$2"
}

# resolver_up BED NAME SOURCE PORT
resolver_up()
{
	local dir=$TB_RUN/$1/answers
	nsenter --net="/run/netns/sg-$1-c" -- bash -c "$(declare -f "start_$2" unbound_conf); $(declare -p TB_CROWD4 TB_VICTIM4 VICTIM_TOO); start_$2 \"\$@\"" \
		- "$dir" "$3" "$4" >"$dir/$2.log" 2>&1 </dev/null &
	tb_record "$TB_RUN/$1/pids/$2" $!
}

# people BED NAME PORT: they ask for ten names.
people()
{
	local i dir=$TB_RUN/$1/answers
	for ((i = 1; i <= RESOLVER_NAMES; i++)); do
		if [ "$2" = glibc ]; then
			tb_crowd "$1" unshare --mount bash -c 'mount --bind "$1/glibc.conf" /etc/resolv.conf
				mount --bind "$1/nsswitch.conf" /etc/nsswitch.conf; exec getent ahosts "$2"' - "$dir" "w$i.$FOREIGN" || true
		else
			tb_crowd "$1" dig -p "$3" @127.0.0.1 +time=5 +tries=2 "w$i.$FOREIGN" A || true
		fi
	done >"$dir/$2.asked" 2>&1
}

# still BED FILE: until no packet has come for 5 s, at most for a minute.
still()
{
	local i before=none now
	for ((i = 0; i < 12; i++)); do
		now=$(stat -c %s "$2")
		[ "$now" != "$before" ] || return 0
		before=$now
		sleep 5
	done
}

# resolvers_with BED LINE
resolvers_with()
{
	local bed=$1 file=$TB_RUN/$1/answers/pcap r name what source port askers=() pid
	bed_policy "$bed" "$2"
	for r in "${RESOLVERS[@]}"; do
		IFS='|' read -r name what source port <<<"$r"
		[ -z "$port" ] || resolver_up "$bed" "$name" "$source" "$port"
	done
	for r in "${RESOLVERS[@]}"; do
		IFS='|' read -r name what source port <<<"$r"
		[ -z "$port" ] || bed_wait "$bed" u "$port" "$TB_RUN/$bed/answers/$name.log"
	done
	capture_begin "$bed" "$file"
	for r in "${RESOLVERS[@]}"; do
		IFS='|' read -r name what source port <<<"$r"
		people "$bed" "$name" "$port" &
		askers+=($!)
	done
	for pid in "${askers[@]}"; do
		wait "$pid"
	done
	still "$bed" "$file"
	capture_end "$bed"
	for r in "${RESOLVERS[@]}"; do
		IFS='|' read -r name what source port <<<"$r"
		[ -z "$port" ] || tb_stop_recorded "$TB_RUN/$bed/pids/$name"
		count "$file" | jq -c --arg resolver "$what" --arg line "$2" --arg source "$source" \
			'{part: "resolvers", $resolver, $line, udp: (.[$source]["udp/53"].packets // 0), tcp: (.[$source]["tcp/53"].packets // 0)}' \
			>>"$RESULTS/resolvers"
	done
	echo "answers: $2: $(tail -n ${#RESOLVERS[@]} "$RESULTS/resolvers" | jq -r '"\(.resolver) \(.udp)/\(.tcp)"' | paste -sd ' ')" >&2
}

resolvers()
{
	local bed=$NAME-dns line r dir
	bed_up "$bed" "$FOREIGN. NS ns1.$FOREIGN." "$FOREIGN. NS ns2.$FOREIGN." \
		"ns1.$FOREIGN. A $TB_VICTIM4" "ns2.$FOREIGN. A $VICTIM_TOO"
	dir=$TB_RUN/$bed/answers
	printf '. 3600000 NS ns.root-servers.net.\nns.root-servers.net. 3600000 A %s\n' "$TB_CROWD4" >"$dir/hints"
	printf 'nameserver %s\nnameserver %s\n' "$TB_VICTIM4" "$VICTIM_TOO" >"$dir/glibc.conf"
	echo "hosts: files dns" >"$dir/nsswitch.conf"
	for r in "${RESOLVERS[@]}"; do
		IFS='|' read -r _ _ r _ <<<"$r"
		[ "$r" = "$TB_CROWD4" ] || ip -n "sg-$bed-c" addr add "$r/24" dev c0
	done
	for line in "${RESOLVER_LINES[@]}"; do
		resolvers_with "$bed" "$line"
	done
}
