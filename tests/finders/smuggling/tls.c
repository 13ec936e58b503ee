// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>

#include "smuggling.h"

/* Extensions; names are nine bytes long. */
#define SNI(name9) "\0\0\0\x0e\0\x0c\0\0\x09" name9
#define A	   "a.example"
#define B	   "b.example"
#define SAYS(text) text, sizeof(text) - 1
#define BAD	   FIND_UNREADABLE, NULL
#define NONE	   FIND_NONE, NULL
#define MORE	   FIND_MORE, NULL
#define IS_A	   FIND_FOUND, A

/* What is done to the message beyond its extensions. */
enum trick {
	PLAIN,
	SECOND_IN_RECORD, /* another ClientHello, for b.example, in the same record */
	SECOND_RECORD,	  /* in the next */
	SECOND_FIRST_CUT, /* the first is cut short by it */
	ALERT_BEFORE,
	ALERT_WITHIN,
	CCS_BEFORE,
	DATA_WITHIN,
	EMPTY_BEFORE,
	EMPTY_WITHIN,
	BYTES, /* a record each */
	CUT_IN_NAME,
	RECORD_LONG, /* lengths that lie */
	HELLO_LONG,
	HELLO_SHORT,
	ALL_LONG,
	ALL_SHORT,
	SESSION_LONG,
	CIPHERS_ODD,
	METHODS_LONG,
	NOT_HELLO,
	VERSION_2,
};

