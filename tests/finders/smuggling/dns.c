// SPDX-License-Identifier: GPL-2.0-or-later
#include "smuggling.h"

#define HEAD(flags, counts) "\x12\x34" flags counts
#define ONE		    HEAD("\1\0", "\0\1\0\0\0\0\0\0")
#define A		    "\1a\7example\0"
#define B		    "\1b\7example\0"
#define IN_A		    "\0\1\0\1"
#define SAYS(text)	    text, sizeof(text) - 1
#define BAD		    FIND_UNREADABLE, NULL
#define NONE		    FIND_NONE, NULL
#define MORE		    FIND_MORE, NULL
#define IS_A		    FIND_FOUND, "a.example"
#define L63    \
	"\x3f" \
	"012345678901234567890123456789012345678901234567890123456789012"

/* clang-format off */
static const struct smuggling_row rows[] = {
	{"one question", SAYS(ONE A IN_A), IS_A},
	{"in capitals", SAYS(ONE "\1A\7eXAMPLE\0" IN_A), IS_A},
	{"a name that loops", SAYS(ONE "\xc0\x0c" IN_A), BAD},
	{"a label, then a loop", SAYS(ONE "\1a\xc0\x0c" IN_A), BAD},
	{"a pointer to a later name", SAYS(HEAD("\1\0", "\0\1\0\0\0\0\0\0") "\xc0\x12" IN_A B), BAD},
	{"a label, then a pointer to a later name", SAYS(ONE "\1a\xc0\x14" IN_A "\7example\0"), BAD},
	{"a pointer into the header", SAYS(HEAD("\0\0", "\0\1\0\0\0\0\0\0") "\xc0\x02" IN_A), BAD},
	{"a pointer behind the end", SAYS(ONE "\xff\xff" IN_A), BAD},
	{"two pointers that chase each other", SAYS(ONE "\xc0\x0e\xc0\x0c" IN_A), BAD},
	{"a label of the types that never came", SAYS(ONE "\x41" "a" "\7example\0" IN_A), BAD},
	{"the other type that never came", SAYS(ONE "\x81" "a" "\7example\0" IN_A), BAD},
	{"a dot in a label", SAYS(ONE "\x09" "a.example\0" IN_A), FIND_FOUND, "a?example"},
	{"a NUL in a label", SAYS(ONE "\1a\x09" "example\0x\0" IN_A), FIND_FOUND, "a.example?x"},
	{"a blank in a label", SAYS(ONE "\3a b\7example\0" IN_A), FIND_FOUND, "a b.example"},
	{"UTF-8 in a label", SAYS(ONE "\2\xc3\xa4\7example\0" IN_A), FIND_FOUND, "??.example"},
	/* The label takes the end of the name, and the end of the message comes too soon. */
	{"a label longer than it is", SAYS(ONE "\1a\x08" "example\0" IN_A), FIND_MORE, NULL},
	{"a label shorter than it is", SAYS(ONE "\1a\6example\0" IN_A), BAD},
	{"a name of 255 bytes and more", SAYS(ONE L63 L63 L63 L63 "\0" IN_A), BAD},
	{"two questions", SAYS(HEAD("\1\0", "\0\2\0\0\0\0\0\0") A IN_A B IN_A), BAD},
	{"two, one announced", SAYS(ONE A IN_A B IN_A), IS_A},
	{"one, two announced", SAYS(HEAD("\1\0", "\0\2\0\0\0\0\0\0") A IN_A), BAD},
	{"one, 256 announced", SAYS(HEAD("\1\0", "\1\0\0\0\0\0\0\0") A IN_A), BAD},
	{"one, none announced", SAYS(HEAD("\1\0", "\0\0\0\0\0\0\0\0") A IN_A), NONE},
	{"an answer that is announced", SAYS(HEAD("\1\0", "\0\1\0\1\0\0\0\0") A IN_A), IS_A},
	{"an answer in front of nothing", SAYS(HEAD("\1\0", "\0\1\0\1\0\0\0\0") A IN_A "\xc0\x0c" IN_A "\0\0\0\1\0\4\1\2\3\4"), IS_A},
	{"an answer", SAYS(HEAD("\x81\x80", "\0\1\0\0\0\0\0\0") A IN_A), BAD},
	{"cut in its name", SAYS(ONE "\1a\7exam"), MORE},
	{"cut behind its name", SAYS(ONE A "\0\1"), MORE},
	{"the root", SAYS(ONE "\0" IN_A), NONE},
	{"an OPT record that lies", SAYS(HEAD("\1\0", "\0\1\0\0\0\0\0\1") A IN_A "\0\0\x29\x10\0\0\0\0\0\xff\xff"), IS_A},
	{"another opcode", SAYS(HEAD("\x10\0", "\0\1\0\0\0\0\0\0") A IN_A), NONE},
};
/* clang-format on */

void smuggling_dns(void (*each)(const struct smuggled *s))
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		smuggled_row("dns", &rows[i], each);
}
