/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the stages know of the packet in hand. Filled by parse, read by all;
 * lives on the stack.
 *
 * The larger stages are global functions: the verifier reads each of them once,
 * for any packet, instead of once for every way that leads there, so its work
 * is the sum of the stages and not their product. Such a function takes plain
 * memory only, which is why they find image and scratch memory by themselves,
 * and why they ask again whether p is there.
 */
#ifndef STRAYGATE_PACKET_H
#define STRAYGATE_PACKET_H

#include "bpf/bpf.h"
#include "bpf/shared.h"

#define stage __attribute__((noinline))

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_PSH 0x08
#define TCP_ACK 0x10
#define TCP_URG 0x20
#define TCP_ECE 0x40
#define TCP_CWR 0x80

/* See answer_tc.h and answer_both.h. */
enum order { ORDER_NONE, ORDER_PAGE, ORDER_BRIEF, ORDER_READY };

/* HELD: what is kept of it: its client waits, so keep it no longer. JUDGED: it was judged, and
 * did not arrive. */
enum again { AGAIN_NOT, AGAIN_HELD, AGAIN_JUDGED };

enum resumed { RESUMED_NOT, RESUMED_PARTIAL, RESUMED_HELD };

/* On a `proxy` listener: who speaks? */
enum proxied {
	PROXIED_NOT,	  /* no such listener */
	PROXIED_STRANGER, /* nobody whose headers count */
	PROXIED_PEER,	  /* a trusted source, whose visits begin with a header */
	PROXIED_CLIENT,	  /* the same, and the header says who: scratch->finder.client */
};

struct packet {
	struct flow_key flow; /* addresses and ports, network order */
	__u32 seq;	      /* host order */
	__u32 ack;
	__u16 l3; /* offsets from the first byte of the frame */
	__u16 l4;
	__u16 payload;	   /* offset */
	__u8 proxied;	   /* enum proxied */
	__u8 tapped;	   /* somebody looks on, and wants to know what becomes of it */
	__u16 payload_len; /* by the IP header, which the frame may exceed (padding) */
	__u32 frame_len;
	__u8 ipv6;
	__u8 protocol; /* IPPROTO_TCP or IPPROTO_UDP */
	__u8 tcp_flags;
	__u8 as; /* of the listener: enum protocol */

	/* found out by the stages */
	__u8 observe;	/* count only, touch nothing */
	__u8 explain;	/* neither count nor touch: `straygate explain` asks */
	__u8 listener;	/* id, 0: none */
	__u8 action;	/* for the client of a visit that is turned away */
	__u8 find;	/* enum find */
	__u8 resumed;	/* where the finder waits: enum resumed */
	__u8 slot;	/* of the image that judges this packet */
	__u8 depth;	/* of the listener: enum depth */
	__u8 shaken;	/* first data of a handshake with the gate: its server knows nothing of it yet */
	__u8 ours;	/* of a visit that shook hands with the gate: the posture does not matter */
	__u8 again;	/* the first data comes again: enum again */
	__u8 introduce; /* what passes is the first the server hears of the visit */
	__u8 proved;	/* the client has acknowledged the server's own number */
	__u8 under_way; /* of no listener, or a trusted source: not judged, but a visit of ours goes on */
	__u8 source_slot;
	__u8 fragment;	   /* tc: a first fragment; what follows it is elsewhere */
	__u16 window;	   /* TCP, as it stands in the header, host order */
	__u8 answer;	   /* what ACT_ANSWER says: http: number of the page in the image; else of the rule */
	__u8 order;	   /* the answer is sent by tc: enum order */
	__u16 grown;	   /* bytes by which the frame is longer than frame_len: see reserve() */
	__u8 alarm;	   /* of the listener: enum alarm_mode */
	__u8 initial : 1;  /* quic: the first packet of a connection */
	__u8 each : 1;	   /* `limit each` lines count visits */
	__u8 stranger : 1; /* the socket that listens there knows of no such connection */
	__u32 source_rule; /* ids, 0: none */
	__u32 name_rule;
	__u32 listener_rule; /* index in the image */
	__u32 source;	     /* index of the source's rule in the image of source_slot */
	__u64 flow_print;
	__u64 now; /* ns, read when first needed */
	__u64 now_tick;
};

/* The kernel's clock is read at most once a packet, and only where it counts.
 * Limits want it exact; for all else the last tick of the kernel will do, which
 * costs a tenth (on a virtual machine the clock is a page of the hypervisor's). */
static __always_inline __u64 packet_now(struct packet *p)
{
	if (!p->now)
		p->now = bpf_ktime_get_ns();
	return p->now;
}

static __always_inline __u64 packet_tick(struct packet *p)
{
	if (!p->now_tick)
		p->now_tick = bpf_ktime_get_coarse_ns();
	return p->now_tick;
}

#endif
