/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The XDP program that runs on a device, whoever attached it. */
#ifndef STRAYGATE_HOST_XDP_H
#define STRAYGATE_HOST_XDP_H

#include <stdint.h>

#include <linux/bpf.h>

struct xdp_program {
	uint32_t id; /* 0: none */
	int mode;    /* XDP_ATTACHED_NONE, _DRV, _SKB or _HW of linux/if_link.h; the kernel has
		      * native and generic mode never both, and one in the NIC comes last here */
};

/* Needs no privilege. 0 or -errno, with no program then. */
int xdp_running(unsigned int ifindex, struct xdp_program *out);
/* Its name, cut to 15 bytes by the kernel; "" if it cannot be told. Needs CAP_SYS_ADMIN. */
void xdp_program_name(uint32_t id, char name[BPF_OBJ_NAME_LEN]);

#endif
