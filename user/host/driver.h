/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of drivers and cannot be asked: what their native XDP wants, and what
 * attaching a program does to the link. Tried under qemu, or read in Linux 6.12.
 */
#ifndef STRAYGATE_DRIVER_H
#define STRAYGATE_DRIVER_H

#include <stdbool.h>
#include <stddef.h>

enum driver_queues {
	QUEUES_ANY,
	QUEUES_HALF,	 /* XDP needs a second set: at most half of what there may be */
	QUEUES_COMBINED, /* rx and tx must be combined, and some left over */
};

/* With native XDP, where the NIC joins packets (large-receive-offload, rx-gro-hw): */
enum driver_joining {
	JOINING_ANY,
	JOINING_REFUSED, /* the program is refused until that is off */
	JOINING_PAUSED,	 /* the driver stops it as long as a program is there */
	JOINING_ENDED,	 /* the driver switches it off, and it stays off */
};

struct driver {
	const char *name;  /* as ethtool -i says it */
	bool generic_only; /* has no native XDP */
	unsigned int mtu;  /* the largest with native XDP; 0: none is known */
	enum driver_joining joining;
	enum driver_queues queues;
	bool resets;	      /* the link, when a program comes or goes */
	const char *downtime; /* of that reset, as measured; NULL: not measured */
	const char *note;     /* one more thing to know, or NULL */
};

/* NULL: nothing is known of it. */
const struct driver *driver_known(const char *name);

/* What would make the device take native XDP, after the kernel refused it with err and
 * these words (which may be ""): a command, or a sentence; "": it cannot be told. */
void driver_remedy(const char *device, int err, const char *words, char *out, size_t size);

/* The command by which the device would have no more queues than its driver's XDP
 * allows; "": it has none too many, or they cannot be counted. */
void driver_queues_remedy(const char *device, const struct driver *d, char *out, size_t size);

/* A driver that can be rid of its native program only with a smaller MTU, and drops large
 * frames until then: virtio_net before Linux 6.3, whose MTU was raised under the program.
 * The kernel takes the program for gone. Returns the largest MTU that does, or 0: none such. */
unsigned int driver_holds_program(const char *device);

#endif
