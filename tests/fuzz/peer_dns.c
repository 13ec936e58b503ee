// SPDX-License-Identifier: GPL-2.0-or-later
/* DNS by ldns: the first question of a message. */
#include <ldns/ldns.h>

#include "peer.h"

/* A dot within a label is none between two, and as little a part of a zone's name as
 * what cannot be printed. */
static void take_label(struct peer *p, const uint8_t *label, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		bool other = label[i] == '.' || label[i] < 0x20 || label[i] >= 0x7f;

		peer_add(p, other ? (const uint8_t *)"?" : label + i, 1);
	}
	peer_add(p, ".", 1);
}

static void take_name(struct peer *p, const ldns_rdf *name)
{
	const uint8_t *at = ldns_rdf_data(name);

	for (; *at; at += *at + 1)
		take_label(p, at + 1, *at);
	p->said = p->len ? SAID_NAME : SAID_NOTHING;
	peer_close(p);
}

static bool is_internet(ldns_rr_class class)
{
	return class == LDNS_RR_CLASS_IN || class == LDNS_RR_CLASS_NONE || class == LDNS_RR_CLASS_ANY;
}

void peer_dns(const uint8_t *data, size_t size, struct peer *p)
{
	size_t at = LDNS_HEADER_SIZE;
	ldns_rr *question;

	peer_begin(p, SAID_REFUSED);
	if (size < LDNS_HEADER_SIZE || LDNS_QR_WIRE(data))
		return;
	if (LDNS_QDCOUNT(data) == 0)
		p->said = SAID_NOTHING;
	else if (LDNS_QDCOUNT(data) > 1)
		p->said = SAID_TWICE;
	if (LDNS_QDCOUNT(data) != 1)
		return;
	if (ldns_wire2rr(&question, data, size, &at, LDNS_SECTION_QUESTION) != LDNS_STATUS_OK)
		return;
	if (is_internet(ldns_rr_get_class(question)))
		take_name(p, ldns_rr_owner(question));
	else
		p->said = SAID_NOTHING;
	p->end = at;
	ldns_rr_free(question);
}
