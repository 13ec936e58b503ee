// SPDX-License-Identifier: GPL-2.0-only
/* The table of flows, which programs and controller share. */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "../../bpf/flow_table.h"

#define SETS (1 << FLOW_SETS_LOG)

static struct flow_set *sets;
static __u64 keys[FLOW_HASH_KEYS];

static void begin(void)
{
	int i, j;

	srandom(1402);
	sets = calloc(SETS, sizeof(*sets));
	cr_assert(sets);
	for (i = 0; i < FLOW_HASH_KEYS; i++)
		for (j = 0; j < 3; j++)
			keys[i] = keys[i] << 31 ^ (__u64)random();
}

static void end(void)
{
	free(sets);
}

TestSuite(flow_table, .init = begin, .fini = end);

static struct flow_key client(unsigned int i, bool ipv6)
{
	struct flow_key k = {.client_port = i * 40503u >> 7, .server_port = 0x5000};

	if (ipv6)
		memcpy(k.client, "\x20\x01\x0d\xb8", 4);
	else
		k.client[10] = k.client[11] = 0xff;
	memcpy(k.client + 12, &i, sizeof(i));
	memcpy(k.server, k.client, 12);
	k.server[15] = 1;
	return k;
}

static struct flow *find(const struct flow_key *k)
{
	__u64 hash = flow_hash(keys, k);

	return flow_find(&sets[flow_set_index(hash)], hash, k);
}

static struct flow *put(const struct flow_key *k, __u32 first)
{
	__u64 hash = flow_hash(keys, k);
	struct flow *f = flow_place(&sets[flow_set_index(hash)], hash, k);

	cr_assert(f);
	cr_assert(f->state == FLOW_NONE, "nothing is to be read of it yet");
	f->first = first;
	f->state = FLOW_JUDGED;
	return f;
}

/* A quarter of what it has room for: nearly all of them are still there, those
 * that are not are not something else, and the rest is not there. */
Test(flow_table, holds)
{
	unsigned int i, n = FLOWS_MAX / 4, lost = 0;
	struct flow_key k;
	struct flow *f;

	for (i = 0; i < n; i++) {
		k = client(i, i & 1);
		put(&k, i);
	}
	for (i = 0; i < n; i++) {
		k = client(i, i & 1);
		f = find(&k);
		lost += !f;
		cr_assert(!f || f->first == i);
		k = client(i + n, i & 1);
		cr_assert(!find(&k));
	}
	/* Poisson of mean 2 behind 8: 0.03 % of them. */
	cr_expect(lost < n / 1000, "%u of %u lost", lost, n);
}

/* Any number of new ones: it stays as large as it is, and the newest are there. */
Test(flow_table, full)
{
	unsigned int i, n = FLOWS_MAX * 4, lost = 0, held = 0;
	struct flow_key k;

	for (i = 0; i < n; i++) {
		k = client(i, false);
		put(&k, i);
	}
	for (i = 0; i < n; i++) {
		k = client(i, false);
		if (!sets[flow_set_index(flow_hash(keys, &k))].signature[0])
			continue;
		if (find(&k))
			held++;
		else if (i >= n - FLOWS_MAX / 8)
			lost++;
	}
	cr_expect(held == FLOWS_MAX || held > FLOWS_MAX - FLOWS_MAX / 100, "%u held", held);
	cr_expect(lost < FLOWS_MAX / 8 / 1000, "%u of the newest eighth lost", lost);
}

/* Who is seen now and then outlives a flood of those who are not. */
Test(flow_table, in_use)
{
	unsigned int i, j, n = 1000, lost = 0;
	struct flow_key k;

	for (i = 0; i < n; i++) {
		k = client(i, false);
		put(&k, i);
	}
	for (j = 0; j < 40; j++) {
		for (i = 0; i < FLOWS_MAX / 10; i++) {
			k = client(n + j * FLOWS_MAX + i, false);
			put(&k, i);
		}
		for (i = 0; i < n; i++) {
			k = client(i, false);
			find(&k);
		}
	}
	for (i = 0; i < n; i++) {
		k = client(i, false);
		lost += !find(&k);
	}
	cr_expect(lost < n / 100, "%u of %u lost", lost, n);
}

/* Written again it stays where it is, with the same neighbours. */
Test(flow_table, again)
{
	struct flow_key k = client(7, true);
	struct flow *f = put(&k, 1);
	int i;

	for (i = 0; i < 100; i++)
		cr_assert(put(&k, i) == f);
	cr_expect(find(&k)->first == 99);
}

/* One signature, another visit: none of the two is taken for the other. */
Test(flow_table, same_signature)
{
	struct flow_key k = client(7, false), other = client(8, false);
	__u64 hash = flow_hash(keys, &k);
	struct flow_set *set = &sets[flow_set_index(hash)];

	put(&k, 1);
	cr_expect(!flow_find(set, hash, &other));
	flow_place(set, hash, &other)->state = FLOW_TURNED;
	flow_place(set, hash, &other)->state = FLOW_TURNED;
	cr_expect(!flow_find(set, hash, &k) || flow_find(set, hash, &k)->state == FLOW_JUDGED);
}
