# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A testbed with the gate, a DNS server of its own beside the clients, and a capture of what
# the clients send. Sourced by scripts/answers.
#
#	sg-NAME-v  10.77.0.1, 10.77.0.3   nginx, the gate
#	sg-NAME-c  10.77.0.2              nsd on port 53, browsers, resolvers

# The foreign site. Chromium treats names below .example and .test in other ways.
FOREIGN=foreign-example.com
VICTIM_TOO=10.77.0.3

bed_gate()
{
	"$TB_GATE" "${@:2}" --instance "$1"
}

# bed_up BED RECORD...: with these records of foreign names in its DNS.
bed_up()
{
	local bed=$1
	tb_up "$bed" "$$"
	mkdir -p "$TB_RUN/$bed/answers"
	ip -n "sg-$bed-v" addr add "$VICTIM_TOO/24" dev v0
	start_nginx "$bed"
	bed_dns "$bed" "${@:2}"
	bed_gate "$bed" up v0 --netns "sg-$bed-v" >/dev/null
}

beds_down()
{
	local bed
	for bed in $(tb_names); do
		[[ $bed != "$NAME"-* ]] || tb_down "$bed"
	done
}

# A root server that knows these records alone: all other names do not exist.
bed_dns()
{
	local bed=$1 dir=$TB_RUN/$1/dns
	mkdir -p "$dir"
	tb_nsd_conf "$dir" | sed '/^zone:/,$d; s/ip-address: ::0/do-ip6: no/; s/control-enable: yes/control-enable: no/' >"$dir/nsd.conf"
	printf 'zone:\n\tname: .\n\tzonefile: root.zone\n' >>"$dir/nsd.conf"
	{
		printf '$ORIGIN .\n$TTL 300\n'
		printf '@ SOA ns.root-servers.net. hostmaster.root-servers.net. 1 3600 900 86400 300\n'
		printf '@ NS ns.root-servers.net.\nns.root-servers.net. A %s\n' "$TB_CROWD4"
		printf '%s\n' "${@:2}"
	} >"$dir/root.zone"
	tb_crowd "$bed" nsd -c "$dir/nsd.conf" -P "$dir/nsd.pid"
	tb_wait_file "$dir/nsd.pid" || tb_die "nsd did not start"
	tb_record "$TB_RUN/$bed/pids/dns" "$(cat "$dir/nsd.pid")"
}

# bed_policy BED LINE...: enforced, at the handshake.
bed_policy()
{
	local bed=$1 file=$TB_RUN/$1/answers/policy
	printf '%s\n' "posture enforce" "listen tcp/80 as http" "listen tcp/443 as tls" "listen udp/53 as dns" \
		"listen tcp/53 as dns" "serve www.served.example" "zone served.example" "${@:2}" >"$file"
	bed_gate "$bed" apply --force "$file" >/dev/null
	bed_engaged "$bed"
}

# A served visit on each port shows the gate the way back.
bed_engaged()
{
	local i depths
	for ((i = 0; i < 20; i++)); do
		tb_crowd "$1" curl -sk -o /dev/null -o /dev/null -m 5 --connect-to "::$TB_VICTIM4:" http://www.served.example/ \
			https://www.served.example/ || true
		depths=$(bed_gate "$1" status -j | jq -c '[.listeners[] | select(.listener == "tcp/80" or .listener == "tcp/443") | .depth]')
		[ "$depths" != '["handshake","handshake"]' ] || return 0
		sleep 0.5
	done
	tb_die "not judged at the handshake: $depths"
}

# capture_begin BED FILE: what the clients send to the victim, from now on.
capture_begin()
{
	local i
	# Not tb_crowd: the pid is to be its own.
	nsenter --net="/run/netns/sg-$1-c" -- tcpdump -i c0 -n -s 512 -U -w "$2" "dst host $TB_VICTIM4 or dst host $VICTIM_TOO" 2>"$2.log" &
	tb_record "$TB_RUN/$1/pids/tcpdump" $!
	for ((i = 0; i < 50; i++)); do
		grep -q 'listening on' "$2.log" && return 0
		sleep 0.1
	done
	tb_die "tcpdump did not start"
}

capture_end()
{
	sleep 0.5 # what it has seen, and not yet written
	tb_stop_recorded "$TB_RUN/$1/pids/tcpdump"
}

# count FILE [SECONDS]: see count.py.
count()
{
	python3 "$ROOT/tests/answers/count.py" "$@"
}

# bed_wait BED t|u PORT LOG: that of a server beside the clients, TCP's or UDP's.
bed_wait()
{
	local i
	for ((i = 0; i < 200; i++)); do
		tb_crowd "$1" ss "-Hl$2n" "sport = :$3" | grep -q . && return 0
		sleep 0.1
	done
	tb_die "no server on port $3: $(tail -n 3 "$4")"
}
