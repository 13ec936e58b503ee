/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio NICs: which of them run no native XDP program, and why. */
#ifndef STRAYGATE_VIRTIO_H
#define STRAYGATE_VIRTIO_H

enum virtio_xdp {
	VIRTIO_GOOD, /* no virtio NIC, or it cannot be told, or nothing is in the way */
	/* The hypervisor sends packets of many segments (guest_tso4 and its like), and has no
	 * mergeable buffers (mrg_rxbuf) for them: the driver receives by a way that runs no
	 * program, and attaches one all the same (drivers/net/virtio_net.c,
	 * virtnet_set_big_packets() and receive_big()). */
	VIRTIO_NEVER_RUNS,
	/* It sends these, or partial checksums, and does not let the driver stop it
	 * (ctrl_guest_offloads): the program is refused (virtnet_xdp_set()). */
	VIRTIO_REFUSES,
};

enum virtio_xdp virtio_xdp(const char *device);

/* Of the negotiated features as sysfs has them: a digit for each bit, bit 0 first. */
enum virtio_xdp virtio_xdp_of(const char *bits);

/* What is in the way, and what in the hypervisor changes it. NULL: VIRTIO_GOOD. */
const char *virtio_cause(enum virtio_xdp x);
const char *virtio_remedy(enum virtio_xdp x);

#endif
