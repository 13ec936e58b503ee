/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages made by grammar, with a lie here and there: from bytes at random no
 * fuzzer comes upon a ClientHello whose nested lengths agree.
 */
#ifndef STRAYGATE_FUZZ_GRAMMAR_H
#define STRAYGATE_FUZZ_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct grammar {
	uint8_t *out;
	size_t len, max; /* what does not fit is left out */
	uint32_t seed;
};

void grammar_http(struct grammar *g);
void grammar_tls(struct grammar *g);
void grammar_dns(struct grammar *g);

/* Pieces of which they are made. */
uint32_t grammar_below(struct grammar *g, uint32_t n);
static inline bool grammar_once_in(struct grammar *g, uint32_t n)
{
	return grammar_below(g, n) == 0;
}
void grammar_put(struct grammar *g, const void *bytes, size_t n);
void grammar_text(struct grammar *g, const char *text);
void grammar_byte(struct grammar *g, uint8_t byte);
void grammar_noise(struct grammar *g, size_t n);
/* Room for a length of so many bytes; what is written from then on until it is
 * closed is as long as that says. Now and then it lies. */
size_t grammar_open(struct grammar *g, size_t bytes);
void grammar_close(struct grammar *g, size_t at, size_t bytes);
#define grammar_pick(g, all) (all)[grammar_below(g, sizeof(all) / sizeof((all)[0]))]
/* Mostly one of the first so many, which are sound. */
#define grammar_mostly(g, all, sound) \
	(grammar_once_in(g, 10) ? grammar_pick(g, all) : (all)[grammar_below(g, sound)])

/* As a mutator of libFuzzer. */
size_t grammar_mutate(void (*make)(struct grammar *g), uint8_t *data, size_t size, size_t max, uint32_t seed);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed);
#define GRAMMAR_MUTATOR(make)                                                                     \
	size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed) \
	{                                                                                         \
		return grammar_mutate(make, data, size, max, seed);                               \
	}

#endif
