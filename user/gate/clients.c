// SPDX-License-Identifier: GPL-2.0-or-later
/* What `limit each` lines know of client networks: cleared where an id goes to another
 * line. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf/client_table.h"
#include "gate/gate.h"
#include "lib/say.h"

#define TABLE_SIZE (sizeof(struct client_set) << CLIENT_SETS_LOG)

int gate_unplaced(struct gate *g, uint64_t *out)
{
	size_t cpus = libbpf_num_possible_cpus();
	struct client_room *all = calloc(cpus, sizeof(*all));
	uint32_t zero = 0;
	int err = all ? 0 : -ENOMEM;

	*out = 0;
	if (!err && bpf_map_lookup_elem(g->maps[GATE_CLIENT_ROOM], &zero, all))
		err = -errno;
	for (size_t i = 0; !err && i < cpus; i++)
		*out += all[i].unplaced;
	free(all);
	return err;
}

/* What a cell of another line has become meanwhile is left alone. */
static void clear_cell(struct client_cell *cell, const uint8_t *ids, size_t count)
{
	uint64_t arrival = client_arrival_first(cell);
	uint32_t id = CLIENT_LINE_ID(cell->key.line);

	if (arrival && arrival != CLIENT_TAKEN && id < count && ids[id])
		__sync_val_compare_and_swap(&cell->arrival, arrival, 0);
}

int gate_clear_clients(struct gate *g, const uint8_t *ids, size_t count)
{
	struct client_set *sets = map_memory(g->maps[GATE_CLIENTS], TABLE_SIZE, true);

	if (!sets)
		return fail(-errno, "what client networks have spent cannot be cleared: %s", strerror(errno));
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		clear_cell(&sets[i / CLIENT_WAYS].cells[i % CLIENT_WAYS], ids, count);
	munmap(sets, TABLE_SIZE);
	return 0;
}
