/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A world for the gate: a network namespace with a host (192.0.2.1,
 * 2001:db8::1) at one end of a wire, clients (198.18.0.0/15, 2001:db8:c::/48)
 * at the other, real sockets on the host, and an instance of its own. At XDP packets
 * are run by hand; the programs at tc are attached to the host's end of the wire.
 *
 * Pins are made in a mount namespace with a bpffs of its own: all of this dies
 * with its process, however that ends, and disturbs nothing.
 */
#ifndef STRAYGATE_TESTS_WORLD_H
#define STRAYGATE_TESTS_WORLD_H

#include "gate/events.h"
#include "gate/gate.h"
#include "gate/tap.h"
#include "frame.h"

#define HOST4  "192.0.2.1"
#define HOST4B "192.0.2.2"
#define HOST6  "2001:db8::1"
/* The same without a zero in it. */
#define HOST6B	 "2001:db8:1122:3344:5566:7788:99aa:bbcc"
#define CLIENT6B "2001:db8:c:4321:8765:cba9:fed:3579"
#define CLIENT4	 "198.18.0.1"
#define CLIENT6	 "2001:db8:c::1"

/* Fixtures of every suite: TestSuite(x, .init = world_begin, .fini = world_end). */
void world_begin(void);
void world_end(void);
/* The same with all tables as large as a user's: the LRU ones are small otherwise. */
void world_begin_full(void);
/* The same with room for so many bound visits. */
void world_begin_small(uint32_t bound);

/* Lines, one behind the other, each ended by a newline. Replaces all that was. From
 * then on all listeners are engaged, as if SYN-ACKs of theirs had been seen. */
/* In a policy: a file with names of the zone listed.example. */
#define NAMES_FILE "NAMES"
void world_policy(const char *lines);
/* A file that says this, until the test ends: its path. */
#define WORLD_PATH 160
void world_file(char path[WORLD_PATH], const char *text);
/* One line more (`add`). */
void world_add(const char *line);
/* The same as world_policy(), but unconfirmed: what was before rules again from
 * that second of CLOCK_MONOTONIC on (`apply --confirm`). */
void world_try_policy(const char *lines, unsigned int seconds);
/* No policy at all, as between `up` and the first one. */
void world_no_policy(void);

/* How a listener ("tcp/80") does at the handshake; the gate's secrets. */
struct engagement world_engagement(const char *listener);
void world_set_engagement(const char *listener, const struct engagement *e);
/* What `auto` knows of a listener, as the map has it; and the times it goes by. */
struct alarm world_alarm(const char *listener);
struct pace world_pace(void);
void world_set_pace(const struct pace *p);
struct shake world_shake(void);
void world_set_shake(const struct shake *s);
/* As if the last cookie was long ago. */
void world_no_cookies(void);
struct room world_room(void);
void world_set_room(const struct room *r);
/* The next event of the programs, or false; and how many are lost before it. */
bool world_next_event(struct event *e, uint64_t *lost);
/* The same of a ring, from that place on. */
bool world_read_event(enum event_ring ring, struct events_place *at, struct event *e, uint64_t *lost);
/* What commands do: write one; announce a change, and be killed before it; take a number
 * of the ring, and be killed. */
void world_write_event(enum event_kind kind, const char *subject);
void world_announce_only(enum event_kind kind);
void world_take_number(enum event_ring ring);
/* Looks on, as `watch` and `capture` do; tap_close(). */
struct tap_reader *world_tap(const struct tap_filter *filter);
/* For so long (ns) nobody has said that anybody still looks on; until when the program
 * looks for them. */
void world_tap_is_left(int64_t ns);
uint64_t world_tapped(void);
/* Does a map by visits have this one? `value` may be NULL. */
bool world_knows(enum gate_map map, const struct visit *v, void *value);
/* Sources that are learned now, of this network or address (NULL: all). */
size_t world_learned(const char *within);
void world_reset_learned(void);
/* Into a file, and back: what those return. */
int world_save_learned(const char *path);
int world_restore_learned(const char *path);
void world_forgets(enum gate_map map, const struct visit *v);
/* Packets at tc by what became of them; and runs of that program. */
uint64_t world_crossed(enum direction d, enum crossing what);
uint64_t world_filter_runs(enum direction d);
/* Visits of a stray name, or of strays from a client network (its address), as
 * the heavy hitters have them; *place: how many are heavier. */
