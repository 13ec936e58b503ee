// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "peer.h"

void peer_begin(struct peer *p, enum said said)
{
	p->said = said;
	p->len = 0;
	p->end = 0;
}

void peer_add(struct peer *p, const void *bytes, size_t len)
{
	if (len > sizeof(p->name) - p->len) {
		p->said = SAID_REFUSED;
		return;
	}
	memcpy(p->name + p->len, bytes, len);
	p->len += len;
}

void peer_close(struct peer *p)
{
	size_t i;

	for (i = 0; i < p->len; i++)
		if (p->name[i] >= 'A' && p->name[i] <= 'Z')
			p->name[i] += 'a' - 'A';
	if (p->len && p->name[p->len - 1] == '.')
		p->len--;
}
