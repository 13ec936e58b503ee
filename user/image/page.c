// SPDX-License-Identifier: GPL-2.0-only
#include "image/page.h"

#include <stdio.h>
#include <string.h>

/* For human eyes, and ears: a language, a title, one heading, and nothing to load.
 * Browsers that are told of an icon do not come again to ask for one. */
static const char own[] =
	"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">"
	"<meta name=color-scheme content=\"light dark\"><link rel=icon href=data:,>"
	"<title>You have reached the wrong server</title>"
	"<style>body{font:1.1em/1.5 sans-serif;max-width:34em;margin:8vh auto;padding:0 1em}"
	"b{overflow-wrap:anywhere}</style>"
	"<main><h1>You have reached the wrong server</h1>"
	"<p>Your browser asked for <b>" PAGE_NAME "</b>. A wrong answer from the Domain Name System (DNS), "
	"the Internet’s directory of addresses, led it to this server, which has nothing to do with that "
	"site."
	"<p>Nothing is wrong with your computer, and there is nothing you need to do. "
	"Please try again later.</main>\n";

static const char *const statuses[HTTP_ANSWERS] = {
	[HTTP_ANSWER_503] = "503 Service Unavailable",
	[HTTP_ANSWER_421] = "421 Misdirected Request",
	[HTTP_ANSWER_403] = "403 Forbidden",
};

/* RFC 9110 10.2.3: DNS answers are kept for hours, so an hour is not long. */
static const char *retry_after(enum http_answer status)
{
	return status == HTTP_ANSWER_503 ? "Retry-After: 3600\r\n" : "";
}

/* no-store: else what is answered here may be kept against a site that did nothing
 * wrong (RFC 9111 3). */
static size_t put_head(char *to, size_t size, enum http_answer status, const char *type, const char *length)
{
	return snprintf(to, size,
			"HTTP/1.1 %s\r\n"
			"Connection: close\r\n"
			"Cache-Control: no-store\r\n"
			"%s%s"
			"Content-Length: %s\r\n\r\n",
			statuses[status], retry_after(status), type, length);
}

void page_write(struct image_page *to, const struct page_text *page)
{
	char *text = (char *)(to + 1), *brief = text + IMAGE_PAGE_BYTES;
	const char *content = page->content ? page->content : own;
	/* In no language: nobody knows in which one the operator's page is. */
	const char *other = page->content ? "..." : "another site";
	const char *name = strstr(content, PAGE_NAME);
	size_t length = strlen(content), before = name ? (size_t)(name - content) : length;

	to->head = put_head(text, IMAGE_PAGE_BYTES, page->status,
			    "Content-Type: text/html; charset=utf-8\r\n", "    ");
	to->digits = to->head - 8; /* four, and two line ends */
	memcpy(text + to->head, content, before);
	to->length = to->head + length;
	if (name) {
		to->name = to->head + before;
		to->length -= strlen(PAGE_NAME);
		memcpy(text + to->name, name + strlen(PAGE_NAME), to->length - to->name);
	}
	to->other_length = strlen(other);
	memcpy(to->other, other, to->other_length);
	to->brief = put_head(brief, IMAGE_BRIEF_BYTES, page->status, "", "0");
	to->brief_head = to->brief;
}
