/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose a name is: the part of it that somebody registered. The Public Suffix List
 * would tell for every name, but has 10,000 entries and no place in a packet's way. Its
 * rules are of two kinds nearly always: a registry gives out names below the last label,
 * or, below that of a country, under a second one for what sort of name it is (co.uk,
 * com.cn). The few exceptions make a group larger or smaller than it might be. Plain C:
 * `show strays` groups by the same rule.
 */
#ifndef STRAYGATE_SUFFIX_H
#define STRAYGATE_SUFFIX_H

#include "bpf/compiler.h"

#define SUFFIX_SORT_MAX		4 /* bytes of the second label */
#define SUFFIX_SORT(a, b, c, d) ((__u32)(a) | (__u32)(b) << 8 | (__u32)(c) << 16 | (__u32)(d) << 24)

/* Is this second label, in the byte order of SUFFIX_SORT() with zeros behind it, one under
 * which countries' registries give out names? */
static __always_inline int suffix_is_sort(__u32 label)
{
	switch (label) {
	case SUFFIX_SORT('c', 'o', 'm', 0):
	case SUFFIX_SORT('c', 'o', 0, 0):
	case SUFFIX_SORT('n', 'e', 't', 0):
	case SUFFIX_SORT('n', 'e', 0, 0):
	case SUFFIX_SORT('o', 'r', 'g', 0):
	case SUFFIX_SORT('o', 'r', 0, 0):
	case SUFFIX_SORT('e', 'd', 'u', 0):
	case SUFFIX_SORT('e', 'd', 0, 0):
	case SUFFIX_SORT('a', 'c', 0, 0):
	case SUFFIX_SORT('a', 'd', 0, 0):
	case SUFFIX_SORT('g', 'o', 'v', 0):
	case SUFFIX_SORT('g', 'o', 'b', 0):
	case SUFFIX_SORT('g', 'o', 0, 0):
	case SUFFIX_SORT('g', 'u', 'b', 0):
	case SUFFIX_SORT('g', 'r', 0, 0):
	case SUFFIX_SORT('l', 'g', 0, 0):
	case SUFFIX_SORT('m', 'i', 'l', 0):
	case SUFFIX_SORT('n', 'o', 'm', 0):
	case SUFFIX_SORT('i', 'n', 'd', 0):
	case SUFFIX_SORT('i', 'd', 'v', 0):
	case SUFFIX_SORT('l', 't', 'd', 0):
	case SUFFIX_SORT('p', 'l', 'c', 0):
	case SUFFIX_SORT('n', 'h', 's', 0):
	case SUFFIX_SORT('s', 'c', 'h', 0):
	case SUFFIX_SORT('b', 'i', 'z', 0):
	case SUFFIX_SORT('w', 'e', 'b', 0):
	case SUFFIX_SORT('g', 'e', 'n', 0):
	case SUFFIX_SORT('i', 'n', 'f', 'o'):
	case SUFFIX_SORT('f', 'i', 'r', 'm'):
	case SUFFIX_SORT('n', 'a', 'm', 'e'):
	case SUFFIX_SORT('a', 's', 's', 'o'):
		return 1;
	}
	return 0;
}

/* How many of the last labels are the registered part, if the last one has `top` bytes
 * and the second one `second`, which begins with these. */
static __always_inline __u32 suffix_labels(__u32 top, __u32 second, __u32 bytes)
{
	if (top != 2 || !second || second > SUFFIX_SORT_MAX)
		return 2;
	if (second < SUFFIX_SORT_MAX)
		bytes &= (1U << (8 * second)) - 1;
	return suffix_is_sort(bytes) ? 3 : 2;
}

#endif
