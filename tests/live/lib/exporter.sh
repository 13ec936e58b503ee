# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# straygate-exporter in a test: on a unix socket, as somebody who has no privilege but
# a group. Sourced after lib.sh.

EXPORTER=$TB_ROOT/build/straygate-exporter
GROUP=54321 # any that nobody is in
# shellcheck disable=SC2034 # the tests'
SOCKET=$T_DIR/exporter/socket

# exporter_start [OPTION...]
exporter_start()
{
	[ -x "$EXPORTER" ] || { echo "# there is no $EXPORTER: build it first"; exit 1; }
	mkdir -p "$T_DIR/exporter"
	chmod 755 "$TB_RUN" "$TB_RUN/$T" "$T_DIR"
	chown 65534 "$T_DIR/exporter"
	nsenter --net="/run/netns/sg-$T-v" -- setpriv --reuid 65534 --regid 65534 --groups "$GROUP" \
		--bounding-set -all --inh-caps -all --no-new-privs -- \
		"$EXPORTER" --instance "$T" --listen "unix:$SOCKET" "$@" 2>>"$T_DIR/exporter.log" &
	exporter_pid=$!
	tb_record "$TB_RUN/$T/pids/exporter" $exporter_pid
	until_is "the exporter answers" 200 status_of /metrics
}

exporter_stop()
{
	tb_stop_recorded "$TB_RUN/$T/pids/exporter"
	wait "$exporter_pid" 2>/dev/null || true
}

# ask PATH [CURL OPTION...]
ask()
{
	curl -sS --unix-socket "$SOCKET" -m 20 "${@:2}" "http://localhost$1"
}

status_of()
{
	ask "$1" -o "$T_DIR/answer" -w '%{http_code}' "${@:2}" 2>/dev/null || true
}

head_of()
{
	ask "$1" -I "${@:2}"
}

# value METRIC [LABELS]: the first sample that has these.
value()
{
	ask /metrics | grep -E "^$1(\{[^}]*${2:-}[^}]*\})? " | head -n 1 | awk '{ print $NF }'
}

# until_is WHAT WANTED COMMAND...: in 20 s.
until_is()
{
	local what=$1 wanted=$2 got='' i
	shift 2
	for ((i = 0; i < 100; i++)); do
		got=$("$@") || true
		[ "$got" != "$wanted" ] || break
		sleep 0.2
	done
	is "$what" "$got" "$wanted"
}
