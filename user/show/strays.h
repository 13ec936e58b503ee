/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stray names and sources of strays as text. */
#ifndef STRAYGATE_STRAYS_H
#define STRAYGATE_STRAYS_H

#include <stdbool.h>

#include "gate/gate.h"

#define HEAVY_TEXT (4 * sizeof(((struct heavy *)NULL)->key) + 1)

/* A name, or a client network. Printable ASCII, whatever bytes it has. */
void heavy_text(char out[HEAVY_TEXT], const struct heavy *h, bool name);

#endif
