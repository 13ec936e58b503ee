/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the policy share, and nobody else sees (but its tests). */
#ifndef STRAYGATE_POLICY_INTERNAL_H
#define STRAYGATE_POLICY_INTERNAL_H

#include <sys/types.h>

#include "lib/arena.h"
#include "lib/index.h"
#include "policy/policy.h"

#define LINE_SIZE_MAX	(64 * 1024)
#define FILE_SIZE_MAX	(256UL * 1024 * 1024)
#define INCLUDE_DEPTH	8
#define INCLUDE_FILES	4096
#define NAME_SIZE_MAX	253
#define PREFIX_TEXT	56
#define SUBJECT_SIZE	(4096 + 16) /* "from " and a path */
#define SECOND_NS	1000000000ULL
#define DURATION_MAX_NS (3650ULL * 86400 * SECOND_NS)
#define RATE_MAX	1000000000ULL
#define RATE_MBIT_MAX	1000000ULL

struct policy {
	struct rule **rules; /* in order */
	size_t count;
	size_t room;
	struct index index; /* by statement and subject; stale unless it has indexed == count */
	size_t indexed;
	struct arena memory;
	const char *last_file; /* the newest origin.file: rules of one file share it */
	struct policy *of;     /* whose clone it is, and with which that one goes */
	void *mapped;	       /* what it points into: munmap() */
	size_t mapped_size;
	const void *unlooked; /* bytes whose lists were not looked into yet */
	size_t unlooked_size;
};

/* -- container (policy.c) */

struct rule *policy_rule_new(struct policy *p, enum statement s);
/* Room for so many more, in the array and in the index. 0, -ENOMEM, -E2BIG. */
int policy_reserve(struct policy *p, size_t more);
/* r->subject is set. 0, -ENOMEM, -E2BIG, or -EEXIST and the rule that is there. */
int policy_append(struct policy *p, struct rule *r, struct rule **there);
/* Forgets all rules from `count` on. */
void policy_truncate(struct policy *p, size_t count);
const char *policy_file_name(struct policy *p, const char *file);
/* Sets r->subject from r's fields. */
int policy_set_subject(struct policy *p, struct rule *r);

/* What `add` and `del` do with the rules of their line. merge: 1 changed, 0
 * not, or -errno and nothing is changed; the line is empty afterwards. remove:
 * 1, or -ENOENT and which is missing. */
int policy_merge(struct policy *p, struct policy *line);
int policy_remove(struct policy *p, struct policy *line, const struct rule **missing);
/* The rule of r's statement and subject in p becomes r; or r is appended. */
int policy_put(struct policy *p, struct rule *r);
uint64_t monotonic_ns(void);

/* -- what may be said (rule.c): the parser and policy_load() both ask */

bool action_allowed(enum statement s, enum protocol as, enum action a);
bool unit_allowed(enum statement s, enum rate_unit u);
bool protocol_on(enum protocol p, uint8_t l4);
bool rate_valid(const struct rate *r);
bool device_valid(const char *name);
const char *rate_unit_name(enum rate_unit u);
/* The same line? And the same content of its list? Id, expiry, origin do not count. */
bool rule_says_same(const struct rule *a, const struct rule *b);
bool rule_same(const struct rule *a, const struct rule *b);
bool rule_takes_prefixes(enum statement s);
bool rule_takes_names(enum statement s);
/* stray, unnamed, unreadable: the subject is a protocol. */
bool rule_is_fate(const struct rule *r);
/* Does it say `answer`, be it above a limit? And are the words behind that its own? */
bool rule_answers(const struct rule *r);
bool answer_valid(const struct rule *r);
/* The text of `answer page FILE`; NULL, or what is wrong: "has ...; expected ...". */
const char *page_flaw(const char *text, size_t len);

/* -- printing (policy_print.c) */

int rule_subject(const struct rule *r, char *buf, size_t size);

/* -- prefixes and names (prefix.c, name.c) */

