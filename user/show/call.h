/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A call of the command line, as its verb gets it. */
#ifndef STRAYGATE_CALL_H
#define STRAYGATE_CALL_H

#include <stdbool.h>
#include <stddef.h>

/* What was said besides the verb. Options may stand anywhere. */
struct call {
	const char *instance; /* "default" */
	const char *netns;    /* NULL: this one */
	const char *from;     /* explain; watch, capture: a prefix */
	const char *via;      /* explain: the proxy; NULL: none */
	const char *to;
	const char *name;
	unsigned int top; /* show: lines at most; UINT_MAX: all */
	bool top_given;
	bool json;
	bool generic;
	bool reattach;
	bool chain;	    /* up: in front of the XDP program that is there */
	bool again;	    /* up: devices have changed; what is being taken down stays so */
	bool now;	    /* down: cut what is bound */
	unsigned int drain; /* down: seconds, then cut; UINT_MAX: wait for the last */
	unsigned int bound; /* up: room for so many bound visits; 0: the default */
	bool openmetrics;
	bool prometheus;
	bool diff;
	bool force;
	const char *group;    /* NULL: as it was */
	const char *policy;   /* up: the file that is to rule; NULL: what runs stays */
	bool check;	      /* status: one line, as monitoring plugins have it */
	bool names;	      /* suggest: the names alone */
	bool probe;	      /* suggest: ask ports what they speak */
	const char *zones;    /* suggest: the folder for lists of zones' names */
	const char *update;   /* suggest: the list that new names are added to */
	bool exit_code;	      /* apply --diff: exit 3 if anything differs */
	unsigned int confirm; /* seconds; 0: none is needed */
	bool follow;	      /* show events: go on */
	bool learned;	      /* show sources: those that were learned */
	const char *share;    /* posture: of clients, as "5%"; NULL: all */
	const char *since;    /* show events: from this time on; NULL: all */
	const char *reason;   /* watch, capture: of these packets; NULL: the verb's own choice */
	const char *listener; /* for this one; NULL: any */
	unsigned int rate;    /* so many a second; 0: all; UINT_MAX: the verb's own choice */
	unsigned int count;   /* so many, then end; 0: never; UINT_MAX: the verb's own choice */
	unsigned int seconds; /* then end; 0: never */
	const char *write;    /* capture: the file */
	unsigned int snaplen; /* capture: bytes of a packet */
	int argc;	      /* what is left */
	char **argv;
};

#endif
