// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "policy/internal.h"
#include "policy/bytes.h"
#include "lib/large.h"

/* Where the prefixes are, or would be if there were enough bytes. */
static void prefix_bytes(const struct bytes_head *head, size_t len, size_t *at, size_t *size)
{
	size_t left = len - sizeof(*head);

	*at = head->rules <= left / sizeof(struct bytes_rule)
		      ? sizeof(*head) + head->rules * sizeof(struct bytes_rule)
		      : len;
	left = len - *at;
	*size = head->prefixes <= left / sizeof(struct prefix) ? head->prefixes * sizeof(struct prefix)
							       : left;
}

uint64_t bytes_check(const void *buf, size_t len)
{
	const unsigned char *bytes = buf;
	struct bytes_head head;
	size_t at, size;
	uint32_t check;

	memcpy(&head, buf, sizeof(head));
	prefix_bytes(&head, len, &at, &size);
	head.check = 0;
	check = crc32_z(0, (const unsigned char *)&head, sizeof(head));
	check = crc32_z(check, bytes + sizeof(head), at - sizeof(head));
	return crc32_z(check, bytes + at + size, len - at - size);
}

uint64_t bytes_prefix_check(const void *buf, size_t len)
{
	struct bytes_head head;
	size_t at, size;

	memcpy(&head, buf, sizeof(head));
	prefix_bytes(&head, len, &at, &size);
	return crc32_z(0, (const unsigned char *)buf + at, size);
}

/* What is stored of the strings of a rule. Lines of one file follow each other:
 * its name is stored once for them. */
struct strings {
	char *base; /* NULL: only measure */
	size_t used;
	const char *file;
	uint32_t file_at;
};

static uint32_t put_string(struct strings *s, const char *text)
{
	size_t at = s->used, size;

	if (!text)
		return 0;
	size = strlen(text) + 1;
	if (s->base)
		memcpy(s->base + at, text, size);
	s->used += size;
	return (uint32_t)at;
}

static uint32_t put_file(struct strings *s, const char *file)
{
	if (!s->file || (s->file != file && strcmp(s->file, file))) {
		s->file = file;
		s->file_at = put_string(s, file);
	}
	return s->file_at;
}

static void measure(const struct policy *p, struct bytes_head *head)
{
	struct strings strings = {.used = 1};

	for (size_t i = 0; i < p->count; i++) {
		const struct rule *r = p->rules[i];

		head->prefixes += r->prefix_count;
		for (size_t n = 0; n < r->name_count; n++)
			head->names += strlen(r->names[n].text) + 2;
		put_file(&strings, r->origin.file);
		put_string(&strings, r->from);
		put_string(&strings, r->statement == ST_DEVICE ? r->subject : NULL);
	}
	head->rules = p->count;
	head->strings = strings.used;
	head->size = sizeof(*head) + head->rules * sizeof(struct bytes_rule) +
		     head->prefixes * sizeof(struct prefix) + head->names + head->strings;
}

static struct bytes_rule rule_bytes(const struct rule *r, struct strings *strings)
{
	struct bytes_rule b = {
		.rate_count = r->rate.count,
		.rate_burst = r->rate.burst,
		.rate_unit = (uint8_t)r->rate.unit,
		.duration = r->duration,
		.expires = r->expires,
		.id = r->id,
		.file = put_file(strings, r->origin.file),
		.line = r->origin.line,
		.column = r->origin.column,
		.prefix_count = (uint32_t)r->prefix_count,
		.name_count = (uint32_t)r->name_count,
		.port = r->port,
		.any = r->any,
		.observe = r->observe,
		.flags = (uint8_t)((r->sleeps ? BYTES_SLEEPS : 0) | (r->proxy ? BYTES_PROXY : 0)),
		.above = r->rate.above,
		.statement = (uint8_t)r->statement,
		.action = (uint8_t)r->action,
		.l4 = r->l4,
		.as = (uint8_t)r->as,
		.depth = (uint8_t)r->depth,
		.posture = (uint8_t)r->posture,
	};

	b.from = put_string(strings, r->from);
	b.device = put_string(strings, r->statement == ST_DEVICE ? r->subject : NULL);
	memcpy(b.addr, r->addr, sizeof(b.addr));
	return b;
}

static void fill(const struct policy *p, char *buf, const struct bytes_head *head)
{
	char *rule = buf + sizeof(*head);
	char *prefix = rule + head->rules * sizeof(struct bytes_rule);
	char *name = prefix + head->prefixes * sizeof(struct prefix);
	struct strings strings = {.base = name + head->names, .used = 1};

	strings.base[0] = '\0';
	for (size_t i = 0; i < p->count; i++) {
		const struct rule *r = p->rules[i];
		struct bytes_rule b = rule_bytes(r, &strings);

		memcpy(rule, &b, sizeof(b));
		rule += sizeof(b);
		if (r->prefix_count)
			memcpy(prefix, r->prefixes, r->prefix_count * sizeof(struct prefix));
		prefix += r->prefix_count * sizeof(struct prefix);
		for (size_t n = 0; n < r->name_count; n++) {
			size_t size = strlen(r->names[n].text) + 1;

			*name++ = (char)r->names[n].kind;
			memcpy(name, r->names[n].text, size);
			name += size;
		}
	}
}

int policy_store(struct policy *p, void **buf, size_t *len)
{
	struct bytes_head head = {.magic = POLICY_BYTES_MAGIC, .version = POLICY_BYTES_VERSION};
	char *out;

	measure(p, &head);
	if (head.strings > UINT32_MAX)
		return -E2BIG;
	out = large_alloc(head.size);
	if (!out)
		return -ENOMEM;
	memcpy(out, &head, sizeof(head));
	fill(p, out, &head);
	head.prefix_check = bytes_prefix_check(out, head.size);
	memcpy(out, &head, sizeof(head));
	head.check = bytes_check(out, head.size);
	memcpy(out, &head, sizeof(head));
	*buf = out;
	*len = head.size;
	return 0;
}
