// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "grammar.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

/* xorshift32 (Marsaglia 2003): never 0. */
uint32_t grammar_below(struct grammar *g, uint32_t n)
{
	g->seed ^= g->seed << 13;
	g->seed ^= g->seed >> 17;
	g->seed ^= g->seed << 5;
	return (uint64_t)g->seed * n >> 32;
}

void grammar_put(struct grammar *g, const void *bytes, size_t n)
{
	n = n < g->max - g->len ? n : g->max - g->len;
	memcpy(g->out + g->len, bytes, n);
	g->len += n;
}

void grammar_text(struct grammar *g, const char *text)
{
	grammar_put(g, text, strlen(text));
}

void grammar_byte(struct grammar *g, uint8_t byte)
{
	grammar_put(g, &byte, 1);
}

void grammar_noise(struct grammar *g, size_t n)
{
	while (n--)
		grammar_byte(g, grammar_below(g, 256));
}

size_t grammar_open(struct grammar *g, size_t bytes)
{
	grammar_put(g, (uint8_t[4]){0}, bytes);
	return g->len;
}

static size_t lie(struct grammar *g, size_t n)
{
	static const size_t far[] = {0, 1, 2, 255, 256, 16384, 65535};

	if (!grammar_once_in(g, 60))
		return n;
	if (grammar_once_in(g, 2))
		return grammar_pick(g, far);
	return n + grammar_below(g, 9) - 4;
}

void grammar_close(struct grammar *g, size_t at, size_t bytes)
{
	size_t n = lie(g, g->len - at), i;

	for (i = 1; i <= bytes && i <= at; i++, n >>= 8)
		g->out[at - i] = n & 255;
}

/* A quarter each: libFuzzer's own mutations; of a new message; none of it twice. */
size_t grammar_mutate(void (*make)(struct grammar *g), uint8_t *data, size_t size, size_t max, uint32_t seed)
{
	struct grammar g = {.out = data, .max = max, .seed = seed * 2654435761U | 1};
	uint32_t way = grammar_below(&g, 4);

	if (way == 0 && size)
		return LLVMFuzzerMutate(data, size, max);
	make(&g);
	if (way == 1 && g.len)
		return LLVMFuzzerMutate(data, g.len, max);
	return g.len;
}
