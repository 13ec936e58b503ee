/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The answer to an HTTP request: a page of one packet that tells a person what
 * happened. It stands in the image, ready but for the name that was asked for
 * and the length of the content (RFC 9110 8.6): see struct image_page.
 */
#ifndef STRAYGATE_ANSWER_HTTP_H
#define STRAYGATE_ANSWER_HTTP_H

#include "bpf/find/http.h"
#include "bpf/rewrite.h"
#include "bpf/view.h"

/* Of a longer name the end is shown, which says whose it is. */
#define PAGE_NAME_MAX	80
#define PAGE_NAME_WORDS (PAGE_NAME_MAX / 8)

#define PAGE_DIGITS 4

/* Both bounds are masks: the verifier of 6.1 wants to see them at the call. */
static __always_inline void page_put(struct scratch *s, __u32 at, const void *from, __u32 n)
{
	_Static_assert(sizeof(s->bytes) >= 2 * 2047, "any place and any length fit");

	opaque(at);
	opaque(n);
	bpf_probe_read_kernel(s->bytes + (at & 2047), n & 2047, from);
}

/* Right-aligned: RFC 9110 5.5 allows space before a value. */
static __always_inline void page_number(struct scratch *s, __u32 at, __u32 n)
{
	__u32 i;

	for (i = PAGE_DIGITS; i > 0; i--) {
		s->bytes[(at + i - 1) & 2047] = n || i == PAGE_DIGITS ? '0' + n % 10 : ' ';
		n /= 10;
	}
}

/* Which bytes are not those of a name or of an address in brackets. Whatever the
 * finder took for a name, nothing else gets into a page. */
static __always_inline __u64 page_unfit(__u64 w)
{
	return ~(find_range(w | FIND_EACH(0x20), 'a', 'z') | find_range(w, '0', ':') |
		 find_range(w, '-', '.') | find_range(w, '_', '_') | find_range(w, '[', '[') |
		 find_range(w, ']', ']')) &
	       FIND_EACH(0x80);
}

/* The bytes of a word that are among the next n. */
static __always_inline __u64 page_among(__u32 n)
{
	return n < 8 ? (1ULL << (8 * n)) - 1 : ~0ULL;
}

/* Writes the finder's name, and returns how many bytes; 0: there is none. What is
 * written behind it is overwritten with what follows in the page. */
static __always_inline __u32 page_name(struct scratch *s, __u32 at)
{
	__u32 n = s->finder.name_len, from = 0, i, left;
	__u64 w, unfit = 0;

	if (n > PAGE_NAME_MAX) {
		from = n - PAGE_NAME_MAX;
		n = PAGE_NAME_MAX;
	}
	for (i = 0; i < PAGE_NAME_WORDS; i++) {
		left = n > 8 * i ? n - 8 * i : 0;
		w = find_load(&s->finder.name[find_place(from + 8 * i)]);
		unfit |= page_unfit(w) & page_among(left);
		find_store(&s->bytes[(at + 8 * i) & 2047], w);
	}
	if (unfit)
		return 0;
	if (from)
		page_put(s, at, "...", 3);
	return n;
}

static __always_inline struct image_page *page_of(__u32 slot, __u32 number)
{
	struct view v;

	if (!view_of(&v, slot) || !v.head->pages)
		return NULL;
	return image_cell(v.image,
			  v.head->pages + (number < v.head->page_count ? number : 0) * IMAGE_PAGE_CELLS);
}

/* Writes the whole answer at `to`; returns the length of head and content. */
static __always_inline __u32 put_page(struct scratch *s, const struct image_page *page, __u32 to)
{
	const __u8 *text = (const __u8 *)(page + 1);
	__u32 before = page->name, n = 0;

	if (!before) {
		page_put(s, to, text, page->length);
	} else {
		page_put(s, to, text, before);
		n = page_name(s, to + before);
		if (!n) {
			n = page->other_length;
			page_put(s, to + before, page->other, n);
		}
		page_put(s, to + before + n, text + before, page->length - before);
	}
	page_number(s, to + page->digits, page->length - page->head + n);
	return page->length + n;
}

/* Will this be in the packet, or else can tc send it? */
static __always_inline bool page_fits(struct xdp_md *ctx, struct packet *p, __u32 length, __u32 room,
				      enum order by_tc)
{
	struct device *d;
	__u32 zero = 0;

	if (!length || length > room)
		return false;
	if (p->order) { /* tc sends it in any case */
		p->order = by_tc;
		return true;
	}
	if (reserve(ctx, p, p->payload - p->l4 + length))
		return true;
	d = bpf_map_lookup_elem(&device, &zero);
	if (!d || !(d->flags & DEVICE_SHAKES))
		return false;
	p->order = by_tc;
	return true;
}

/* Returns the length of the answer, at most `room`; 0: none fits. */
static __noinline __u32 put_http(struct xdp_md *ctx, struct packet *p, struct scratch *s, __u32 to,
				 __u32 room)
{
	const struct image_page *page = page_of(p->slot, p->answer);
	bool head = s->finder.flags & HTTP_F_HEAD;
	__u32 length;

	if (!page)
		return 0;
	length = put_page(s, page, to);
	if (head)
		length = page->head;
	if (page_fits(ctx, p, length, room, ORDER_PAGE))
		return length;
	if (!head && page_fits(ctx, p, page->brief, room, ORDER_BRIEF)) {
		page_put(s, to, (const __u8 *)(page + 1) + IMAGE_BRIEF, page->brief);
		return page->brief;
	}
	if (page->bare > room)
		return 0;
	page_put(s, to, (const __u8 *)(page + 1) + IMAGE_BARE, page->bare);
	return page->bare;
}

#endif
