/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames: built from a few words of a table, and taken apart again by code of
 * its own, checksums verified.
 */
#ifndef STRAYGATE_TESTS_FRAME_H
#define STRAYGATE_TESTS_FRAME_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/policy.h" /* address_is_v4() */

#define FRAME_MAX 40000
#define TAGS_MAX  3

/* TCP's flags, and the two that a table says most. */
#define FIN  0x01
#define SYN  0x02
#define RST  0x04
#define PSH  0x08
#define ACK  0x10
#define URG  0x20
#define DATA (PSH | ACK)

struct bytes {
	const void *at;
	size_t len;
};
#define BYTES(literal)                       \
	{                                    \
		literal, sizeof(literal) - 1 \
	}

struct frame {
	uint8_t bytes[FRAME_MAX];
	size_t len;
	size_t l3, l4, payload; /* offsets, as built */
};

/* Both ends of what a client says, and how far it is. */
struct visit {
	uint8_t client[16]; /* IPv4 v4-mapped */
	uint8_t server[16];
	uint16_t client_port;
	uint16_t server_port;
	uint32_t seq; /* of the next data */
	uint32_t ack;
	uint32_t stamp; /* the server's last timestamp */
	int socket;	/* the server's, or -1 */
	bool stamps;	/* timestamps were agreed with the server */
	bool proved;	/* the client's address is its own: it got something of ours and said so */
};

/*
 * A packet as a table tells it. What is 0 is as usual: TCP of the visit in
 * hand, with its next sequence number, ACK, and PSH if there is data.
 */
struct spec {
	uint16_t tags[TAGS_MAX]; /* VLAN: ethertypes, the outermost first */
	uint16_t ethertype;	 /* a lie */
	const char *from, *to;	 /* addresses */
	uint16_t from_port, to_port;
	struct bytes ip_options; /* IPv4 */
	const char *extensions;	 /* IPv6, a letter each: extension_letters */
	uint16_t fragment;	 /* IPv4: flags and offset */
	uint8_t protocol;
	uint8_t flags;
	uint16_t window; /* as it stands in the header; 0: 64240 */
	struct bytes tcp_options;
	bool stamps;	   /* and timestamps (RFC 7323), the server's last one echoed */
	uint8_t other_mac; /* not the host's: which byte differs, from 1 on */
	bool group_mac;	   /* one of many hosts: broadcast and multicast have this bit */
	/* One of these is the payload. */
	struct bytes data;
	const char *text;
	const char *http;   /* a GET for this host */
	const char *tls;    /* a ClientHello for this host */
	const char *dns;    /* a query for this name; over TCP with its length before it */
	const char *quic;   /* an Initial with this first connection id */
	size_t zeroes;	    /* so many bytes of nothing behind the payload */
	size_t letters;	    /* or so many x */
	size_t first, only; /* of the payload only so many bytes, from there on */
	size_t padding;	    /* behind the IP packet */
	bool damaged;	    /* the payload's last byte, after it was summed */
	bool bad_header;    /* the IPv4 header's checksum */
	int older;	    /* TSval less by so much */
	uint16_t urgent;    /* pointer, with URG in flags */

	/* How the row goes on: see play.c. */
	int ahead;		 /* sequence number off by so many */
	int ack_ahead;		 /* acknowledgement off by so many */
	bool again;		 /* the very packet before this one once more */
	bool first_again;	 /* or that by which the visit was introduced, or held first */
	bool anew;		 /* with `again`: the server has not got it yet */
	bool fresh;		 /* a new visit begins with this packet */
	int reopen;		 /* the same, from the same ports, so far on in sequence numbers */
	bool lost;		 /* not delivered to the server */
	const char *policy;	 /* what rules from here on, with a posture line or without */
	const char *server_says; /* before this */
	bool watched;		 /* counted as observed: that posture says so */
	bool spoofed;		 /* from here on the client's address is not proved */
	unsigned int pause;	 /* ms before */
	bool quick;		 /* within 50 ms of the packet before, or the row ends here */
	bool told;		 /* at data: its client gets the answer at once */
	uint32_t observed;	 /* the reason where nothing is carried out, if it is another */
};

/* h: hop-by-hop, r: routing, d: destination options, a: authentication,
 * f: fragment that is whole (RFC 6946), F: first fragment, L: later fragment */
#define extension_letters "hrdafFL"

void address_read(const char *text, uint8_t out[16]);

void frame_build(struct frame *f, const struct visit *v, const struct spec *s);

/* A frame taken apart. */
struct view {
	size_t l3, l4, payload, payload_len, ip_len;
	uint8_t from[16], to[16];
	uint16_t from_port, to_port;
	uint8_t protocol, ttl, flags;
	bool bad_header; /* checksum of the IPv4 header */
	uint32_t seq, ack;
	uint16_t window; /* as it stands in the header; 0: 64240 */
	/* TCP options; 0 or false: none came. The scale is one more than it is. */
	uint16_t mss;
	uint8_t scale;
	bool sack, stamps;
	uint32_t tsval, tsecr;
};
/* NULL, or what is wrong with the frame: a length or a checksum. */
const char *frame_flaw(const struct frame *f, struct view *v);
/* The same whatever the checksums are; as far as it can be read. */
const char *frame_view(const struct frame *f, struct view *v);
/* Makes the checksums right, as far as it can be read. */
void frame_right_sums(struct frame *f);

#endif
