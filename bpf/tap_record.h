/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `watch` and `capture` and the program agree on: taps, of which each of these
 * commands has one while it runs. Part of the layout, as shared.h.
 */
#ifndef STRAYGATE_TAP_RECORD_H
#define STRAYGATE_TAP_RECORD_H

#include <linux/types.h>

#include "bpf/reason.h"
#include "bpf/shared.h"

#define TAPS_MAX  8		/* at once, in an instance */
#define TAP_LEASE 3000000000ULL /* ns: who has one says every second that it is still there */

/* What is wanted. */
struct tap_filter {
	__u64 reasons[REASONS_MAX / 64]; /* a bit each: with which act() ends */
	__u64 judged[REASONS_MAX / 64];	 /* with which the packet may come to it */
	__u64 from[2];			 /* of the client's address, as it lies in memory, */
	__u64 from_mask[2];		 /* and which of its bits count */
	__u64 server[2];		 /* the listener's address */
	__u64 rate;			 /* records a second; 0: all */
	__be16 port;			 /* of the listener; 0: any */
	__u8 protocol;			 /* of the listener: IPPROTO_... */
	__u8 has_server;
	__u8 family;	 /* of the client: 4, 6; 0: any, and frames without addresses */
	__u8 name_whole; /* the name itself is wanted, */
	__u8 name_below; /* what is below it */
	__u8 name_len;	 /* 0: any, or none */
	__u8 packets;	 /* and the packet, as it came */
	__u8 reserved[3];
	__u32 snaplen;
	__u8 name[256];
};

/* Written by its command, under the lock of the instance while it is nobody's; `second` and
 * `records` by the program from then on. */
struct tap {
	__u64 until;   /* ns of CLOCK_MONOTONIC: nobody's any more; stored anew every second */
	__u64 owner;   /* drawn by its command */
	__u64 second;  /* that runs, */
	__u64 records; /* and how many there were in it */
	struct tap_filter filter;
};

/* Of a CPU. matched = sent + over + lost. */
struct tap_counts {
	__u64 matched; /* packets that the filter wants */
	__u64 sent;    /* for which there is a record, */
	__u64 over;    /* and none, since that would be over the rate, */
	__u64 lost;    /* or since the reader did not keep up */
};

struct tap_cpu {
	struct tap_counts counts;
	__u64 serial;
	__u64 fate; /* of the packet in hand: enum tap_fate */
};

#define TAP_OBSERVED   0x01 /* nothing was done */
#define TAP_INTRODUCED 0x02 /* its visit was, to the server: the packet became a SYN */

enum tap_kind {
	TAP_VERDICT,
	TAP_PACKET, /* the bytes of the packet follow; what became of it is not known yet, */
	TAP_OUTCOME /* and said by the next record of this CPU: the members up to `acted` */
};

struct tap_record {
	__u8 kind;	/* enum tap_kind */
	__u8 flags;	/* TAP_... */
	__u8 listener;	/* id; 0: none */
	__u8 as;	/* enum protocol */
	__u32 ifindex;	/* of the gate's device */
	__u64 serial;	/* of this CPU: an outcome has that of its packet */
	__u64 time;	/* ns, CLOCK_MONOTONIC */
	__u32 acted;	/* TAP_ACTED() */
	__u32 length;	/* of the frame */
	__u32 captured; /* bytes that follow */
	__u32 source_rule;
	__u32 name_rule;
	__u8 protocol; /* IPPROTO_...; 0: it has no ends */
	__u8 tcp_flags;
	__u8 action; /* enum action, of the line that refused */
	__u8 answer;
	struct flow_key flow;
	__u32 name_len; /* 0: no name was found */
	__u32 reserved;
	__u8 name[256];
};
#define TAP_OUTCOME_SIZE __builtin_offsetof(struct tap_record, length)

/* An XDP action, and the reason that the packet was counted by. */
#define TAP_ACTED(action, reason) ((action) | (reason) << 8)
#define TAP_ACTION(acted)	  ((acted)&0xff)
#define TAP_REASON(acted)	  ((acted) >> 8)

_Static_assert(sizeof(struct tap_filter) == 360, "tap_filter has no padding");
_Static_assert(sizeof(struct tap_record) == 352, "tap_record has no padding");

#endif
