/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which processes of this host listen, and what is known of them (proc(5)). */
#ifndef STRAYGATE_SERVERS_PROCESS_H
#define STRAYGATE_SERVERS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/arena.h"

/* A server: the topmost process with the same program as one that listens. */
struct process {
	pid_t pid;
	uint64_t exe_dev, exe_ino;
	const char *name;	 /* of its program, without folder: "nginx" */
	const char *const *args; /* its command line; NULL at the end */
	uid_t uid;		 /* effective */
	bool container; /* its processes or users are numbered apart from ours, or its files are others */
	struct process *next;
};

struct listening_socket {
	uint8_t l4;	  /* IPPROTO_TCP or IPPROTO_UDP (not connected) */
	bool any;	  /* every address */
	uint8_t addr[16]; /* v4-mapped */
	uint16_t port;	  /* host order */
	uint32_t inode;
	unsigned int place;	 /* the network namespace that it is in; 0: ours */
	struct process *process; /* NULL: the kernel's own, or not to be seen */
};

struct listeners {
	struct arena arena;
	struct listening_socket *sockets; /* by protocol, port, address */
	size_t count, room;
	struct process *processes;
};

/* Those of this network namespace, and who has them. Prints its own errors. 0 or -errno. */
int listeners_read(struct listeners *l);
/* Appends those of the network namespace that we are in now, whose they are left open. */
int listeners_add(struct listeners *l, unsigned int place);
/* Finds whose they are. */
int listeners_claim(struct listeners *l);
void listeners_free(struct listeners *l);
#define cleanup_listeners __attribute__((cleanup(listeners_free)))

/* The word of the command line behind one of these options ("-c"), be it "-c x" or "-cx"; or NULL. */
const char *process_option(const struct process *p, const char *option);

#endif
