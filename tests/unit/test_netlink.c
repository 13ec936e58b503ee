// SPDX-License-Identifier: GPL-2.0-or-later
/* Dumps of rtnetlink, from a kernel that is played by the other end of a socket. */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/netlink.h"

#define THING 100 /* a type of message that carries a number */

struct seen {
	unsigned int numbers[64];
	size_t count;
	size_t dumps;
	int err_at; /* fn fails with -E2BIG at this number */
};

static int note(const struct nlmsghdr *n, void *arg)
{
	struct seen *s = arg;

	if (!n) {
		s->count = 0;
		s->dumps++;
		return 0;
	}
	cr_assert(n->nlmsg_type == THING && s->count < 64);
	s->numbers[s->count] = *(unsigned int *)NLMSG_DATA(n);
	return (int)s->numbers[s->count++] == s->err_at ? -E2BIG : 0;
}

struct told {
	unsigned short type;
	unsigned short flags;
	int number;
	int last; /* of its datagram */
};

static size_t put(char *at, const struct told *t)
{
	struct nlmsghdr *n = (void *)at;

	memset(at, 0, NLMSG_SPACE(sizeof(struct nlmsgerr)));
	n->nlmsg_type = t->type;
	n->nlmsg_flags = NLM_F_MULTI | t->flags;
	n->nlmsg_len = NLMSG_LENGTH(t->type == NLMSG_ERROR ? sizeof(struct nlmsgerr) : sizeof(int));
	memcpy(NLMSG_DATA(n), &t->number, sizeof(int));
	return NLMSG_ALIGN(n->nlmsg_len);
}

#define INTERRUPTED NLM_F_DUMP_INTR
#define DONE(flags)                     \
	{                               \
		NLMSG_DONE, flags, 0, 1 \
	}

static const struct {
	const char *name;
	struct told told[40];
	int err_at;
	int err;
	size_t dumps;
	size_t count;
	unsigned int first;
} rows[] = {
	{"one dump", {{THING, 0, 1, 1}, {THING, 0, 2, 0}, DONE(0)}, 0, 0, 1, 2, 1},
	{"nothing", {DONE(0)}, 0, 0, 1, 0, 0},
	{"interrupted, then whole",
	 {{THING, INTERRUPTED, 1, 1}, {THING, 0, 2, 1}, DONE(0), {THING, 0, 3, 1}, {THING, 0, 4, 1}, DONE(0)},
	 0,
	 0,
	 2,
	 2,
	 3},
	{"said at the end only",
	 {{THING, 0, 1, 1}, DONE(INTERRUPTED), {THING, 0, 7, 0}, DONE(0)},
	 0,
	 0,
	 2,
	 1,
	 7},
	{"twice",
	 {DONE(INTERRUPTED), {THING, INTERRUPTED, 3, 0}, DONE(0), {THING, 0, 5, 0}, DONE(0)},
	 0,
	 0,
	 3,
	 1,
	 5},
	{"an error of the kernel", {{NLMSG_ERROR, 0, -EPERM, 1}}, 0, -EPERM, 1, 0, 0},
	{"an error of ours", {{THING, 0, 1, 1}, {THING, 0, 2, 1}, DONE(0)}, 2, -E2BIG, 1, 2, 1},
};

Test(netlink, dumps)
{
	struct nlmsghdr question = {.nlmsg_len = sizeof(question)};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seen s = {.err_at = rows[i].err_at};
		char datagram[4096];
		size_t len = 0;
		int pair[2];

		cr_assert(!socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
		for (const struct told *t = rows[i].told; t->type; t++) {
			len += put(datagram + len, t);
			if (!t->last)
				continue;
			cr_assert(send(pair[1], datagram, len, 0) == (ssize_t)len);
			len = 0;
		}
		shutdown(pair[1], SHUT_WR);
		cr_expect(rtnl_dump(pair[0], &question, note, &s) == rows[i].err, "%s: what it returns",
			  rows[i].name);
		cr_expect(s.dumps == rows[i].dumps, "%s: %zu dumps", rows[i].name, s.dumps);
		cr_expect(s.count == rows[i].count && (!s.count || s.numbers[0] == rows[i].first),
			  "%s: %zu things", rows[i].name, s.count);
		close(pair[0]);
		close(pair[1]);
	}
}

