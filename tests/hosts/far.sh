# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Clients at the far end of a long and bad path, the same one without the gate and with
# it. Sourced after core.sh.
#
#	sg-NAME-x  t0  198.18.9.2/24  2001:db8:18:9::2/64
#	sg-NAME-c  r0  198.18.9.1/24  2001:db8:18:9::1/64	routes to the victim

FAR_VISITS=24
FAR_STRAYS=8
SEED=${SEED:-1}
far_ports=20000

far_start()
{
	ip netns add "sg-$T-x"
	ip -n "sg-$T-x" link set lo up
	in_crowd sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	in_crowd nft delete table netdev quiet 2>/dev/null || true
	start_servers "client_header_timeout 200s;" # it would close what is silent for 60 s
	head -c 100000 "$CORE_BIG" >"$TB_RUN/$T/nginx/www/hundred"
	in_victim ip route add 198.18.9.0/24 via "$TB_CROWD4" 2>/dev/null || true
}

# path_up OPTION...: see path.py.
path_up()
{
	rm -f "$T_DIR/path.out"
	"$PYTHON" "$(dirname "$0")/path.py" "sg-$T-x" "sg-$T-c" "$SEED" "$@" >"$T_DIR/path.out" 2>"$T_DIR/path.err" &
	path_pid=$!
	tb_record "$TB_RUN/$T/pids/path" $path_pid
	tb_wait_file "$T_DIR/path.out" || { cat "$T_DIR/path.err"; return 1; }
	path_end x t0 2
	path_end c r0 1
	ip -n "sg-$T-x" route add 10.77.0.0/24 dev t0
	ip -n "sg-$T-x" -6 route add 2001:db8:77::/64 dev t0
}

path_end()
{
	ip -n "sg-$T-$1" link set "$2" addrgenmode none up
	ip -n "sg-$T-$1" addr add "198.18.9.$3/24" dev "$2"
	ip -n "sg-$T-$1" addr add "2001:db8:18:9::$3/64" dev "$2" nodad
}

path_down()
{
	tb_stop_recorded "$TB_RUN/$T/pids/path"
	wait "$path_pid" 2>/dev/null || true
}

# far NAME COUNT SILENCE: visits, from ports that none had before, but whose numbers are
# the same modulo 100.
far()
{
	in_far "$PYTHON" "$(dirname "$0")/far_visits.py" "$1" $far_ports "$2" \
		"$CORE_PAGE" "$TB_RUN/$T/nginx/www/hundred" "$CORE_POST" "$3" "$TB_VICTIM4" "$TB_VICTIM6"
}

# far_without WHAT SILENCE OPTION...: the measure.
far_without()
{
	path_up "${@:3}"
	far $SERVED $FAR_VISITS "$2" >"$T_DIR/without-$1"
	path_down
	far_ports=$((far_ports + 100))
	between "$1: visits served without the gate" "$(jq '[.results[] | select(. == "good")] | length' "$T_DIR/without-$1")" \
		$((FAR_VISITS / 2)) $FAR_VISITS
}

# far_with WHAT SILENCE OPTION...: none is lost that was not lost without.
far_with()
{
	path_up "${@:3}"
	far $SERVED $FAR_VISITS "$2" >"$T_DIR/with-$1"
	far_ports=$((far_ports + 100))
	far $STRAY $FAR_STRAYS "$2" >"$T_DIR/strays-$1"
	far_ports=$((far_ports + 100))
	path_down
	is "$1: visits lost that were served without the gate" "$(jq -sc '[.[0].results, .[1].results] | transpose |
		map(.[1] as $with | select(.[0] == "good" and $with != "good") | $with)' "$T_DIR/without-$1" "$T_DIR/with-$1")" "[]"
	is "$1: no stray is served" "$(jq -c '[.results[] | select(. == "good" or . == "200")]' "$T_DIR/strays-$1")" "[]"
	echo "# $1: strays: $(jq -c '.results | group_by(.) | map({(.[0]): length}) | add' "$T_DIR/strays-$1")"
	echo "# $1: ms without and with the gate, median: $(median "$T_DIR/without-$1") $(median "$T_DIR/with-$1")," \
		"most: $(jq '.ms | max' "$T_DIR/without-$1") $(jq '.ms | max' "$T_DIR/with-$1")"
}

median()
{
	jq '.ms | sort | .[length / 2 | floor]' "$1"
}
