// SPDX-License-Identifier: GPL-2.0-or-later
#include <criterion/criterion.h>
#include <linux/virtio_net.h>
#include <string.h>

#include "host/virtio.h"

#define CTRL VIRTIO_NET_F_CTRL_GUEST_OFFLOADS
#define CSUM VIRTIO_NET_F_GUEST_CSUM
#define TSO4 VIRTIO_NET_F_GUEST_TSO4

Test(virtio, features_of_those_that_run_nothing)
{
	static const struct {
		const char *what;
		int on[4]; /* 0: no more */
		enum virtio_xdp wanted;
	} rows[] = {
		{"as qemu has it", {CTRL, CSUM, TSO4, VIRTIO_NET_F_MRG_RXBUF}, VIRTIO_GOOD},
		{"TSO, IPv4", {CTRL, TSO4}, VIRTIO_NEVER_RUNS},
		{"TSO, IPv6", {CTRL, VIRTIO_NET_F_GUEST_TSO6}, VIRTIO_NEVER_RUNS},
		{"ECN", {CTRL, VIRTIO_NET_F_GUEST_ECN}, VIRTIO_NEVER_RUNS},
		{"UFO", {CTRL, VIRTIO_NET_F_GUEST_UFO}, VIRTIO_NEVER_RUNS},
		{"one half of USO", {CTRL, 54}, VIRTIO_GOOD},
		{"USO", {CTRL, 54, 55}, VIRTIO_NEVER_RUNS},
		{"that cannot be stopped", {TSO4, VIRTIO_NET_F_MRG_RXBUF}, VIRTIO_REFUSES},
		{"nor the checksums", {CSUM, VIRTIO_NET_F_MRG_RXBUF}, VIRTIO_REFUSES},
		{"nor one half of USO", {55, VIRTIO_NET_F_MRG_RXBUF}, VIRTIO_REFUSES},
		{"TSO of the other way", {VIRTIO_NET_F_HOST_TSO4, VIRTIO_NET_F_HOST_TSO6}, VIRTIO_GOOD},
		{"mergeable buffers alone", {VIRTIO_NET_F_MRG_RXBUF}, VIRTIO_GOOD},
		{"none", {0}, VIRTIO_GOOD},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char bits[66];

		memset(bits, '0', 64);
		strcpy(bits + 64, "\n");
		for (int n = 0; n < 4 && rows[i].on[n]; n++)
			bits[rows[i].on[n]] = '1';
		cr_expect(virtio_xdp_of(bits) == rows[i].wanted, "%s", rows[i].what);
	}
	cr_expect_eq(virtio_xdp_of(""), VIRTIO_GOOD);
	cr_expect_eq(virtio_xdp_of("00000001"), VIRTIO_REFUSES);
	cr_expect_eq(virtio_xdp("lo"), VIRTIO_GOOD);
	cr_expect_eq(virtio_xdp("no-such-device"), VIRTIO_GOOD);
}
