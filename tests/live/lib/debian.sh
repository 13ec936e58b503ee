# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Debian's package, built, and a fresh Debian 12 in memory to install it on. Sourced after
# lib.sh by tests that run in a mount namespace of their own.

ROOT=$T_DIR/root
DEB=$TB_ROOT/build/deb
OLD=$(sed -n '1s/.*(\(.*\)).*/\1/p' "$TB_ROOT/packaging/debian/changelog")
NEW=$OLD+next
ARCH=$(dpkg --print-architecture)

# --- the fresh Debian --------------------------------------------------------------

# Debian's own sources of this host, whatever form they are written in.
sources()
{
	local found
	found=$(apt-get indextargets --format "deb \$(REPO_URI) \$(RELEASE) \$(COMPONENT)" \
		'Created-By: Packages' 'Origin: Debian' 'Architecture: '"$ARCH" | grep -w 'bookworm[a-z-]*' || true)
	[ -n "$found" ] || found='deb http://deb.debian.org/debian bookworm main'
	echo "$found"
}

# new_root FILE: the archive of a fresh Debian. What is fetched beyond the base is installed
# later, where there is no network. What mmdebstrap mounts is in a namespace of its own, and
# gone with it.
new_root()
{
	# shellcheck disable=SC2016 # expanded there
	sources | unshare -m --propagation private mmdebstrap --mode=root --variant=apt --skip=cleanup/apt --format=tar \
		--aptopt='Acquire::Retries "5"' --aptopt='APT::Install-Recommends "false"' --dpkgopt=force-unsafe-io \
		--customize-hook='chroot "$1" apt-get install -y -qq --download-only libbpf1 libjansson4 libmaxminddb0 libncursesw6 libtinfo6 zlib1g systemd \
			nftables nginx-light curl iproute2 util-linux apt-utils dpkg-dev libmicrohttpd12 >/dev/null' bookworm "$1+new" - >"$T_DIR/mmdebstrap" 2>&1 ||
		{ tail -n 20 "$T_DIR/mmdebstrap" | sed 's/^/# /' && return 1; }
	mv "$1+new" "$1"
}

# Into $ROOT. One archive is made for all tests of a day: it costs a minute of CPU.
fresh_root()
{
	local archive=$DEB.root.tar
	mkdir -p "$TB_ROOT/build"
	{
		flock 8
		[ -n "$(find "$archive" -newer "$TB_ROOT/tests/live/lib/debian.sh" -mtime -1 2>/dev/null)" ] || new_root "$archive" || return
	} 8>"$DEB.root.lock"
	tar -C "$ROOT" -xpf "$archive" --numeric-owner
}

# root_ready PID: of a fresh_root in the background. (A wait of ok's would be another shell's.)
root_ready()
{
	local status=0
	wait "$1" || status=$?
	t_result $status "a fresh Debian 12" "exit $status"
}

# Only memory is mounted below the testbed's folder, which is removed: never what is the host's.
make_room()
{
	mkdir "$ROOT"
	mount -t tmpfs -o size=2g,mode=755 root "$ROOT"
}

leave()
{
	local status=$?
	umount -l "$ROOT" 2>/dev/null || true
	t_end $status
}
trap leave EXIT

furnish()
{
	mkdir "$ROOT/debs"
	cp "$T_DIR"/debs/*.deb "$ROOT/debs"
	printf '#!/bin/sh\nexit 101\n' >"$ROOT/usr/sbin/policy-rc.d"
	chmod +x "$ROOT/usr/sbin/policy-rc.d"
}

# A command of the fresh Debian, in this network namespace: what it has to find mounted
# is so for it alone.
enter()
{
	# shellcheck disable=SC2016 # expanded there
	unshare -m --propagation private sh -c '
		mount -t proc proc "$0/proc" && mount -t sysfs sysfs "$0/sys" &&
		mount --bind /sys/fs/bpf "$0/sys/fs/bpf" && exec chroot "$0" "$@"' "$ROOT" \
		env PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"
}

# The same on the victim.
on()
{
	in_victim bash -c "ROOT='$ROOT'; $(declare -f enter); enter \"\$@\"" enter "$@"
}

apt()
{
	on apt-get -y -qq -o Dpkg::Use-Pty=0 "$@"
}

deb()
{
	echo "/debs/straygate_$1_$ARCH.deb"
}

# --- the package ---------------------------------------------------------------------

# build [VERSION]: the package, of the changelog's version, and then of this one. One test at
# a time: they share a folder, so that the second is built in seconds.
build()
{
	mkdir -p "$DEB" "$T_DIR/debs"
	{
		flock 9
		make -s -j "$(nproc)" -C "$TB_ROOT" deb >"$T_DIR/build" 2>&1 &&
			cp "$DEB"/*.changes "$DEB"/*.buildinfo "$DEB"/*.deb "$T_DIR/debs" || return
		[ -n "${1:-}" ] || return 0
		make -s -j "$(nproc)" -C "$TB_ROOT" deb "DEB_VERSION=$1" >>"$T_DIR/build" 2>&1 &&
			cp "$DEB/straygate_$1_$ARCH.deb" "$T_DIR/debs"
	} 9>"$DEB.lock"
}
