// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets as they came, into a pcapng file: also those that XDP turns away, of which
 * tcpdump(8) sees nothing. What became of each is its comment.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cmd/onlook.h"
#include "cmd/verb.h"
#include "gate/object.h"
#include "lib/json.h"
#include "lib/pcapng.h"
#include "lib/say.h"

#define COUNT 10000 /* packets, unless --count says otherwise */

/* What is left to others of a file system: a twentieth, within these bounds. */
#define MARGIN_SHARE 20
#define MARGIN_LEAST (UINT64_C(64) << 20)
#define MARGIN_MOST  (UINT64_C(1) << 30)
#define LOOK_BYTES   (UINT64_C(256) << 10) /* are written between two looks at it */

#define INTERFACES 256

struct capturer {
	struct onlooker o;
	struct pcapng file;
	const char *path;
	bool regular;  /* on a file system that could be filled */
	uint64_t good; /* bytes of whole blocks that are in the file */
	struct {
		uint32_t ifindex;
		uint64_t packets;
	} interface[INTERFACES]; /* by their numbers in the file */
	uint64_t looked;	 /* bytes when there was enough room */
	char filter[512];
	char comment[VERDICT_COMMENT];
};

/* ---- the file ------------------------------------------------------------------ */

/* Of the file system of the file, or of the directory where it is to be. */
static int check_room(const struct statvfs *fs, const char *path)
{
	uint64_t left = (uint64_t)fs->f_bavail * fs->f_frsize;
	uint64_t margin = (uint64_t)fs->f_blocks * fs->f_frsize / MARGIN_SHARE;

	margin = margin < MARGIN_LEAST ? MARGIN_LEAST : margin > MARGIN_MOST ? MARGIN_MOST : margin;
	if (left >= margin)
		return 0;
	return fail(-ENOSPC, "%s: %s MB are left on its file system, of which %s MB stay for others", path,
		    grouped(left >> 20), grouped(margin >> 20));
}

static int check_file_room(struct capturer *c)
{
	struct statvfs fs;

	if (!c->regular || fstatvfs(fileno(c->file.out), &fs))
		return 0;
	c->looked = c->file.written;
	return check_room(&fs, c->path);
}

/* Before anything is made: a refusal leaves no empty file. */
static int check_directory_room(const char *path)
{
	char dir[PATH_MAX], *slash;
	struct statvfs fs;
	struct stat st;

	if (!stat(path, &st) && !S_ISREG(st.st_mode))
		return 0;
	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (slash)
		slash[slash == dir] = 0;
	return statvfs(slash ? dir : ".", &fs) ? 0 : check_room(&fs, path);
}

/* Packets are nobody else's to read. */
static int open_file(struct capturer *c)
{
	struct stat st;
	int fd, err = check_directory_room(c->path);

	if (err)
		return err;
	fd = open(c->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || fstat(fd, &st))
		return fail(-errno, "%s: %s", c->path, strerror(errno));
	c->regular = S_ISREG(st.st_mode);
	if (c->regular && fchmod(fd, 0600)) {
		err = fail(-errno, "%s: %s", c->path, strerror(errno));
		close(fd);
		return err;
	}
	c->file.out = fdopen(fd, "w");
	if (c->file.out)
		return 0;
	close(fd);
	return fail(-ENOMEM, "no memory");
}

static int open_output(struct capturer *c)
{
	if (strcmp(c->path, "-"))
		return open_file(c);
	c->file.out = stdout;
	c->path = "standard output";
	return 0;
}

/* A block that could not be written to its end is taken back. */
static int cannot_write(struct capturer *c, int err)
{
	if (err == -EPIPE) {
		onlook_unread(&c->o);
		return 0;
	}
	if (c->regular) {
		__fpurge(c->file.out);
		if (ftruncate(fileno(c->file.out), c->good))
			say("%s: its last packet is cut", c->path);
	}
	return fail(err, "%s: %s", c->path, strerror(-err));
}

