# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The victim's servers: nginx and nsd as Debian ships them, with configurations
# of their own below $TB_RUN/NAME. They know nothing of the gate. Sourced after
# testbed.sh.

# Before a server's own command: what it is to be started with (mptcpize run).
TB_WRAP=()

# start_nginx NAME ["extra lines for the stray default server"]
start_nginx()
{
	local dir=$TB_RUN/$1/nginx
	mkdir -p "$dir/www" "$dir/tmp"
	tb_certificate "$dir"
	tb_pages "$dir/www"
	tb_nginx_conf "$dir" "${2:-}" >"$dir/nginx.conf"
	chmod 755 "$TB_RUN" "$TB_RUN/$1" "$dir"
	: >"$dir/access.log"
	tb_server "$1" "${TB_WRAP[@]}" nginx -p "$dir" -c "$dir/nginx.conf" -e "$dir/error.log"
	tb_wait_file "$dir/nginx.pid" || tb_die "nginx did not start"
	tb_record_server "$1" nginx "$dir/nginx.pid"
	tb_wait_port "$1" 80
	tb_wait_port "$1" 443
}

tb_certificate()
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 \
		-keyout "$1/key.pem" -out "$1/cert.pem" -subj /CN=www.served.example \
		-addext "subjectAltName=DNS:served.example,DNS:*.served.example" 2>/dev/null
}

tb_pages()
{
	{
		echo '<!doctype html><title>served</title><p>This page lives here.</p>'
		head -c 960 /dev/zero | tr '\0' .
	} >"$1/index.html"
	truncate -s 100M "$1/big"
}

# A server of every name, as most are: whatever Host comes, it is answered, so
# that a stray that reaches nginx is seen in its log.
tb_nginx_conf()
{
	cat <<-END
		daemon on;
		worker_processes 1;
		worker_rlimit_nofile 20000;
		pid $1/nginx.pid;
		error_log $1/error.log;
		events { worker_connections 19000; }
		http {
			log_format short '\$remote_addr \$server_port \$host "\$request" \$status \$request_length';
			access_log $1/access.log short;
			default_type text/html;
			sendfile on;
			client_max_body_size 200m;
			client_body_temp_path $1/tmp/body;
			proxy_temp_path $1/tmp/proxy;
			fastcgi_temp_path $1/tmp/fastcgi;
			uwsgi_temp_path $1/tmp/uwsgi;
			scgi_temp_path $1/tmp/scgi;
			ssl_certificate $1/cert.pem;
			ssl_certificate_key $1/key.pem;
			server {
				listen 80 default_server backlog=4096;
				listen [::]:80 default_server backlog=4096;
				listen 443 ssl http2 default_server backlog=4096;
				listen [::]:443 ssl http2 default_server backlog=4096;
				root $1/www;
				$2
				# What was sent stays in a file, whose name is the answer.
				location /keep {
					client_body_in_file_only on;
					proxy_pass http://unix:$1/upload.sock:/kept;
					proxy_set_header File \$request_body_file;
				}
				# The proxy waits for the whole body before it asks further.
				location /upload {
					proxy_pass http://unix:$1/upload.sock:/;
					proxy_set_header Got \$request_length;
				}
			}
			# What a name of its own is served with tells what name was asked for.
			server {
				listen 443 ssl http2;
				server_name closed.served.example;
				ssl_reject_handshake on;
			}
			server {
				listen unix:$1/upload.sock;
				access_log off;
				location /kept { return 200 "\$http_file"; }
				location / { return 200 "got \$http_got\n"; }
			}
		}
	END
}

