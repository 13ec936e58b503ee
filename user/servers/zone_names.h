/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names of a zone, from its records as these print them: `named-compilezone -s full` and
 * `knotc zone-read` with whole names, `nsd-checkzone -p` with names below the last $ORIGIN. The zone
 * may be written by strangers: no byte of it comes out but as the list of a zone has it.
 */
#ifndef STRAYGATE_SERVERS_ZONE_NAMES_H
#define STRAYGATE_SERVERS_ZONE_NAMES_H

#include <stdio.h>

#include "lib/arena.h"
#include "lib/index.h"
#include "policy/policy.h"

struct zone_names {
	const char *zone; /* normalised */
	struct arena arena;
	struct name *names; /* none twice */
	size_t count, room;
	struct index index;
	bool apex; /* its SOA was seen: these are records of this zone */
};

/* Adds those of some records. 0, or -errno and why. The text is written to. */
int zone_names_read(struct zone_names *z, char *text, size_t len, const char **why);
/* For `zone NAME names from FILE`, one a line, in order. */
void zone_names_write(struct zone_names *z, FILE *out);
void zone_names_free(struct zone_names *z);
#define cleanup_zone_names __attribute__((cleanup(zone_names_free)))

#endif