/* ---- packets ---------------------------------------------------------------------- */

/* Its number in the file, where it is described when it is first needed; or -errno. */
static int interface_of(struct capturer *c, uint32_t ifindex)
{
	char name[IF_NAMESIZE] = "";
	uint32_t i;
	int err;

	for (i = 0; i < c->file.interfaces; i++)
		if (c->interface[i].ifindex == ifindex)
			return i;
	if (i == INTERFACES)
		return -E2BIG;
	if (!if_indextoname(ifindex, name))
		snprintf(name, sizeof(name), "%u", ifindex);
	c->interface[i].ifindex = ifindex;
	err = pcapng_interface(&c->file, name, c->o.filter.snaplen, *c->filter ? c->filter : NULL);
	return err ? err : (int)i;
}

static int write_packet(struct onlooker *o, const struct tap_record *r, const uint8_t *bytes)
{
	struct capturer *c = (struct capturer *)o;
	int interface = interface_of(c, r->ifindex), err = interface < 0 ? interface : 0;
	struct pcapng_packet packet = {
		.interface = interface,
		.time = r->time + o->wall,
		.bytes = bytes,
		.captured = r->captured,
		.length = r->length,
		.comment = c->comment,
		.xdp_action = TAP_ACTION(r->acted),
	};

	if (c->file.written - c->looked >= LOOK_BYTES && check_file_room(c))
		return -ENOSPC;
	verdict_comment(r, o->lines, c->comment);
	if (!err)
		err = pcapng_packet(&c->file, &packet);
	if (err)
		return cannot_write(c, err);
	c->interface[interface].packets++;
	return 0;
}

static int flush_file(struct onlooker *o)
{
	struct capturer *c = (struct capturer *)o;

	if (fflush(c->file.out))
		return cannot_write(c, -errno);
	c->good = c->file.written;
	return 0;
}

static int each_second(struct onlooker *o)
{
	return check_file_room((struct capturer *)o);
}

/* ---- beginning and end --------------------------------------------------------------- */

