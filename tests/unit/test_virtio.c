// SPDX-License-Identifier: GPL-2.0-or-later
#include <criterion/criterion.h>
#include <linux/virtio_net.h>
#include <string.h>

#include "host/virtio.h"

Test(virtio, features_of_those_that_run_nothing)
{
	static const struct {
		const char *what;
		int on[4]; /* 0: no more */
		bool nothing;
	} rows[] = {
		{"TSO into mergeable buffers", {VIRTIO_NET_F_GUEST_TSO4, VIRTIO_NET_F_MRG_RXBUF}, false},
		{"TSO, IPv4", {VIRTIO_NET_F_GUEST_TSO4}, true},
		{"TSO, IPv6", {VIRTIO_NET_F_GUEST_TSO6, VIRTIO_NET_F_CTRL_GUEST_OFFLOADS}, true},
		{"ECN", {VIRTIO_NET_F_GUEST_ECN}, true},
		{"UFO", {VIRTIO_NET_F_GUEST_UFO}, true},
		{"one half of USO", {54}, false},
		{"USO", {54, 55}, true},
		{"TSO of the other way", {VIRTIO_NET_F_HOST_TSO4, VIRTIO_NET_F_HOST_TSO6}, false},
		{"mergeable buffers alone", {VIRTIO_NET_F_MRG_RXBUF}, false},
		{"neither", {VIRTIO_NET_F_GUEST_CSUM}, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char bits[66];

		memset(bits, '0', 64);
		strcpy(bits + 64, "\n");
		for (int n = 0; n < 4 && rows[i].on[n]; n++)
			bits[rows[i].on[n]] = '1';
		cr_expect(virtio_bits_run_nothing(bits) == rows[i].nothing, "%s", rows[i].what);
	}
	cr_expect(!virtio_bits_run_nothing(""));
	cr_expect(virtio_bits_run_nothing("00000001"));
	cr_expect(!virtio_runs_nothing("lo"));
	cr_expect(!virtio_runs_nothing("no-such-device"));
}
