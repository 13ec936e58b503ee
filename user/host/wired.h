/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network namespaces that a veth device of ours leads into: containers, as whoever runs this host made
 * them. Those that a user made for himself have no such device, whatever addresses he gave them. */
#ifndef STRAYGATE_WIRED_H
#define STRAYGATE_WIRED_H

/* Calls fn inside each of them that has a process, and comes back; an error of fn ends it. Prints its own
 * errors. 0 or -errno. */
typedef int wired_fn(void *arg);
int wired_each(wired_fn *fn, void *arg);

#endif
