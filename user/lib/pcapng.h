/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing pcapng (draft-ietf-opsawg-pcapng): one section, in this host's byte order, with
 * nanoseconds. What is text is to be UTF-8. Each function returns 0 or -errno of a write
 * that failed; *written counts the bytes.
 */
#ifndef STRAYGATE_PCAPNG_H
#define STRAYGATE_PCAPNG_H

#include <stdint.h>
#include <stdio.h>

struct pcapng {
	FILE *out;
	uint64_t written;
	uint32_t interfaces; /* that were described; they are numbered from 0 on */
};

/* The section. application, os: who wrote it, and on what. */
int pcapng_section(struct pcapng *p, const char *application, const char *os);
/* An Ethernet. filter: in words, or NULL. */
int pcapng_interface(struct pcapng *p, const char *name, uint32_t snaplen, const char *filter);

struct pcapng_packet {
	uint32_t interface;
	uint64_t time; /* ns since 1970 */
	const uint8_t *bytes;
	uint32_t captured, length; /* of how many; of the whole packet */
	const char *comment;
	uint64_t xdp_action; /* that the packet met with: enum xdp_action */
};
/* One that came in. */
int pcapng_packet(struct pcapng *p, const struct pcapng_packet *packet);

struct pcapng_statistics {
	uint32_t interface;
	uint64_t begun, ended, time; /* ns since 1970 */
	uint64_t received, dropped;  /* packets: that the filter wanted; that are not in the file */
};
int pcapng_statistics(struct pcapng *p, const struct pcapng_statistics *s);

#endif
