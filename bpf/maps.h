/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every map: who writes it, who reads it, what happens when it is full.
 *
 * All of them are pinned by the controller below /sys/fs/bpf/straygate/INSTANCE
 * and shared by the devices of an instance, except `counters`, `crossings` and
 * `device`, of which each device has its own, and `scratch_tc` and `tap_record`, which
 * are not pinned.
 */
#ifndef STRAYGATE_MAPS_H
#define STRAYGATE_MAPS_H

#include "bpf/bpf.h"
#include "bpf/event_record.h"
#include "bpf/handshake/cookie.h"
#include "bpf/find/finder.h"
#include "bpf/image.h"
#include "bpf/learn_table.h"
#include "bpf/name_hash.h"
#include "bpf/tap_record.h"

/* Which image rules. Written by the controller (one 64-bit store through a
 * mapping), read once a packet. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct control);
} control SEC(".maps");

/* (Inner maps are given sizes, not types: clang leaves a struct that only an
 * inner map points to out of the BTF.) */

/* The images, by slot. Written by the controller, read by every packet for a
 * listener. An empty slot passes, reason table_missing. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, GENERATIONS);
	__type(key, __u32);
	__array(
		values, struct {
			__uint(type, BPF_MAP_TYPE_ARRAY);
			__uint(map_flags, BPF_F_MMAPABLE | BPF_F_INNER_MAP);
			__uint(max_entries, 1);
			__uint(key_size, sizeof(__u32));
			__uint(value_size, sizeof(struct image_cell));
		});
} images SEC(".maps");

/* Packets and bytes of this device, by counter_index(). One line a CPU, so
 * written without atomics by the program, read and summed by the controller. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNTERS_MAX);
	__type(key, __u32);
	__type(value, struct counter);
} counters SEC(".maps");

/* Packets and bytes of each rule, by id, in pieces that the controller adds as
 * ids are given out: a counter never moves and no apply resets it. The elements
 * of a piece are CPUs, each with the counters of all ids of the piece in a row,
 * so that CPUs share no line and the controller maps a piece, or reads it with a
 * few system calls; a per-CPU array with an element an id takes two copies out of
 * the kernel for each. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, RULES_MAX / RULES_SEGMENT);
	__type(key, __u32);
	__array(
		values, struct {
			__uint(type, BPF_MAP_TYPE_ARRAY);
			__uint(map_flags, BPF_F_MMAPABLE);
			__uint(max_entries, 1); /* as many as CPUs: object_make() */
			__uint(key_size, sizeof(__u32));
			__uint(value_size, RULES_SEGMENT * sizeof(struct counter));
		});
} rule_counters SEC(".maps");

/* The buckets of limits, by rule id, in the same pieces: the theoretical arrival
 * time of GCRA, one atomic word a bucket, shared by all CPUs since a limit is
 * exact. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, RULES_MAX / RULES_SEGMENT);
	__type(key, __u32);
	__array(
		values, struct {
			__uint(type, BPF_MAP_TYPE_ARRAY);
			__uint(map_flags, BPF_F_MMAPABLE);
			__uint(max_entries, RULES_SEGMENT);
			__uint(key_size, sizeof(__u32));
			__uint(value_size, sizeof(__u64));
		});
} buckets SEC(".maps");

/* What each client network has spent of `limit each` lines: see client_table.h. Written
 * and read by the program. Full: a network that has no cell is not limited, which
 * client_room counts. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1 << CLIENT_SETS_LOG);
	__type(key, __u32);
	__type(value, struct client_set);
} clients SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct client_room);
} client_room SEC(".maps");

/* What is remembered of visits: judged, incomplete, turned away. Written and
 * read by the program. A full set forgets one that was not used of late; its
 * next data passes, reason forgotten. (Mappable: then its elements begin on a
 * cache line, and `show flows` needs no system call for each.) */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1 << FLOW_SETS_LOG);
	__type(key, __u32);
	__type(value, struct flow_set);
} flows SEC(".maps");

/* Whose they are: written when a visit is put into `flows`, read by `show flows`. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1 << FLOW_SETS_LOG);
	__type(key, __u32);
	__type(value, struct flow_ends);
} flow_ends SEC(".maps");

/* Finders that wait for the next segment. Only flows that FLOW_PARTIAL names
 * are looked for here. Full: as above. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, PARTIALS_MAX);
	__type(key, struct flow_key);
	__type(value, struct finder);
} partials SEC(".maps");

/* Data that came before the first data of its visit, or of no visit at all: when
 * it was first seen. Full: the least recently used is forgotten, and waits anew. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, EARLY_MAX);
	__type(key, struct flow_key);
	__type(value, __u64);
} early SEC(".maps");

/*
 * First bytes of a visit that shook hands with the gate. The serial numbers at
 * both ends are drawn with each update: a reader copies all of it, and what has
 * different ones was overwritten meanwhile.
 */
