// SPDX-License-Identifier: GPL-2.0-or-later
/* Learned sources, as the controller sees them: listed, counted, forgotten. */
#include "gate/gate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bpf/learn_table.h"
#include "lib/say.h"

void learned_prefix(uint32_t kind, uint64_t key, struct prefix *out)
{
	unsigned int i, bytes = LEARN_IS_IPV6(kind) ? 8 : 4, from = LEARN_IS_IPV6(kind) ? 0 : 12;

	*out = (struct prefix){.len = LEARN_IS_IPV6(kind) ? 64 : 128};
	if (!LEARN_IS_IPV6(kind))
		out->addr[10] = out->addr[11] = 0xff;
	if (LEARN_IS_NET(kind))
		out->len -= 8;
	for (i = 0; i < bytes; i++)
		out->addr[from + i] = (uint8_t)(key >> 8 * (bytes - 1 - i));
}

static int by_prefix(const void *a, const void *b)
{
	const struct gate_learned *x = a, *y = b;

	return prefix_order(&x->prefix, &y->prefix);
}

/* Each is copied: the programs go on writing. */
static size_t collect(const struct learned_set *sets, uint32_t now, struct gate_learned *out)
{
	size_t i, n = 0;

	for (i = 0; i < LEARN_SETS * LEARN_WAYS; i++) {
		const struct learned *e = &sets[i / LEARN_WAYS].of[i % LEARN_WAYS];
		__u64 word = *(const volatile __u64 *)&e->word, key = *(const volatile __u64 *)&e->key;
		uint32_t kind = LEARN_KIND(word);

		if (kind == LEARN_NOBODY || kind >= LEARN_BEING_WRITTEN || LEARN_UNTIL(word) <= now)
			continue;
		out[n].times = LEARN_TIMES(word);
		out[n].left = (uint64_t)(LEARN_UNTIL(word) - now) << LEARN_CLOCK_SHIFT;
		learned_prefix(kind, key, &out[n++].prefix);
	}
	return n;
}

int gate_learned(struct gate *g, struct gate_learned **out, size_t *count)
{
	size_t size = sizeof(struct learned_set) * LEARN_SETS;
	const struct learned_set *sets = map_memory(g->maps[GATE_LEARNED], size, false);
	struct gate_learned *all = malloc(LEARN_SETS * LEARN_WAYS * sizeof(*all));
	int err = !sets ? -errno : !all ? -ENOMEM : 0;

	if (!err) {
		*count = collect(sets, LEARN_CLOCK(gate_alarm_now(g)), all);
		qsort(all, *count, sizeof(*all), by_prefix);
		*out = all;
		all = NULL;
	}
	free(all);
	if (sets)
		munmap((void *)sets, size);
	return err ? fail(err, "the learned sources cannot be read: %s", strerror(-err)) : 0;
}

static void *memory_to_clear(struct gate *g, enum gate_map map, size_t size)
{
	void *memory = map_memory(g->maps[map], size, true);

	if (!memory)
		fail(-errno, "%s cannot be cleared: %s", gate_map_names[map], strerror(errno));
	return memory;
}

/* Of each entry only the word that says whose it is: the programs may be writing others. */
int gate_clear_learned(struct gate *g)
{
	size_t tallies_size = sizeof(struct tally_set) * LEARN_TALLY_SETS, i;
	size_t sets_size = sizeof(struct learned_set) * LEARN_SETS;
	struct tally_set *tallies = memory_to_clear(g, GATE_STRAY_TALLIES, tallies_size);
	struct learned_set *sets = tallies ? memory_to_clear(g, GATE_LEARNED, sets_size) : NULL;

	for (i = 0; sets && i < LEARN_TALLY_SETS * LEARN_TALLY_WAYS; i++) {
		struct stray_tally *t = &tallies[i / LEARN_TALLY_WAYS].of[i % LEARN_TALLY_WAYS];

		if (t->kind)
			__atomic_store_n(&t->kind, LEARN_NOBODY, __ATOMIC_RELAXED);
	}
	for (i = 0; sets && i < LEARN_SETS * LEARN_WAYS; i++) {
		struct learned *e = &sets[i / LEARN_WAYS].of[i % LEARN_WAYS];

		if (e->word)
			__atomic_store_n(&e->word, 0, __ATOMIC_RELAXED);
	}
	if (tallies)
		munmap(tallies, tallies_size);
	if (!sets)
		return -EIO;
	munmap(sets, sets_size);
	return 0;
}

static void is_new(const struct name *n, const struct rule *of, void *arg)
{
	(void)n;
	(void)of;
	(void)arg;
}

bool gate_learns(struct policy *p)
{
	return policy_find(p, ST_LEARN, "strays");
}

/* Does one of these pass strays that the other turned away? */
static bool passes_more(struct policy *now, struct policy *before)
{
	size_t i;

	for (i = 0; i < policy_count(now); i++) {
		const struct rule *a = policy_rule(now, i), *b;

		if (a->statement != ST_STRAY || a->action != ACT_PASS)
			continue;
		b = policy_find(before, ST_STRAY, a->subject);
		if (!b || b->action != ACT_PASS)
			return true;
	}
	return false;
}

/* Does it know anybody of a line `learn` that is there no more, but may come again? */
static bool knows_strays(struct gate *g)
{
	size_t size = sizeof(struct learned_set) * LEARN_SETS, i;
	const struct learned_set *sets = map_memory(g->maps[GATE_LEARNED], size, false);
	bool any = !sets;

	for (i = 0; !any && i < LEARN_SETS * LEARN_WAYS; i++)
		any = sets[i / LEARN_WAYS].of[i % LEARN_WAYS].word;
	if (sets)
		munmap((void *)sets, size);
	return any;
}

int gate_forget_strays(struct gate *g, struct policy *now, struct policy *before)
{
	if (!gate_learns(now) && !knows_strays(g))
		return 0;
	/* Without memory to tell, or anything to compare with: as if there were new names. */
	if (before && !passes_more(now, before) && !policy_forgotten(now, before, ST_SERVE, is_new, NULL) &&
	    !policy_forgotten(now, before, ST_ZONE, is_new, NULL))
		return 0;
	return gate_clear_learned(g);
}
