# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# How much of the CPUs a command takes, with all that it starts, daemons too: a control
# group (v2) of its own, below the one this shell is in. Where there is none to be had, it
# is not known, and nothing else changes.

# Not in /proc/mounts' order: a machine with both versions has v2 in `unified`.
CPU_ABOVE=
for CPU_ABOVE in /sys/fs/cgroup /sys/fs/cgroup/unified ''; do
	[ -z "$CPU_ABOVE" ] || [ ! -e "$CPU_ABOVE/cgroup.procs" ] || [ ! -e "$CPU_ABOVE/cgroup.controllers" ] || break
done
[ -z "$CPU_ABOVE" ] || CPU_ABOVE+=$(sed -n 's/^0:://p' "/proc/$BASHPID/cgroup")

# cpu_group NAME: makes it, or $CPU_ABOVE is empty from now on.
cpu_group()
{
	[ -z "$CPU_ABOVE" ] || mkdir -p "$CPU_ABOVE/straygate-$$-$1" 2>/dev/null || CPU_ABOVE=
}

# cpu_join NAME: the process that calls it, and what it starts.
cpu_join()
{
	[ -z "$CPU_ABOVE" ] || { echo "$BASHPID" >"$CPU_ABOVE/straygate-$$-$1/cgroup.procs"; } 2>/dev/null || true
}

# cpu_ms NAME: $cpu_took, so far, in ms; -1 if it is not known.
cpu_ms()
{
	local key
	cpu_took=-1
	[ -n "$CPU_ABOVE" ] || return 0
	while read -r key cpu_took; do
		[ "$key" != usage_usec ] || { cpu_took=$((cpu_took / 1000)); return 0; }
	done 2>/dev/null <"$CPU_ABOVE/straygate-$$-$1/cpu.stat"
	cpu_took=-1
}

# cpu_end NAME: the group goes. $cpu_said: ", N s of CPU", or nothing.
# shellcheck disable=SC2034 # of who calls it
cpu_end()
{
	cpu_said=
	cpu_ms "$1"
	[ "$cpu_took" -lt 0 ] || cpu_said=", $(((cpu_took + 500) / 1000)) s of CPU"
	# What still runs in it (a test's, which was killed) is another's to end.
	[ -z "$CPU_ABOVE" ] || rmdir "$CPU_ABOVE/straygate-$$-$1" 2>/dev/null || true
}