struct kept {
	__u64 serial;
	__u32 first; /* sequence number of bytes[0] */
	__u32 length;
	__u32 fin; /* the client's FIN stands behind the last byte */
	__u8 bytes[HELD_BYTES + 1];
	__u32 slack; /* a word may be written behind the last byte */
	__u64 serial_end;
};
/* DNS questions that left this host: when. Written by tc egress, read by the XDP
 * program. Full: the least recently used is forgotten, and its answer passes only if
 * a socket waits for it. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, QUESTIONS_MAX);
	__type(key, struct flow_key);
	__type(value, __u64);
} questions SEC(".maps");

/* Unasked DNS answers whose first fragment was dropped: when. Written and read by
 * the program. Full: the least recently used is forgotten; what is left of it passes
 * and is not joined by the host. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, PIECES_MAX);
	__type(key, struct piece_key);
	__type(value, __u64);
} pieces SEC(".maps");

/* First data of visits that shook hands with the gate, until the name is
 * complete. Written and taken by the XDP program. Full: the least recently used
 * is forgotten; its client sends the bytes again. */
struct held {
	struct finder finder;
	struct options agreed;
	struct kept kept;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, HELD_MAX);
	__type(key, struct flow_key);
	__type(value, struct held);
} held SEC(".maps");

/* Visits whose SYN went to the server. Written by the XDP program, taken by tc
 * egress when the server answers. Full: the least recently used is forgotten; its
 * client sends its first data again, which introduces it anew. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, INTRODUCED_MAX);
	__type(key, struct flow_key);
	__type(value, struct introduced);
} introduced SEC(".maps");

/* Their first bytes. Apart from `held`, so that clients that never finish a name
 * take no room of served ones. Full: the server gets a bare ACK, and the bytes
 * when the client sends them again. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, FIRST_DATA_MAX);
	__type(key, struct flow_key);
	__type(value, struct kept);
} first_data SEC(".maps");

/* Bound visits: written by tc egress and ingress, read by the XDP program. Never
 * evicts: what is forgotten hangs. From 7/8 on new SYNs are the kernel's. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, BOUND_MAX);
	__type(key, struct flow_key);
	__type(value, struct bound);
} bound SEC(".maps");

/* Those that have ended: late packets are translated still, and a recorded first
 * segment is not taken for a new visit. Full: the least recently used goes. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, ENDED_MAX);
	__type(key, struct flow_key);
	__type(value, struct bound);
} ended SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct room);
} room SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct shaken_ports);
} shaken_ports SEC(".maps");

/* Where SYN-ACKs leave for which no socket of this host's is: containers, guests.
 * When, by FLOW_CLOCK(); written by tc egress, read by the XDP program. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, WAYS_MAX);
	__type(key, struct way_key);
	__type(value, __u32);
} ways SEC(".maps");

/* The same of single visits whose handshake is the kernel's. Full: such a visit
 * passes unjudged. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, PARTIALS_MAX);
	__type(key, struct flow_key);
	__type(value, struct half_open);
} half_open SEC(".maps");

/* Packets at tc of this device, by direction * CROSSINGS + enum crossing. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2 * CROSSINGS);
	__type(key, __u32);
	__type(value, struct counter);
} crossings SEC(".maps");

/* Secrets of the cookies and what the host's TCP agrees to. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct shake);
} shake SEC(".maps");

/* How each listener does at the handshake, by id. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LISTENERS_MAX + 1);
	__type(key, __u32);
	__type(value, struct engagement);
} engagements SEC(".maps");

/* How each listener does under `auto`, by id. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LISTENERS_MAX + 1);
	__type(key, __u32);
	__type(value, struct alarm);
} alarms SEC(".maps");

/* What came for each listener, by CPU * (LISTENERS_MAX + 1) + id: not a per-CPU
 * array, since the program adds up all CPUs' once a second. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LISTENERS_MAX + 1); /* for each CPU: object_make() */
	__type(key, __u32);
	__type(value, struct alarm_counts);
} alarm_counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pace);
} pace SEC(".maps");

/* Names that were asked for in calm, by listener. Full: those that were seen in three
 * windows stay, and others take turns. (There is no listener 0: its sets hold what all
 * names of each listener have spent together, see familiar.h.) */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, (LISTENERS_MAX + 1) * FAMILIAR_SETS);
	__type(key, __u32);
	__type(value, struct familiar_set);
} familiar SEC(".maps");