static void put_filter(struct capturer *c, const char *option, const char *value)
{
	size_t used = strlen(c->filter);

	if (value)
		snprintf(c->filter + used, sizeof(c->filter) - used, "%s--%s %s", used ? " " : "", option,
			 value);
	for (char *at = c->filter; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
}

/* Also those by which nothing comes. */
static int describe_devices(struct capturer *c)
{
	struct gate_device *devices;
	size_t count, i;
	int err = gate_devices(c->o.gate, &devices, &count), number = 0;

	for (i = 0; !err && i < count && number >= 0; i++)
		if (devices[i].attached)
			number = interface_of(c, if_nametoindex(devices[i].name));
	gate_devices_free(devices, count);
	return err ? err : number < 0 ? number : 0;
}

static int begin_file(struct capturer *c)
{
	char application[96], os[sizeof(struct utsname)];
	struct utsname u = {0};
	int err;

	uname(&u);
	snprintf(application, sizeof(application), "straygate %s", gate_build);
	snprintf(os, sizeof(os), "%s %s", u.sysname, u.release);
	put_filter(c, "reason", c->o.call->reason);
	put_filter(c, "listener", c->o.call->listener);
	put_filter(c, "from", c->o.call->from);
	put_filter(c, "name", c->o.call->name);
	err = pcapng_section(&c->file, application, os);
	if (!err)
		err = describe_devices(c);
	if (err || fflush(c->file.out))
		return cannot_write(c, err ? err : -errno);
	c->good = c->file.written;
	return 0;
}

/* What was not written is not counted by device: it stands with the first. */
static void put_statistics(struct capturer *c, uint64_t ended)
{
	struct tap_counts n = tap_counts(c->o.tap);
	uint32_t i;

	for (i = 0; i < c->file.interfaces; i++) {
		uint64_t missed = i ? 0 : n.matched - c->o.taken;
		struct pcapng_statistics s = {
			.interface = i,
			.begun = c->o.begun + c->o.wall,
			.ended = ended + c->o.wall,
			.time = ended + c->o.wall,
			.received = c->interface[i].packets + missed,
			.dropped = missed,
		};

		pcapng_statistics(&c->file, &s);
	}
}

static void tell_end(struct capturer *c)
{
	struct tap_counts n = tap_counts(c->o.tap);
	uint64_t missed = n.matched - c->o.taken;
	char why[160];

	if (c->o.call->json) {
		json_open(c->o.call->instance);
		json_member("file", json_string(c->path));
		json_member("bytes", json_integer(c->good));
		json_member("matched", json_integer(n.matched));
		json_member("written", json_integer(c->o.taken));
		json_member("not_written", json_integer(missed));
		json_member("over_rate", json_integer(n.over));
		json_member("lost", json_integer(n.lost));
		json_close();
		return;
	}
	onlook_missed(&c->o, &n, why, sizeof(why));
	say("%s packets written to %s, %s not%s%s", grouped(c->o.taken), c->path, grouped(missed),
	    missed ? ": " : "", missed ? why : "");
	if (c->o.call->count == UINT_MAX && c->o.taken == COUNT)
		say("ended after %s packets; --count N takes more, --count 0 does not end by itself",
		    grouped(COUNT));
}

static int capture(struct capturer *c)
{
	int err, status = onlook_begin(&c->o, true, 0);

	if (status)
		return status;
	if (open_output(c))
		return EXIT_FAILED;
	c->o.out = c->file.out;
	err = begin_file(c);
	if (!err)
		err = onlook(&c->o);
	if (!c->o.unread)
		put_statistics(c, monotonic_ns());
	if (!c->o.unread && flush_file(&c->o))
		err = -EIO;
	tell_end(c);
	return err ? EXIT_FAILED : EXIT_OK;
}

static int run(const struct call *call)
{
	cleanup_gate struct gate g = GATE_INIT;
	struct capturer c = {
		.o = {.call = call,
		      .gate = &g,
		      .count = call->count == UINT_MAX ? COUNT : call->count,
		      .take = write_packet,
		      .flush = flush_file,
		      .second = each_second},
		.path = call->write,
	};
	int status;

	if (!c.path) {
		say("capture needs -w FILE; see `straygate capture -h`");
		return EXIT_USAGE;
	}
	if (!strcmp(c.path, "-") && (call->json || isatty(STDOUT_FILENO))) {
		say(call->json ? "-j and -w - both want standard output"
			       : "-w -: standard output is a terminal; pipe it, e.g. into tcpdump -r -");
		return EXIT_USAGE;
	}
	status = capture(&c);
	onlook_end(&c.o);
	if (c.file.out && c.file.out != stdout && fclose(c.file.out) && status == EXIT_OK)
		status = fail(EXIT_FAILED, "%s: %s", c.path, strerror(errno));
	return status;
}

const struct verb verb_capture = {
	.name = "capture",
	.arguments = "",
	.summary = "write packets as they arrived, including those turned away, to a pcapng file",
	.help = "tcpdump and Wireshark read it; each packet has its reason, name and line of the policy as\n"
		"a comment (tshark -T fields -e frame.comment). Without --reason every packet to the\n"
		"listeners is written; `straygate watch -h` explains the filters. It ends after 10,000\n"
		"packets unless --count says otherwise, and when less than a twentieth of the file system\n"
		"(64 MB to 1 GB) is left.\n"
		"  straygate capture -w strays.pcapng --reason stray --count 1000\n"
		"  straygate capture -w - --listener tcp/443 | tcpdump -r -\n",
	.takes = TAKES_JSON | TAKES_WATCH | TAKES_CAPTURE,
	.least = 0,
	.most = 0,
	.run = run,
};
