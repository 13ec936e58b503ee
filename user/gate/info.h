/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel tells of a link or a program; all zero for fd -1. */
#ifndef STRAYGATE_GATE_INFO_H
#define STRAYGATE_GATE_INFO_H

#include <bpf/bpf.h>

static inline struct bpf_link_info link_info(int link)
{
	struct bpf_link_info info = {0};
	__u32 size = sizeof(info);

	if (link >= 0)
		bpf_obj_get_info_by_fd(link, &info, &size);
	return info;
}

/* The ifindex that a link is attached to; 0: its device is gone. The same of a tcx link,
 * whose own field stands in the same place (<linux/bpf.h> of 6.6). */
static inline unsigned int link_ifindex(int link)
{
	return link_info(link).xdp.ifindex;
}

static inline struct bpf_prog_info program_info(int program)
{
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);

	if (program >= 0)
		bpf_obj_get_info_by_fd(program, &info, &size);
	return info;
}

#endif
