/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policy in memory. parser/read.h makes one of text.
 *
 * A line is a rule: a statement and its subject. `serve a b c` is shorthand
 * for three lines, each with one name, so that each name has an id, counters
 * and can be added and deleted alone; `from FILE` makes one rule of a whole
 * list.
 */
#ifndef STRAYGATE_POLICY_H
#define STRAYGATE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/prefix.h"
#include "bpf/shared.h" /* enum protocol, action, depth, rate_unit, posture */

#define POLICY_LISTENERS_MAX 120
#define POLICY_RULES_MAX     1040000U /* two policies' have ids below RULES_MAX */
#define POLICY_PREFIXES_MAX  4000000U
#define POLICY_NAMES_MAX     4000000U
#define PAGE_SIZE_MAX	     1000U    /* bytes of `answer page FILE`: it goes into one packet */
#define PAGE_NAME	     "{name}" /* in it: the name that was asked for */
#define UNKNOWN_VISITS	     1000U    /* a second: the limit of unknown names, if no line says another */
#define SHARE_ALL	     10000U   /* of `share`: 100 % */
#define DEVICE_SIZE_MAX	     15	      /* IFNAMSIZ - 1 */
#define RULE_LINE_MAX	     8704     /* a printed rule: two PATH_MAX and some words */
#define LIMIT_LISTENERS_MAX  32	      /* that one `limit each` line names */

enum statement {
	ST_DEVICE,
	ST_POSTURE,
	ST_LISTEN,
	ST_SERVE,
	ST_ZONE,
	ST_STRAY,
	ST_UNNAMED,
	ST_UNREADABLE,
	ST_UNKNOWN,
	ST_SOURCE,
	ST_RESOLVER,
	ST_LEARN,
	ST_LIMIT,
	ST_COUNT,
};

/* `limit 1000 visits/s burst 2000`; if the text has no burst, the parser fills in its
 * default: one second's worth. */
struct rate {
	uint64_t count; /* per second, 1..10^9; RATE_MBIT: of kbit, 100..10^9 */
	uint64_t burst; /* of the same, within the same bounds */
	enum rate_unit unit;
	uint32_t above; /* of a listener, beside its limit: strays a second that engage it */
};

/* `learn strays 50 in 60s for 10m max 12h` */
struct learn_terms {
	uint32_t strays; /* 2..10,000 visits */
	uint32_t within; /* s, 1..3,600 */
	uint32_t time;	 /* s, 1..most: how long a source is refused when it is learned first */
	uint32_t most;	 /* s, up to 604,800 (a week): when that was doubled again and again */
};
#define LEARN_STRAYS_LEAST 2U
#define LEARN_STRAYS_MOST  10000U
#define LEARN_WITHIN_MOST  3600U
#define LEARN_TIME_MOST	   604800U
#define LEARN_MOST	   43200U /* without `max`, or `for` if that is longer */

enum name_kind {
	NAME_EXACT = 1,	   /* www.example.com */
	NAME_BELOW = 2,	   /* *.example.com: all below it, any depth */
	NAME_TREE = 1 | 2, /* .example.com, and every zone */
};

struct name {
	const char *text; /* normalised, without "*." or "."; owned by the policy */
	uint8_t kind;	  /* enum name_kind */
};

/* Where a line stands, for errors. file is "-" for the command line. */
struct origin {
	const char *file;
	unsigned int line;
	unsigned int column;
};

/* There may be a million of these: small types, the largest first. */
struct rule {
	char *subject; /* canonical, e.g. "tcp/443 on 192.0.2.10"; unique within a statement */
	char *from;    /* absolute path of `from FILE`, or NULL */
	struct origin origin;

	struct rate rate;  /* with ACT_LIMIT */
	uint64_t duration; /* ns, of `for`; 0: forever */
	uint64_t expires;  /* CLOCK_MONOTONIC ns; 0: never; set by policy_inherit() */

	/* ST_SOURCE, ST_RESOLVER: one prefix, or the list of FILE, in order of
	 * address and length, none twice; ST_POSTURE: that of `from`, if there is one */
	struct prefix *prefixes;
	/* ST_SERVE, ST_ZONE: one name, or the list of FILE in its order, none twice;
	 * a zone with `names from FILE` (listed): itself, and then the names it has, those
	 * between them and the zone included;
	 * ST_STRAY, ST_UNNAMED with `answer page FILE`: the page is the text of one;
	 * ST_STRAY without a page, behind `for`: one name;
	 * ST_LIMIT: the listeners behind `for`, "tcp/80" or "tcp/80 on 192.0.2.10", in order
	 * and none twice; none: all */
	struct name *names;
	uint32_t prefix_count;
	uint32_t name_count;

