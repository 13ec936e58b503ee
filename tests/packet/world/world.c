// SPDX-License-Identifier: GPL-2.0-or-later
#include "world.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "cmd/change.h"
#include "gate/events.h"
#include "gate/object.h"
#include "gate/tc.h"
#include "tests/shared/scratch.h"
#include "inside.h"
#include "wire.h"

struct gate world_gate = GATE_INIT;
struct loaded world_loaded = LOADED_INIT;
static int stats = -1;
struct gate_device world_device = {.name = "wire", .counters = -1};
struct policy *world_running;
static struct counter counts[2][COUNTERS_MAX];
static unsigned int turn; /* counts[turn] is the newest */

/* ---- the namespace ---- */

void sysctl_set(const char *name, const char *value)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	fd = open(path, O_WRONLY);
	cr_assert(fd >= 0 && write(fd, value, strlen(value)) > 0, "%s: %s", path, strerror(errno));
	close(fd);
}

/* The clients' routes lead onto the wire, whose host end wants no ARP. It is wider than
 * what the host says, so that a client may send what is too long to be kept. */
static const char host[] = "set -e\n"
			   "ip link set lo up\n"
			   "ip link add host address 02:00:00:00:00:01 type veth "
			   "peer name wire address 02:00:00:00:00:02\n"
			   "ip link set host mtu 9000 arp off up\n"
			   "ip link set wire mtu 9000 arp off up\n"
			   "ip addr add " HOST4 "/32 dev lo\n"
			   "ip addr add " HOST4B "/32 dev lo\n"
			   "ip addr add " HOST6 "/128 dev lo nodad\n"
			   "ip addr add " HOST6B "/128 dev lo nodad\n"
			   "ip route add 198.18.0.0/15 dev host mtu 1500 advmss 1460\n"
			   "ip -6 route add 2001:db8:c::/48 dev host mtu 1500 advmss 1440\n";

static void make_namespace(void)
{
	cr_assert(geteuid() == 0, "needs root: the packets go through the kernel");
	cr_assert(!unshare(CLONE_NEWNET | CLONE_NEWNS), "needs root (CAP_SYS_ADMIN): unshare: %s",
		  strerror(errno));
	cr_assert(!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
			  !mount("bpf", "/sys/fs/bpf", "bpf", 0, "mode=0700"),
		  "bpffs: %s", strerror(errno));
	sysctl_set("net/ipv6/conf/default/accept_dad", "0");
	sysctl_set("net/ipv6/conf/default/router_solicitations", "0");
	sysctl_set("net/ipv4/conf/all/rp_filter", "0");
	sysctl_set("net/ipv4/conf/default/rp_filter", "0");
	cr_assert(!system(host), "the namespace's addresses (needs iproute2, veth)");
	wire_open();
}

/* As `up` does at the host's end of the wire, but for the XDP program. */
static void attach_filters(void)
{
	struct device d = {.mac = {2, 0, 0, 0, 0, 1}, .mtu = 1500, .flags = DEVICE_SHAKES};
	uint32_t zero = 0;
	char dir[PATH_MAX + 8];

	snprintf(dir, sizeof(dir), "%s/host", world_gate.dir);
	cr_assert(!mkdir(dir, 0700) &&
		  !tc_attach(&world_gate, "host", world_loaded.ingress, world_loaded.egress));
	cr_assert(!bpf_map_update_elem(world_loaded.device, &zero, &d, BPF_ANY));
}

/* To fill the lists of free elements of tables that nobody fills is a sixth of what loading
 * takes, and each test loads. */
#define FEW 2048
static bool full_tables;

int __real_bpf_object__load(struct bpf_object *object);
int __wrap_bpf_object__load(struct bpf_object *object);

/* Instead of libbpf's own (-Wl,--wrap). */
int __wrap_bpf_object__load(struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		if (full_tables || bpf_map__fd(map) >= 0 || bpf_map__type(map) != BPF_MAP_TYPE_LRU_HASH)
			continue;
		if (bpf_map__max_entries(map) > FEW)
			bpf_map__set_max_entries(map, FEW);
	}
	return __real_bpf_object__load(object);
}

void world_begin_full(void)
{
	full_tables = true;
	world_begin();
}