/* Sources that `learn` refuses. Written by the programs, cleared and restored by the
 * controller. Full: nobody is learned any more, and what comes is judged. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LEARN_SETS);
	__type(key, __u32);
	__type(value, struct learned_set);
} learned SEC(".maps");

/* How many strays the others sent of late. Full: a source that sends more takes the
 * place of one that sends less, in time. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LEARN_TALLY_SETS);
	__type(key, __u32);
	__type(value, struct tally_set);
} stray_tallies SEC(".maps");

/* Client networks that were served in the last day. Of IPv4 never full; of IPv6, more
 * and more networks that were not served are taken for regulars. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, REGULAR_CELLS);
	__type(key, __u32);
	__type(value, struct regular_cell);
} regulars SEC(".maps");

/* What the controller knows of the device; each has its own, as of `counters`. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct device);
} device SEC(".maps");

/* The most-asked stray names, and the most active sources of strays, a table a
 * CPU; see struct heavy. Never full. */
struct heavy_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, HEAVY_CELLS);
	__type(key, __u32);
	__type(value, struct heavy);
};
struct heavy_map stray_names SEC(".maps");
struct heavy_map stray_suffixes SEC(".maps"); /* of names that found no cell: "*.example" */
struct heavy_map stray_sources SEC(".maps");

/* The first bytes of a DNS message: a question, and an OPT record with some options. */
#define ASKED_MAX 512

/* Working memory of one packet: too large for the stack. */
struct scratch {
	struct finder finder;
	__u8 chunk[FIND_CHUNK + 8];
	__u8 literal[16];
	struct name_ends ends;
	struct options options; /* of the segment in hand */
	struct options agreed;	/* of the handshake with us that it proves */
	__u32 option;		/* place among them */
	__u32 option_end;
	struct { /* of the SYN-ACK in the making */
		__u32 seq;
		__u32 tsval;
		__u32 mss;
	} syn_ack;
	__u8 bytes[4096];		/* of an answer: see rewrite.h */
	__u8 asked[2 * ASKED_MAX + 64]; /* what it answers: see answer_dns.h */
	__u64 sum;			/* of a segment */
	struct feed {			/* the way of the payload into the finder */
		__u32 at;
		__u32 left;
		__u32 find; /* enum find */
	} feed;
	struct introduced introduced;
	struct {	  /* a search for vanished visits: see room.h */
		__u64 at; /* entries seen so far */
		__u64 from;
		__u32 now;
	} sweep;
	/* Bytes to keep: the first HELD_BYTES are a map's value; behind them
	 * is room for a segment that does not fit any more. */
	struct held held;
	__u8 overflow[HELD_BYTES + 1];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratch SEC(".maps");

static __always_inline struct scratch *scratch_memory(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratch, &zero);
}

/* The same of the programs at tc. */
struct scratch_tc {
	struct options options; /* of the segment in hand */
	__u8 old[64];		/* its options as they were, zeros behind them */
	__u8 new[64];		/* and as they are to be */
	__u32 at;		/* place among them */
	__u32 end;
	__u32 ack_delta;   /* taken off SACK blocks */
	__u32 ts_delta;	   /* taken off TSecr */
	__u8 headers[128]; /* IP, TCP and options of a packet in the making */
	struct introduced introduced;
	struct bound bound;
	struct kept kept;
	__u8 overflow[HELD_BYTES + 1];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch_tc);
} scratch_tc SEC(".maps");

/* What happened: struct event. Its programs' half is written by event() in event.h
 * alone, the other by commands, and the listeners' names by the controller. Full:
 * the oldest event is overwritten, and `show events` tells how many were. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, EVENT_CELLS);
	__type(key, __u32);
	__type(value, union event_cell);
} events SEC(".maps");

/* Who looks on: see struct tap. Full: `watch` and `capture` say so. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, TAPS_MAX);
	__type(key, __u32);
	__type(value, struct tap);
} taps SEC(".maps");

/* What each has counted, and where it stands. Written by the program; set to zeros by the
 * command whose tap it becomes. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, TAPS_MAX);
	__type(key, __u32);
	__type(value, struct tap_cpu);
} tap_cpus SEC(".maps");

/* To each, the rings of its process, which go with it. Written by the command. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, TAPS_MAX);
	__type(key, __u32);
	__array(
		values, struct {
			__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
			__uint(max_entries, 1);
			__uint(key_size, sizeof(__u32));
			__uint(value_size, sizeof(__u32));
		});
} tap_rings SEC(".maps");

/* The record in the making. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tap_record);
} tap_record SEC(".maps");

/* What `explain` found. Only explain's own program writes it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct explanation);
} explained SEC(".maps");

/* The program that was on the device before the gate (`up --chain`): what the gate passes
 * is its. A device's own; empty without such a program. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} chain SEC(".maps");

/* Who made these maps: checked before anything else is touched. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct meta);
} meta SEC(".maps");

#endif
