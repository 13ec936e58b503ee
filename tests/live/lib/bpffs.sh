# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A bpffs of the test's own, closed to all but root, as systemd mounts it and as `ip link
# set ... xdp object` does: whatever the machine's own is like, it stays as it is. Sourced
# by a test before all else, since the test begins anew in a mount namespace that has it.
# BPFFS_MODE=0711 lets groups through.

if [ -z "${OWN_BPFFS:-}" ]; then
	# shellcheck disable=SC2016 # expanded there
	OWN_BPFFS=yes BPFFS_MODE=${BPFFS_MODE:-0700} exec unshare -m --propagation private bash -c \
		'mount -t bpf -o mode="$BPFFS_MODE" bpf /sys/fs/bpf && exec bash "$0"' "$0"
fi
