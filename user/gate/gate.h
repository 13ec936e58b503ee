/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gate in the kernel, as the controller sees it: an instance, its devices,
 * the policy that runs, and its counters. gate*.c alone know libbpf.
 *
 * An instance is a directory of pins, /sys/fs/bpf/straygate/NAME:
 *
 *	control images rule_counters buckets flows ... meta	the maps
 *	image+N policy+N	tables and text of the policy in slot N, or what of
 *				them differs from those in the slot of its base
 *	counters+N buckets+N	counters and buckets of rule ids N * RULES_SEGMENT ...
 *	DEVICE/			of a device: counters, settings, program and link of
 *				the gate, and the same of its filters at tc (tc.h)
 *
 * What is being made has a name that ends in "+new" and is renamed when it is
 * complete, so that a killed command leaves the old or the new, and litter that
 * the next one sweeps up. (bpffs allows no dots; a device's are written "%".)
 *
 * All of it is its owner's alone (0700, 0600); or a group may read what `status`
 * and `show` want, no secret among it, and no link or program, which could be
 * taken away through its pin. The directory then has the setgid bit, by which
 * what is pinned later gets the group too.
 *
 * Functions print their own errors and return 0 or -errno.
 */
#ifndef STRAYGATE_GATE_H
#define STRAYGATE_GATE_H

#include <limits.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "bpf/event_record.h"
#include "image/cells.h"
#include "lib/clock.h"
#include "lib/fd.h"
#include "policy/policy.h"

#define GATE_ROOT      "/sys/fs/bpf/straygate"
#define GATE_COMMANDS  "/var/lib/straygate/commands" /* BUILD/straygate: packaging/debian */
#define INSTANCE_LIMIT 32			     /* characters of an instance's name, NUL included */

/* Maps that all devices of an instance share. */
enum gate_map {
	GATE_CONTROL,
	GATE_IMAGES,
	GATE_RULE_COUNTERS,
	GATE_BUCKETS,
	GATE_CLIENTS,
	GATE_CLIENT_ROOM,
	GATE_FLOWS,
	GATE_FLOW_ENDS,
	GATE_PARTIALS,
	GATE_PIECES,
	GATE_QUESTIONS,
	GATE_HELD,
	GATE_EARLY,
	GATE_INTRODUCED,
	GATE_FIRST_DATA,
	GATE_BOUND,
	GATE_ENDED,
	GATE_ROOM,
	GATE_SHAKEN_PORTS,
	GATE_WAYS,
	GATE_HALF_OPEN,
	GATE_SHAKE,
	GATE_ENGAGEMENTS,
	GATE_ALARMS,
	GATE_ALARM_COUNTS,
	GATE_PACE,
	GATE_FAMILIAR,
	GATE_LEARNED,
	GATE_STRAY_TALLIES,
	GATE_REGULARS,
	GATE_STRAY_NAMES,
	GATE_STRAY_SUFFIXES,
	GATE_STRAY_SOURCES,
	GATE_EVENTS,
	GATE_SCRATCH,
	GATE_TAPS,
	GATE_TAP_CPUS,
	GATE_TAP_RINGS,
	GATE_EXPLAINED,
	GATE_META,
	GATE_MAPS,
};
extern const char *const gate_map_names[GATE_MAPS]; /* of the pins, and in the object */

struct gate {
	char instance[INSTANCE_LIMIT];
	char dir[PATH_MAX];
	int lock;	/* fd of the directory, locked */
	bool read_only; /* maps are opened so */
	bool shared;	/* with a group */
	uint32_t waits; /* CONTROL_DEADLINE() of the policy that gate_running() read; 0: it stays */
	int maps[GATE_MAPS];
	struct meta meta;
	struct event announced; /* see events.h */
};

void gate_close(struct gate *g);
#define cleanup_gate __attribute__((cleanup(gate_close)))
#define GATE_INIT                                                  \
	{                                                          \
		.lock = -1, .maps = { [0 ... GATE_MAPS - 1] = -1 } \
	}

/* ---- the instance (gate.c) ---- */

enum gate_access {
	GATE_READ,  /* what a group may read, and no more: the other maps stay closed */
	GATE_RUN,   /* all maps, to load a program on */
	GATE_WRITE, /* the same, and takes the lock: waits for others */
};

/* Opens a running instance and enters its network namespace. -ENOENT: not up. */
int gate_open(struct gate *g, const char *instance, enum gate_access access);
/* Only what `down` needs, and whatever state it is in; no message on -ENOENT. */
int gate_open_any(struct gate *g, const char *instance);

/* `down` has taken the instance away since it was opened, and perhaps `up` made another. */
bool gate_is_gone(const struct gate *g);

/* Lets other commands have the instance for so long. false: one of them has taken it away,
 * and nothing may be done with it any more. */
bool gate_pause(struct gate *g, unsigned int usec);

/* "": stays where it is. */
int gate_enter_netns(const char *name);

/* Up to 31 letters, digits, - or _. */
bool gate_name_fits(const char *instance);

/* The command of the build that an instance runs, if its layout is another than this
 * build's and a package has kept that command; the path goes to out. Says nothing. */
bool gate_kept_command(const char *instance, char *out, size_t size);

/* Says that it is not up, which others are, and the advice; returns err. */
int gate_not_up(int err, const char *instance, const char *advice);
/* The same, but makes the instance if it is not there, with room for so many bound
 * visits (0: BOUND_MAX). netns may be NULL. */
int gate_make(struct gate *g, const char *instance, const char *netns, uint32_t bound);
/* Takes everything away, whatever state it is in. */
int gate_destroy(struct gate *g);
int gate_write_meta(struct gate *g);
/* The build whose programs run is this one. */
int gate_note_build(struct gate *g);

/* ---- a group that may read (gate_share.c) ---- */

/* A name or a number; root: nobody but the owner. */
int gate_share(struct gate *g, const char *group);

/* ---- devices (gate_device.c) ---- */

/* Pins of devices that were renamed get their new names, if they can have them now:
 * done whenever an instance is opened. locked: by this process. */
void gate_follow_names(struct gate *g, bool locked);

/* An XDP program that gets what the gate passes. */
struct chained {
	uint32_t id;   /* 0: there is none */
	char name[16]; /* BPF_OBJ_NAME_LEN */
};

struct gate_device {
	char name[IFNAMSIZ];
	bool attached;	      /* false: the device is gone, or was taken from us */
	bool leaving;	      /* `down` was called for it, and its visits have not ended yet */
	bool generic;	      /* no native XDP */
	int counters;	      /* fd */
	uint32_t program;     /* id */
	bool runs_known;      /* not by those who may only read maps */
	uint64_t runs;	      /* of the program and its predecessors, while the kernel counts them */
	enum shallow shallow; /* why no visit shakes hands with the gate here */
	bool tc_lost;	      /* its filters at tc were taken away: bound visits hang */
	unsigned int changed; /* CHANGED_..., since `up` or `apply` */
	uint8_t mac[6];
	struct chained chain;
};
#define CHANGED_MAC 0x01u
#define CHANGED_MTU 0x02u
#define CHANGED_WAY 0x04u /* whether the handshake is possible: tags, or a veth's other end */

/* Attaches, or replaces the program of a device that is attached already. */
#define ATTACH_GENERIC 0x01u
#define ATTACH_ANEW    0x02u /* off and on, with a gap, also if it is attached */
#define ATTACH_CHAIN   0x04u /* in front of the program that is there */
int gate_attach(struct gate *g, const char *device, unsigned int how);
/* Stops judging on the device; its filters at tc go on translating. A program that was
 * behind the gate is put back. */
int gate_stop(struct gate *g, const char *device);
/* The same, of a device that `down` was called for, so that `up --again` leaves it. */
int gate_stop_leaving(struct gate *g, const char *device);
int gate_detach(struct gate *g, const char *device);
/* Reads anew what the programs must know of the devices: MAC, MTU, way back. */
int gate_refresh_devices(struct gate *g);
/* All devices of the instance; free with gate_devices_free(). */
int gate_devices(struct gate *g, struct gate_device **devices, size_t *count);
void gate_devices_free(struct gate_device *devices, size_t count);

/* ---- the policy that runs (gate_policy.c, gate_running.c) ---- */

/* seconds: after so many the previous policy rules again unless gate_confirm()
 * comes; 0: p stays. If one waits to be confirmed already, p waits with it, and not
 * longer: both go back to what ruled before the first. */
int gate_publish(struct gate *g, struct policy *p, struct policy *before, unsigned int seconds);
/* The same for a clone of the policy that runs, changed by policy_add() or
 * policy_del(), when all that they changed are a few sources among many: only what
 * is different is built, over the tables that are there. -EXDEV, without a word:
 * that is not so, or not worth it. */
int gate_publish_over(struct gate *g, struct policy *p, struct policy *before, struct policy *base,
		      unsigned int seconds);
int gate_running(struct gate *g, struct policy **p);
/* The same, but its lists of prefixes are not looked into (LOAD_LINES); and the
 * policy that it is laid over, if there is one, of which it is a clone. */
int gate_running_lines(struct gate *g, struct policy **p, struct policy **base);
/* The same, to be read line by line, in their order. */
struct gate_lines;
int gate_lines(struct gate *g, struct gate_lines **out);
/* As policy_each(), of which it returns what that returns. */
int gate_lines_each(const struct gate_lines *l, unsigned int statements, rule_fn *fn, void *arg);
void gate_lines_free(struct gate_lines *l);
static inline void gate_lines_freep(struct gate_lines **l)
{
	gate_lines_free(*l);
}
#define cleanup_gate_lines __attribute__((cleanup(gate_lines_freep)))
/* What rules again if it is not confirmed, its lists unchecked (LOAD_LINES), and the
 * policy that it is laid over; both NULL if nothing waits. */
int gate_fallback(struct gate *g, struct policy **p, struct policy **base);
/* When a policy that waits to be confirmed goes back, ns of CLOCK_MONOTONIC; 0:
 * none waits. */
uint64_t gate_deadline(struct gate *g);
/* s since 1970: since when the posture that rules has been what it is. One that was changed,
 * and not confirmed, rules as if nothing had been. */
uint64_t gate_posture_since(struct gate *g);
/* Were addresses added to the host or removed since the policy that rules was made
 * current? False also for those who cannot read its tables. */
bool gate_addresses_changed(struct gate *g);
int gate_confirm(struct gate *g);
uint64_t gate_word(struct gate *g);
/* Which policy rules: as long as this is the same, so is that. */
struct gate_ruling {
	uint64_t word;
	uint32_t map;  /* id of the one that has the word: another instance has another */
	uint32_t slot; /* a word's, by the time that it is */
};
void gate_ruling(struct gate *g, struct gate_ruling *out);
bool gate_ruling_same(const struct gate_ruling *a, const struct gate_ruling *b);

/* ---- the handshake (gate_shake.c) ---- */

/* Secrets and what this host's TCP agrees to: drawn once, sysctls read anew. */
int gate_shake(struct gate *g);
/* The secrets by which names are hashed in this instance, whatever the policy. */
int gate_name_keys(struct gate *g, uint64_t out[4]);
int gate_engagement(struct gate *g, const struct rule *listener, struct engagement *e);
/* In words, for people: why it is judged at data. */
const char *shallow_text(enum shallow s);

/* ---- posture auto (alarm.c) ---- */

/* The times of `auto`, as they are unless a test says otherwise. */
struct pace alarm_pace(void);
/* What `auto` knows of a listener now, windows included that have ended without a
 * packet. 0 or -errno. */
int gate_alarm(struct gate *g, const struct rule *listener, struct alarm *out);
/* Watched for long enough to engage; *wait: for so many ns yet (0: visits are lacking). */
bool gate_alarm_is_armed(struct gate *g, const struct alarm *a, uint64_t *wait);
/* ns of the clock that alarms go by. */
uint64_t gate_alarm_now(struct gate *g);

/* ---- learned sources (learn.c) ---- */

struct gate_learned {
	struct prefix prefix; /* a source, or the network around it */
	uint64_t left;	      /* ns: refused for so long yet */
	unsigned int times;   /* that it was learned, one behind the other; at most 255 */
};
/* Those that are refused now, in the order of addresses; free(*out). */
int gate_learned(struct gate *g, struct gate_learned **out, size_t *count);
/* Nobody is learned any more, and no stray counted. Regulars stay regulars. */
int gate_clear_learned(struct gate *g);
/* Has the policy a `learn` line? */
bool gate_learns(struct policy *p);
/* The same if `now` serves names, or lets strays pass, that `before` does not (NULL: nobody
 * knows what was): who asked for these is no source of strays. To be called when `now`
 * rules. */
int gate_forget_strays(struct gate *g, struct policy *now, struct policy *before);
/* Those that are refused now, and the regulars of IPv4, as text. 0 or -errno. */
int gate_save_learned(struct gate *g, FILE *out);
/* The way back, perhaps after a reboot: what was learned is replaced by what the file says,
 * less the time that has passed, and its regulars are added. A file with an error in it changes
 * nothing. */
int gate_restore_learned(struct gate *g, const char *path);
/* Of what learn_table.h calls kind and key. */
void learned_prefix(uint32_t kind, uint64_t key, struct prefix *out);

/* ---- bound visits (drain.c) ---- */

int gate_room(struct gate *g, struct room *out);
/* For `down`, on a gate that gate_open_any() opened: what the functions below need. */
int gate_open_room(struct gate *g);
/* Bound visits of a gate that gate_open_room() could not open: all that can be told of
 * another layout. Some may have ended. */
int64_t gate_bound_elsewise(struct gate *g);
/* How many visits are bound of each listener, by its id, some of which may have ended. Reads
 * the whole table, which only root may: for who looks now and then. 0 or -errno. */
int gate_bound_by_listener(struct gate *g, uint32_t count[LISTENERS_MAX + 1]);
/* May visits have shaken hands with the gate, and not spoken yet? */
bool gate_cookies_about(struct gate *g);
/* From now on no visit shakes hands with the gate (on), or again as the policy says. */
int gate_drain(struct gate *g, bool on);
/* Is all of it being taken down? */
bool gate_is_draining(struct gate *g);
/* How many visits are bound that came by this device; 0: by any. Those whose local
 * socket is gone are taken away. Number or -errno. */
int64_t gate_bound(struct gate *g, unsigned int ifindex);
/* Resets them, both ends. Returns how many had no local socket, and so get their RST
 * with the next packet of either side; or -errno. */
int64_t gate_cut(struct gate *g, unsigned int ifindex);

/* ---- counters (gate_count.c) ---- */

/* counters of a device, summed over CPUs: COUNTERS_MAX, by counter_index(). */
int gate_counters(const struct gate_device *d, struct counter *out);
/* What the filters at tc did on this device, summed over CPUs: 2 * CROSSINGS, by
 * direction * CROSSINGS + enum crossing. */
int gate_crossings(struct gate *g, const struct gate_device *d, struct counter *out);
/* No name is familiar to listener id. */
int gate_clear_familiar(struct gate *g, uint32_t id);
/* Listener id has seen nothing, and is not engaged. */
int gate_clear_listener(struct gate *g, uint32_t id);
/* heavy hitters of a map, merged over CPUs, most visits first; free(*out). */
int gate_heavy(struct gate *g, enum gate_map map, struct heavy **out, size_t *count);
/* Nothing is heavy any more. */
int gate_clear_heavy(struct gate *g, enum gate_map map);
/* ends: NULL where they were not written down, in the haste of a flood. */
typedef int gate_flow_fn(const struct flow *f, const struct flow_key *ends, void *arg);
/* Calls fn for each visit that is remembered; returns their number or -errno. */
int gate_flows(struct gate *g, gate_flow_fn *fn, void *arg);

/* ---- what it costs (run_time.c) ---- */

#define GATE_PROGRAMS 3 /* of a device: XDP, and the filters at tc, ingress and egress */
/* Has the kernel measure programs, as long as this fd is open; or -errno: not allowed.
 * Each run costs some tens of ns more meanwhile. */
int gate_stats_on(void);
/* For how long the device's programs ran while that was measured. 0 or -errno. */
int gate_run_time(struct gate *g, const struct gate_device *d, uint64_t ns[GATE_PROGRAMS]);

/* ---- counters of rules (gate_rules.c) ---- */

struct rule_counters;
/* As they are when one is asked for; free with gate_rule_counters_free(). */
int gate_rule_counters(struct gate *g, struct rule_counters **out);
struct counter gate_rule_counter(const struct rule_counters *c, uint32_t id);
void gate_rule_counters_free(struct rule_counters *c);
static inline void rule_counters_freep(struct rule_counters **c)
{
	gate_rule_counters_free(*c);
}
#define cleanup_rule_counters __attribute__((cleanup(rule_counters_freep)))
int gate_clear_rules(struct gate *g, struct policy *now, struct policy *before);

/* ---- `limit each` (clients.c) ---- */

/* Visits and packets that passed unlimited, since there was no place for their network. */
int gate_unplaced(struct gate *g, uint64_t *out);
/* Lines with these ids know of no network. */
int gate_clear_clients(struct gate *g, const uint8_t *ids, size_t count);

/* ---- explain (gate_explain.c) ---- */

/* Runs a packet through the stages without a trace. */
int gate_explain(struct gate *g, const void *packet, size_t len, struct explanation *e);

/* ---- small helpers of gate*.c (gate_pin.c) ---- */

#define PIN_NAME_MAX 64

/* A map; -1 and errno as open(2). */
int pin_open(struct gate *g, const char *name);
/* A map that is to be mapped, which only those can who may write it. */
int pin_open_mapped(struct gate *g, const char *name);
/* A program or a link, for which the kernel wants the right to write. */
int pin_open_object(struct gate *g, const char *name);
/* A directory for pins. */
int pin_make_dir(struct gate *g, const char *path);
/* Owner and mode of all that is pinned below a directory, by g->shared. */
int pin_share(struct gate *g, const char *dir, gid_t group);
/* The same of a device: DEVICE/what. */
void device_pin_name(char out[PIN_NAME_MAX], const char *device, const char *what);
int device_pin_open(struct gate *g, const char *device, const char *what);
int device_pin_open_object(struct gate *g, const char *device, const char *what);
int device_pin_put(struct gate *g, const char *device, const char *what, int fd);
void device_pin_remove(struct gate *g, const char *device, const char *what);
/* Pins fd as DIR/name, replacing what is there in one step. */
int pin_put(struct gate *g, const char *name, int fd);
void pin_remove(struct gate *g, const char *name);
/* Removes a directory of pins. */
int pin_remove_dir(const char *path);
bool pin_mounted(void);
int pin_mount(void);
#define BPFFS "/sys/fs/bpf"
/* For tests: the place where a kill -9 is put. With STRAYGATE_FAULT=N in the
 * environment the N-th one that is passed kills the process. */
void fault_point(void);
/* An array, mapped, or a copy of it if it is opened read-only; munmap(). */
void *map_memory(int fd, size_t size, bool write);

#endif
