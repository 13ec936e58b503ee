/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is a name really an address? A Host that is the packet's own destination
 * address names nothing; any other literal is a name like the rest.
 *
 * What is read is what inet_pton(3) reads: an IPv4 dotted quad without leading
 * zeros (RFC 3986 3.2.2), or, in brackets, the three forms of RFC 4291 2.2.
 */
#ifndef STRAYGATE_LITERAL_H
#define STRAYGATE_LITERAL_H

#include "bpf/find/finder.h"

/* "[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]" */
#define LITERAL_MAX 47

struct literal {
	__u64 high, low;	   /* groups since the start or "::", the last one lowest */
	__u64 head_high, head_low; /* groups before "::" */
	__u32 quad;		   /* octets before the last dot */
	__u32 number;		   /* what is being read, as hexadecimal */
	__u32 octet;		   /* the same as decimal, 256 if it is no octet */
	__u8 digits;		   /* of it */
	__u8 prev;		   /* the byte before */
	__u8 dots;
	__u8 groups; /* complete ones, of 16 bits */
	__u8 gap;    /* groups before "::", plus one; 0 if none was seen */
	__u8 bad;
	__u16 pad;
};

static __always_inline void literal_shift(struct literal *l, __u32 group)
{
	l->high = l->high << 16 | l->low >> 48;
	l->low = l->low << 16 | (group & 0xffff);
	l->groups++;
}

static __always_inline void literal_number_end(struct literal *l)
{
	l->digits = 0;
	l->number = 0;
	l->octet = 0;
}

static __always_inline void literal_digit(struct literal *l, __u8 c)
{
	__u32 v = find_is_digit(c) ? c - '0' : find_is_alpha(c) ? (c | 0x20) - 'a' + 10 : 16;
	__u32 octet = l->octet * 10 + v;

	/* a letter, a zero in front, or too much */
	if (v > 9 || (l->digits && l->octet == 0) || octet > 255)
		octet = 256;
	/* and one colon alone may not come first */
	if (v > 15 || l->digits > 3 || (l->prev == ':' && l->groups == 0 && l->gap == 0))
		l->bad = 1;
	l->octet = octet;
	l->number = l->number << 4 | (v & 15);
	l->digits++;
}

static __always_inline void literal_dot(struct literal *l)
{
	if (l->digits == 0 || l->octet > 255 || l->dots > 2)
		l->bad = 1;
	l->quad = l->quad << 8 | (l->octet & 255);
	l->dots++;
	literal_number_end(l);
}

static __always_inline void literal_colon(struct literal *l)
{
	if (l->dots)
		l->bad = 1;
	if (l->digits) {
		literal_shift(l, l->number);
	} else if (l->prev == ':') {
		if (l->gap)
			l->bad = 1;
		l->gap = l->groups + 1;
		l->head_high = l->high;
		l->head_low = l->low;
		l->high = 0;
		l->low = 0;
	}
	literal_number_end(l);
}

/* A global function for the same reason as a finder's step. */
FIND_STEP int literal_step(struct literal *l, __u32 c)
{
	if (!l)
		return 0;
	if (c == ':')
		literal_colon(l);
	else if (c == '.')
		literal_dot(l);
	else
		literal_digit(l, c);
	l->prev = c;
	return l->bad;
}

/* The last of four octets. */
static __always_inline int literal_quad(struct literal *l)
{
	if (l->dots != 3 || l->digits == 0 || l->octet > 255)
		return 0;
	l->quad = l->quad << 8 | l->octet;
	return 1;
}

/* Moves the groups before "::" to the front. */
static __always_inline void literal_join(struct literal *l)
{
	__u32 bits = (9 - l->gap) * 16; /* 16 .. 128 */

	if (bits >= 128)
		return;
	if (bits >= 64) {
		l->high |= l->head_low << (bits & 63);
		return;
	}
	l->high |= l->head_high << bits | l->head_low >> (64 - bits);
	l->low |= l->head_low << bits;
}

static __always_inline int literal_end(struct literal *l, int bracketed)
{
	if (!bracketed) {
		l->low = 0xffff00000000ULL;
		if (!literal_quad(l))
			return 0;
		l->low |= l->quad;
		return l->groups == 0;
	}
	if (l->dots) {
		if (!literal_quad(l))
			return 0;
		literal_shift(l, l->quad >> 16);
		literal_shift(l, l->quad);
	} else if (l->digits) {
		literal_shift(l, l->number);
	} else if (l->gap != l->groups + 1) {
		return 0; /* ends in a colon that is not half of "::" */
	}
	/* "::" stands for one group or more */
	if (l->gap == 0)
		return l->groups == 8;
	if (l->groups > 7)
		return 0;
	literal_join(l);
	return 1;
}

/*
 * Returns 1 and the address (an IPv4 one mapped, RFC 4291 2.5.5.2) if the
 * normalised name is a literal, else 0. @name must have LITERAL_MAX bytes.
 */
static __always_inline int literal_parse(const __u8 *name, __u32 len, __u8 addr[16])
{
	struct literal l = {};
	__u32 i, first, end;
	__u64 half;

	/* Turns away nearly all names at once. */
	if (len < 4 || len > LITERAL_MAX)
		return 0;
	first = name[0] == '[';
	if (first ? name[len - 1] != ']' : !find_is_digit(name[0]) || !find_is_digit(name[len - 1]))
		return 0;
	end = len - first;
	for (i = 0; i < LITERAL_MAX; i++) {
		if (i < first)
			continue;
		if (i >= end)
			break;
		if (literal_step(&l, name[i]))
			return 0;
	}
	if (!literal_end(&l, first))
		return 0;
	half = __builtin_bswap64(l.high);
	__builtin_memcpy(addr, &half, 8);
	half = __builtin_bswap64(l.low);
	__builtin_memcpy(addr + 8, &half, 8);
	return 1;
}

#endif
