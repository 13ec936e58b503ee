/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the guests of scripts/kernels run beside straygate itself: one static program. */
#ifndef STRAYGATE_TESTS_GUEST_H
#define STRAYGATE_TESTS_GUEST_H

#define PORT_HTTP 80
#define PORT_TLS  443
#define PORT_DNS  53

/* The one word that tells a stray from a served name, in the clear in each of
 * the three protocols. */
#define STRAY_WORD "foreign"

/* serve LOG: answers whatever comes to the three ports, and writes down what came. */
int serve(int argc, char **argv);

/* visit KIND ADDR NAME [FROM]: one visit; prints what became of it. */
int visit(int argc, char **argv);

/* load FILE: each program of an object, alone; prints how many instructions the
 * verifier looked at. */
int load(int argc, char **argv);

/* running: the same of all programs that are in the kernel. */
int running(int argc, char **argv);

#endif
