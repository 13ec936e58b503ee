# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Debian's kernels, to be booted under qemu, and what the scripts that do it say: for
# scripts/kernels and scripts/drivers, which set
#
#	WORK		a folder below build/, where kernels are kept
#	FLAVOUR		cloud-amd64 (small, few drivers) or amd64 (generic)

count=0
failed=0

# --- saying what holds ------------------------------------------------------

# result STATUS WHAT [LINE...]
result()
{
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
		return 0
	fi
	failed=$((failed + 1))
	echo "not ok $count - $2"
	shift 2
	[ $# = 0 ] || printf '%s\n' "$@" | sed 's/^/#   /'
}

# package_of SERIES: the very package that Debian's meta package stands for now, of the
# flavour in $FLAVOUR.
package_of()
{
	local meta=linux-image-$FLAVOUR
	[ "$1" != 6.12 ] || meta=linux-image-6.12-$FLAVOUR
	apt-cache depends "$meta" 2>/dev/null | sed -n "s/^ *Depends: \(linux-image-$1\..*\)/\1/p" | head -n 1
}

# unpack SERIES PACKAGE: one kernel a series is kept.
unpack()
{
	local tree=$WORK/tree-$1 deb=$WORK/deb
	if [ "$(cat "$tree/package" 2>/dev/null)" = "$2" ]; then
		return 0
	fi
	rm -rf "$deb"
	mkdir -p "$deb"
	(cd "$deb" && apt-get download -q "$2") >"$WORK/download.log" 2>&1 || return 1
	rm -rf "$tree"
	mkdir "$tree"
	dpkg -x "$deb"/*.deb "$tree"
	rm -rf "$deb"
	depmod -b "$tree" "$(ls "$tree/lib/modules")"
	echo "$2" >"$tree/package"
}

# The newest one of the lists; after an update if these are too old for it.
get_new_kernel()
{
	local package
	package=$(package_of "$1")
	if [ -n "$package" ] && unpack "$1" "$package"; then
		return 0
	fi
	[ "$(id -u)" != 0 ] || apt-get update -qq >/dev/null 2>&1 || true
	package=$(package_of "$1")
	[ -n "$package" ] && unpack "$1" "$package"
}

# put_modules TREE ROOT MODULE...: with what they need, in the order to load them.
put_modules()
{
	local tree=$1 root=$2 path name
	shift 2
	modprobe -d "$tree" -S "$(ls "$tree/lib/modules")" -a --show-depends "$@" |
		awk '$1 == "insmod" && !seen[$2]++ { print $2 }' |
		while read -r path; do
			name=$(basename "$path" .xz)
			case $path in
			*.xz) xz -dc "$path" >"$root/modules/$name" ;;
			*) cp "$path" "$root/modules/$name" ;;
			esac
			echo "$name"
		done >"$root/modules/order"
}

# put_libraries ROOT PROGRAM: those that it is linked to.
put_libraries()
{
	local library
	for library in $(ldd "$2" | grep -o '/[^ ]*'); do
		mkdir -p "$1$(dirname "$library")"
		cp -L "$library" "$1$library"
	done
}
