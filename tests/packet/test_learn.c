// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `learn`, packet by packet, with a clock of the test's own: who is learned, for how long,
 * who never is, and what frees him.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "learn_helpers.h"
#include "tests/shared/scratch.h"

TestSuite(learn, .init = begin, .fini = world_end);

static const char *const clients[] = {CLIENT4, CLIENT6, CLIENT6B};

Test(learn, after_so_many)
{
	size_t i;

	for (i = 0; i < 3; i++) {
		strays(clients[i], 4);
		cr_expect(!refused(clients[i]), "%s", clients[i]);
		strays(clients[i], 1);
		cr_expect(refused(clients[i]), "%s", clients[i]);
	}
	cr_expect(world_learned(NULL) == 3);
	cr_expect(world_learned("198.18.0.1") == 1 && world_learned("2001:db8:c::/64") == 1 &&
		  world_learned("2001:db8:c:4321::/64") == 1);
	/* Neighbours are others; of IPv6, those of another /64. */
	cr_expect(!refused("198.18.0.2") && !refused("2001:db8:c:1::1") && refused("2001:db8:c::2"));
	/* Until its time is over, and a moment more, by which clocks are rounded. */
	seconds(599);
	cr_expect(refused(CLIENT4) && refused(CLIENT6));
	seconds(2);
	cr_expect(!refused(CLIENT4) && !refused(CLIENT6) && !world_learned(NULL));
}

/* Of time that has passed only what is certain counts: the last three quarters. */
Test(learn, in_that_time)
{
	unsigned int i;

	for (i = 0; i < 40; i++) {
		strays(CLIENT4, 1);
		seconds(15);
	}
	cr_expect(!refused(CLIENT4), "four in a minute");
	strays("198.18.0.2", 3);
	seconds(44);
	strays("198.18.0.2", 2);
	cr_expect(refused("198.18.0.2"), "five in 45 s");
	strays("198.18.0.3", 4);
	seconds(61);
	strays("198.18.0.3", 4);
	cr_expect(!refused("198.18.0.3"));
}

/* Twice as long each time, up to the most; and who was quiet for that long begins anew. */
Test(learn, doubled)
{
	static const unsigned int times[] = {600, 1200, 2400, 3600, 3600};
	size_t i;

	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		strays(CLIENT4, 5);
		seconds(times[i] - 1);
		cr_expect(refused(CLIENT4), "time %zu", i);
		seconds(2);
		cr_expect(!refused(CLIENT4), "time %zu", i);
	}
	seconds(3601);
	strays(CLIENT4, 5);
	seconds(601);
	cr_expect(!refused(CLIENT4));
}

/* How often the others of its network were learned is theirs. */
Test(learn, doubled_for_itself)
{
	size_t i;

	for (i = 0; i < 3; i++) {
		strays(CLIENT4, 5);
		strays(CLIENT6, 5);
		seconds(i == 0 ? 601 : i == 1 ? 1201 : 60);
	}
	cr_assert(refused(CLIENT4) && refused(CLIENT6));
	strays("198.18.0.2", 5);
	strays("2001:db8:c:1::1", 5);
	seconds(599);
	cr_expect(refused("198.18.0.2") && refused("2001:db8:c:1::1"));
	seconds(2);
	cr_expect(!refused("198.18.0.2") && !refused("2001:db8:c:1::1"));
	cr_expect(refused(CLIENT4) && refused(CLIENT6));
}

