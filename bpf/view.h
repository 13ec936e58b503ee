/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which image judges, and its head, listeners and rules. See image.h for the layout.
 */
#ifndef STRAYGATE_VIEW_H
#define STRAYGATE_VIEW_H

#include "bpf/maps.h"
#include "bpf/packet.h"
#include "bpf/tree.h"

/* The slot of the image that rules now. */
static __always_inline __u32 current_slot(void)
{
	__u32 zero = 0;
	struct control *c = bpf_map_lookup_elem(&control, &zero);
	__u64 word;
	__u32 slot;

	if (!c)
		return CONTROL_NO_SLOT;
	word = *(volatile __u64 *)&c->word;
	slot = CONTROL_SLOT(word);
	if (CONTROL_DEADLINE(word) && bpf_ktime_get_ns() >> CONTROL_DEADLINE_SHIFT >= CONTROL_DEADLINE(word))
		slot = CONTROL_PREVIOUS(word);
	return slot;
}

static __always_inline void *image_in(__u32 slot)
{
	return bpf_map_lookup_elem(&images, &slot);
}

/* The image that judges a packet, and its head. */
struct view {
	void *image;
	struct image_head *head;
};

static __always_inline bool view_of(struct view *v, __u32 slot)
{
	v->image = image_in(slot);
	if (!v->image)
		return false;
	v->head = image_cell(v->image, IMAGE_HEAD);
	return v->head;
}

static __always_inline bool view_open(struct view *v, const struct packet *p)
{
	return view_of(v, p->slot);
}

static __always_inline struct image_rule *image_rule(void *image, struct image_head *head, __u32 index)
{
	struct image_rule *pair = image_cell(image, head->rules + index / 2);

	if (!pair)
		return NULL;
	opaque(pair);
	return &pair[index & 1];
}

static __always_inline struct image_each *image_each(void *image, struct image_head *head, __u32 line)
{
	struct image_each *pair = image_cell(image, head->each + line / 2);

	if (!pair)
		return NULL;
	opaque(pair);
	return &pair[line & 1];
}

static __always_inline struct image_listener *image_listener(void *image, struct image_head *head,
							     __u32 index)
{
	struct image_listener *pair = image_cell(image, head->listeners + index / 2);

	if (!pair)
		return NULL;
	opaque(pair);
	return &pair[index & 1];
}

#endif