	uint32_t id; /* given by policy_inherit(): listeners 1..LISTENERS_MAX, others above; 0: none yet */
	uint8_t statement; /* enum statement */
	uint8_t action; /* enum action: source, stray, unnamed, unreadable, unknown, limit; quic listeners */

	union {
		uint16_t port;		/* ST_LISTEN: host order */
		uint8_t listed;		/* ST_ZONE: 1: with `names from FILE` */
		uint16_t share;		/* ST_POSTURE: of clients, 1/100 %; 0: all */
		struct {		/* ST_STRAY, ST_UNNAMED, ST_UNKNOWN, ST_LIMIT */
			uint8_t answer; /* what is said: http: enum http_answer; tls: the alert;
					 * dns: enum dns_answer; 0: the default */
			uint8_t over;	/* with ACT_LIMIT: what is done above it, enum action;
					 * ACT_NONE: it is dropped */
		};
	};
	union {
		uint8_t addr[16];	  /* ST_LISTEN: of `on`, IPv4 v4-mapped */
		struct learn_terms learn; /* ST_LEARN */
		struct {		  /* ST_LIMIT: length of a client network's prefix */
			uint8_t bits4;	  /* 1..32 */
			uint8_t bits6;	  /* 1..128 */
		};
	};
	/* ST_LISTEN */
	uint8_t l4;    /* IPPROTO_TCP or IPPROTO_UDP */
	uint8_t as;    /* enum protocol; also of stray, unnamed, unreadable, unknown */
	uint8_t depth; /* enum depth; tcp only: `handshake auto|on|off` */
	bool any;      /* no `on ADDR` */
	bool observe;  /* this listener alone */

	/* ST_DEVICE: the device's name is the subject; ST_POSTURE: */
	uint8_t posture; /* enum posture */

	bool sleeps : 1;  /* ST_LISTEN: `auto`, for this listener alone */
	bool proxy : 1;	  /* ST_LISTEN: tcp, http and tls only: a PROXY header goes before */
	bool restart : 1; /* added again after its time was over: policy_inherit() starts it anew */
	bool gone : 1;	  /* the policy's own, while it deletes */
};
_Static_assert(sizeof(struct rule) <= 128, "a million rules are to fit");

struct policy; /* opaque: rules in order, the strings they point into */

struct policy *policy_new(void);
/* With the very same rules, for policy_add() and policy_del(), which leave those
 * that stay as they are. `of` must live longer. NULL: no memory. */
struct policy *policy_clone(struct policy *of);
/* From now on `of` lives as long as its clone. */
void policy_adopt(struct policy *clone, struct policy *of);
void policy_free(struct policy *p);
static inline void policy_freep(struct policy **p)
{
	policy_free(*p);
}
#define cleanup_policy __attribute__((cleanup(policy_freep)))

size_t policy_count(const struct policy *p);
struct rule *policy_rule(struct policy *p, size_t i);
/* The rule with this statement and (canonical) subject, or NULL. */
struct rule *policy_find(struct policy *p, enum statement s, const char *subject);
/* For `status`: how many lines of text, and how many prefixes (source,
 * resolver), names (serve, zone) or rules (the rest) of one statement. */
size_t policy_lines(const struct policy *p);
size_t policy_entries(const struct policy *p, enum statement s);
/* The posture that a policy asks for; without a line: observe. */
enum posture policy_posture(struct policy *p);

/* The posture line by which not all clients are meant; NULL: they are. */
const struct rule *policy_canary(struct policy *p);
/* Have they the same posture, for the same clients? */
bool policy_same_posture(struct policy *a, struct policy *b);
/* "observe", "enforce share 5%", "enforce from 203.0.113.0/24"; r: NULL: no line. */
#define POSTURE_TEXT 80
const char *posture_print(const struct rule *r, char buf[POSTURE_TEXT]);

/* What holds for a listener: its own word or the posture, whichever does less. */
enum posture policy_posture_of(struct policy *p, const struct rule *listener);

/* One canonical line of the language, without newline: a file of these is a
 * file that policy_read_file() takes. `from FILE` stays `from FILE`. */
int rule_print(const struct rule *r, char *buf, size_t size);
void policy_print(struct policy *p, FILE *out);

/* Rules of `now` that stand in `before` (same statement and subject) keep their
 * id, and, where the whole line is the same, the time at which it expires; new
 * ones get the lowest ids that neither has. now_ns is CLOCK_MONOTONIC.
 * before may be NULL. 0 or -ENOMEM (then now is not to be used). */