Test(learn, what_is_refused)
{
	struct visit v = visit_make(CLIENT4, HOST4, 80), bound;
	unsigned int passed = 0, i;
	struct outcome o;

	bound = visit_make(CLIENT4, HOST4, 80);
	visit_shake(&bound);
	strays(CLIENT4, 5);
	frame_build(&in, &v, &syn);
	for (i = 0; i < 6400; i++) {
		o = world_run_watched(&in, &out);
		must(o.reason == REASON_syn_answered || o.reason == REASON_learned_dropped, "%s",
		     reason_name(o.reason));
		must((o.action == XDP_DROP) == (o.reason == REASON_learned_dropped), "%s",
		     xdp_name(o.action));
		passed += o.reason == REASON_syn_answered;
	}
	/* 200 expected; eight deviations of 14 */
	cr_expect(passed > 88 && passed < 312, "%u of 6400 are let through", passed);
	cr_expect(world_rule_packets(ST_LEARN, "strays") == 6400 - passed);
	cr_expect(refused_at(CLIENT4, 81) && refused_at(CLIENT4, 53) && refused_at(CLIENT4, 443));
	frame_build(&in, &v, &(struct spec){.protocol = IPPROTO_UDP, .to_port = 443, .quic = "12345678"});
	/* What has begun goes on. */
	frame_build(&in, &bound, &(struct spec){.http = SERVED});
	o = world_run(&in, &out);
	cr_expect(o.reason == REASON_served, "%s", reason_name(o.reason));
}

/* SYNs of the kernel's own handshake; and what has no port here is nobody's. */
Test(learn, at_data)
{
	struct visit v;
	struct outcome o;
	unsigned int i;

	for (i = 0; i < 5; i++) {
		v = visit_make(CLIENT4, HOST4, 81);
		visit_open(&v);
		frame_build(&in, &v, &(struct spec){.http = STRAY});
		o = world_run(&in, &out);
		must(o.reason == REASON_stray_reset, "%s", reason_name(o.reason));
		visit_close(&v);
	}
	cr_expect(refused_at(CLIENT4, 81) && refused(CLIENT4));
	v = visit_make(CLIENT4, HOST4, 22);
	frame_build(&in, &v, &syn);
	cr_expect(world_run(&in, &out).reason == REASON_no_listener);
}

/* Queries come from any address that a stranger writes into them. */
Test(learn, unproved)
{
	struct visit v = visit_make(CLIENT4, HOST4, 53);
	unsigned int i;

	frame_build(&in, &v, &(struct spec){.protocol = IPPROTO_UDP, .dns = STRAY});
	for (i = 0; i < 50; i++)
		must(world_run_watched(&in, &out).reason == REASON_stray_answered, "a stray");
	cr_expect(!refused_at(CLIENT4, 53));
}

Test(learn, observed)
{
	static const char *const policies[] = {"posture observe\n" LINES LEARN, "posture auto\n" LINES LEARN};
	unsigned int i, n;

	for (i = 0; i < 2; i++) {
		world_policy(policies[i]);
		for (n = 0; n < 20; n++) {
			struct visit v = visit_make(CLIENT4, HOST4, 81);

			visit_open(&v);
			frame_build(&in, &v, &(struct spec){.http = STRAY});
			must(world_run_watched(&in, &out).observed, "observed");
			visit_close(&v);
		}
		cr_expect(!world_learned(NULL));
	}
	/* What was learned is refused while a listener acts alone. */
	world_policy(ENFORCED LEARN);
	strays(CLIENT4, 5);
	cr_expect(refused(CLIENT4));
	world_policy("posture observe\n" LINES LEARN);
	cr_expect(!refused(CLIENT4));
}

/* A stray that the policy lets pass is none that anybody is refused for. */
Test(learn, passed)
{
	unsigned int i;

	world_policy(ENFORCED LEARN "stray http pass\n");
	for (i = 0; i < 20; i++)
		must(ask(CLIENT4, STRAY) == REASON_stray_passed, "stray pass");
	cr_expect(!world_learned(NULL));
}

Test(learn, served_frees)
{
	size_t i;

	for (i = 0; i < 3; i++) {
		strays(clients[i], 5);
		cr_expect(refused(clients[i]));
		cr_expect(insist(clients[i], STRAY) == REASON_stray_answered && refused(clients[i]));
		cr_expect(insist(clients[i], SERVED) == REASON_served);
		cr_expect(!refused(clients[i]), "%s", clients[i]);
		/* And it is a regular now, as all of its network. */
		strays(clients[i], 30);
		cr_expect(!refused(clients[i]), "%s", clients[i]);
	}
	strays("198.18.0.77", 30);
	strays("2001:db8:c:43::1", 30);
	cr_expect(!world_learned(NULL));
}

