// SPDX-License-Identifier: GPL-2.0-or-later
/* What the gate's programs cost, by the kernel's own clock. */
#include "gate/gate.h"

#include <errno.h>

#include <bpf/bpf.h>

int gate_stats_on(void)
{
	int fd = bpf_enable_stats(BPF_STATS_RUN_TIME);

	return fd < 0 ? -errno : fd;
}

int gate_run_time(struct gate *g, const struct gate_device *d, uint64_t ns[GATE_PROGRAMS])
{
	static const char *const pins[GATE_PROGRAMS] = {"program", "ingress", "egress"};
	int i, err = 0;

	for (i = 0; i < GATE_PROGRAMS; i++) {
		cleanup_fd int fd = device_pin_open_object(g, d->name, pins[i]);
		struct bpf_prog_info info = {0};
		__u32 size = sizeof(info);

		ns[i] = 0;
		if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size))
			err = -errno;
		else
			ns[i] = info.run_time_ns;
	}
	return err;
}