void world_begin_small(uint32_t bound)
{
	make_namespace();
	cr_assert(!gate_make(&world_gate, "packets", NULL, bound));
	cr_assert(!object_load(&world_gate, &world_loaded));
	world_device.counters = world_loaded.counters;
	attach_filters();
	stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	cr_assert(stats >= 0, "bpf_enable_stats: %s", strerror(errno));
}

void world_begin(void)
{
	world_begin_small(0);
}

void world_end(void)
{
	policy_free(world_running);
	world_running = NULL;
	tc_detach(&world_gate, "host");
	loaded_close(&world_loaded);
	gate_destroy(&world_gate);
	gate_close(&world_gate);
	scratch_leave();
}

/* ---- the policy ---- */

void world_file(char path[WORLD_PATH], const char *text)
{
	static unsigned int count;
	FILE *f;

	if (!*scratch)
		scratch_make();
	snprintf(path, WORLD_PATH, "%s/%u", scratch, count++);
	f = fopen(path, "we");
	cr_assert(f && fputs(text, f) >= 0 && !fclose(f), "%s: %s", path, strerror(errno));
}

/* What stands in the file of `zone NAME names from NAMES_FILE`. */
static const char names[] = "www.listed.example\n*.wild.listed.example\n.sub.listed.example\n"
			    "deep.down.listed.example\nMy\\032Printer\\.\\195.listed.example\n";

static void add_lines(struct policy *p, const char *lines)
{
	struct policy_error err;
	char line[512], path[WORLD_PATH];
	const char *file;
	size_t n;

	for (; *lines; lines += n + (lines[n] == '\n')) {
		n = strcspn(lines, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)n, lines);
		file = strstr(line, NAMES_FILE);
		if (file) {
			world_file(path, names);
			snprintf(line + (file - line), sizeof(line) - (file - line), "%s", path);
		}
		if (n)
			cr_assert(policy_add(p, line, &err) == 1, "%s: %s", line, err.text);
	}
}

/* As if SYN-ACKs of each had been seen to leave. */
static void engage_all(void)
{
	static const struct engagement open = {.seen = {1, 1}};
	size_t i;

	for (i = 0; i < policy_count(world_running); i++) {
		const struct rule *r = policy_rule(world_running, i);

		if (r->statement == ST_LISTEN)
			cr_assert(!bpf_map_update_elem(world_gate.maps[GATE_ENGAGEMENTS], &r->id, &open,
						       BPF_ANY));
	}
}

/* The lines of listeners with ids up to this one, which are read by the packet: all are
 * 33,000. What is counted beyond shows in check_counted(). */
static uint32_t highest;

static void watch_listeners(struct policy *p)
{
	size_t i;

	for (i = 0; i < policy_count(p); i++) {
		const struct rule *r = policy_rule(p, i);

		if (r->statement == ST_LISTEN && r->id > highest)
			highest = r->id;
	}
}

static void make_running(struct policy *p)
{
	struct policy *empty = policy_new();

	cr_assert(empty && !change_policy(&world_gate, p, world_running ? world_running : empty, NULL));
	policy_free(empty);
	policy_free(world_running);
	world_running = p;
	watch_listeners(p);
	engage_all();
}

void world_policy(const char *lines)
{
	struct policy *p = policy_new();

	cr_assert(p);
	add_lines(p, lines);
	make_running(p);
}

void world_add(const char *line)
{
	struct policy *p;

	cr_assert(!gate_running(&world_gate, &p));
	add_lines(p, line);
	make_running(p);
}

void world_try_policy(const char *lines, unsigned int seconds)
{
	struct policy *p = policy_new();

	cr_assert(p);
	add_lines(p, lines);
	cr_assert(!policy_inherit(p, world_running, monotonic_ns()) &&
		  !gate_publish(&world_gate, p, world_running, seconds));
	watch_listeners(p);
	policy_free(p);
}

void world_no_policy(void)
{
	struct control none = {.word = CONTROL_WORD(CONTROL_NO_SLOT, CONTROL_NO_SLOT, 0, 0)};
	uint32_t zero = 0;

	cr_assert(!bpf_map_update_elem(world_gate.maps[GATE_CONTROL], &zero, &none, BPF_ANY));
	policy_free(world_running);
	world_running = NULL;
}