/* Who was served on this day or the one before, be it while nothing was enforced. */
Test(learn, regulars)
{
	world_policy("posture observe\n" LINES LEARN);
	{
		struct visit v = visit_make(CLIENT4, HOST4, 81);

		visit_open(&v);
		frame_build(&in, &v, &(struct spec){.http = SERVED});
		must(world_run_watched(&in, &out).reason == REASON_served, "served");
		visit_close(&v);
	}
	world_policy(ENFORCED LEARN);
	must(ask(CLIENT6, SERVED) == REASON_served, "served");
	seconds(86400);
	strays("198.18.0.9", 20);
	strays("2001:db8:c:ff::1", 20);
	strays("198.18.1.9", 5);
	strays("2001:db8:c:100::1", 5);
	cr_expect(world_learned(NULL) == 2 && refused("198.18.1.9") && refused("2001:db8:c:100::1"));
	seconds(2 * 86400);
	strays("198.18.0.9", 5);
	strays("2001:db8:c:ff::1", 5);
	cr_expect(refused("198.18.0.9") && refused("2001:db8:c:ff::1"));
}

/* One address with many visitors behind it: a fifth of them served. Days are so short
 * here that nobody is a regular. */
Test(learn, a_fifth_served)
{
	unsigned int i;

	pace.day = SECOND_NS;
	world_set_pace(&pace);
	strays(CLIENT4, 4);
	for (i = 0; i < 2; i++)
		must(ask(CLIENT4, SERVED) == REASON_served, "served");
	for (i = 0; i < 10; i++) {
		cr_expect(!refused(CLIENT4), "%u strays to %u served", 4 * i + 4, i + 2);
		must(ask(CLIENT4, SERVED) == REASON_served, "served");
		seconds(2);
		strays(CLIENT4, 4);
	}
	/* Not quite a fifth. */
	strays(CLIENT4, 5);
	cr_expect(refused(CLIENT4));
}

Test(learn, trusted)
{
	unsigned int i;

	strays(CLIENT4, 5);
	world_add("source 198.18.0.0/24 trust");
	cr_expect(!refused(CLIENT4), "trusted, whatever was learned");
	for (i = 0; i < 20; i++)
		ask("198.18.0.5", STRAY);
	cr_expect(world_learned(NULL) == 1);
}

/* A name that is served from now on: who asked for it was no source of strays. */
Test(learn, served_names_added)
{
	strays(CLIENT4, 5);
	strays("198.18.0.2", 4);
	world_add("source 203.0.113.0/24 drop");
	cr_expect(refused(CLIENT4));
	world_policy(ENFORCED LEARN "stray http answer 403\n");
	cr_expect(refused(CLIENT4), "no name was added");
	world_add("serve www.new.example");
	cr_expect(!refused(CLIENT4) && !world_learned(NULL));
	strays("198.18.0.2", 4);
	cr_expect(!refused("198.18.0.2"), "what was counted is forgotten");
	strays("198.18.0.2", 1);
	cr_expect(refused("198.18.0.2"));
	world_add("zone new.example");
	cr_expect(!refused("198.18.0.2"));
}

/* If strays pass, nobody is to be refused for having asked. */
Test(learn, strays_pass_from_now_on)
{
	strays(CLIENT4, 5);
	world_policy(ENFORCED LEARN "stray http answer\nstray dns limit 5 visits/s\n");
	cr_expect(refused(CLIENT4));
	world_policy(ENFORCED LEARN "stray http pass\n");
	cr_expect(!refused(CLIENT4));
	world_policy(ENFORCED LEARN);
	strays(CLIENT4, 5);
	world_add("stray http pass for www.other.example");
	cr_expect(!refused(CLIENT4), "those of one name");
}