/* A table that never stands still is not asked for ever. */
Test(netlink, no_end_of_changes)
{
	struct nlmsghdr question = {.nlmsg_len = sizeof(question)};
	struct told told = {NLMSG_DONE, NLM_F_DUMP_INTR, 0, 1};
	struct seen s = {0};
	char datagram[64];
	size_t len = put(datagram, &told);
	int pair[2];

	cr_assert(!socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
	for (int i = 0; i < 64; i++)
		cr_assert(send(pair[1], datagram, len, 0) == (ssize_t)len);
	cr_expect(rtnl_dump(pair[0], &question, note, &s) == -EINTR);
}

/* What the kernel answers to a change: its error, and words among other attributes. */
struct answer {
	struct nlmsghdr n;
	struct nlmsgerr e;
	char rest[512];
};

static void put_attribute(struct answer *a, unsigned short type, const void *value, size_t len)
{
	struct nlattr *at = (void *)((char *)a + NLMSG_ALIGN(a->n.nlmsg_len));

	at->nla_type = type;
	at->nla_len = NLA_HDRLEN + len;
	memcpy((char *)at + NLA_HDRLEN, value, len);
	a->n.nlmsg_len = NLMSG_ALIGN(a->n.nlmsg_len) + NLA_ALIGN(at->nla_len);
}

static const struct {
	const char *name;
	int error;
	const char *words; /* NULL: none */
	const char *wanted;
	unsigned short flags;
	unsigned short echoed; /* bytes of the request behind its header */
	int cut;	       /* bytes that are missing at the end */
} changes[] = {
	{"made", 0, NULL, "", NLM_F_CAPPED, 0, 0},
	{"refused without a word", -EOPNOTSUPP, NULL, "", NLM_F_CAPPED, 0, 0},
	{"refused in words", -ENOSPC, "no queue", "no queue", NLM_F_CAPPED | NLM_F_ACK_TLVS, 0, 0},
	{"words, but not marked", -ENOSPC, "no queue", "", NLM_F_CAPPED, 0, 0},
	{"behind the request", -EINVAL, "MTU", "MTU", NLM_F_ACK_TLVS, 32, 0},
	{"longer than the room for it", -EINVAL, "0123456789012345678901234567890123456789",
	 "0123456789012345678901234567890", NLM_F_CAPPED | NLM_F_ACK_TLVS, 0, 0},
	{"cut off", -EINVAL, "no queue", "", NLM_F_CAPPED | NLM_F_ACK_TLVS, 0, 8},
};

Test(rtnl, changes)
{
	static struct answer a;
	struct nlmsghdr request = {.nlmsg_len = sizeof(request)};
	char words[32];
	int ends[2];

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		memset(&a, 0, sizeof(a));
		a.n.nlmsg_type = NLMSG_ERROR;
		a.n.nlmsg_flags = changes[i].flags;
		a.n.nlmsg_len = sizeof(a.n) + sizeof(a.e) + changes[i].echoed;
		a.e.error = changes[i].error;
		a.e.msg.nlmsg_len = sizeof(a.e.msg) + changes[i].echoed;
		put_attribute(&a, NLMSGERR_ATTR_OFFS, &(int){7}, sizeof(int));
		if (changes[i].words)
			put_attribute(&a, NLMSGERR_ATTR_MSG, changes[i].words, strlen(changes[i].words) + 1);
		a.n.nlmsg_len -= changes[i].cut;
		cr_assert(!socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends));
		cr_assert(send(ends[1], &a, a.n.nlmsg_len, 0) > 0);
		cr_expect_eq(rtnl_change(ends[0], &request, words, sizeof(words)), changes[i].error, "%s",
			     changes[i].name);
		cr_expect_str_eq(words, changes[i].wanted, "%s", changes[i].name);
		close(ends[0]);
		close(ends[1]);
	}
}

/* Attributes as in a message: type, length with its header, then what they hold. */
#define ATTR(type, len)	  (unsigned char)(len), 0, (unsigned char)(type), 0
#define NESTED(type, len) (unsigned char)(len), 0, (unsigned char)(type), NLA_F_NESTED >> 8

static const struct {
	const char *name;
	unsigned char bytes[32];
	int len;
	unsigned int outer; /* 0: not inside of another */
	unsigned int type;
	size_t least;
	int wanted; /* -1: not there */
} attributes[] = {
	{"none at all", {0}, 0, 0, 3, 4, -1},
	{"the only one", {ATTR(3, 8), 7}, 8, 0, 3, 4, 7},
	{"of another type", {ATTR(4, 8), 7}, 8, 0, 3, 4, -1},
	{"the second, behind padding", {ATTR(4, 5), 1, 0, 0, 0, ATTR(3, 8), 9}, 16, 0, 3, 4, 9},
	{"the first of two", {ATTR(3, 8), 1, 0, 0, 0, ATTR(3, 8), 2}, 16, 0, 3, 4, 1},
	{"too short, then long enough", {ATTR(3, 6), 1, 0, 0, 0, ATTR(3, 8), 2}, 16, 0, 3, 4, 2},
	{"longer than the message", {ATTR(3, 9), 7}, 8, 0, 3, 4, -1},
	{"shorter than its header", {ATTR(4, 3), 0, 0, 0, 0, ATTR(3, 8), 2}, 16, 0, 3, 4, -1},
	{"of length 0", {ATTR(4, 0), ATTR(3, 8), 2}, 12, 0, 3, 4, -1},
	{"half a header", {ATTR(3, 8)}, 3, 0, 3, 4, -1},
	{"inside", {NESTED(5, 12), ATTR(3, 8), 6}, 12, 5, 3, 4, 6},
	{"beside, not inside", {NESTED(5, 4), ATTR(3, 8), 6}, 12, 5, 3, 4, -1},
	{"inside, over the outer one's end", {NESTED(5, 10), ATTR(3, 8), 6}, 12, 5, 3, 4, -1},
	{"the outer one is not there", {ATTR(3, 8), 6}, 8, 5, 3, 4, -1},
};

Test(rtnl, attributes)
{
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		/* In memory of its very length, so that the sanitizers see a byte too many. */
		struct nlmsghdr *n = malloc(NLMSG_LENGTH(attributes[i].len));
		const struct rtattr *found;

		n->nlmsg_len = NLMSG_LENGTH(attributes[i].len);
		memcpy(NLMSG_DATA(n), attributes[i].bytes, attributes[i].len);
		found = attributes[i].outer ? rtnl_attr_in(rtnl_attr(n, 0, attributes[i].outer, 0),
							   attributes[i].type, attributes[i].least)
					    : rtnl_attr(n, 0, attributes[i].type, attributes[i].least);
		cr_expect_eq(rtnl_int(found, -1), attributes[i].wanted, "%s", attributes[i].name);
		free(n);
	}
}
