// SPDX-License-Identifier: GPL-2.0-or-later
/* From boundaries to the cells of a tree (bpf/image.h), and how they are read. */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "image/bounds.h"
#include "lib/large.h"
#include "image/tree.h"

#define PARTS_MAX_BITS 22
#define SMALL	       32 /* boundaries: no window */
#define KEY_MASK       ((1U << IMAGE_DENSE_BITS) - 1)

/* ---- nodes and leaves ------------------------------------------------------ */

static const struct {
	size_t leaf;  /* values of one */
	size_t node;  /* children of one */
	size_t dense; /* ranges of one */
} sizes[] = {[BOUNDS4] = {8, 16, 29}, [BOUNDS6] = {6, 8, 8}};

/* The values of boundaries [from, from + n): the first holds before the first key. */
static void leaf_write(void *cell, const struct bounds *b, size_t from, size_t n, enum bounds_kind kind)
{
	struct image_leaf4 *four = cell;
	struct image_leaf6 *six = cell;
	uint32_t *values = kind == BOUNDS4 ? four->values : six->values;
	size_t i;

	memset(cell, 0xff, IMAGE_CELL);
	for (i = 0; i < n; i++) {
		values[i] = b->values[from + i];
		if (i && kind == BOUNDS4)
			four->keys[i - 1] = b->keys[from + i] - 1;
		else if (i)
			six->keys[i - 1] = b->keys[from + i] - 1;
	}
}

/* A node of n children, of which each begins `step` boundaries after the one before. */
static void node_write(void *cell, const struct bounds *b, size_t from, size_t step, size_t n, uint32_t first,
		       enum bounds_kind kind)
{
	struct image_node4 *four = cell;
	struct image_node6 *six = cell;
	size_t i;

	memset(cell, 0xff, IMAGE_CELL);
	if (kind == BOUNDS4)
		four->first = first;
	else
		six->first = first;
	for (i = 1; i < n; i++) {
		if (kind == BOUNDS4)
			four->keys[i - 1] = b->keys[from + i * step] - 1;
		else
			six->keys[i - 1] = b->keys[from + i * step] - 1;
	}
}

/* A tree of boundaries [from, from + n). Levels follow each other, the root
 * first, so that a small one is on one page. */
static int nodes_write(struct cells *c, const struct bounds *b, size_t from, size_t n, enum bounds_kind kind,
		       uint32_t *ref)
{
	size_t count[IMAGE_DEPTH_MAX + 1], step = sizes[kind].leaf, all = 0, i, k;
	unsigned int depth = 0;
	uint32_t at;

	count[0] = (n + step - 1) / step;
	while (count[depth] > 1) {
		if (depth == IMAGE_DEPTH_MAX)
			return -E2BIG;
		count[depth + 1] = (count[depth] + sizes[kind].node - 1) / sizes[kind].node;
		step *= sizes[kind].node;
		depth++;
	}
	for (i = 0; i <= depth; i++)
		all += count[i];
	at = cells_add(c, all);
	if (!at)
		return -ENOMEM;
	if (at + all > IMAGE_REF_CELL(UINT32_MAX))
		return -E2BIG;
	*ref = IMAGE_REF | depth << 27 | at;
	for (i = depth; i > 0; i--) {
		size_t child = step / sizes[kind].node;
		uint32_t below = at + count[i];

		for (k = 0; k < count[i]; k++) {
			size_t first = k * sizes[kind].node, left = count[i - 1] - first;

			node_write(cell_at(c, at + k), b, from + k * step, child,
				   left < sizes[kind].node ? left : sizes[kind].node, below + first, kind);
		}
		at = below;
		step = child;
	}
	for (k = 0; k < count[0]; k++)
		leaf_write(cell_at(c, at + k), b, from + k * step, n - k * step < step ? n - k * step : step,
			   kind);
	return 0;
}

int tree_write_ref(struct cells *c, const struct bounds *b, enum bounds_kind kind, uint32_t *ref)
{
	return nodes_write(c, b, 0, b->count, kind, ref);
}

/* Do two values take turns? Equal neighbours are one range. */
static bool takes_turns(const struct bounds *b, size_t from, size_t n)
{
	size_t i;

	for (i = 2; i < n; i++)
		if (b->values[from + i] != b->values[from + i - 2])
			return false;
	return n > 1;
}

static int dense_write(struct cells *c, const struct bounds *b, size_t from, size_t n, enum bounds_kind kind,
		       uint32_t *ref)
{
	uint32_t at = cells_add(c, 1);
	struct image_dense4 *four;
	struct image_dense6 *six;
	size_t i;

	if (!at)
		return -ENOMEM;
	if (at > IMAGE_REF_CELL(UINT32_MAX))
		return -E2BIG;
	*ref = IMAGE_REF | IMAGE_REF_DENSE | at;
	four = cell_at(c, at);
	six = cell_at(c, at);
	memcpy(four->values, &b->values[from], sizeof(four->values));
	for (i = 1; i < sizes[kind].dense; i++) {
		if (kind == BOUNDS4)
			four->keys[i - 1] = i < n ? (b->keys[from + i] - 1) & KEY_MASK : KEY_MASK;
		else
			six->keys[i - 1] = i < n ? b->keys[from + i] - 1 : UINT64_MAX;
	}
	return 0;
}

/* ---- the window ------------------------------------------------------------- */

