// SPDX-License-Identifier: GPL-2.0-or-later
/* The command of another version, which a package keeps while its gate runs. */
#include "gate/gate.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

/* Longer than any that there was or will be: a page. */
union any_meta {
	struct meta meta;
	char bytes[4096];
};

/* Of any layout: the number and the build stand where they always stood. */
static int read_meta_of(const char *instance, union any_meta *out)
{
	LIBBPF_OPTS(bpf_obj_get_opts, opts, .file_flags = BPF_F_RDONLY);
	char path[PATH_MAX];
	struct bpf_map_info info = {0};
	__u32 size = sizeof(info), zero = 0;
	cleanup_fd int fd = -1;

	snprintf(path, sizeof(path), GATE_ROOT "/%.31s/meta", instance);
	fd = bpf_obj_get_opts(path, &opts);
	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) || info.value_size > sizeof(*out))
		return -1;
	return bpf_map_lookup_elem(fd, &zero, out);
}

bool gate_kept_command(const char *instance, char *out, size_t size)
{
	union any_meta any = {0};
	const struct meta *m = &any.meta;

	if (!gate_name_fits(instance) || read_meta_of(instance, &any) || m->layout == STRAYGATE_LAYOUT)
		return false;
	if (!m->build[0] || m->build[0] == '.' || memchr(m->build, '/', sizeof(m->build)))
		return false;
	snprintf(out, size, GATE_COMMANDS "/%.*s/straygate", (int)sizeof(m->build) - 1, m->build);
	return !access(out, X_OK);
}
