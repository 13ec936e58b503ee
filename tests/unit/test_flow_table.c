// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of flows, which programs and controller share. */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "bpf/flow_table.h"

#define SETS (1 << FLOW_SETS_LOG)

static struct flow_set *sets;
static __u64 keys[FLOW_HASH_KEYS][2];

static void begin(void)
{
	__u64 *k = keys[0];
	int i, j;

	srandom(1402);
	sets = calloc(SETS, sizeof(*sets));
	cr_assert(sets);
	for (i = 0; i < 2 * FLOW_HASH_KEYS; i++)
		for (j = 0; j < 3; j++)
			k[i] = k[i] << 31 ^ (__u64)random();
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
	__u64 print = flow_print(keys, k);

	return flow_find(&sets[flow_set_index(print)], print);
}

static struct flow *put(const struct flow_key *k, __u32 first)
{
	__u64 print = flow_print(keys, k);
	struct flow_set *set = &sets[flow_set_index(print)];
	__u32 way = FLOW_WAYS;
	struct flow *f = flow_place(set, print, &way);

	cr_assert(f);
	cr_assert(f->state == FLOW_NONE, "nothing is to be read of it yet");
	cr_assert(way < FLOW_WAYS && f == &set->flows[way], "where it lies");
	cr_assert(!f->flags);
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
		if (!sets[flow_set_index(flow_print(keys, &k))].flows[0].print)
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

/* Prints that are looked for by their lower halves, which two may share: none of the
 * two is taken for the other, and both give way in time. */
Test(flow_table, half_a_print)
{
	struct flow_key k = client(7, false);
	__u64 print = flow_print(keys, &k), twin = print ^ 1ULL << 40;
	struct flow_set *set = &sets[flow_set_index(print)];
	struct flow *f;
	__u32 way;
	int i;

	put(&k, 1);
	cr_expect(!flow_find(set, twin));
	flow_place(set, twin, &way)->state = FLOW_TURNED;
	f = flow_find(set, print);
	cr_expect(!f || f->state == FLOW_JUDGED);
	f = flow_find(set, twin);
	cr_expect(!f || f->state == FLOW_TURNED);
	for (i = 1; i <= 2 * FLOW_WAYS; i++)
		flow_place(set, print + (2 * i), &way)->state = FLOW_TURNED;
	cr_expect(!flow_find(set, print) && !flow_find(set, twin));
}

/* A cell that another CPU is about to take is left alone, and what it held is gone. */
Test(flow_table, being_taken)
{
	struct flow_key k = client(7, false);
	__u64 print = flow_print(keys, &k);
	struct flow_set *set = &sets[flow_set_index(print)];
	int i, n = 0;
	__u32 way;

	put(&k, 1);
	for (i = 0; i < FLOW_WAYS; i++)
		set->flows[i].print = FLOW_NOBODY;
	cr_expect(!flow_find(set, print));
	cr_expect(!flow_place(set, print, &way));
	for (i = 0; i < FLOW_WAYS; i++)
		n += set->flows[i].print == FLOW_NOBODY;
	cr_expect(n == FLOW_WAYS);
}

/* Keys that differ in one bit, anywhere, have other prints: also what is left out of
 * the sum for IPv4 counts where it is not. */
Test(flow_table, every_bit_counts)
{
	unsigned int ipv6, bit;

	for (ipv6 = 0; ipv6 < 2; ipv6++)
		for (bit = 0; bit < 36 * 8; bit++) {
			struct flow_key k = client(7, ipv6), other = k;

			((__u8 *)&other)[bit / 8] ^= 1 << bit % 8;
			if (!ipv6 && bit >= 64 && bit < 96)
				continue; /* no address: between zeroes and an IPv4 one */
			if (!ipv6 && bit >= 128 && bit < 224)
				continue; /* and to a client of the other family */
			cr_expect((flow_print(keys, &k) >> 32) != (flow_print(keys, &other) >> 32), "bit %u",
				  bit);
			cr_expect((__u32)flow_print(keys, &k) != (__u32)flow_print(keys, &other), "bit %u",
				  bit);
		}
}
