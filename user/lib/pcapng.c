// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/pcapng.h"

#include <errno.h>
#include <string.h>

#define SECTION_BLOCK	  0x0a0d0d0a
#define INTERFACE_BLOCK	  1
#define STATISTICS_BLOCK  5
#define PACKET_BLOCK	  6
#define BYTE_ORDER_MAGIC  0x1a2b3c4d
#define LINKTYPE_ETHERNET 1

#define OPTION_END     0
#define OPTION_COMMENT 1
#define TEXT_MAX       16384 /* of an option */

enum { SECTION_OS = 3, SECTION_APPLICATION = 4 };
enum { INTERFACE_NAME = 2, INTERFACE_RESOLUTION = 9, INTERFACE_FILTER = 11 };
enum { PACKET_FLAGS = 2, PACKET_VERDICT = 7 };
enum { STATISTICS_BEGUN = 2, STATISTICS_ENDED = 3, STATISTICS_RECEIVED = 4, STATISTICS_DROPPED = 5 };

/* Values are as the format has them. */
#define RESOLUTION_NS 9
#define FLAGS_INBOUND 1
#define VERDICT_XDP   2

struct option {
	uint16_t code;
	const void *value;
	size_t length;
};

static size_t padded(size_t length)
{
	return (length + 3) & ~(size_t)3;
}

static struct option text_option(uint16_t code, const char *text)
{
	return (struct option){code, text, text ? strnlen(text, TEXT_MAX) : 0};
}

static size_t options_length(const struct option *o, size_t count)
{
	size_t i, length = 4;

	for (i = 0; i < count; i++)
		if (o[i].length)
			length += 4 + padded(o[i].length);
	return length;
}

static void put(struct pcapng *p, const void *bytes, size_t length)
{
	fwrite(bytes, 1, length, p->out);
}

static void put_padded(struct pcapng *p, const void *bytes, size_t length)
{
	put(p, bytes, length);
	put(p, "\0\0\0", padded(length) - length);
}

static void put_options(struct pcapng *p, const struct option *o, size_t count)
{
	static const uint16_t end[2] = {OPTION_END, 0};
	size_t i;

	for (i = 0; i < count; i++) {
		uint16_t head[2] = {o[i].code, o[i].length};

		if (!o[i].length)
			continue;
		put(p, head, sizeof(head));
		put_padded(p, o[i].value, o[i].length);
	}
	put(p, end, sizeof(end));
}

/* A block: its fields, what stands behind them, and options, of which empty ones are left out. */
static int put_block(struct pcapng *p, uint32_t type, const void *fields, size_t field_length,
		     const void *bytes, size_t length, const struct option *options, size_t count)
{
	uint32_t total = 12 + field_length + padded(length) + options_length(options, count);

	put(p, &type, sizeof(type));
	put(p, &total, sizeof(total));
	put(p, fields, field_length);
	put_padded(p, bytes, length);
	put_options(p, options, count);
	put(p, &total, sizeof(total));
	p->written += total;
	return ferror(p->out) ? -(errno ? errno : EIO) : 0;
}

int pcapng_section(struct pcapng *p, const char *application, const char *os)
{
	const struct {
		uint32_t magic;
		uint16_t major, minor;
		int64_t length; /* of the section: not known */
	} fields = {BYTE_ORDER_MAGIC, 1, 0, -1};
	const struct option options[] = {
		text_option(SECTION_OS, os),
		text_option(SECTION_APPLICATION, application),
	};

	return put_block(p, SECTION_BLOCK, &fields, sizeof(fields), "", 0, options, 2);
}

int pcapng_interface(struct pcapng *p, const char *name, uint32_t snaplen, const char *filter)
{
	const struct {
		uint16_t link, reserved;
		uint32_t snaplen;
	} fields = {LINKTYPE_ETHERNET, 0, snaplen};
	static const uint8_t resolution = RESOLUTION_NS;
	char code[TEXT_MAX + 1];
	const struct option options[] = {
		text_option(INTERFACE_NAME, name),
		{INTERFACE_RESOLUTION, &resolution, 1},
		/* Its first byte, 0, says that it is text. */
		{INTERFACE_FILTER, code, filter ? 1 + strnlen(filter, TEXT_MAX) : 0},
	};

	code[0] = 0;
	if (filter)
		memcpy(code + 1, filter, strnlen(filter, TEXT_MAX));
	p->interfaces++;
	return put_block(p, INTERFACE_BLOCK, &fields, sizeof(fields), "", 0, options, 3);
}

int pcapng_packet(struct pcapng *p, const struct pcapng_packet *packet)
{
	const uint32_t fields[] = {
		packet->interface, packet->time >> 32, packet->time, packet->captured, packet->length,
	};
	static const uint32_t flags = FLAGS_INBOUND;
	uint8_t verdict[1 + sizeof(packet->xdp_action)] = {VERDICT_XDP};
	const struct option options[] = {
		text_option(OPTION_COMMENT, packet->comment),
		{PACKET_FLAGS, &flags, sizeof(flags)},
		{PACKET_VERDICT, verdict, sizeof(verdict)},
	};

	memcpy(verdict + 1, &packet->xdp_action, sizeof(packet->xdp_action));
	return put_block(p, PACKET_BLOCK, fields, sizeof(fields), packet->bytes, packet->captured, options,
			 3);
}

/* Times of statistics have their upper half first, as those of packets. */
static uint64_t halves(uint64_t time)
{
	const uint32_t two[2] = {time >> 32, time};
	uint64_t out;

	memcpy(&out, two, sizeof(out));
	return out;
}

int pcapng_statistics(struct pcapng *p, const struct pcapng_statistics *s)
{
	const uint32_t fields[] = {s->interface, s->time >> 32, s->time};
	const uint64_t begun = halves(s->begun), ended = halves(s->ended);
	const struct option options[] = {
		{STATISTICS_BEGUN, &begun, sizeof(begun)},
		{STATISTICS_ENDED, &ended, sizeof(ended)},
		{STATISTICS_RECEIVED, &s->received, sizeof(s->received)},
		{STATISTICS_DROPPED, &s->dropped, sizeof(s->dropped)},
	};

	return put_block(p, STATISTICS_BLOCK, fields, sizeof(fields), "", 0, options, 4);
}
