/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event streams of those who have the page open. */
#ifndef STRAYGATE_EXPORTER_STREAM_H
#define STRAYGATE_EXPORTER_STREAM_H

#include <microhttpd.h>

#include "show/watch.h"

#define STREAMS_MAX 32

struct stream;

struct streams {
	struct stream *open[STREAMS_MAX];
	size_t count;
};

/* A new one, which begins with all that there was. NULL: there are enough, or no memory. */
struct MHD_Response *streams_open(struct streams *s, struct watch *w, struct MHD_Connection *c);
/* All get what there is now. A client that has not taken the last message yet gets none
 * this time: each has the seconds before as well. */
void streams_second(struct streams *s, struct watch *w);
/* All end with what they have. */
void streams_end(struct streams *s);

#endif
