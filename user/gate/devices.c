// SPDX-License-Identifier: GPL-2.0-or-later
/* Devices of an instance, as their pins and the kernel have them. */
#include "gate/gate.h"

#include <dirent.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "gate/chain.h"
#include "gate/info.h"
#include "gate/runs.h"
#include "gate/settings.h"
#include "gate/tc.h"
#include "host/xdp.h"
#include "lib/say.h"

/* What maps tell: the program is the one that the last `up` attached. */
static void read_settings(struct gate *g, struct gate_device *d)
{
	cleanup_fd int fd = device_pin_open(g, d->name, "device");
	struct device settings = {0};
	uint32_t zero = 0;

	if (fd >= 0 && !bpf_map_lookup_elem(fd, &zero, &settings))
		d->shallow = settings.shallow;
	memcpy(d->mac, settings.mac, sizeof(d->mac));
	d->program = settings.program;
	d->leaving = settings.flags & DEVICE_LEAVING;
	if (settings.ifindex)
		d->changed = settings_changed(d->name, &settings);
}

static void read_program(struct gate *g, struct gate_device *d)
{
	cleanup_fd int fd = device_pin_open_object(g, d->name, "program");
	cleanup_fd int next_fd = device_pin_open_object(g, d->name, "next");
	cleanup_fd int link = device_pin_open_object(g, d->name, "link");
	struct bpf_prog_info program = program_info(fd), next = program_info(next_fd);

	if (fd < 0)
		return;
	d->runs_known = true;
	d->runs = runs_all(&program, &next, d->counters);
	d->program = next.id && link_info(link).prog_id == next.id ? next.id : program.id;
}

/* Links are their owner's alone, and closed where bpffs is read-only. */
static unsigned int attached_to(struct gate *g, const char *device)
{
	cleanup_fd int fd = device_pin_open_object(g, device, "link");

	if (fd >= 0)
		return link_ifindex(fd);
	return errno == EACCES || errno == EPERM || errno == EROFS ? if_nametoindex(device) : 0;
}

static void read_link(struct gate *g, struct gate_device *d)
{
	unsigned int ifindex = attached_to(g, d->name);
	struct xdp_program on;

	if (!ifindex || !d->program || xdp_running(ifindex, &on))
		return;
	d->attached = on.id == d->program;
	d->generic = d->attached && on.mode == XDP_ATTACHED_SKB;
}

static void read_device(struct gate *g, struct gate_device *d, const char *dir)
{
	char *c;

	snprintf(d->name, sizeof(d->name), "%.15s", dir);
	for (c = d->name; *c; c++)
		if (*c == '%')
			*c = '.';
	d->counters = device_pin_open(g, d->name, "counters");
	read_settings(g, d);
	read_program(g, d);
	read_link(g, d);
	d->chain = chain_read(g, d->name);
	d->tc_lost = d->attached && d->runs_known && d->shallow == SHALLOW_NONE && !tc_attached(g, d->name);
}

static int by_name(const void *a, const void *b)
{
	const struct gate_device *x = a, *y = b;

	return strcmp(x->name, y->name);
}

int gate_devices(struct gate *g, struct gate_device **devices, size_t *count)
{
	DIR *dir = opendir(g->dir);
	struct dirent *e;

	*devices = NULL;
	*count = 0;
	if (!dir)
		return fail(-errno, "%s: %s", g->dir, strerror(errno));
	while ((e = readdir(dir))) {
		struct gate_device *grown;

		if (e->d_type != DT_DIR || e->d_name[0] == '.' || strchr(e->d_name, '+'))
			continue;
		grown = realloc(*devices, (*count + 1) * sizeof(*grown));
		if (!grown) {
			closedir(dir);
			return -ENOMEM;
		}
		*devices = grown;
		grown[*count] = (struct gate_device){.counters = -1};
		read_device(g, &grown[(*count)++], e->d_name);
	}
	closedir(dir);
	qsort(*devices, *count, sizeof(**devices), by_name);
	return 0;
}

void gate_devices_free(struct gate_device *devices, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		close_fd(&devices[i].counters);
	free(devices);
}
