/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of the page, which are part of the program. */
#ifndef STRAYGATE_EXPORTER_PAGE_H
#define STRAYGATE_EXPORTER_PAGE_H

struct page_file {
	const char *path; /* "/" */
	const char *type;
	const char *begin, *end;
};

/* NULL: there is no such file. */
const struct page_file *page_file(const char *path);

#endif
