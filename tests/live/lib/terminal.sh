# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `straygate top` in a terminal: tmux, whose server runs in the victim's namespace, so that
# it goes with the testbed however the test ends. Sourced after lib.sh.

export TMUX_TMPDIR=$T_DIR
# Not what the machine says of the language: blocks need UTF-8.
export LC_ALL=C.UTF-8

# A server of its own each time: one that is ending takes no session any more.
server=0
mux()
{
	in_victim tmux -L "sg$server" -f /dev/null "$@"
}

# begin WIDTH HEIGHT [ENV...]: a terminal with a shell in it, in which top runs.
begin()
{
	local width=$1 height=$2
	shift 2
	server=$((server + 1))
	rm -f "$T_DIR/stty-after"
	mux new-session -d -x "$width" -y "$height" "env PS1='shell> ' bash --norc --noprofile"
	mux send-keys "stty -a >$T_DIR/stty-before; env $* $TB_GATE top --instance $T; stty -a >$T_DIR/stty-after" Enter
	wait_screen "${TOP_SHOWS:-visits/s|stray}"
}

screen()
{
	mux capture-pane -p
}

# wait_screen REGEX: until that is on the screen.
wait_screen()
{
	local i
	for ((i = 0; i < 75; i++)); do
		! screen | grep -qE -- "$1" || return 0
		sleep 0.2
	done
	echo "# never on the screen: $1"
	screen | sed 's/^/#   /'
	return 1
}

# shows WHAT REGEX
shows()
{
	ok "$1" wait_screen "$2"
}

press()
{
	mux send-keys "$@"
}

# The pid of top.
top_pid()
{
	pgrep -f "^$TB_GATE top --instance $T\$"
}

finish()
{
	press q
	wait_screen '^shell> *$'
}

# Not its size, which the test has changed.
stty_of()
{
	sed 's/rows [0-9]*; columns [0-9]*//' "$T_DIR/stty-$1"
}
