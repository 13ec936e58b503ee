/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The entries of a list, in the forms in which providers and tools write them. Names
 * stand between blanks; # and ; begin a comment. So do prefixes, and besides
 *
 *	192.0.2.0-192.0.2.127			a range, also with blanks around the -
 *	192.0.2.0/24,AS64496,Example		CSV: the first column; a heading is left out
 *	add NAME 192.0.2.0/24 timeout 0		what `ipset save` prints
 *	elements = { 192.0.2.0/24, ... }	what `nft list set` and `nft list table` print
 *	{"cidr":"192.0.2.0/24", ...}		JSON, an object a line, as Spamhaus has it
 *	apnic|CN|ipv4|1.0.1.0|256|...|allocated	lines of a delegation file (lib/delegation.h)
 *
 * The names of a zone may also stand as the records that have them, one a line with all of
 * its owner's name, as named-compilezone -s full, dig AXFR and `knotc zone-read` print them:
 *
 *	www.example.com.  300  IN  A  192.0.2.1
 */
#ifndef STRAYGATE_LIST_FORM_H
#define STRAYGATE_LIST_FORM_H

#include "parser/complain.h"

struct list_form {
	bool prefixes; /* else names */
	bool zone;     /* names of a zone: records, too */
	bool begun;    /* something stood on a line before this one */
	enum { FORM_LINES, FORM_NFT, FORM_NFT_ELEMENTS } state;
	bool equals; /* FORM_NFT: what is behind it may be elements */
};

/* Not ended by a NUL. last: of a range, the other end; else NULL. */
struct list_entry {
	const char *text;
	size_t len;
	const char *last;
	size_t last_len;
	unsigned int column;
	/* The type of its record; NULL: it stands there as a name. */
	const char *type;
	size_t type_len;
};

typedef int list_entry_fn(const struct list_entry *e, void *arg);

/* Calls fn with each entry of a line, also behind one for which it returned an error;
 * stops at a fatal one. The first error, or 0. */
int list_form_line(struct list_form *f, struct place *at, const char *line, size_t len, list_entry_fn *fn,
		   void *arg);

#endif