/* 0, -EINVAL, or -EDOM: host bits were set; p is what was meant, perhaps. */
int prefix_read(const char *text, size_t len, struct prefix *p);
/* Clears the bits behind len; true if there were any. */
bool prefix_mask(struct prefix *p);
/* Does the address have the bits of the prefix? */
bool prefix_begins(const struct prefix *a, const uint8_t addr[16]);
char *address_put_v6(char *at, const uint8_t addr[16]);
int prefix_order(const struct prefix *a, const struct prefix *b);
/* Sorts and makes unique; returns how many stay. 0 with count > 0: no memory. */
size_t prefix_sort(struct prefix *list, size_t count);

/* The length of the normalised name, or -EINVAL and why: "has ...; expected ...". */
int name_read(const char *text, size_t len, char out[NAME_SIZE_MAX + 1], const char **why);
/* The same with "*." or "." before it, as `serve` takes them (zone: as `zone` does). */
int name_read_pattern(const char *text, size_t len, bool zone, char out[NAME_SIZE_MAX + 1], uint8_t *kind,
		      const char **why);
/* Is this normalised name an address? */
bool name_is_address(const char *text);
bool name_equal(const struct name *a, const struct name *b);
uint32_t name_hash(const struct name *n);

/* -- where the parser stands, and how it complains (complain.c) */

struct place {
	const char *file;
	unsigned int line;
	struct policy_error *err;
	char shown[2][128]; /* text of others made fit to print */
	unsigned int turn;
};

/* "FILE:LINE:COLUMN: ..."; returns -EINVAL. Column 0: neither line nor column. */
int complain(struct place *at, unsigned int column, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int complain_memory(struct place *at);
/* A file that could not be read, named in the line at `column` (0: by the user); returns err. */
int complain_file(struct place *at, unsigned int column, const char *path, int err);
/* Control characters escaped, long text shortened. Two may be in use at once. */
const char *show(struct place *at, const char *text, size_t len);

/* -- text in lines and words (lines.c) */

struct text {
	char *buf;
	size_t len;
	char *next; /* of the line to come */
};

void text_free(struct text *t);
#define cleanup_text __attribute__((cleanup(text_free)))

enum read_from { READ_ANY, READ_REGULAR };
/* Reads a whole file. On failure nothing is said: 0 or -errno. -EFBIG: over
 * FILE_SIZE_MAX, -ENOTSUP: not a regular file where one must be. */
int text_read(struct text *t, const char *path, enum read_from what, dev_t *dev, ino_t *ino);
int text_copy(struct text *t, const char *text, size_t len);
/* 1 and the next line without its end, 0 at the end, <0 after a complaint.
 * The byte behind the line may be written. */
int text_line(struct text *t, struct place *at, char **line, size_t *len);

struct word {
	char *text;
	size_t len;
	unsigned int column;
	bool quoted; /* never a keyword */
};

struct words {
	struct word *word;
	size_t count;
	size_t room;
	unsigned int end; /* column behind the last */
};

/* Splits a line in place; the words stay in it. */
int words_split(struct words *w, char *line, size_t len, struct place *at);
void words_free(struct words *w);
/* Must this text be quoted to be one word again? */
bool word_needs_quotes(const char *text);

/* -- lists (policy_list.c) */

/* Reads the file of `from` into the rule, duplicates merged. `shown` is its
 * name in complaints about its content; at, column: the line that wants it. */
int list_read(struct policy *p, struct rule *r, const char *path, struct place *at, unsigned int column);

/* -- files (policy_file.c) */

/* Text that is in memory already, as if it were the file `name`. */
int policy_read_text(struct policy *p, const char *name, const char *text, size_t len,
		     struct policy_error *err);

/* -- durations (rate.c) */

int duration_read(const char *text, uint64_t *ns, const char **why);
/* Digits and k or M; returns what follows, or NULL: no number, or above max. */
const char *number_read(const char *text, uint64_t max, uint64_t *value);
int rate_unit_read(const char *text, enum rate_unit *unit);

#endif