/* How many boundaries have keys below this. */
static size_t bounds_below(const struct bounds *b, uint64_t key)
{
	size_t low = 0, high = b->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (b->keys[middle] < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct window {
	uint64_t first, last;
	unsigned int bits; /* of keys in it */
};

static size_t bounds_in(const struct bounds *b, uint64_t first, uint64_t last)
{
	size_t below = bounds_below(b, first);

	return (last == UINT64_MAX ? b->count : bounds_below(b, last + 1)) - below;
}

/* Halves the window as long as one half has nearly all that the whole has. */
static struct window find_window(const struct bounds *b, enum bounds_kind kind, unsigned int part_bits)
{
	struct window w = {0, kind == BOUNDS4 ? UINT32_MAX : UINT64_MAX, kind == BOUNDS4 ? 32 : 64};
	size_t enough = b->count - b->count / 16;

	while (w.bits > part_bits) {
		uint64_t middle = w.first + (1ULL << (w.bits - 1));

		if (bounds_in(b, w.first, middle - 1) >= enough)
			w.last = middle - 1;
		else if (bounds_in(b, middle, w.last) >= enough)
			w.first = middle;
		else
			break;
		w.bits--;
	}
	return w;
}

/* The reference for the keys from `first` to `last`: *at is the first boundary
 * behind `first`, and then the first behind `last`. */
static int part_write(struct cells *c, const struct bounds *b, size_t *at, uint64_t first, uint64_t last,
		      enum bounds_kind kind, uint32_t *ref)
{
	bool fits = kind == BOUNDS6 || last - first < 1ULL << IMAGE_DENSE_BITS;
	size_t from = *at - 1;

	while (*at < b->count && b->keys[*at] <= last)
		++*at;
	*ref = b->values[from];
	/* A value that is a reference itself leads to another kind of tree. */
	if (*at - from == 1 && !(*ref & IMAGE_REF))
		return 0;
	if (fits && *at - from <= sizes[kind].dense && takes_turns(b, from, *at - from))
		return dense_write(c, b, from, *at - from, kind, ref);
	return nodes_write(c, b, from, *at - from, kind, ref);
}

static int parts_write(struct cells *c, struct image_tree *t, const struct bounds *b, const struct window *w,
		       enum bounds_kind kind)
{
	size_t at = 1, i;
	uint32_t *refs;
	int err = 0;

	if (w->first)
		err = part_write(c, b, &at, 0, w->first - 1, kind, &t->below);
	/* Cells move when some are added: the table is copied in the end. */
	refs = large_alloc(t->parts * sizeof(*refs));
	if (!refs)
		return -ENOMEM;
	for (i = 0; i < t->parts && !err; i++) {
		uint64_t first = w->first + ((uint64_t)i << t->shift);

		if (at < b->count && b->keys[at] == first)
			at++;
		err = part_write(c, b, &at, first, first + ((1ULL << t->shift) - 1), kind, &refs[i]);
	}
	if (!err && at < b->count && b->keys[at] == w->last + 1)
		at++;
	if (!err)
		err = part_write(c, b, &at, w->last + 1, UINT64_MAX, kind, &t->above);
	if (!err) {
		t->table = cells_add(c, cells_for(t->parts, sizeof(*refs)));
		err = t->table ? 0 : -ENOMEM;
	}
	if (!err)
		memcpy(cell_at(c, t->table), refs, t->parts * sizeof(*refs));
	free(refs);
	return err;
}

/* So many parts that each has up to as many boundaries. */
static unsigned int bits_for(const struct bounds *b, size_t each)
{
	unsigned int bits = 4;

	while (bits < PARTS_MAX_BITS && each << bits < b->count)
		bits++;
	return bits;
}

/* Where two values take turns nearly everywhere, parts are as large as dense
 * leaves; else half a leaf's worth. */
static struct window choose_window(const struct bounds *b, enum bounds_kind kind, unsigned int *part_bits)
{
	unsigned int spare = bits_for(b, 2), dense = bits_for(b, sizes[kind].dense / 2 + 1);
	size_t others = 0, i;
	struct window w;

	for (i = 2; i < b->count; i++)
		others += b->values[i] != b->values[i - 2];
	w = find_window(b, kind, spare);
	if (kind == BOUNDS4 && w.bits > IMAGE_DENSE_BITS && dense < w.bits - IMAGE_DENSE_BITS)
		dense = w.bits - IMAGE_DENSE_BITS;
	*part_bits = others < b->count / 8 && dense < spare ? dense : spare;
	return w;
}

int tree_write(struct cells *c, uint32_t cell, const struct bounds *b, enum bounds_kind kind)
{
	struct image_tree t = {0};
	unsigned int part_bits;
	struct window w;
	size_t at = 1;
	int err;

	if (!b->count || (b->count == 1 && !b->values[0]))
		return 0;
	if (b->count <= SMALL) {
		err = part_write(c, b, &at, 0, UINT64_MAX, kind, &t.above);
	} else {
		w = choose_window(b, kind, &part_bits);
		t.shift = w.bits > part_bits ? w.bits - part_bits : 0;
		t.parts = 1U << (w.bits - t.shift);
		t.window = w.first;
		err = parts_write(c, &t, b, &w, kind);
	}
	if (!err)
		memcpy(cell_at(c, cell), &t, sizeof(t));
	return err;
}
