/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an HTTP request that is not served is answered with. */
#ifndef STRAYGATE_PAGE_H
#define STRAYGATE_PAGE_H

#include "bpf/image.h"
#include "policy/policy.h"

/* The default, `stray http`, `unnamed http`, and `limit each`. */
#define PAGES_MAX 6

struct page_text {
	enum http_answer status; /* 429: the gate's own, for clients over their limit */
	const char *content;	 /* HTML, at most PAGE_SIZE_MAX bytes; NULL: the gate's own */
};

/* Fills IMAGE_PAGE_CELLS cells of zeroes. */
void page_write(struct image_page *to, const struct page_text *page);

#endif