# start_nsd NAME [RATE]: with a rate, it limits its answers to each client network.
start_nsd()
{
	local dir=$TB_RUN/$1/nsd
	mkdir -p "$dir"
	tb_nsd_conf "$dir" "${2:-}" >"$dir/nsd.conf"
	tb_zone >"$dir/served.example.zone"
	tb_victim "$1" nsd -c "$dir/nsd.conf" -P "$dir/nsd.pid"
	tb_wait_file "$dir/nsd.pid" || tb_die "nsd did not start"
	tb_record_server "$1" nsd "$dir/nsd.pid"
	tb_wait_port "$1" 53
	# It binds first and loads its zones after.
	local i
	for ((i = 0; i < 50; i++)); do
		[ -z "$(tb_victim "$1" dig +short +time=1 +tries=1 "@$TB_VICTIM4" www.served.example 2>/dev/null)" ] || return 0
		sleep 0.1
	done
	tb_die "nsd does not answer"
}

# DIR [RATE]. No rate limit of its own (0): it would refuse the tests' one busy resolver.
tb_nsd_conf()
{
	cat <<-END
		server:
			ip-address: 0.0.0.0
			ip-address: ::0
			server-count: 1
			username: ""
			database: ""
			zonesdir: "$1"
			pidfile: "$1/nsd.pid"
			xfrdfile: "$1/xfrd.state"
			xfrdir: "$1"
			zonelistfile: "$1/zone.list"
			logfile: "$1/nsd.log"
			rrl-ratelimit: ${2:-0}
			rrl-size: 10000
		remote-control:
			control-enable: yes
			control-interface: $1/control.sock
		zone:
			name: served.example
			zonefile: served.example.zone
			provide-xfr: 10.77.0.0/24 NOKEY
	END
}

tb_zone()
{
	cat <<-END
		\$ORIGIN served.example.
		\$TTL 300
		@	SOA	ns hostmaster 1 3600 900 86400 300
		@	NS	ns
		@	A	$TB_VICTIM4
		@	AAAA	$TB_VICTIM6
		ns	A	$TB_VICTIM4
		www	A	$TB_VICTIM4
		www	AAAA	$TB_VICTIM6
		txt	TXT	"a text"
	END
}

# nsd_queries NAME: how many queries nsd has seen so far.
# The figure comes from nsd's children and lags behind: read until it stands still.
nsd_queries()
{
	local last='' now
	while now=$(nsd-control -c "$TB_RUN/$1/nsd/nsd.conf" stats_noreset | sed -n 's/^num\.queries=//p') &&
		[ "$now" != "$last" ]; do
		last=$now
		sleep 0.3
	done
	echo "$now"
}

tb_wait_file()
{
	local i
	for ((i = 0; i < 50; i++)); do
		[ -s "$1" ] && return 0
		sleep 0.1
	done
	return 1
}

# tb_record_server NAME SERVER PIDFILE
tb_record_server()
{
	local pid
	read -r pid <"$3"
	tb_record "$TB_RUN/$1/pids/$2" "$pid"
}

# tb_wait_port NAME PORT: until something listens there over TCP. It asks the
# socket table, not the server: a probe would stand in the server's counts.
tb_wait_port()
{
	local i
	for ((i = 0; i < 50; i++)); do
		! tb_listens "$1" "$2" || return 0
		sleep 0.1
	done
	tb_die "nothing listens on port $2"
}

# tb_listens NAME PORT: the table as any process of the testbed's there shows it, without
# one more.
tb_listens()
{
	local file table port line
	printf -v port ':%04X ' "$2"
	for file in "$TB_RUN/$1"/pids/*; do
		tb_recorded "$file" || continue
		# shellcheck disable=SC2154 # tb_recorded
		[ "/proc/$tb_pid/ns/net" -ef "/run/netns/sg-$1-${TB_SERVER:-v}" ] || continue
		for table in tcp tcp6; do
			while read -r line; do
				# "sl local_address rem_address st", of which 0A is TCP_LISTEN
				[[ $line != *"$port"*" 0A "* ]] || return 0
			done <"/proc/$tb_pid/net/$table"
		done
	done
	[ -n "$(tb_server "$1" ss -Hltn "sport = :$2")" ]
}
