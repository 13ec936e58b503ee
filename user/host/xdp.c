// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/xdp.h"

#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include "lib/fd.h"

int xdp_running(unsigned int ifindex, struct xdp_program *out)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	int err = bpf_xdp_query(ifindex, 0, &query);

	*out = (struct xdp_program){.mode = XDP_ATTACHED_NONE};
	if (err)
		return err;
	if (query.drv_prog_id)
		*out = (struct xdp_program){query.drv_prog_id, XDP_ATTACHED_DRV};
	else if (query.skb_prog_id)
		*out = (struct xdp_program){query.skb_prog_id, XDP_ATTACHED_SKB};
	else if (query.hw_prog_id)
		*out = (struct xdp_program){query.hw_prog_id, XDP_ATTACHED_HW};
	return 0;
}

void xdp_program_name(uint32_t id, char name[BPF_OBJ_NAME_LEN])
{
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);
	cleanup_fd int fd = bpf_prog_get_fd_by_id(id);

	*name = '\0';
	if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &size))
		memcpy(name, info.name, BPF_OBJ_NAME_LEN);
}
