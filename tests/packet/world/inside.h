/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the world share, and no test knows. */
#ifndef STRAYGATE_TESTS_INSIDE_H
#define STRAYGATE_TESTS_INSIDE_H

#include "gate/gate.h"
#include "gate/object.h"

extern struct gate world_gate;
extern struct loaded world_loaded;
extern struct gate_device world_device;
extern struct policy *world_running; /* what rules */

#endif
