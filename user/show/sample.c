// SPDX-License-Identifier: GPL-2.0-or-later
#include "show/sample.h"

#include <string.h>

#include "host/netdev.h"

#define UNSEEN_IS_STRANGE 100 /* packets */

int sample_take(struct gate *g, struct sample *s, struct sample *before)
{
	int err = tally_again(g, &s->tally, before ? &before->tally : NULL);
	size_t i;

	s->at = monotonic_ns();
	for (i = 0; !err && i < s->tally.device_count && i < SAMPLE_DEVICES; i++)
		s->received[i] = netdev_received(s->tally.devices[i].name);
	return err;
}

void sample_free(struct sample *s)
{
	tally_free(&s->tally);
}

static bool same_devices(const struct tally *a, const struct tally *b)
{
	size_t i;

	for (i = 0; i < a->device_count && i < b->device_count; i++)
		if (strcmp(a->devices[i].name, b->devices[i].name))
			return false;
	return a->device_count == b->device_count;
}

uint32_t sample_unseen(const struct sample *before, const struct sample *now, size_t i)
{
	uint32_t came;

	if (i >= SAMPLE_DEVICES || !same_devices(&before->tally, &now->tally) ||
	    !now->tally.devices[i].attached ||
	    now->tally.device[i].packets.packets != before->tally.device[i].packets.packets)
		return 0;
	came = now->received[i] - before->received[i];
	return came >= UNSEEN_IS_STRANGE ? came : 0;
}
