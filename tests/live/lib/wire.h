/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What wire.c and its kernel part share. */
#ifndef STRAYGATE_TESTS_WIRE_H
#define STRAYGATE_TESTS_WIRE_H

#include <linux/types.h>

/* What is compared, each as it was before and is afterwards. */
enum comparison { WIRE_IN, HOST_IN, HOST_OUT, WIRE_OUT, COMPARISONS };

enum place { AT_ELSEWHERE, AT_VICTIM, AT_CROWD, AT_MIRROR_IN, AT_MIRROR_OUT };

/* The first bytes of the devices' names, as a number. */
#define DEVICE_VICTIM 0x3076ULL		    /* v0 */
#define DEVICE_CROWD  0x3063ULL		    /* c0 */
#define MIRROR_IN     0x0069726f7272696dULL /* mirrori, mirroro: netfilter sends copies there */
#define MIRROR_OUT    0x006f726f7272696dULL

struct digest {
	__u64 a, b;
	__u32 which;  /* enum comparison */
	__u32 length; /* and one; 0: it could not be read */
};

struct seen {
	__s64 before, after;
	__u32 type; /* EtherType, as on the wire */
	__u8 head[64];
	__u8 reserved[4];
};

struct sums {
	__u64 before, after, lost; /* lost: there was no room for it */
};

#endif
