// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of client networks, which programs and controller share. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "bpf/client_table.h"

#define SETS   (1 << CLIENT_SETS_LOG)
#define SECOND 16000000000ULL /* 1/16 ns */
#define NOW    (1000 * SECOND)

static struct client_set *sets;
static __u64 keys[FLOW_HASH_KEYS][2];

static void begin(void)
{
	__u64 *k = keys[0];
	int i, j;

	srandom(2026);
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

TestSuite(client_table, .init = begin, .fini = end);

/* The n-th network of IPv4 /24, or of IPv6 /56. */
static struct client_key network(__u32 n, bool ipv6)
{
	struct client_key k = {.line = CLIENT_LINE(200, ipv6 ? 56 : 120)};
	__u8 *at = (__u8 *)k.network;

	if (ipv6) {
		memcpy(at, "\x20\x01\x0d\xb8", 4);
		at[4] = n >> 16;
		at[5] = n >> 8;
		at[6] = n;
	} else {
		at[10] = at[11] = 0xff;
		at[12] = n >> 16;
		at[13] = n >> 8;
		at[14] = n;
	}
	return k;
}

static enum client_spent spend(const struct client_key *k, __u64 now, __u64 cost, __u64 burst)
{
	return client_spend(&sets[client_set_index(keys, k)], k, now, cost, burst);
}

/* All that is offered to a network without an end: its burst, and its rate. */
Test(client_table, exact)
{
	struct client_key k = network(7, false);
	__u64 cost = SECOND / 200, now;
	unsigned int within = 0;

	for (now = NOW; now < NOW + 10 * SECOND; now += SECOND / 10000)
		within += spend(&k, now, cost, 400 * cost) == CLIENT_WITHIN;
	cr_expect(within >= 400 + 1999 && within <= 400 + 2001, "%u", within);
}

Test(client_table, burst_fills_up_and_no_further)
{
	struct client_key k = network(7, true);
	__u64 cost = SECOND / 10;
	unsigned int i, within = 0;

	for (i = 0; i < 20; i++)
		within += spend(&k, NOW, cost, 5 * cost) == CLIENT_WITHIN;
	cr_expect(within == 5, "%u", within);
	for (i = within = 0; i < 20; i++)
		within += spend(&k, NOW + 2 * cost, cost, 5 * cost) == CLIENT_WITHIN;
	cr_expect(within == 2, "%u", within);
	for (i = within = 0; i < 20; i++)
		within += spend(&k, NOW + 100 * cost, cost, 5 * cost) == CLIENT_WITHIN;
	cr_expect(within == 5, "%u", within);
}

/* One network is far over its limit; all others, and its own other lines, know nothing of it. */
Test(client_table, none_is_limited_for_another)
{
	__u64 cost = SECOND, burst = SECOND;
	struct client_key k = network(0, false), other = k;
	__u32 n;

	cr_expect(spend(&k, NOW, cost, burst) == CLIENT_WITHIN);
	for (n = 1; n < 200000; n++) {
		struct client_key four = network(n, false), six = network(n, true);

		cr_assert(spend(&four, NOW, cost, burst) != CLIENT_OVER, "network %u", n);
		cr_assert(spend(&six, NOW, cost, burst) != CLIENT_OVER, "network %u, IPv6", n);
	}
	cr_expect(spend(&k, NOW, cost, burst) == CLIENT_OVER);
	other.line = CLIENT_LINE(201, 120);
	cr_expect(spend(&other, NOW, cost, burst) != CLIENT_OVER, "another line");
	other.line = CLIENT_LINE(200, 116);
	cr_expect(spend(&other, NOW, cost, burst) != CLIENT_OVER, "another length");
}

/* What owes nothing any more gives way; what owes something stays, whoever comes. */
Test(client_table, debts_stay)
{
	__u64 cost = SECOND / 200;
	struct client_key debtor = network(1 << 23, false);
	__u32 n, over = 0, unplaced = 0;
	int i;

	for (i = 0; i < 400; i++)
		cr_assert(spend(&debtor, NOW, cost, 400 * cost) == CLIENT_WITHIN);
	/* A million others in a second, one visit each. */
	for (n = 0; n < 1000000; n++) {
		struct client_key k = network(n, true);

		unplaced += spend(&k, NOW + n * (SECOND / 1000000), cost, 400 * cost) == CLIENT_UNPLACED;
	}
	cr_expect(!unplaced, "%u found no place", unplaced);
	for (i = 0; i < 400; i++)
		over += spend(&debtor, NOW + SECOND, cost, 400 * cost) == CLIENT_OVER;
	cr_expect(over == 200, "%u", over);
}

/* All of them owe something: the first that come have their places, the others pass. */
Test(client_table, full)
{
	__u64 cost = 3600 * SECOND;
	__u32 n, within = 0, over = 0, unplaced = 0, again = 0;

	for (n = 0; n < 4 * CLIENTS_MAX; n++) {
		struct client_key k = network(n, true);

		switch (spend(&k, NOW, cost, cost)) {
		case CLIENT_WITHIN:
			within++;
			break;
		case CLIENT_OVER:
			over++;
			break;
		case CLIENT_UNPLACED:
			unplaced++;
		}
	}
	cr_expect(!over && within <= CLIENTS_MAX && within > CLIENTS_MAX / 100 * 95, "%u of %u", within,
		  CLIENTS_MAX);
	cr_expect(within + unplaced == n);
	for (n = 0; n < 4 * CLIENTS_MAX; n++) {
		struct client_key k = network(n, true);

		again += spend(&k, NOW + SECOND, cost, cost) == CLIENT_OVER;
	}
	cr_expect(again == within, "%u know of %u", again, within);
}

/* Networks in a row fill the sets evenly, whatever the keys. */
Test(client_table, sets_are_even)
{
	__u32 *fill = calloc(SETS, sizeof(*fill)), n, most = 0;

	cr_assert(fill);
	for (n = 0; n < SETS; n++) {
		struct client_key k = network(n, n & 1);
		__u32 at = client_set_index(keys, &k);

		cr_assert(at < SETS);
		most = ++fill[at] > most ? fill[at] : most;
	}
	cr_expect(most <= 12, "%u in one set", most);
	free(fill);
}

/* A burst that was made smaller holds at once, and not after all that was spent before. */
Test(client_table, smaller_burst)
{
	struct client_key k = network(3, false);
	unsigned int i, within = 0;

	for (i = 0; i < 1000; i++)
		cr_assert(spend(&k, NOW, SECOND, 1000 * SECOND) == CLIENT_WITHIN);
	cr_expect(spend(&k, NOW, SECOND, 2 * SECOND) == CLIENT_OVER);
	for (i = 1; i <= 10; i++)
		within += spend(&k, NOW + i * SECOND, SECOND, 2 * SECOND) == CLIENT_WITHIN;
	cr_expect(within == 10, "%u", within);
	cr_expect(client_ahead(&sets[client_set_index(keys, &k)], &k, NOW + 10 * SECOND) == 2 * SECOND);
	cr_expect(!client_ahead(&sets[client_set_index(keys, &k)], &k, NOW + 13 * SECOND));
}

/* ---- several CPUs ---- */

#define THREADS 4
#define ROUNDS	200000U

static struct client_set crowded; /* more networks than it has ways */
static __u64 clock_now = NOW;
static unsigned int passed[32], asked[32];
static bool wrong;

static void *crowd(void *arg)
{
	unsigned int seed = (unsigned int)(size_t)arg, i;
	__u64 cost = SECOND / 1000;

	for (i = 0; i < ROUNDS; i++) {
		unsigned int n = (unsigned int)rand_r(&seed) % 32;
		struct client_key k = network(n, n & 1);
		__u64 now = __sync_add_and_fetch(&clock_now, SECOND / 100000);

		__sync_fetch_and_add(&asked[n], 1);
		switch (client_spend(&crowded, &k, now, cost, n ? 2 * cost : 1000 * SECOND)) {
		case CLIENT_OVER:
			/* network 0 has a burst that nobody can spend here */
			wrong |= n == 0;
			break;
		default:
			__sync_fetch_and_add(&passed[n], 1);
		}
	}
	return NULL;
}

/* 32 networks take eight cells from each other: who owes nothing is never refused, and
 * nobody gets stuck. */
Test(client_table, on_several_cpus)
{
	pthread_t threads[THREADS];
	size_t i;

	for (i = 0; i < THREADS; i++)
		cr_assert(!pthread_create(&threads[i], NULL, crowd, (void *)(i + 1)));
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	cr_expect(!wrong, "refused for another's sake");
	for (i = 0; i < CLIENT_WAYS; i++)
		cr_expect(crowded.cells[i].arrival != CLIENT_TAKEN, "way %zu is taken for ever", i);
	for (i = 0; i < 32; i++)
		cr_expect(asked[i] && passed[i], "network %zu never passed", i);
}

static struct client_set shared;

static void *hammer(void *arg)
{
	struct client_key k = network(5, false);
	unsigned int *within = arg, i;
	__u64 now;

	for (i = 0; i < ROUNDS; i++) {
		/* A thread may lag behind by all that the others do meanwhile: less than a second. */
		now = __sync_add_and_fetch(&clock_now, SECOND / 1000000);
		*within += client_spend(&shared, &k, now, SECOND / 10000, SECOND / 100) == CLIENT_WITHIN;
	}
	return NULL;
}

/* One network from several CPUs at once: as exact as from one. */
Test(client_table, one_network_on_several_cpus)
{
	pthread_t threads[THREADS];
	unsigned int within[THREADS] = {0}, sum = 0;
	double wanted = 100 + (double)THREADS * ROUNDS / 100;
	size_t i;

	for (i = 0; i < THREADS; i++)
		cr_assert(!pthread_create(&threads[i], NULL, hammer, &within[i]));
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		sum += within[i];
	}
	cr_expect(sum > 0.95 * wanted && sum < 1.05 * wanted, "%u of %.0f", sum, wanted);
}
