/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio NICs, of which some take a native XDP program and never run it. */
#ifndef STRAYGATE_VIRTIO_H
#define STRAYGATE_VIRTIO_H

#include <stdbool.h>

/*
 * A virtio NIC whose hypervisor sends packets of many segments (guest_tso4 and its like),
 * but has no mergeable buffers (mrg_rxbuf) for them: its driver then receives by a way that
 * runs no program, and attaches one all the same (drivers/net/virtio_net.c,
 * virtnet_set_big_packets() and receive_big()). False also if it cannot be told.
 */
bool virtio_runs_nothing(const char *device);

/* The same, of the negotiated features as sysfs has them: a digit for each bit, bit 0 first. */
bool virtio_bits_run_nothing(const char *bits);

#endif
