/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What clients say: the crowd's own requests. */
#ifndef STRAYGATE_BENCH_NS_REQUEST_H
#define STRAYGATE_BENCH_NS_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REQUEST_MAX 4096
#define SEGMENT_MAX 1400

uint64_t random_next(void);
/* Each returns the length. */
size_t say_http(uint8_t *out, const char *name);
size_t say_tls(uint8_t *out, const char *name, bool sni_last);
/* A query for name A with an OPT record. */
size_t say_dns(uint8_t *out, const char *name);

#endif
