/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of the names of the servers' zones, one file each, for `zone NAME names from FILE`. */
#ifndef STRAYGATE_SERVERS_ZONES_H
#define STRAYGATE_SERVERS_ZONES_H

#include "servers/model.h"

struct zone_listed {
	const char *zone;
	const char *file; /* of its list; NULL: it has none, and why tells the reason */
	const char *why;  /* text of the model */
	size_t count;	  /* of names */
	bool stale;	  /* there is a list of an earlier time, which stays as it was */
};

struct zone_lists {
	struct zone_listed *at; /* by zone; NULL: no lists are wanted */
	size_t count;
	size_t changed; /* files that were written now */
};

/* Makes FOLDER/ZONE.names of each zone of the model whose names can be had, and the folder if it is not
 * there. A file is replaced in one step, and only if a run of this function made it. 0, or -errno and a
 * message: no list was made. */
int zones_list(struct zone_lists *lists, struct model *m, const char *folder);
/* NULL: no lists are wanted. */
const struct zone_listed *zone_listed(const struct zone_lists *lists, const char *zone);
void zone_lists_free(struct zone_lists *lists);

#endif
