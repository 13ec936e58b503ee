/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the servers of this host serve, as their readers found it: listeners, names,
 * zones, and what was not understood. One reader a server fills it, one writer prints it.
 */
#ifndef STRAYGATE_SERVERS_MODEL_H
#define STRAYGATE_SERVERS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/index.h"
#include "policy/policy.h"

struct process;

/* What a listener does with a name that it does not know; the worse the higher. */
enum site_class {
	SITE_CLOSED,  /* refuses it */
	SITE_IMPLIED, /* answers it as it would one of its own: the first one, or a default */
	SITE_OPEN,    /* answers it on purpose, or nobody can tell: an allow-list would close that */
};

/* Where something stands. Texts belong to the model or are constant. */
struct found_at {
	const char *server; /* "nginx" */
	const char *file;   /* NULL: no file */
	unsigned int line;  /* from 1; 0: not known */
	const char *in;	    /* "container web"; NULL: no container. The model puts it there */
};

/* A listener, as a server's configuration has it. */
struct site {
	uint8_t l4;	    /* IPPROTO_TCP or IPPROTO_UDP */
	bool any;	    /* every address */
	uint8_t addr[16];   /* v4-mapped */
	uint16_t port;	    /* host order */
	uint8_t as;	    /* enum protocol; PROTO_NONE: something else */
	uint8_t class;	    /* enum site_class */
	bool proxy;	    /* a PROXY header comes first */
	unsigned int place; /* the network namespace that it is in; 0: ours. The model puts it there */
	const struct process *owner; /* whose it is: it says nothing of others' sockets. So is this */
	const char *why;	     /* of the class, in words */
	struct found_at origin;
};

#define NAMED_CERTIFICATE 0x01u /* of a certificate, not of a configuration */
#define NAMED_REFUSED	  0x02u /* its server turns it away on purpose */
#define NAMED_ZONE	  0x04u /* for `zone` */

struct named {
	struct name name;
	struct found_at origin;
	unsigned int flags;
};

static inline bool named_is_served(const struct named *n)
{
	return !(n->flags & NAMED_REFUSED);
}

/* What the operator should know, or a reader could not understand. */
struct note {
	struct found_at origin;
	const char *text;
	bool harmful; /* names may be missing for it */
};

/* A file that is still to be read, when all servers were. */
struct certificate {
	const struct process *process;
	const char *path;
	struct found_at from;
	unsigned int place;
};

/* What prints the records of a zone: programs of one kind, of which the first that is there is run, and
 * the words behind its name. NULL at the end of both. */
struct zone_tool {
	const char *const *programs;
	const char *const *args;
};

/* Where the names of a zone are to be had, for `zone NAME names from FILE`. */
struct zone_source {
	const char *zone;	  /* normalised */
	const char *unable;	  /* why they cannot be listed; NULL: they can */
	struct zone_tool tool[2]; /* the second one if the first is not installed; its programs may be NULL */
	const struct process *process; /* whose rights they are run with. The model puts it there */
};

struct model {
	struct arena arena;
	struct site *sites;
	size_t site_count, site_room;
	struct named *names; /* none twice */
	size_t name_count, name_room;
	struct index index;
	struct note *notes;
	size_t note_count, note_room;
	struct certificate *certificates; /* none twice */
	size_t certificate_count, certificate_room;
	struct index certificate_index;
	struct zone_source *sources; /* a zone may have several */
	size_t source_count, source_room;
	bool failed; /* no memory */
	/* Whose configuration is being read: */
	const char *in;	    /* a container's; NULL: none's */
	unsigned int place; /* its network namespace */
	const struct process *owner;
};

void model_free(struct model *m);
#define cleanup_model __attribute__((cleanup(model_free)))

/* A copy that lives as long as the model; "" without memory, which m->failed tells. */
const char *model_text(struct model *m, const char *text, size_t len);
const char *model_print(struct model *m, const char *format, ...) __attribute__((format(printf, 2, 3)));

void model_site(struct model *m, const struct site *s);
/* A name as `serve` (or `zone`) takes it. True: it is one. Text that is none becomes a
 * harmful note. */
bool model_name(struct model *m, const char *text, size_t len, unsigned int flags,
		const struct found_at *where);
void model_note(struct model *m, bool harmful, const struct found_at *where, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* The zone is normalised here; one that is no name is left out. Programs and words are to live as long as
 * the model. */
void model_zone(struct model *m, const struct zone_source *s);
/* A certificate's file is to be read, once. */
void model_certificate(struct model *m, const struct process *p, const char *path,
		       const struct found_at *from);

#endif
