/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules that hand visits on to another address or port before any socket sees them (DNAT, REDIRECT), as
 * Docker, podman and administrators write them: read by the programs that write them, and followed from
 * the hook on, as a packet is.
 */
#ifndef STRAYGATE_SERVERS_NAT_H
#define STRAYGATE_SERVERS_NAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/prefix.h"
#include "servers/model.h"

/* A port of this host, and where its visits go. */
struct published {
	uint8_t l4;	  /* IPPROTO_TCP or IPPROTO_UDP */
	bool any;	  /* every address */
	uint8_t addr[16]; /* v4-mapped */
	uint16_t port;	  /* host order */
	bool here;	  /* to another port of this host */
	uint8_t to[16];	  /* else: the address */
	uint16_t to_port;
	const char *by; /* "iptables", "nft", "docker-proxy" */
};

struct published_list {
	struct published *at;
	size_t count, room;
};

/* Appends those of the rules of this network namespace; what is not understood becomes a note.
 * Texts are the model's. -ENOMEM or 0. */
int nat_read(struct model *m, struct published_list *out);
int published_put(struct published_list *out, const struct published *p);

/* ---- what the readers of rules make ---------------------------------------------------------- */

#define NAT_TCP	   0x1u
#define NAT_UDP	   0x2u
#define NAT_RANGES 32

struct nat_ranges {
	size_t count; /* 0: any port */
	struct {
		uint16_t first, last;
	} at[NAT_RANGES];
};

enum nat_action { NAT_NOTHING, NAT_FOLLOW, NAT_RETURN, NAT_TO, NAT_HERE, NAT_UNCLEAR };

struct nat_rule {
	unsigned int chain; /* number of the chain that it is in */
	unsigned int l4;    /* NAT_ bits; 0: any */
	struct nat_ranges ports;
	bool has_addr;	  /* of the destination */
	uint8_t addr[16]; /* v4-mapped */
	bool narrow;	  /* it has conditions that are not looked at: a RETURN of it returns some alone */
	bool never;	  /* not for visits from outside (its destination is a loopback address) */
	enum nat_action action;
	unsigned int target;	    /* NAT_FOLLOW: the chain */
	uint8_t to[16];		    /* NAT_TO */
	uint16_t to_first, to_last; /* 0: the port stays */
	size_t next;		    /* of its chain: 1 + its number; 0: the last one */
};

struct nat_chain {
	const char *name;
	bool hooked;	    /* packets that arrive begin here */
	size_t first, last; /* rules: 1 + number; 0: none */
};

/* One table. */
struct nat_table {
	struct model *model;
	const char *by; /* "iptables" */
	struct nat_chain *chains;
	size_t chain_count, chain_room;
	struct nat_rule *rules; /* in their order */
	size_t rule_count, rule_room;
};

/* The number of this chain, which is made if it is not there; -1: no memory. */
long nat_chain(struct nat_table *t, const char *name);
/* False: no memory. */
bool nat_rule(struct nat_table *t, const struct nat_rule *r);
void nat_port(struct nat_ranges *r, unsigned int first, unsigned int last);
/* Follows packets from the hook on: appends what is published for the addresses of this host. 0 or -ENOMEM.
 */
int nat_follow(const struct nat_table *t, const struct prefix *local, size_t count,
	       struct published_list *out);
void nat_table_free(struct nat_table *t);

/* `iptables-save -t nat`, and `nft -j list table`, into a table. */
void nat_read_iptables(struct nat_table *t, char *text);
void nat_read_nft(struct nat_table *t, const char *json, size_t len);

#endif
