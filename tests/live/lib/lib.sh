# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What every live test starts with: a testbed of its own, taken down however the
# test ends, and TAP on standard output. A test is a bash file:
#
#	. "$(dirname "$0")/lib/lib.sh"
#	start_nginx "$T"
#	gate_up "serve www.served.example"
#	is "a served name" "$(http http://www.served.example/)" 200
#	conserved
#	done_testing

set -euo pipefail

# shellcheck source=tests/live/lib/testbed.sh
. "${BASH_SOURCE[0]%/*}/testbed.sh"
# shellcheck source=tests/live/lib/servers.sh
. "${BASH_SOURCE[0]%/*}/servers.sh"

# shellcheck disable=SC2034 # T, T_DIR and CROWD are the tests'
T=${SG_TEST_NAME:-$(basename "$0" .test)-$$}
T_DIR=$TB_RUN/$T/test
CROWD=$TB_ROOT/build/crowd
t_count=0
t_failed=0
t_ended=no

# t_end [STATUS]
t_end()
{
	local status=${1:-$?}
	trap - EXIT
	if [ $t_ended = no ]; then
		t_count=$((t_count + 1))
		echo "not ok $t_count - the test came to an end of its own (exit $status)"
		status=1
	fi
	tb_down "$T"
	exit "$status"
}

done_testing()
{
	t_ended=yes
	echo "1..$t_count"
	[ $t_failed = 0 ] || exit 1
}

# --- saying what holds ------------------------------------------------------

