// SPDX-License-Identifier: GPL-2.0-or-later
#include "exporter/page.h"

#include <stddef.h>
#include <string.h>

/* The Makefile knows that this file is made anew when one of these is. */
#define FILE_OF(symbol, path)                                                                  \
	__asm__(".pushsection .rodata\n" #symbol "_begin:\n.incbin \"user/exporter/page/" path \
		"\"\n" #symbol "_end:\n.byte 0\n.popsection\n");                               \
	extern const char symbol##_begin[], symbol##_end[]

FILE_OF(page_html, "index.html");
FILE_OF(page_css, "page.css");
FILE_OF(page_js, "page.js");
FILE_OF(page_icon, "icon.svg");

const struct page_file *page_file(const char *path)
{
	static const struct page_file files[] = {
		{"/", "text/html; charset=utf-8", page_html_begin, page_html_end},
		{"/page.css", "text/css; charset=utf-8", page_css_begin, page_css_end},
		{"/page.js", "text/javascript; charset=utf-8", page_js_begin, page_js_end},
		{"/icon.svg", "image/svg+xml", page_icon_begin, page_icon_end},
	};
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (!strcmp(files[i].path, path))
			return &files[i];
	return NULL;
}
