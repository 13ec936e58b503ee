# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for straygate(8)

_straygate_statements='device posture listen serve zone stray unnamed unreadable unknown source resolver limit learn'

# Instances are directories of pins; only root may look into them.
_straygate_instances()
{
	local dir
	for dir in /sys/fs/bpf/straygate/*/ /etc/straygate/*.policy; do
		[[ -e $dir && $dir != *+new/ ]] || continue
		dir=${dir%/}
		dir=${dir##*/}
		echo "${dir%.policy}"
	done
}

_straygate_devices()
{
	local dir
	for dir in /sys/class/net/*; do
		echo "${dir##*/}"
	done
}

# The value of --instance among the words, for commands that ask the gate.
_straygate_instance()
{
	local i
	for ((i = 1; i < ${#words[@]} - 1; i++)); do
		[ "${words[i]}" != --instance ] || echo "${words[i + 1]}"
	done
}

# Subjects of one statement in the running policy, for `del`. More than a
# thousand are no help to anybody.
_straygate_subjects()
{
	local instance
	instance=$(_straygate_instance)
	"${words[0]}" show policy --instance "${instance:-default}" 2>/dev/null |
		sed -n "s/^$1 //p" | head -n 1000 | sed 's/^\(from [^ ]*\|[^ ]*\( on [^ ]*\)\?\).*/\1/'
}

# What may follow in a line of the policy: $1 is the statement, $2 the word before.
_straygate_line()
{
	case $2 in
	as) echo http tls dns quic ;;
	handshake) echo auto on off ;;
	quic) echo fallback pass drop limit ;;
	page) compgen -f -- "$cur" ;;
	alert) echo internal_error unrecognized_name handshake_failure access_denied protocol_version ;;
	each) echo /24 /32 ;;
	/24 | /32) [ "$1" = limit ] && echo /56 /64 ;;
	for) case $1 in
		limit) echo tcp/80 tcp/443 udp/53 tcp/53 ;;
		stray) echo detectportal.firefox.com connectivitycheck.gstatic.com captive.apple.com www.msftconnecttest.com ;;
		esac ;;
	limit) [ "$1" = limit ] && echo each ;;
	burst | share) ;;
	from) compgen -f -- "$cur" ;;
	*)
		case $1 in
		posture) echo observe auto enforce share from ;;
		device) _straygate_devices ;;
		listen) echo tcp/80 tcp/443 udp/53 tcp/53 on as handshake proxy observe auto above ;;
		serve | resolver) echo from ;;
		zone) echo from names ;;
		unknown) [ "$2" = "$1" ] && echo dns || echo answer nxdomain drop pass limit else ;;
		stray | unnamed) [ "$2" = "$1" ] && echo http tls dns || echo answer reset drop pass limit else 503 421 403 page alert nxdomain ;;
		learn) [ "$2" = "$1" ] && echo strays || echo in for max ;;
		unreadable) [ "$2" = "$1" ] && echo http tls dns || echo reset drop pass limit ;;
		limit) echo each to visits/s packets/s burst else answer drop for ;;
		source) echo from trust drop pass limit visits/s packets/s Mbit/s burst for ;;
		esac
		;;
	esac
}

# Options of a verb, as its own help lists them.
_straygate_options()
{
	"${words[0]}" "$1" -h 2>/dev/null | grep -oE '^  (-., )?--[a-z-]+' | grep -oE -- '--[a-z-]+'
}

_straygate()
{
	local cur prev words cword verb='' statement='' i
	_init_completion -n : 2>/dev/null || return

	case $prev in
	--instance) mapfile -t COMPREPLY < <(compgen -W "$(_straygate_instances)" -- "$cur"); return ;;
	--netns) mapfile -t COMPREPLY < <(compgen -W "$(ls /run/netns 2>/dev/null)" -- "$cur"); return ;;
	--to) mapfile -t COMPREPLY < <(compgen -W "tcp/80 tcp/443 tcp/53 udp/53" -- "$cur"); return ;;
	--policy | --update) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	--group) mapfile -t COMPREPLY < <(compgen -g -- "$cur"); return ;;
	--confirm | --drain) mapfile -t COMPREPLY < <(compgen -W "30s 60s 5m" -- "$cur"); return ;;
	--since) mapfile -t COMPREPLY < <(compgen -W 'last now' -- "$cur"); return ;;
	--reason) mapfile -t COMPREPLY < <(compgen -W "served stray unnamed unreadable unknown source pass drop answer reset all" -- "$cur"); return ;;
	--listener) mapfile -t COMPREPLY < <(compgen -W "$(_straygate_subjects listen)" -- "$cur"); return ;;
	--zones) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
	-w | --write) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	--from | --via | --name | --top | --share | --rate | --count | --time | --snaplen | --bound) return ;;
	esac
	for ((i = 1; i < cword; i++)); do
		case ${words[i]} in
		--instance | --netns | --group | --policy | --from | --via | --to | --name | --top | --since | --share | --confirm | --reason | --listener | --rate | --count | --time | --write | -w | --snaplen | --zones | --update | --drain | --bound) i=$((i + 1)) ;;
		-*) ;;
		*)
			if [ -z "$verb" ]; then
				verb=${words[i]}
			elif [ -z "$statement" ]; then
				statement=${words[i]}
			fi
			;;
		esac
	done

	local offer=''
	case $cur,$verb in
	-*,*) offer=$(_straygate_options "${verb:-status}") ;;
	*,) offer='status top watch capture up down check suggest apply add del confirm show explain posture features reset save help' ;;
	*,up | *,down | *,features) offer=$(_straygate_devices) ;;
	*,show) offer='policy counters sources names flows strays events' ;;
	*,posture) offer='observe auto enforce share from' ;;
	*,reset) offer='strays learned' ;;
	*,help) offer='status top watch capture up down check suggest apply add del confirm show explain posture features reset save' ;;
	*,check | *,apply | *,save) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	*,add) offer=$([ -n "$statement" ] && _straygate_line "$statement" "$prev" || echo "$_straygate_statements") ;;
	*,del) offer=$([ -n "$statement" ] && _straygate_subjects "$statement" || echo "$_straygate_statements") ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$offer" -- "$cur")
	__ltrim_colon_completions "$cur"
} &&
	complete -F _straygate straygate
