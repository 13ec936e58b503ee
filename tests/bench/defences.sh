# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# visit, tls, dns: the gate, and what an operator would use instead, before the
# same servers on the same core. Sourced by scripts/bench.
#
# shellcheck disable=SC2034,SC2154 # variables of scripts/bench's other parts

HTTP_GATE=("listen tcp/80 as http" "serve .served.example" "stray http answer")
TLS_GATE=("listen tcp/443 as tls" "serve .served.example" "stray tls answer")
DNS_GATE=("listen udp/53 as dns" "zone served.example" "stray dns answer")

# --- servers ---------------------------------------------------------------------

# bed_nginx DEFENCE [LINES]: LINES are for names that are not served; then these have
# a server of their own, and served names another.
bed_nginx()
{
	local www rest=
	www=$TB_RUN/$(bed "$1")/nginx/www
	[ -z "${2:-}" ] || rest="$2 } server { listen 80; listen 443 ssl; server_name .served.example; root $www;"
	start_nginx "$(bed "$1")" "$rest"
}

# bed_daemon DEFENCE PORT COMMAND...: a server that stays in the foreground.
bed_daemon()
{
	local d=$1 port=$2
	shift 2
	tb_victim "$(bed "$d")" "$@" >"$TB_RUN/$(bed "$d")/bench/daemon.log" 2>&1 &
	tb_record "$TB_RUN/$(bed "$d")/pids/daemon" $!
	tb_wait_port "$(bed "$d")" "$port"
}

# bed_haproxy DEFENCE: before nginx, on ports 8000 and 8443.
bed_haproxy()
{
	local file
	file=$TB_RUN/$(bed "$1")/bench/haproxy.cfg
	cat >"$file" <<-END
		global
			nbthread 1
			maxconn 9000
		defaults
			timeout connect 5s
			timeout client 10s
			timeout server 10s
		frontend http
			mode http
			bind :8000
			http-request reject unless { hdr(host),lower -m end .served.example }
			default_backend nginx
		backend nginx
			mode http
			server nginx 127.0.0.1:80
		frontend tls
			mode tcp
			bind :8443
			tcp-request inspect-delay 5s
			tcp-request content accept if { req.ssl_sni,lower -m end .served.example }
			tcp-request content reject if { req.ssl_hello_type 1 }
			default_backend nginx-tls
		backend nginx-tls
			mode tcp
			server nginx 127.0.0.1:443
	END
	bed_daemon "$1" 8000 haproxy -db -f "$file"
}

# bed_string DEFENCE PORT NAME: the recipe of old; it lists what is *not* served.
bed_string()
{
	tb_victim "$(bed "$1")" iptables -A INPUT -p tcp --dport "$2" -m string --algo bm --string "$3" -j DROP
}

# bed_dnsdist DEFENCE: before nsd, on port 5300.
bed_dnsdist()
{
	local file
	file=$TB_RUN/$(bed "$1")/bench/dnsdist.conf
	cat >"$file" <<-END
		setLocal('0.0.0.0:5300')
		setACL('0.0.0.0/0')
		setSecurityPollSuffix('')
		newServer('127.0.0.1:53')
		served = newSuffixMatchNode()
		served:add(newDNSName('served.example.'))
		addAction(NotRule(SuffixMatchNodeRule(served)), RCodeAction(DNSRCode.REFUSED))
	END
	bed_daemon "$1" 5300 dnsdist --supervised -C "$file"
}

# --- the benchmarks --------------------------------------------------------------

# beds BENCHMARK-PORT DEFENCE...
beds()
{
	local port=$1 d
	shift
	for d in "$@"; do
		FLOOD_PORT["$d"]=$port
		bed_up "$d"
	done
}

bench_visit()
{
	local all=(gate data 444 haproxy iptables nothing)
	CROWD=(--mode http)
	SERVED_RATE=1000 GOOD_PPM=990000 P99_USEC=5000 FLOOD_BUDGET=180
	FLOOD_WHO=([gate]=straygate [data]="straygate, judged at data" [444]="nginx return 444"
		[haproxy]="HAProxy reject by Host" [iptables]="iptables -m string DROP" [nothing]="nothing: nginx answers")
	FLOOD_START=([gate]=64000 [data]=12000 [444]=12000 [haproxy]=8000 [iptables]=6000 [nothing]=6000)
	beds 80 "${all[@]}"
	bed_nginx gate
	bed_gate gate "${HTTP_GATE[@]}"
	bed_nginx data
	bed_gate data "listen tcp/80 as http handshake off" "${HTTP_GATE[@]:1}"
	bed_nginx 444 "return 444;"
	bed_nginx haproxy
	bed_haproxy haproxy
	FLOOD_PORT[haproxy]=8000
	bed_nginx iptables
	bed_string iptables 80 "Host: www.foreign.example"
	bed_nginx nothing
	flood_search visit "stray visits" "${all[@]}"
}

bench_tls()
{
	local all=(gate reject haproxy nothing)
	CROWD=(--mode tls --served-mode tls)
	SERVED_RATE=300 GOOD_PPM=990000 P99_USEC=5000
	FLOOD_WHO=([gate]=straygate [reject]="nginx ssl_reject_handshake"
		[haproxy]="HAProxy reject by SNI" [nothing]="nothing: nginx answers")
	FLOOD_START=([gate]=32000 [reject]=4000 [haproxy]=6000 [nothing]=1500)
	beds 443 "${all[@]}"
	bed_nginx gate
	bed_gate gate "${TLS_GATE[@]}"
	bed_nginx reject "ssl_reject_handshake on;"
	bed_nginx haproxy
	bed_haproxy haproxy
	FLOOD_PORT[haproxy]=8443
	bed_nginx nothing
	flood_search tls "stray ClientHellos, 2 segments," "${all[@]}"
}

bench_dns()
{
	local all=(gate dnsdist rrl nothing)
	CROWD=(--mode dns --served-mode dns --random-label --served-sources 198.19.0.1/32)
	SERVED_RATE=2000 GOOD_PPM=999000 P99_USEC=500000
	FLOOD_WHO=([gate]=straygate [dnsdist]="dnsdist, rule on the suffix" [rrl]="nsd with RRL 200"
		[nothing]="nothing: nsd answers")
	FLOOD_START=([gate]=100000 [dnsdist]=16000 [rrl]=4000 [nothing]=24000)
	beds 53 "${all[@]}"
	start_nsd "$(bed gate)"
	bed_gate gate "${DNS_GATE[@]}"
	start_nsd "$(bed dnsdist)"
	bed_dnsdist dnsdist
	FLOOD_PORT[dnsdist]=5300
	start_nsd "$(bed rrl)" 200
	start_nsd "$(bed nothing)"
	flood_search dns "stray queries, a random label in front," "${all[@]}"
}
