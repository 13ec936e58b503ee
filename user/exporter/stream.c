// SPDX-License-Identifier: GPL-2.0-or-later
#include "exporter/stream.h"

#include <stdlib.h>
#include <string.h>

#include "exporter/live.h"

#define BLOCK 16384

/* Text that several may be sending. */
struct message {
	unsigned int users;
	size_t length;
	char *text;
};

struct stream {
	struct streams *all;
	struct MHD_Connection *connection;
	struct message *out; /* what is being sent; NULL: it waits */
	size_t sent;
	bool suspended;
	bool ending;
};

static struct message *message_make(char *text, size_t length)
{
	struct message *m = text ? malloc(sizeof(*m)) : NULL;

	if (m)
		*m = (struct message){1, length, text};
	else
		free(text);
	return m;
}

static void message_drop(struct message *m)
{
	if (!m || --m->users)
		return;
	free(m->text);
	free(m);
}

static void give(struct stream *s, struct message *m)
{
	if (m)
		m->users++;
	s->out = m;
	s->sent = 0;
}

static void wake(struct stream *s)
{
	if (!s->suspended)
		return;
	s->suspended = false;
	MHD_resume_connection(s->connection);
}

static ssize_t stream_read(void *arg, uint64_t at, char *to, size_t room)
{
	struct stream *s = arg;
	size_t left = s->out ? s->out->length - s->sent : 0;

	(void)at;
	if (left) {
		if (room > left)
			room = left;
		memcpy(to, s->out->text + s->sent, room);
		s->sent += room;
		if (room == left) {
			message_drop(s->out);
			s->out = NULL;
		}
		return room;
	}
	if (s->ending)
		return MHD_CONTENT_READER_END_OF_STREAM;
	s->suspended = true;
	MHD_suspend_connection(s->connection);
	return 0;
}

static void stream_free(void *arg)
{
	struct stream *s = arg;
	struct streams *all = s->all;
	size_t i;

	for (i = 0; i < all->count; i++)
		if (all->open[i] == s)
			all->open[i] = all->open[--all->count];
	message_drop(s->out);
	free(s);
}

struct MHD_Response *streams_open(struct streams *all, struct watch *w, struct MHD_Connection *c)
{
	struct stream *s = all->count < STREAMS_MAX ? calloc(1, sizeof(*s)) : NULL;
	struct MHD_Response *r;
	struct message *m;
	size_t length = 0;
	char *text;

	if (!s)
		return NULL;
	text = live_history(w, &length);
	m = message_make(text, length);
	s->all = all;
	s->connection = c;
	give(s, m);
	message_drop(m);
	r = s->out ? MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, stream_read, s, stream_free)
		   : NULL;
	if (!r) {
		message_drop(s->out);
		free(s);
		return NULL;
	}
	all->open[all->count++] = s;
	return r;
}

void streams_second(struct streams *all, struct watch *w)
{
	struct message *m;
	size_t length = 0, i;
	char *text;

	if (!all->count) {
		watch_alone(w);
		return;
	}
	watch_strays(w);
	text = live_second(w, &length);
	m = message_make(text, length);
	for (i = 0; m && i < all->count; i++) {
		if (!all->open[i]->out)
			give(all->open[i], m);
		wake(all->open[i]);
	}
	message_drop(m);
}

void streams_end(struct streams *all)
{
	size_t i;

	for (i = 0; i < all->count; i++) {
		all->open[i]->ending = true;
		wake(all->open[i]);
	}
}
