/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ns.bpf.c and the program that runs it agree on. */
#ifndef STRAYGATE_BENCH_NS_SHARED_H
#define STRAYGATE_BENCH_NS_SHARED_H

#include <linux/types.h>

#define FEED_PACKETS 8192
#define FEED_PICKS   (1 << 20)

/* A packet as it is restored each time. */
struct feed_packet {
	__u32 len;
	__u8 bytes[1532];
};

/* Bytes that are laid over a packet, the next each time. */
struct feed_pick {
	__u8 bytes[16];
};

struct feed_state {
	__u32 next;    /* packet */
	__u32 packets; /* after so many from the beginning again */
	__u32 pick;    /* the same for picks */
	__u32 picks;
	__u32 pick_at;	/* offset in the packet */
	__u32 pick_len; /* 0 (none) to 16 */
	__u32 reserved[10];
};

#endif
