// SPDX-License-Identifier: GPL-2.0-or-later
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
	"h1{font-size:1.5em;line-height:1.2}b{overflow-wrap:anywhere}</style>"
	"<main><h1>You have reached the wrong server</h1>"
	"<p>Your browser asked for <b>" PAGE_NAME "</b>. A wrong answer from the Domain Name System (DNS), "
	"the Internet’s directory of addresses, led it to this server, which has nothing to do with that "
	"site."
	"<p>Nothing is wrong with your computer, and there is nothing you need to do. "
	"Please try again later.</main>\n";

/* Where that is too long for what a client takes at once. */
static const char own_brief[] =
	"<!doctype html><html lang=en><meta name=viewport content=\"width=device-width\">"
	"<link rel=icon href=data:,><title>You have reached the wrong server</title>"
	"<h1>You have reached the wrong server</h1>"
	"<p>A wrong DNS answer led your browser here. Nothing is wrong with your computer. "
	"Please try again later.\n";

/* For whom asked for what is here, and too often. Short enough for all. */
static const char own_busy[] =
	"<!doctype html><html lang=en><meta name=viewport content=\"width=device-width\">"
	"<link rel=icon href=data:,><title>Too many requests</title><h1>Too many requests</h1>"
	"<p>More requests come from your network just now than this server answers. "
	"Please try again in a minute.\n";

static const char *const statuses[HTTP_ANSWERS + 1] = {
	[HTTP_ANSWER_503] = "503 Service Unavailable",
	[HTTP_ANSWER_421] = "421 Misdirected Request",
	[HTTP_ANSWER_403] = "403 Forbidden",
	[HTTP_ANSWER_429] = "429 Too Many Requests",
};

/* RFC 9110 10.2.3: DNS answers are kept for hours, so an hour is not long. */
static const char *retry_after(enum http_answer status)
{
	switch (status) {
	case HTTP_ANSWER_503:
		return "Retry-After: 3600\r\n";
	case HTTP_ANSWER_429:
		return "Retry-After: 60\r\n";
	default:
		return "";
	}
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

#define HTML "Content-Type: text/html; charset=utf-8\r\n"

static size_t put_brief(char *to, const struct page_text *page)
{
	const char *brief = page->status == HTTP_ANSWER_429 ? own_busy : own_brief;
	char length[24];
	size_t head;

	/* In which language the operator's is, nobody knows. */
	if (page->content)
		return 0;
	snprintf(length, sizeof(length), "%zu", strlen(brief));
	head = put_head(to, IMAGE_BARE - IMAGE_BRIEF, page->status, HTML, length);
	memcpy(to + head, brief, strlen(brief));
	return head + strlen(brief);
}

void page_write(struct image_page *to, const struct page_text *page)
{
	const char *gates = page->status == HTTP_ANSWER_429 ? own_busy : own;
	const char *content = page->content ? page->content : gates;
	const char *other = page->content ? "..." : "another site";
	const char *name = strstr(content, PAGE_NAME);
	size_t length = strlen(content), before = name ? (size_t)(name - content) : length;
	char *text = (char *)(to + 1);

	to->head = put_head(text, IMAGE_BRIEF, page->status, HTML, "    ");
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
	to->brief = put_brief(text + IMAGE_BRIEF, page);
	to->bare = put_head(text + IMAGE_BARE, IMAGE_PAGE_BYTES - IMAGE_BARE, page->status, "", "0");
}