uint64_t world_heavy(enum gate_map map, const void *key, size_t length, size_t *place);
/* Visits that are remembered. */
int world_flows(void);
/* Bytes of all maps, as the kernel accounts for them. */
uint64_t world_memory(void);
/* Visits and packets whose network had no place among those that `limit each` counts. */
uint64_t world_unplaced(void);

void sysctl_set(const char *name, const char *value);

/* What became of a packet. */
struct outcome {
	uint32_t reason;
	uint32_t listener; /* id */
	bool observed;
	uint32_t action; /* enum xdp_action */
};

/* Runs it; `out` is what is left of it (may be NULL). Exactly one line of the
 * counters must have risen, by one packet and its bytes. */
struct outcome world_run(const struct frame *in, struct frame *out);
/* The same with an eye on a few lines of the counters alone, for many packets:
 * those of the listeners with ids up to WATCHED. */
#define WATCHED 3
struct outcome world_run_watched(const struct frame *in, struct frame *out);
/* The same without a look at the counters: the XDP action. */
uint32_t world_run_only(const struct frame *in, struct frame *out);
/* The same, with only so many bytes in the first piece of memory. False: the
 * kernel does not do that (before Linux 6.18, or fewer than it wants). */
bool world_run_in_pieces(const struct frame *in, struct frame *out, size_t first, uint32_t *action);
/* The same by a program at tc; what that returns. */
int world_run_filter(enum direction d, const struct frame *in, struct frame *out);
/* What `explain` says of it. */
struct explanation world_explain(const struct frame *in);
/* Every packet counted, of all listeners, since the world began; and what is
 * counted of one reason. */
uint64_t world_counted(void);
uint64_t world_counted_as(uint32_t reason);
/* All of it: [observed][reason]. */
void world_by_reason(uint64_t sums[2][REASONS_MAX]);
/* Runs of the program as the kernel counts them. */
uint64_t world_runs(void);
/* Packets of the rule with this subject. */
uint64_t world_rule_packets(enum statement s, const char *subject);

/* What is being done, for messages. */
extern char where[256];
#define must(condition, format, ...) cr_assert(condition, "%s: " format, where, ##__VA_ARGS__)

const char *reason_name(uint32_t reason);
const char *xdp_name(uint32_t action);

/* ---- visits: a client that is played by hand, a server that is real (visit.c) ---- */

/* A client's port that no visit had before. */
struct visit visit_make(const char *client, const char *server, uint16_t port);
/* SYN, SYN-ACK, ACK with a socket that listens there. */
void visit_open(struct visit *v);
/* The number of the SYN-ACK that the gate would have answered this visit's SYN
 * with at that time (ns), if an MSS was all that came. */
struct flow_key visit_key(const struct visit *v);
uint32_t visit_cookie(const struct visit *v, const struct shake *secrets, uint64_t now);
/* The same handshake with the gate, for which a socket listens there. */
void visit_shake(struct visit *v);
/* The same with this SYN. */
void visit_shake_with(struct visit *v, const struct spec *syn);
/* Is there a connection that the server has not accepted yet? Accepts it. */
bool visit_arrives(struct visit *v, int ms);
/* Up to the SYN-ACK alone: the final ACK is still to come. */
void visit_half(struct visit *v);
/* Puts a frame on the wire; its VLAN tags are taken off. */
void visit_deliver(const struct frame *f);
/* The server has got so many bytes more, and they are these (or NULL). */
void visit_expect(struct visit *v, const void *bytes, size_t len);
/* The server's socket was reset. */
void visit_expect_reset(struct visit *v);
void visit_close(struct visit *v);
/* Makes sure that a socket listens there; `deferred`: TCP_DEFER_ACCEPT. */
void host_listen(uint16_t port, bool deferred);
/* Nobody listens there any more. */
void host_closes(uint16_t port);
/* A packet of the host's that no socket of it would send: what stands behind the link
 * header of f. */
void host_sends(const struct frame *f);
/* The same, speaking MPTCP; false: the kernel has none. */
bool host_listen_mptcp(uint16_t port);

#endif