/* clang-format off */
static const struct {
	const char *what;
	enum trick trick;
	const char *extensions;
	size_t len;
	enum find expected;
	const char *name;
} rows[] = {
	{"one name", PLAIN, SAYS(SNI(A)), IS_A},
	{"one name, in capitals, with a dot", PLAIN, SAYS("\0\0\0\x0f\0\x0d\0\0\x0a" "A.EXAMPLE."), IS_A},
	{"no name", PLAIN, SAYS("\0\x17\0\0"), NONE},
	{"a second ClientHello in the record", SECOND_IN_RECORD, SAYS(SNI(A)), IS_A},
	{"a second ClientHello in the next record", SECOND_RECORD, SAYS(SNI(A)), IS_A},
	{"a ClientHello cut short by another", SECOND_FIRST_CUT, SAYS("\0\x17\0\0" SNI(A)), BAD},
	{"a second extension of names", PLAIN, SAYS(SNI(A) SNI(B)), IS_A},
	{"a second name in the list", PLAIN, SAYS("\0\0\0\x1a\0\x18\0\0\x09" A "\0\0\x09" B), IS_A},
	{"a name of another type first", PLAIN, SAYS("\0\0\0\x1a\0\x18\1\0\x09" B "\0\0\x09" A), IS_A},
	{"a name of another type alone", PLAIN, SAYS("\0\0\0\x0e\0\x0c\1\0\x09" A), NONE},
	{"a padding that looks like a name", PLAIN, SAYS("\0\x15\0\x12" SNI(B) SNI(A)), IS_A},
	{"a name behind an unknown extension", PLAIN, SAYS("\x5a\x5a\0\2\0\0" SNI(A)), IS_A},
	{"an alert before it", ALERT_BEFORE, SAYS(SNI(A)), BAD},
	{"an alert within it", ALERT_WITHIN, SAYS(SNI(A)), BAD},
	{"a change of ciphers before it", CCS_BEFORE, SAYS(SNI(A)), BAD},
	{"application data within it", DATA_WITHIN, SAYS(SNI(A)), BAD},
	{"an empty record before it", EMPTY_BEFORE, SAYS(SNI(A)), BAD},
	{"an empty record within it", EMPTY_WITHIN, SAYS(SNI(A)), BAD},
	{"in records of one byte", BYTES, SAYS(SNI(A)), IS_A},
	{"a record that ends within the name", CUT_IN_NAME, SAYS(SNI(A)), IS_A},
	{"a record longer than it is", RECORD_LONG, SAYS(SNI(A)), IS_A},
	{"a message longer than its extensions", HELLO_LONG, SAYS(SNI(A)), BAD},
	{"a message shorter than its extensions", HELLO_SHORT, SAYS(SNI(A)), BAD},
	{"extensions longer than the message", ALL_LONG, SAYS(SNI(A)), BAD},
	{"extensions shorter than the message", ALL_SHORT, SAYS(SNI(A)), BAD},
	{"a session id of 33 bytes", SESSION_LONG, SAYS(SNI(A)), BAD},
	{"an odd length of ciphers", CIPHERS_ODD, SAYS(SNI(A)), BAD},
	{"methods longer than the message", METHODS_LONG, SAYS(SNI(A)), BAD},
	{"an extension one byte longer", PLAIN, SAYS("\0\0\0\x0f\0\x0c\0\0\x09" A SNI(B)), BAD},
	{"an extension one byte shorter", PLAIN, SAYS("\0\0\0\x0d\0\x0c\0\0\x09" A), BAD},
	{"an extension longer than all", PLAIN, SAYS("\0\0\x7f\x0e\0\x0c\0\0\x09" A), BAD},
	{"another extension longer than all", PLAIN, SAYS("\0\x17\xff\xff" SNI(A)), BAD},
	{"a list one byte longer", PLAIN, SAYS("\0\0\0\x0e\0\x0d\0\0\x09" A), BAD},
	{"a list one byte shorter", PLAIN, SAYS("\0\0\0\x0e\0\x0b\0\0\x09" A), BAD},
	{"a name one byte longer", PLAIN, SAYS("\0\0\0\x0e\0\x0c\0\0\x0a" A), BAD},
	{"a name one byte shorter", PLAIN, SAYS("\0\0\0\x0e\0\x0c\0\0\x08" A), BAD},
	{"an empty extension", PLAIN, SAYS("\0\0\0\0" SNI(A)), BAD},
	{"an empty list", PLAIN, SAYS("\0\0\0\2\0\0" SNI(A)), BAD},
	{"an empty name", PLAIN, SAYS("\0\0\0\5\0\3\0\0\0" SNI(A)), BAD},
	{"an empty name, then one", PLAIN, SAYS("\0\0\0\x11\0\x0f\0\0\0\0\0\x09" A), BAD},
	{"a NUL in the name", PLAIN, SAYS("\0\0\0\x18\0\x16\0\0\x13" A "\0" B), BAD},
	{"a NUL behind the name", PLAIN, SAYS("\0\0\0\x0f\0\x0d\0\0\x0a" A "\0"), BAD},
	{"a blank in the name", PLAIN, SAYS(SNI("a example")), BAD},
	{"UTF-8 in the name", PLAIN, SAYS(SNI("\xc3\xa4.exampl")), BAD},
	{"a port behind the name", PLAIN, SAYS("\0\0\0\x12\0\x10\0\0\x0d" A ":443"), BAD},
	{"an empty label", PLAIN, SAYS(SNI("a..exampl")), BAD},
	{"an address in brackets", PLAIN, SAYS(SNI("[2001::1]")), BAD},
	{"another message first", NOT_HELLO, SAYS(SNI(A)), BAD},
	{"the hello of SSL 2", VERSION_2, SAYS(SNI(A)), BAD},
};
/* clang-format on */

struct message {
	__u8 bytes[1024];
	size_t len;
};

static void put(struct message *m, const void *bytes, size_t n)
{
	memcpy(m->bytes + m->len, bytes, n);
	m->len += n;
}

static void put16(struct message *m, size_t v)
{
	put(m, (__u8[2]){v >> 8, v & 255}, 2);
}

/* TLS 1.2 with ECDHE-ECDSA-AES128-GCM-SHA256 and x25519, so that a server's
 * certificate comes back in the clear. */
static struct message hello(enum trick t, const char *extensions, size_t len)
{
	static const char usual[] = "\0\x0a\0\6\0\4\0\x1d\0\x17\0\x0d\0\4\0\2\4\3\0\x0b\0\2\1\0";
	size_t all = len + sizeof(usual) - 1;
	struct message m = {.bytes = {t == NOT_HELLO ? 2 : 1}, .len = 4};

