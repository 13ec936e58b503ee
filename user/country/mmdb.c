// SPDX-License-Identifier: GPL-2.0-or-later
/* MaxMind DBs: GeoLite2-Country and all that have the country at one of these places. */
#include <errno.h>
#include <fcntl.h>
#include <maxminddb.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "country/country.h"
#include "lib/fd.h"
#include "lib/say.h"

/* A tree in which nodes share what is below them has more leaves than bytes: one that
 * somebody made in order to have it walked for ever. GeoLite2-City has eight million nodes. */
#define STEPS_MAX 200000000UL

static const char *const place_maxmind[] = {"country", "iso_code", NULL};
static const char *const place_ipinfo[] = {"country", NULL};
static const char *const place_code[] = {"country_code", NULL};
static const char *const *const places[] = {place_maxmind, place_ipinfo, place_code};

struct walk {
	struct wanted *wanted;
	const char *path;
	MMDB_s db;
	unsigned long steps;
	/* Of the record that was looked at last: many networks have the same. */
	uint32_t offset;
	bool known;
	struct country *country;
	bool any; /* had a country at all */
};

bool mmdb_is(const char *path)
{
	static const char marker[] = "\xab\xcd\xefMaxMind.com";
	static char end[128 * 1024 + sizeof(marker)];
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	off_t from;
	ssize_t got;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
		return false;
	from = st.st_size > (off_t)sizeof(end) ? st.st_size - (off_t)sizeof(end) : 0;
	got = pread(fd, end, sizeof(end), from);
	return got > 0 && memmem(end, (size_t)got, marker, sizeof(marker) - 1);
}

static int damaged(const struct walk *w, int status)
{
	return fail(-EBADMSG, "%s: %s; expected a whole MaxMind DB", w->path, MMDB_strerror(status));
}

/* The country of a record. */
static int look(struct walk *w, MMDB_entry_s *entry)
{
	MMDB_entry_data_s data;

	if (w->known && w->offset == entry->offset)
		return 0;
	w->country = NULL;
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		int status = MMDB_aget_value(entry, &data, places[i]);

		if (status == MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR ||
		    status == MMDB_INVALID_LOOKUP_PATH_ERROR)
			continue;
		if (status != MMDB_SUCCESS)
			return damaged(w, status);
		if (!data.has_data || data.type != MMDB_DATA_TYPE_UTF8_STRING)
			continue;
		w->any = true;
		w->country = wanted_country(w->wanted, data.utf8_string, data.data_size);
		break;
	}
	w->offset = entry->offset;
	w->known = true;
	return 0;
}

/* A network of the tree; in one of IPv6, ::/96 is IPv4. */
static int network(struct walk *w, const uint8_t addr[16], unsigned int depth)
{
	static const uint8_t zero[12];
	uint8_t first[16], last[16];

	if (!w->country)
		return 0;
	memcpy(first, addr, sizeof(first));
	if (depth >= 96 && !memcmp(addr, zero, sizeof(zero)))
		memset(first + 10, 0xff, 2);
	for (unsigned int i = 0; i < 16; i++)
		last[i] = first[i] | (uint8_t)(depth >= 8 * (i + 1) ? 0
					       : depth <= 8 * i	    ? 0xff
								    : 0xff >> depth % 8);
	return wanted_add(w->wanted, w->country, first, last) ? fail(-ENOMEM, "%s", strerror(ENOMEM)) : 0;
}

/* IPv4 once more, in the place of ::ffff:0:0/96, 6to4 and the like. */
static bool is_alias(const struct walk *w, uint64_t node, const uint8_t addr[16], unsigned int depth)
{
	static const uint8_t zero[16];

	return w->db.metadata.ip_version == 6 && node == w->db.ipv4_start_node.node_value &&
	       (depth != w->db.ipv4_start_node.netmask || memcmp(addr, zero, sizeof(zero)));
}

static int walk_node(struct walk *w, uint64_t node, uint8_t addr[16], unsigned int depth);

static int walk_record(struct walk *w, uint64_t record, uint8_t type, MMDB_entry_s *entry, uint8_t addr[16],
		       unsigned int depth)
{
	int err;

	switch (type) {
	case MMDB_RECORD_TYPE_SEARCH_NODE:
		return is_alias(w, record, addr, depth) ? 0 : walk_node(w, record, addr, depth);
	case MMDB_RECORD_TYPE_DATA:
		err = look(w, entry);
		return err ? err : network(w, addr, depth);
	case MMDB_RECORD_TYPE_EMPTY:
		return 0;
	default:
		return damaged(w, MMDB_CORRUPT_SEARCH_TREE_ERROR);
	}
}

/* depth: how many bits of addr lead to this node. */
static int walk_node(struct walk *w, uint64_t node, uint8_t addr[16], unsigned int depth)
{
	MMDB_search_node_s found;
	int status = MMDB_read_node(&w->db, (uint32_t)node, &found), err;

	if (status != MMDB_SUCCESS)
		return damaged(w, status);
	if (depth >= 128 || ++w->steps > STEPS_MAX)
		return damaged(w, MMDB_CORRUPT_SEARCH_TREE_ERROR);
	err = walk_record(w, found.left_record, found.left_record_type, &found.left_record_entry, addr,
			  depth + 1);
	if (err)
		return err;
	addr[depth / 8] |= (uint8_t)(0x80 >> depth % 8);
	err = walk_record(w, found.right_record, found.right_record_type, &found.right_record_entry, addr,
			  depth + 1);
	addr[depth / 8] &= (uint8_t) ~(0x80 >> depth % 8);
	return err;
}

int mmdb_read(struct wanted *wanted, const char *path)
{
	struct walk w = {.wanted = wanted, .path = path};
	uint8_t addr[16] = {0};
	int status = MMDB_open(path, MMDB_MODE_MMAP, &w.db), err;

	if (status != MMDB_SUCCESS)
		return fail(-EBADMSG, "%s: %s", path,
			    status == MMDB_IO_ERROR ? strerror(errno) : MMDB_strerror(status));
	err = walk_node(&w, 0, addr, w.db.metadata.ip_version == 4 ? 96 : 0);
	if (!err && !w.any)
		err = fail(-EINVAL,
			   "%s: a MaxMind DB of '%s', in which no record has a country; expected one like "
			   "GeoLite2-Country",
			   path, w.db.metadata.database_type);
	MMDB_close(&w.db);
	return err;
}
