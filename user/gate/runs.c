// SPDX-License-Identifier: GPL-2.0-or-later
#include "gate/runs.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "gate/gate.h"
#include "gate/info.h"

/* What former programs of the device ran, and the id of the last that was added. */
static int former_runs(int counters, struct counter *former, bool write)
{
	struct counter *line = calloc(libbpf_num_possible_cpus(), sizeof(*line));
	uint32_t at = COUNTER_FORMER_RUNS;
	int err = line ? 0 : -ENOMEM;

	if (!err && write)
		line[0] = *former;
	if (!err && (write ? bpf_map_update_elem(counters, &at, line, BPF_ANY)
			   : bpf_map_lookup_elem(counters, &at, line)))
		err = -errno;
	if (!err && !write)
		*former = line[0];
	free(line);
	return err;
}

/* The old program has run for the last time when its link is updated and a
 * grace period is over; 20 ms are several. */
void runs_carry(int old, int counters)
{
	uint32_t id = program_info(old).id;
	struct counter former;

	if (!id || former_runs(counters, &former, false) || former.bytes == id)
		return;
	usleep(20000);
	former.packets += program_info(old).run_cnt;
	former.bytes = id;
	former_runs(counters, &former, true);
}

/* All runs on the device: those that were added up, and those of the programs
 * that were not yet, of which a command that was killed may have left two. */
uint64_t runs_all(const struct bpf_prog_info *program, const struct bpf_prog_info *next, int counters)
{
	struct counter former = {0};
	uint64_t runs;

	if (counters >= 0)
		former_runs(counters, &former, false);
	runs = former.packets;
	if (program->id != former.bytes)
		runs += program->run_cnt;
	if (next->id && next->id != program->id && next->id != former.bytes)
		runs += next->run_cnt;
	return runs;
}
