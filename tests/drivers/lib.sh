# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The testbed on NICs instead of a veth pair: v0, and v1 beside it for bonds, are those
# of the driver that is tried, c0 is the crowd's. Sourced before core.sh, by the test of
# scripts/drivers in its guest.

declare -A NIC=([v0]=52:54:00:77:00:01 [v1]=52:54:00:77:00:02 [c0]=52:54:00:77:00:0c)

# nic_name NAME: gives the device with NAME's address that name, once it is there.
nic_name()
{
	local i file
	for ((i = 0; i < 200; i++)); do
		for file in /sys/class/net/*/address; do
			[ "$(cat "$file" 2>/dev/null)" = "${NIC[$1]}" ] || continue
			file=${file%/address}
			[ "${file##*/}" = "$1" ] || ip link set "${file##*/}" down name "$1"
			return 0
		done
		sleep 0.1
	done
	echo "# there is no $1"
	return 1
}

nic_gone()
{
	local i
	for ((i = 0; i < 300; i++)); do
		ip -n "sg-$T-v" link show "$1" >/dev/null 2>&1 || return 0
		sleep 0.1
	done
	return 1
}

tb_own_wire()
{
	nic_name v0 && nic_name v1 && nic_name c0
	ip link set v0 netns "sg-$1-v"
	ip link set v1 netns "sg-$1-v"
	ip link set c0 netns "sg-$1-c"
}

# host COMMAND...: what only the host can do, such as to pull a NIC out. It reads this.
host()
{
	echo "host: $*"
}

# until_ok SECONDS COMMAND...: until it succeeds.
until_ok()
{
	local end=$((SECONDS + $1))
	shift
	while ! "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.2
	done
}
