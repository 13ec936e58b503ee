/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What plain C needs of the compiler where it is compiled for the kernel and for
 * the host. */
#ifndef STRAYGATE_COMPILER_H
#define STRAYGATE_COMPILER_H

#include <linux/types.h>

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

#ifndef __noinline
#define __noinline __attribute__((noinline))
#endif

/* What the compiler knew of a value up to here it must not use from here on. So it
 * makes no branches of arithmetic, leaves out no mask that the verifier asks for,
 * and keeps arithmetic on a pointer behind its check. */
#define opaque(value) __asm__ __volatile__("" : "+r"(value))

#endif