int policy_inherit(struct policy *now, struct policy *before, uint64_t now_ns);
/* The same, and no new rule gets an id that one of `beside` has, which may rule again.
 * -E2BIG: there are not as many ids. */
int policy_inherit_beside(struct policy *now, struct policy *before, struct policy *beside, uint64_t now_ns);

/* Calls fn (may be NULL) for each difference: '+' (only in b), '-' (only in a), '~' (same
 * subject, another line; `from FILE` whose content changed counts). Returns the
 * number of differences. */
size_t policy_diff(struct policy *a, struct policy *b, void (*fn)(char sign, const struct rule *r, void *arg),
		   void *arg);

/* A sum over what is served (names, zones, and whose strays pass), in whatever order the
 * lines say so: other names, another sum. */
uint64_t policy_served_sum(struct policy *p);

/* Calls fn for each name that `before` has under a statement (serve or zone, its
 * lists included) and that `now` does not cover, be it by a wildcard. Returns
 * how many, or -ENOMEM. A name that is there twice is called twice. */
long policy_forgotten(struct policy *before, struct policy *now, enum statement s,
		      void (*fn)(const struct name *n, const struct rule *of, void *arg), void *arg);

/* The policy as bytes, lists, ids and expiry included, for the pinned map in
 * which it is kept beside its tables; a million prefixes load in milliseconds.
 * policy_load() trusts nothing: damaged bytes are -EINVAL. */
int policy_store(struct policy *p, void **buf, size_t *len);
int policy_load(struct policy **p, const void *buf, size_t len);
/* The same without a copy: the policy points into buf, which stays as it is until
 * policy_free(), or is handed over with policy_keep() and unmapped there.
 * LOAD_LINES does not look into lists of prefixes: who is going to must call
 * policy_check_lists() first, 0 or -EINVAL. */
enum load_care { LOAD_ALL, LOAD_LINES };
int policy_view(struct policy **p, const void *buf, size_t len, enum load_care care);
void policy_keep(struct policy *p, void *mapped, size_t size);
int policy_check_lists(struct policy *p);

/* Bytes that are not to become a policy, but read a rule at a time. sound: 0 or
 * -EINVAL, by their sum. each: calls fn with every rule of these statements (bits)
 * until it returns other than 0, and returns that; or -EINVAL. The rule is gone
 * when fn returns; what is in its list cannot be seen, unless it is but one. */
#define EACH_STATEMENT (~0U)
typedef int rule_fn(const struct rule *r, void *arg);
int policy_sound(const void *buf, size_t len);
int policy_each(const void *buf, size_t len, unsigned int statements, rule_fn *fn, void *arg);
/* A rule that has no list joins p as a copy. 0 or -errno. */
int policy_take(struct policy *p, const struct rule *r);

/* What makes `now` of `base`, of which it was made by policy_add() and
 * policy_del() alone: the rules that are new or another, and those that are no
 * more, as policies that borrow them. 0 or -ENOMEM; policy_free() both. */
int policy_changes(struct policy *base, struct policy *now, struct policy **changed, struct policy **gone);
/* The way back: makes `now` of base, which takes over what it needs of changed.
 * 0, -ENOMEM, or -EINVAL: they do not belong together. */
int policy_make(struct policy *base, struct policy *changed, struct policy *gone);

/* May a PROXY header go before on such a listener? l4: IPPROTO_TCP or IPPROTO_UDP. */
bool proxy_allowed(uint8_t l4, enum protocol p);

const char *statement_name(enum statement s);
const char *protocol_name(enum protocol p);
const char *action_name(enum action a);
const char *posture_name(enum posture p);
const char *depth_name(enum depth d);
/* "403", "alert access_denied", "nxdomain"; "" for what is the default, NULL: there is no such answer. */
const char *answer_name(enum protocol p, uint8_t answer);
/* "1000 visits/s burst 2000" */
int rate_print(const struct rate *r, char *buf, size_t size);
/* "1h30m"; less than a second is left out */
int duration_print(uint64_t ns, char *buf, size_t size);
/* As `serve` takes it: "www.example.com", "*.example.com", ".example.com" */
int name_print(const struct name *n, char *buf, size_t size);
/* Lower case, no trailing dot, letters digits - _ only, labels 1..63, whole
 * 1..253, not ending in an all-number label unless an address. 0 or -EINVAL. */
int name_normalise(const char *text, char out[254]);

#endif