/* ---- packets ---- */

const char *reason_name(uint32_t reason)
{
	switch (reason) {
#define R(nr, name, verdict, sends, counts, text) \
	case nr:                                  \
		return #name;
		STRAYGATE_REASONS(R)
#undef R
	}
	return "none";
}

const char *xdp_name(uint32_t action)
{
	static const char *const names[] = {"XDP_ABORTED", "XDP_DROP", "XDP_PASS", "XDP_TX", "XDP_REDIRECT"};

	return action < 5 ? names[action] : "?";
}

static uint64_t runs_made;

/* As if it came in by the host's end of the wire. */
static int run(const struct frame *in, struct frame *to, size_t first, uint32_t *action)
{
	struct xdp_md md = {.data_end = first, .ingress_ifindex = wire_host()};
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = in->bytes, .data_size_in = in->len,
		    .data_out = to->bytes, .data_size_out = sizeof(to->bytes), .ctx_in = &md,
		    .ctx_size_in = sizeof(md), .repeat = 1);

	runs_made++;
	if (bpf_prog_test_run_opts(world_loaded.program, &o))
		return -errno;
	to->len = o.data_size_out;
	to->l3 = in->l3;
	*action = o.retval;
	return 0;
}

bool world_run_in_pieces(const struct frame *in, struct frame *out, size_t first, uint32_t *action)
{
	int err = run(in, out, first, action);

	cr_assert(!err || err == -EINVAL, "test run of %zu bytes: %s", in->len, strerror(-err));
	return !err;
}

uint32_t world_run_only(const struct frame *in, struct frame *out)
{
	static struct frame rest;
	uint32_t action;
	int err = run(in, out ? out : &rest, in->len, &action);

	cr_assert(!err, "test run of %zu bytes: %s", in->len, strerror(-err));
	return action;
}

int world_run_filter(enum direction d, const struct frame *in, struct frame *out)
{
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = in->bytes, .data_size_in = in->len,
		    .data_out = out->bytes, .data_size_out = sizeof(out->bytes), .repeat = 1);

	cr_assert(!bpf_prog_test_run_opts(d == DIRECTION_IN ? world_loaded.ingress : world_loaded.egress, &o),
		  "test run of %zu bytes: %s", in->len, strerror(errno));
	out->len = o.data_size_out;
	return o.retval;
}

struct explanation world_explain(const struct frame *in)
{
	static struct loaded explain = LOADED_INIT;
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = in->bytes, .data_size_in = in->len, .repeat = 1);
	struct explanation e;
	uint32_t zero = 0;

	/* The object stays as long as its process. */
	if (explain.program < 0)
		cr_assert(!object_load_explain(&world_gate, &explain));
	cr_assert(!bpf_prog_test_run_opts(explain.program, &o) && o.retval == XDP_PASS, "explain");
	cr_assert(!bpf_map_lookup_elem(world_gate.maps[GATE_EXPLAINED], &zero, &e));
	return e;
}

static void read_counters(void)
{
	turn ^= 1;
	cr_assert(!gate_counters(&world_device, counts[turn]));
}

/* The first n lines, of all CPUs together. */
static void read_lines(struct counter *out, uint32_t n)
{
	static struct counter *lines;
	static uint32_t keys[COUNTERS_MAX];
	uint32_t cursor, got = n, cpus = libbpf_num_possible_cpus(), i, cpu;

	if (!lines)
		lines = calloc(COUNTERS_MAX * (size_t)cpus, sizeof(*lines));
	cr_assert(lines &&
			  !bpf_map_lookup_batch(world_loaded.counters, NULL, &cursor, keys, lines, &got,
						NULL) &&
			  got == n,
		  "counters: %s", strerror(errno));
	for (i = 0; i < n; i++)
		for (out[i] = (struct counter){0}, cpu = 0; cpu < cpus; cpu++) {
			out[i].packets += lines[i * cpus + cpu].packets;
			out[i].bytes += lines[i * cpus + cpu].bytes;
		}
}

/* Promise 1: every run of the program is counted, once, on whatever line. Of the first packets
 * each, later every 32nd time: what Criterion finds behind a test's end makes none fail. */