/* Names that come while there is no such line. */
Test(learn, served_names_added_without_it)
{
	strays(CLIENT4, 5);
	world_policy(ENFORCED);
	world_add("serve www.new.example");
	world_add("learn strays 5 in 60s for 10m");
	cr_expect(!refused(CLIENT4));
}

Test(learn, reset_and_line_gone)
{
	strays(CLIENT4, 5);
	world_policy(ENFORCED);
	cr_expect(!refused(CLIENT4));
	world_policy(ENFORCED LEARN);
	cr_expect(refused(CLIENT4), "its time is not over");
	world_reset_learned();
	cr_expect(!refused(CLIENT4) && !world_learned(NULL));
}

/* Into a file, and back into a gate that knows nothing, or something else. */
Test(learn, file)
{
	static const char *const bad[] = {
		"",
		"learned 198.18.0.1 60 1\n",
		"saved 5\nlearned 198.18.0.1 60\n",
		"saved 5\nlearned 198.18.0.1 60 0\n",
		"saved 5\nlearned 198.18.0.1 999999 1\n",
		"saved 5\nlearned 198.18.0.0/25 60 1\n",
		"saved 5\nlearned 2001:db8::/65 60 1\n",
		"saved 5\nregular 198.18.0.1\n",
		"saved 5\nregular 2001:db8::/56\n",
		"saved 5\nregular 198.18.0.0/24",
		"saved 5\nhello\n",
		"saved 5\nserved x\n",
		"saved 5\nserved 8c2f1a9e33d05b711\n",
	};
	char path[SCRATCH_PATH];
	int fd = scratch_file(path, "");
	struct shake secrets;
	FILE *f;
	size_t i;

	strays(CLIENT4, 5);
	seconds(601);
	strays(CLIENT4, 5);
	strays(CLIENT6, 5);
	must(ask("198.18.5.1", SERVED) == REASON_served, "served");
	cr_expect(!world_save_learned(path));
	/* As after a reboot: other secrets, and no regulars. */
	world_reset_learned();
	secrets = world_shake();
	for (i = 0; i < FLOW_HASH_KEYS; i++)
		secrets.flow_keys[i][0] = secrets.flow_keys[i][0] * 5 + 1;
	world_set_shake(&secrets);
	seconds(3 * 86400);
	strays("198.18.9.9", 5);
	cr_assert(!refused(CLIENT4) && refused("198.18.9.9"));
	cr_expect(!world_restore_learned(path));
	cr_expect(refused(CLIENT4) && refused(CLIENT6) && !refused("198.18.9.9"));
	strays("198.18.5.2", 20);
	cr_expect(!refused("198.18.5.2"), "its network is a regular");
	seconds(1190);
	cr_expect(refused(CLIENT4) && !refused(CLIENT6), "learned twice");
	seconds(12);
	cr_expect(!refused(CLIENT4));
	strays(CLIENT4, 5);
	seconds(1300);
	cr_expect(refused(CLIENT4), "for the third time");
	/* Under a policy that serves another name, which they may have asked for. */
	cr_expect(!world_save_learned(path));
	world_policy(ENFORCED LEARN "serve www.new.example\n");
	cr_expect(!world_restore_learned(path) && !world_learned(NULL));
	strays("198.18.5.2", 20);
	cr_expect(!refused("198.18.5.2"), "its network is a regular");
	world_policy(ENFORCED "serve www.new.example\n" LEARN "source 203.0.113.0/24 drop\n");
	cr_expect(!world_restore_learned(path) && !world_learned(NULL));
	world_policy(ENFORCED "source 203.0.113.0/24 drop\n" LEARN);
	cr_expect(!world_restore_learned(path) && refused(CLIENT4));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		f = fopen(path, "w");
		fputs(bad[i], f);
		fclose(f);
		cr_expect(world_restore_learned(path) && refused(CLIENT4), "%zu", i);
	}
	close(fd);
}
