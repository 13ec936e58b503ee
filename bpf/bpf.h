/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all headers of the program in the kernel begin with: the system's includes,
 * and what the verifier makes everybody need. Headers of plain C, which are
 * compiled for the host, too, include compiler.h alone.
 */
#ifndef STRAYGATE_BPF_H
#define STRAYGATE_BPF_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/compiler.h"

/* Addresses and cookies are read and hashed as words. */
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "straygate is for little-endian machines (amd64, arm64): no other has been tried"
#endif

/*
 * Loads the first n bytes at `at`, `size` at most and one at least, into a buffer of
 * size + 1 bytes. size is a power of two that the compiler knows. 6.1's verifier
 * wants the length of a read to have bounds, the lower one above zero, and clang-19
 * likes to test one copy of n and to read by another: so the bounds come from
 * arithmetic that clang cannot see through. 0 or -errno.
 */
static __always_inline long load_bounded(struct xdp_md *ctx, __u32 at, void *to, __u32 n, __u32 size)
{
	if (n >= size)
		return bpf_xdp_load_bytes(ctx, at, to, size);
	if (n < 2)
		return bpf_xdp_load_bytes(ctx, at, to, 1);
	n -= 2;
	opaque(n);
	return bpf_xdp_load_bytes(ctx, at, to, (n & (size - 1)) + 2);
}

#endif