	put(&m,
	    "\3\3"
	    "0123456789abcdef0123456789abcdef",
	    34);
	if (t == SESSION_LONG)
		put(&m,
		    "\x21"
		    "0123456789abcdef0123456789abcdef0",
		    34);
	else
		put(&m, "\0", 1);
	put(&m, t == CIPHERS_ODD ? "\0\3\xc0\x2b\0" : "\0\2\xc0\x2b", t == CIPHERS_ODD ? 5 : 4);
	put(&m, t == METHODS_LONG ? "\xff\0" : "\1\0", 2);
	put16(&m, all + (t == ALL_LONG) - (t == ALL_SHORT));
	put(&m, extensions, len);
	put(&m, usual, sizeof(usual) - 1);
	all = m.len - 4 + (t == HELLO_LONG) - (t == HELLO_SHORT);
	m.bytes[2] = all >> 8;
	m.bytes[3] = all & 255;
	return m;
}

static void record(struct smuggled *s, __u8 type, const void *bytes, size_t n)
{
	__u8 *to = s->bytes + s->len;

	memcpy(to, (__u8[5]){type, 3, 1, n >> 8, n & 255}, 5);
	memcpy(to + 5, bytes, n);
	s->len += 5 + n;
}

/* Before it, or between its first 20 bytes and the rest. */
static bool odd_record(struct smuggled *s, enum trick t)
{
	switch (t) {
	case ALERT_BEFORE:
	case ALERT_WITHIN:
		record(s, 21, "\1\x5a", 2);
		return true;
	case CCS_BEFORE:
		record(s, 20, "\1", 1);
		return true;
	case DATA_WITHIN:
		record(s, 23, "x", 1);
		return true;
	case EMPTY_BEFORE:
	case EMPTY_WITHIN:
		record(s, 22, "", 0);
		return true;
	default:
		return false;
	}
}

static void in_records(struct smuggled *s, const struct message *m, size_t first, size_t step)
{
	size_t at, n = first;

	for (at = 0; at < m->len; at += n, n = step) {
		n = n < m->len - at ? n : m->len - at;
		record(s, 22, m->bytes + at, n);
	}
}

static void send_hello(struct smuggled *s, enum trick t, struct message *m)
{
	struct message other = hello(PLAIN, SNI(B), sizeof(SNI(B)) - 1);

	switch (t) {
	case SECOND_IN_RECORD:
		put(m, other.bytes, other.len);
		break;
	case SECOND_FIRST_CUT:
		m->len -= 36;
		put(m, other.bytes, other.len);
		break;
	case ALERT_WITHIN:
	case DATA_WITHIN:
	case EMPTY_WITHIN:
		record(s, 22, m->bytes, 20);
		odd_record(s, t);
		record(s, 22, m->bytes + 20, m->len - 20);
		return;
	case BYTES:
		in_records(s, m, 1, 1);
		return;
	case CUT_IN_NAME:
		in_records(s, m, 4 + 34 + 1 + 4 + 2 + 2 + 9 + 3, 2000);
		return;
	default:
		odd_record(s, t);
	}
	record(s, 22, m->bytes, m->len);
	if (t == SECOND_RECORD)
		record(s, 22, other.bytes, other.len);
	if (t == RECORD_LONG)
		s->bytes[4]++;
}

void smuggling_tls(void (*each)(const struct smuggled *s))
{
	struct message m;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct smuggled s = {.protocol = "tls", .expected = rows[i].expected, .name = rows[i].name};

		snprintf(s.what, sizeof(s.what), "%s", rows[i].what);
		m = hello(rows[i].trick, rows[i].extensions, rows[i].len);
		send_hello(&s, rows[i].trick, &m);
		if (rows[i].trick == VERSION_2) {
			s.len = 27;
			memcpy(s.bytes,
			       "\x80\x19\1\3\1\0\3\0\0\0\x0d\0\0\x2f"
			       "0123456789abc",
			       s.len);
		}
		each(&s);
	}
}
