// SPDX-License-Identifier: GPL-2.0-or-later
#include "gate/gate.h"

#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "gate/object.h"
#include "lib/say.h"

int gate_explain(struct gate *g, const void *packet, size_t len, struct explanation *e)
{
	cleanup_loaded struct loaded l = LOADED_INIT;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = len, .repeat = 1);
	uint32_t zero = 0;
	int err;

	err = object_load_explain(g, &l);
	if (err)
		return err;
	if (bpf_prog_test_run_opts(l.program, &opts) ||
	    bpf_map_lookup_elem(g->maps[GATE_EXPLAINED], &zero, e))
		return fail(-errno, "the kernel did not run the program: %s", strerror(errno));
	return 0;
}