static void check_counted(void)
{
	static unsigned int times;
	uint64_t counted, runs;

	if (++times > 8 && times % 32)
		return;
	counted = world_counted();
	runs = world_runs();
	cr_assert(counted == runs, "%lu packets counted of %lu runs", (unsigned long)counted,
		  (unsigned long)runs);
}

struct outcome world_run(const struct frame *in, struct frame *out)
{
	static struct counter before[COUNTERS_MAX], now[COUNTERS_MAX];
	uint32_t lines = (highest + 1) * 2 * REASONS_MAX, risen = 0, i;
	struct outcome o = {0};

	read_lines(before, lines);
	o.action = world_run_only(in, out);
	read_lines(now, lines);
	for (i = 0; i < lines; i++) {
		if (now[i].packets == before[i].packets)
			continue;
		risen++;
		cr_assert(now[i].packets == before[i].packets + 1, "counted as %lu packets",
			  (unsigned long)(now[i].packets - before[i].packets));
		cr_assert(now[i].bytes == before[i].bytes + in->len, "counted as %lu bytes of %zu",
			  (unsigned long)(now[i].bytes - before[i].bytes), in->len);
		o.reason = i % REASONS_MAX;
		o.observed = i / REASONS_MAX % 2;
		o.listener = i / REASONS_MAX / 2;
	}
	cr_assert(risen == 1, "%u lines of the counters for one packet", risen);
	check_counted();
	return o;
}

#define WATCHED_LINES ((WATCHED + 1) * 2 * REASONS_MAX)

static void read_watched(uint64_t packets[WATCHED_LINES])
{
	static struct counter lines[WATCHED_LINES * 256];
	static uint32_t keys[WATCHED_LINES];
	uint32_t cursor, got = WATCHED_LINES, cpus = libbpf_num_possible_cpus(), i, cpu;

	cr_assert(cpus <= 256 &&
			  !bpf_map_lookup_batch(world_loaded.counters, NULL, &cursor, keys, lines, &got,
						NULL) &&
			  got == WATCHED_LINES,
		  "counters: %s", strerror(errno));
	for (i = 0; i < WATCHED_LINES; i++)
		for (packets[i] = 0, cpu = 0; cpu < cpus; cpu++)
			packets[i] += lines[i * cpus + cpu].packets;
}

struct outcome world_run_watched(const struct frame *in, struct frame *out)
{
	static uint64_t packets[2][WATCHED_LINES], known;
	static unsigned int newest;
	const uint64_t *before, *now;
	struct outcome o = {0};
	unsigned int i;

	if (known != runs_made)
		read_watched(packets[newest]);
	before = packets[newest];
	o.action = world_run_only(in, out);
	newest ^= 1;
	read_watched(packets[newest]);
	now = packets[newest];
	known = runs_made;
	for (i = 0; i < WATCHED_LINES; i++) {
		if (now[i] == before[i])
			continue;
		cr_assert(!o.reason && now[i] == before[i] + 1, "counted more than once");
		o.reason = i % REASONS_MAX;
		o.observed = i / REASONS_MAX % 2;
		o.listener = i / REASONS_MAX / 2;
	}
	cr_assert(o.reason, "not counted");
	return o;
}

uint64_t world_counted(void)
{
	uint64_t sum = 0;
	unsigned int i;

	read_counters();
	for (i = 0; i < COUNTERS_MAX; i++)
		sum += counts[turn][i].packets;
	return sum;
}

uint64_t world_counted_as(uint32_t reason)
{
	uint64_t sum = 0;
	unsigned int i;

	read_counters();
	for (i = reason; i < COUNTERS_MAX; i += REASONS_MAX)
		sum += counts[turn][i].packets;
	return sum;
}

void world_by_reason(uint64_t sums[2][REASONS_MAX])
{
	unsigned int i;

	memset(sums, 0, 2 * sizeof(sums[0]));
	read_counters();
	for (i = 0; i < COUNTERS_MAX; i++)
		sums[i / REASONS_MAX % 2][i % REASONS_MAX] += counts[turn][i].packets;
}

uint64_t world_runs(void)
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);

	cr_assert(!bpf_obj_get_info_by_fd(world_loaded.program, &info, &size));
	return info.run_cnt;
}
