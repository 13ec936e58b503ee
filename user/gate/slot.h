/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The slots of policies, as gate_policy.c writes and gate_running.c reads them. */
#ifndef STRAYGATE_GATE_SLOT_H
#define STRAYGATE_GATE_SLOT_H

#include "gate/gate.h"

/* Before the bytes of policy_store(). With a base, the policy is what the base's
 * slot has, less the rules that the last `gone` bytes have, and with those before. */
struct text_head {
	uint64_t length;
	uint64_t gone;
	uint64_t base; /* slot, plus one; 0: none */
};

/* The one that rules by this word. */
uint32_t ruling_slot(uint64_t word);
/* The slot that the one in this slot is laid over; CONTROL_NO_SLOT: none. */
uint32_t base_slot(struct gate *g, uint32_t slot);

#endif
