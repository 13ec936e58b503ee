/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the programs must know of their device: struct device of bpf/shared.h. */
#ifndef STRAYGATE_GATE_SETTINGS_H
#define STRAYGATE_GATE_SETTINGS_H

#include "gate/gate.h"

/* As the device is now; filters: both are attached at tc. 0 or -errno, unsaid. */
int settings_read(const char *device, bool filters, bool generic, struct device *out);
/* The same, into the device's map. 0 or -errno, which was said. */
int settings_write(const char *device, int map, bool filters, bool generic);
/* Which program is attached, for those who may not open its pin. */
void settings_note_program(int map, uint32_t id);
/* `down` takes the gate off the device: DEVICE_LEAVING, until settings_write(). */
void settings_note_leaving(int map);
/* What is different now: CHANGED_... */
unsigned int settings_changed(const char *device, const struct device *before);

#endif
