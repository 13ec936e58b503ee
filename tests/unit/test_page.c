// SPDX-License-Identifier: GPL-2.0-or-later
/* Pages, as they stand in an image: what the program sends must be HTTP, whatever
 * name it puts in. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/page.h"

#define CELLS	       IMAGE_PAGE_CELLS
#define NAME_MAX_SHOWN 80

static const char longest[NAME_MAX_SHOWN + 1] =
	"abcdefghij.abcdefghij.abcdefghij.abcdefghij.abcdefghij.abcdefghij.abcdefghij.abc";

/* The answer as the program makes it of the cells. */
static void assemble(const struct image_page *page, const char *name, char *out)
{
	const char *text = (const char *)(page + 1);
	size_t n = page->name ? strlen(name) : 0;
	char digits[8];

	if (page->name) {
		memcpy(out, text, page->name);
		memcpy(out + page->name, name, n);
		memcpy(out + page->name + n, text + page->name, page->length - page->name);
	} else {
		memcpy(out, text, page->length);
	}
	out[page->length + n] = '\0';
	snprintf(digits, sizeof(digits), "%4zu", page->length - page->head + n);
	memcpy(out + page->digits, digits, 4);
}

static void check(const struct page_text *of, const char *status, const char *name, const char *begins)
{
	struct image_page cells[CELLS];
	const char *brief = (const char *)(cells + 1) + IMAGE_BRIEF, *bare = brief - IMAGE_BRIEF + IMAGE_BARE;
	char out[2048], line[64];
	const char *content;

	memset(cells, 0, sizeof(cells));
	page_write(cells, of);
	assemble(cells, name, out);
	snprintf(line, sizeof(line), "HTTP/1.1 %s\r\n", status);
	cr_expect(!strncmp(out, line, strlen(line)), "%s", out);
	cr_expect(!strncmp(bare, line, strlen(line)), "%s", bare);
	cr_expect(!cells->brief == !!of->content && (!cells->brief || !strncmp(brief, line, strlen(line))),
		  "%s", brief);
	cr_expect(!strstr(out, "Retry-After") == (strncmp(status, "503", 3) && strncmp(status, "429", 3)),
		  "%s", out);
	cr_expect(strstr(out, "\r\nConnection: close\r\n") && strstr(out, "\r\nCache-Control: no-store\r\n"));
	content = strstr(out, "\r\n\r\n");
	cr_assert(content && content + 4 == out + cells->head, "%s", out);
	content += 4;
	cr_expect((size_t)atoi(strstr(out, "Content-Length:") + 15) == strlen(content), "%s", out);
	cr_expect(!strncmp(content, begins, strlen(begins)), "%s", content);
	cr_expect(cells->length <= IMAGE_BRIEF && cells->brief < IMAGE_BARE - IMAGE_BRIEF &&
		  cells->bare < IMAGE_PAGE_BYTES - IMAGE_BARE);
	cr_expect(strlen(bare) == cells->bare && strlen(brief) == cells->brief);
	cr_expect(!strcmp(bare + cells->bare - 23, "\r\nContent-Length: 0\r\n\r\n"), "%s", bare);
	if (!cells->brief)
		return;
	content = strstr(brief, "\r\n\r\n") + 4;
	cr_expect((size_t)atoi(strstr(brief, "Content-Length:") + 15) == strlen(content), "%s", brief);
}

Test(page, of_our_own)
{
	check(&(struct page_text){.status = HTTP_ANSWER_503}, "503 Service Unavailable", "a",
	      "<!doctype html>");
	check(&(struct page_text){.status = HTTP_ANSWER_421}, "421 Misdirected Request", longest,
	      "<!doctype html>");
	check(&(struct page_text){.status = HTTP_ANSWER_403}, "403 Forbidden", "[2001:db8::1]",
	      "<!doctype html>");
	check(&(struct page_text){.status = HTTP_ANSWER_429}, "429 Too Many Requests", "a",
	      "<!doctype html>");
}

/* A page of one packet: with the longest name that is shown, too. */
Test(page, is_short_and_loads_nothing)
{
	struct image_page cells[CELLS] = {0};
	char out[2048], *content;

	page_write(cells, &(struct page_text){.status = HTTP_ANSWER_503});
	assemble(cells, longest, out);
	content = out + cells->head;
	cr_expect(strlen(content) <= 1000, "%zu bytes", strlen(content));
	cr_expect(strstr(content, "<html lang=en>") && strstr(content, "<title>") && strstr(content, "<h1>"));
	cr_expect(strstr(content, "<link rel=icon href=data:,>"));
	cr_expect(!strstr(content, "<script") && !strstr(content, "src=") && !strstr(content, "http") &&
		  !strstr(content, "url("));
	cr_expect(cells->other_length && strlen("another site") == cells->other_length &&
		  !memcmp(cells->other, "another site", cells->other_length));
}

Test(page, of_the_operator)
{
	char most[PAGE_SIZE_MAX + 1] = "";

	check(&(struct page_text){.content = "{name} is not here"}, "503 Service Unavailable", "x.example",
	      "x.example is not here");
	check(&(struct page_text){.content = "<p>{name}"}, "503 Service Unavailable", longest, "<p>abc");
	check(&(struct page_text){.content = "nothing {said}", .status = HTTP_ANSWER_403}, "403 Forbidden",
	      "x", "nothing {said}");
	memset(most, 'x', PAGE_SIZE_MAX);
	check(&(struct page_text){.content = most}, "503 Service Unavailable", longest, "xxx");
	memcpy(most + PAGE_SIZE_MAX - 6, "{name}", 6);
	check(&(struct page_text){.content = most, .status = HTTP_ANSWER_421}, "421 Misdirected Request",
	      longest, "xxx");
}