t_result()
{
	t_count=$((t_count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $t_count - $2"
		return 0
	fi
	t_failed=$((t_failed + 1))
	echo "not ok $t_count - $2"
	shift 2
	printf '%s\n' "$@" | sed 's/^/#   /'
}

# ok WHAT COMMAND...: the command succeeds.
ok()
{
	local what=$1 status=0 out
	shift
	out=$("$@" 2>&1) || status=$?
	t_result "$status" "$what" "exit $status: $*" "$out"
}

# fails WHAT COMMAND...: the command does not.
fails()
{
	local what=$1 status=0 out
	shift
	out=$("$@" 2>&1) || status=$?
	t_result $((status == 0)) "$what" "should have failed: $*" "$out"
}

# is WHAT GOT WANTED
is()
{
	local bad=0
	[ "$2" = "$3" ] || bad=1
	t_result $bad "$1" "got:    $2" "wanted: $3"
}

# like WHAT GOT REGEX, unlike WHAT GOT REGEX
like()
{
	local bad=0
	[[ $2 =~ $3 ]] || bad=1
	t_result $bad "$1" "got:    $2" "wanted: $3"
}

unlike()
{
	local bad=0
	[[ ! $2 =~ $3 ]] || bad=1
	t_result $bad "$1" "got:        $2" "not wanted: $3"
}

# between WHAT GOT LEAST MOST
between()
{
	local bad=1
	if [[ $2 =~ ^-?[0-9]+$ ]] && [ "$2" -ge "$3" ] && [ "$2" -le "$4" ]; then
		bad=0
	fi
	t_result $bad "$1" "got:    $2" "wanted: $3 to $4"
}

# refused STATUS WHAT REGEX COMMAND...: it fails with that status, and one line on
# standard error that says so.
refused()
{
	local status=0 wanted=$1 what=$2 regex=$3 out
	shift 3
	out=$("$@" 2>&1 >/dev/null) || status=$?
	is "$what: exit status, lines" "$status $(grep -c . <<<"$out")" "$wanted 1"
	like "$what: says what" "${out:0:300}" "$regex"
}

# --- victim and crowd -------------------------------------------------------

in_victim()
{
	tb_victim "$T" "$@"
}

in_crowd()
{
	tb_crowd "$T" "$@"
}

# A curl of the crowd, for which every name lives at the victim: prints the
# status, or "000 exit N". Its page is in $T_DIR/body.
http()
{
	curl_to "$TB_VICTIM4" "$@"
}

http6()
{
	curl_to "[$TB_VICTIM6]" "$@"
}

curl_to()
{
	local status=0 to=$1
	shift
	in_crowd curl -sS -k -m 8 --connect-to "::$to:" -o "$T_DIR/body" -w '%{http_code}' "$@" \
		2>"$T_DIR/curl.err" || status=$?
	[ $status = 0 ] || echo " exit $status"
}

# What a visitor sees of being turned away: a 503, a reset (35 and 56), an empty
# reply (52). A time-out is not among these: a stray must know at once.
# shellcheck disable=SC2034
TURNED_AWAY='^(503|000 exit (35|52|55|56))$'

# A population's report, as JSON.
crowd()
{
	in_crowd "$CROWD" --json "$@"
}

# crowd_begin FILE OPTION...: a population that comes until crowds_end, whose report
# goes to FILE. (Ten minutes, if the test is killed.)
crowds=()
crowd_begin()
{
	nsenter --net="/run/netns/sg-$T-c" -- "$CROWD" --json --seconds 600 "${@:2}" >"$1" &
	crowds+=($!)
}

crowds_end()
{
	ok "the crowd came all the while" kill -INT "${crowds[@]}"
	wait "${crowds[@]}"
	crowds=()
}

# Sockets that the victim holds for visitors; one in TIME-WAIT is the kernel's
# small change, and no server's.
sockets_on_victim()
{
	in_victim ss -Htan | awk '$1 != "LISTEN" && $1 != "TIME-WAIT"' | wc -l
}

# nginx_log_lines [REGEX]: how many lines of the victim's access log match.
nginx_log_lines()
{
	grep -cE -- "${1:-.}" "$TB_RUN/$T/nginx/access.log" || true
}

# --- the gate ----------------------------------------------------------------

# The gate's command for this test's instance. It gives up after a while: no verb
# may hang.
sg()
{
	tb_limited 60 "$TB_GATE" "$@" --instance "$T"
}

# policy FILE LINE...: what every policy here has, and LINEs.
policy()
{
	local file=$1
	shift
	printf '%s\n' "posture enforce" \
		"listen tcp/80 as http" \
		"listen tcp/443 as tls" \
		"listen udp/53 as dns" \
		"listen tcp/53 as dns" \
		"serve www.served.example .served.example" \
		"zone served.example" \
		"stray http answer" \
		"stray tls answer" \
		"stray dns answer" "$@" >"$file"
}

# gate_up [LINE...]: up on v0, enforcing `policy` with LINEs.
gate_up()
{
	[ -x "$TB_GATE" ] || { echo "# there is no $TB_GATE: build it first"; exit 1; }
	# Run counts are only kept while somebody asks for them.
	tb_sysctl kernel/bpf_stats_enabled 1
	policy "$T_DIR/policy" "$@"
	sg up v0 --netns "sg-$T-v"
	sg apply "$T_DIR/policy"
}

# judged WHAT: a served visit and a stray one go as they should.
judged()
{
	is "$1: served" "$(http http://www.served.example/)" 200
	like "$1: stray" "$(http http://www.foreign.example/)" "$TURNED_AWAY"
}

# What is pinned of this instance.
pins()
{
	find "/sys/fs/bpf/straygate/$T" -printf '%P %M %U:%G %i\n' 2>/dev/null | sort
}

# The program on v0, whoever's it is; null: none.
program_id()
{
	in_victim ip -j link show v0 | jq '.[0].xdp.prog.id'
}

counters()
{
	sg show counters -j
}

# device_counters: $v0 is what `show counters -j` says of that device, or it fails. It stands in
# the first line, before all rules of a policy, and is cut out here: jq is two processes more.
device_counters()
{
	v0=
	read -r v0 < <(counters) || return 1
	[[ $v0 == *'"v0":'* ]] || { v0=none && return 0; }
	v0=${v0#*'"v0":'}
	v0=${v0%%'"tc":'*}
}

# packets_of REASON
packets_of()
{
	local v0
	device_counters || return 0 # and prints nothing
	[[ $v0 =~ \"$1\":\{\"verdict\":\"[a-z]+\",\"packets\":([0-9]+) ]] && echo "${BASH_REMATCH[1]}" || echo 0
}

# Waits until nothing moves any more: counters are only comparable at rest. $v0 is what
# they are then.
quiesce()
{
	local before i
	v0=none
	for ((i = 0; i < 20; i++)); do
		before=$v0
		device_counters || true
		[ "$before" = "$v0" ] && return 0
		sleep 0.3
	done
}

# Promise 1: packets seen = sum over reasons = what the kernel says it ran.
conserved()
{
	local v0 packets=none runs=none sum=0 rest
	quiesce
	[[ ! $v0 =~ ^\{\"packets\":([0-9]+) ]] || packets=${BASH_REMATCH[1]}
	[[ ! $v0 =~ \"run_count\":([0-9]+) ]] || runs=${BASH_REMATCH[1]}
	rest=${v0#*'"reasons":'}
	while [[ $rest =~ \"verdict\":\"[a-z]+\",\"packets\":([0-9]+) ]]; do
		sum=$((sum + BASH_REMATCH[1]))
		rest=${rest#*"${BASH_REMATCH[0]}"}
	done
	is "conservation: packets, sum of reasons, run count: [$packets,$sum,$runs]" \
		"$((sum > 0)) $packets $runs" "1 $sum $sum"
}

trap t_end EXIT
trap 'exit 143' TERM INT HUP
tb_need_root
tb_up "$T" $$
mkdir -p "$T_DIR"
