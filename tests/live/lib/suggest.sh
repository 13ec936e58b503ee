# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the tests of `suggest` share: a server with a configuration of its own in the victim's
# namespace, the policy that is suggested for it, and clients that ask for every name. Sourced
# after lib.sh.

# suggested STATUS [OPTION...]: what is suggested is applied as it is, and enforced.
suggested()
{
	local status=0 wanted=$1
	shift
	sg suggest --netns "sg-$T-v" "$@" >"$T_DIR/policy" 2>"$T_DIR/suggest.err" || status=$?
	is "suggest: exit status" "$status" "$wanted"
	is "suggest: says nothing else" "$(cat "$T_DIR/suggest.err")" ""
	[ -n "$(program_id | grep -v null)" ] || sg up v0 --netns "sg-$T-v" >/dev/null
	ok "what is suggested is a policy" sg apply "$T_DIR/policy" --force
	sg posture enforce --force >/dev/null
}

# suggest_line REGEX: the first line of the suggested policy that matches.
suggest_line()
{
	grep -m 1 -E -- "$1" "$T_DIR/policy" || echo "no line matches $1"
}

# class_of LISTENER
class_of()
{
	sg suggest --netns "sg-$T-v" -j | jq -r --arg l "$1" '.listeners[] | select(.listener == $l) | .class'
}

# all_answered URL_PREFIX NAME...: each name is answered with 200.
all_answered()
{
	local prefix=$1 name got bad=''
	shift
	for name; do
		got=$(http "$prefix$name/")
		[ "$got" = 200 ] || bad+=" $name: $got;"
	done
	is "$prefix: all of $# names are answered" "$bad" ""
}

# all_turned_away URL_PREFIX NAME...
all_turned_away()
{
	local prefix=$1 name got bad=''
	shift
	for name; do
		got=$(http "$prefix$name/")
		[[ $got =~ $TURNED_AWAY ]] || bad+=" $name: $got;"
	done
	is "$prefix: all of $# names are turned away" "$bad" ""
}

# certificate_of DIR NAME...: cert.pem and key.pem for these names.
certificate_of()
{
	local dir=$1 name names=''
	shift
	for name; do
		names+=",DNS:$name"
	done
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 \
		-keyout "$dir/key.pem" -out "$dir/cert.pem" -subj "/CN=$1" \
		-addext "subjectAltName=${names#,}" 2>/dev/null
	cat "$dir/cert.pem" "$dir/key.pem" >"$dir/both.pem"
}

# nginx_with DIR: nginx with DIR/nginx.conf, anew.
nginx_with()
{
	chmod 755 "$TB_RUN" "$TB_RUN/$T" "$T_DIR" "$1"
	[ ! -e "$TB_RUN/$T/pids/nginx" ] || tb_stop_recorded "$TB_RUN/$T/pids/nginx"
	rm -f "$1/nginx.pid"
	tb_server "$T" nginx -p "$1" -c "$1/nginx.conf" -e "$1/error.log" || tb_die "nginx does not start"
	tb_wait_file "$1/nginx.pid" || tb_die "nginx did not start"
	tb_record "$TB_RUN/$T/pids/nginx" "$(cat "$1/nginx.pid")"
}
