// SPDX-License-Identifier: GPL-2.0-or-later
/* The policy as bytes: all of it comes back, and nothing damaged does. */
#include <errno.h>

#include "policy/bytes.h"
#include "policy_helpers.h"

TestSuite(policy_store, .init = scratch_enter, .fini = scratch_leave);

static const char everything[] =
	"device eth0 \"a#b\"\nposture enforce share 2.5%\nlisten tcp/80 as http observe\n"
	"listen tcp/443 on 192.0.2.10 as tls handshake off proxy\nlisten udp/53 as dns\n"
	"listen udp/443 as quic limit 5 packets/s\nserve a .b *.c [::1] 192.0.2.1 from.x\n"
	"serve from names\nzone d\nzone from empty\nzone e names from owned\nunknown dns limit 2 visits/s "
	"else answer nxdomain\nstray http answer 421 page \"pre fixes\"\nunnamed tls "
	"limit 3 visits/s else answer alert access_denied\n"
	"stray dns answer nxdomain\nunreadable dns drop\nsource 10.0.0.0/8 ::/0 limit 7 Mbit/s burst 9 for "
	"1h\n"
	"source from \"pre fixes\" trust\nlimit each /24 /56 to 5 packets/s burst 7\n"
	"limit each /32 /64 to 5 visits/s else answer for tcp/443 on 192.0.2.10 tcp/80\n"
	"resolver 192.0.2.53\nlearn strays 50 in 1m for 10m max 12h\n";

static struct policy *example(void)
{
	struct policy *p;

	write_file("names", "x y *.z\n");
	write_file("empty", "");
	write_file("owned", "a.e *.b.e .c.e my\\032own.e\n");
	write_file("pre fixes", "10.0.0.0/8 192.0.2.0/24\n2001:db8::/32\n");
	p = parsed(everything);
	policy_inherit(p, NULL, 12345);
	return p;
}

static void expect_same(struct policy *a, struct policy *b)
{
	char *text = printed(a);

	assert_prints(b, text);
	free(text);
	cr_assert(policy_count(a) == policy_count(b));
	cr_expect(!differences(a, b) && !differences(b, a));
	for (size_t i = 0; i < policy_count(a); i++) {
		const struct rule *x = policy_rule(a, i), *y = policy_rule(b, i);

		cr_expect_str_eq(x->subject, y->subject);
		cr_expect(x->id == y->id && x->expires == y->expires);
		cr_expect_str_eq(x->origin.file, y->origin.file);
		cr_expect(x->origin.line == y->origin.line && x->origin.column == y->origin.column);
	}
}

Test(policy_store, everything_comes_back)
{
	struct policy *p = example(), *again = NULL;
	void *bytes, *more;
	size_t len, len_more;

	cr_assert(!policy_store(p, &bytes, &len));
	cr_assert(!policy_load(&again, bytes, len));
	expect_same(p, again);
	cr_assert(!policy_store(again, &more, &len_more));
	cr_expect(len == len_more && !memcmp(bytes, more, len), "the same bytes");
	free(bytes);
	free(more);
	policy_free(p);
	policy_free(again);
}

struct seen {
	struct policy *policy;
	enum statement only; /* ST_COUNT: all */
	size_t at;
};

/* The next rule of the policy, but for what is in its list. */
static int expect_next(const struct rule *r, void *arg)
{
	struct seen *s = arg;
	char line[RULE_LINE_MAX], wanted[RULE_LINE_MAX];
	const struct rule *w;

	while (s->only != ST_COUNT && policy_rule(s->policy, s->at)->statement != s->only)
		s->at++;
	w = policy_rule(s->policy, s->at++);
	rule_print(r, line, sizeof(line));
	rule_print(w, wanted, sizeof(wanted));
	cr_expect_str_eq(line, wanted);
	cr_expect_str_eq(r->subject, w->subject);
	cr_expect(r->id == w->id && r->expires == w->expires && r->prefix_count == w->prefix_count &&
		  r->name_count == w->name_count);
	return s->at == policy_count(s->policy) ? 7 : 0;
}

Test(policy_store, each_is_what_was_stored)
{
	struct policy *p = example();
	struct seen all = {p, ST_COUNT, 0};
	void *bytes;
	size_t len;

	cr_assert(!policy_store(p, &bytes, &len));
	cr_assert(!policy_sound(bytes, len));
	cr_expect(policy_each(bytes, len, EACH_STATEMENT, expect_next, &all) == 7, "what fn returned");
	for (enum statement s = 0; s < ST_COUNT; s++) {
		struct seen some = {p, s, 0};

		cr_expect(policy_each(bytes, len, 1U << s, expect_next, &some) == 7 * (s == ST_LEARN));
	}
	free(bytes);
	policy_free(p);
}

Test(policy_store, empty)
{
	struct policy *p = policy_new(), *again = NULL;
	void *bytes;
	size_t len;

	cr_assert(!policy_store(p, &bytes, &len));
	cr_assert(!policy_load(&again, bytes, len));
	cr_expect(policy_count(again) == 0);
	free(bytes);
	policy_free(p);
	policy_free(again);
}

Test(policy_store, what_is_loaded_can_be_changed)
{
	struct policy *p = example(), *again = NULL;
	struct policy_error err = {.count = 0};
	void *bytes;
	size_t len;

	cr_assert(!policy_store(p, &bytes, &len));
	cr_assert(!policy_load(&again, bytes, len));
	free(bytes);
	cr_expect(policy_add(again, "serve a", &err) == 0);
	cr_expect(policy_add(again, "serve from names", &err) == 0, "%s", err.text);
	cr_expect(policy_add(again, "serve new", &err) == 1);
	cr_expect(policy_del(again, "zone d", &err) == 1);
	policy_inherit(again, p, 99);
	cr_expect(policy_find(again, ST_SERVE, "new")->id == policy_count(p) - 4 + LISTENERS_MAX + 1);
	cr_expect(policy_find(again, ST_SOURCE, "::/0")->expires == 12345 + 3600 * SECOND_NS);
	policy_free(p);
	policy_free(again);
}

static void refresh(char *bytes, size_t len)
{
	struct bytes_head head;

	memcpy(&head, bytes, sizeof(head));
	head.prefix_check = bytes_prefix_check(bytes, len);
	memcpy(bytes, &head, sizeof(head));
	head.check = bytes_check(bytes, len);
	memcpy(bytes, &head, sizeof(head));
}

Test(policy_store, every_flipped_bit_is_seen)
{
	struct policy *p = example(), *again;
	char *bytes;
	size_t len;

	cr_assert(!policy_store(p, (void **)&bytes, &len));
	for (size_t bit = 0; bit < len * 8; bit++) {
		bytes[bit / 8] ^= (char)(1 << bit % 8);
		cr_expect(policy_load(&again, bytes, len) == -EINVAL, "bit %zu", bit);
		bytes[bit / 8] ^= (char)(1 << bit % 8);
	}
	free(bytes);
	policy_free(p);
}

static int nothing(const struct rule *r, void *arg)
{
	(void)arg;
	return r->subject ? 0 : -EPROTO;
}

Test(policy_store, every_length_is_seen)
{
	struct policy *p = example(), *again;
	char *bytes;
	size_t len;

	cr_assert(!policy_store(p, (void **)&bytes, &len));
	for (size_t cut = 0; cut < len; cut++) {
		/* of its own size, so that a byte too far is a byte too far */
		char *part = malloc(cut ? cut : 1);

		memcpy(part, bytes, cut);
		cr_expect(policy_load(&again, part, cut) == -EINVAL);
		cr_expect(policy_sound(part, cut) == -EINVAL);
		cr_expect(policy_each(part, cut, EACH_STATEMENT, nothing, NULL) == -EINVAL);
		free(part);
	}
	free(bytes);
	policy_free(p);
}

/* With a check that is right, what loads must be a policy that the parser takes. */
Test(policy_store, damage_that_fits_its_check)
{
	struct policy *p = example();
	size_t len, loaded = 0;
	char *bytes;

	cr_assert(!policy_store(p, (void **)&bytes, &len));
	for (size_t i = 0; i < len * 10; i++) {
		struct policy *again = NULL, *third = NULL;
		struct policy_error err = {.count = 0};
		char was = bytes[i / 10];

		bytes[i / 10] = i % 10 < 8 ? (char)(was ^ 1 << i % 10) : (char)(i % 10 - 9);
		refresh(bytes, len);
		int each = policy_each(bytes, len, EACH_STATEMENT, nothing, NULL);

		cr_expect(!each || each == -EINVAL);
		if (!policy_load(&again, bytes, len)) {
			char *text = printed(again);

			cr_expect(!each);

			loaded++;
			third = policy_new();
			/* a list or a page may be elsewhere now, or another file's: that alone may fail */
			cr_expect(!policy_read_text(third, "x", text, strlen(text), &err) ||
					  strstr(err.text, "cannot read") || strstr(err.text, "page '/") ||
					  err.text[0] == '/',
				  "%s", err.text);
			free(text);
		}
		bytes[i / 10] = was;
		policy_free(again);
		policy_free(third);
	}
	cr_expect(loaded > 1000, "%zu", loaded);
	free(bytes);
	policy_free(p);
}

Test(policy_store, large)
{
	struct policy *p = policy_new(), *again = NULL;
	struct policy_error err = {.count = 0};
	size_t size = 8UL << 20, used = 0, len;
	char *text = malloc(size);
	void *bytes;

	for (unsigned int i = 0; i < 200000; i++)
		used += (size_t)snprintf(text + used, size - used, "%u.%u.%u.0/24\n",
					 1 + (i * 7919U >> 16) % 223, i >> 8 & 255, i & 255);
	write_bytes("p", text, used);
	used = 0;
	for (unsigned int i = 0; i < 200000; i++)
		used += (size_t)snprintf(text + used, size - used, "n%u.example\n", i % 150000);
	write_bytes("n", text, used);
	cr_assert(policy_add(p, "source from p drop", &err) == 1, "%s", err.text);
	cr_assert(policy_add(p, "serve from n", &err) == 1, "%s", err.text);
	cr_expect(policy_rule(p, 1)->name_count == 150000);
	cr_assert(!policy_store(p, &bytes, &len));
	cr_assert(!policy_load(&again, bytes, len));
	expect_same(p, again);
	free(bytes);
	free(text);
	policy_free(p);
	policy_free(again);
}

/* Whom a posture is for comes back, and stands for nothing else. */
Test(policy_store, canaries)
{
	static const char *const lines[] = {"posture enforce from 10.0.0.0/8\n",
					    "posture enforce from 2001:db8::/32\n",
					    "posture enforce share 0.01%\n",
					    "posture enforce share 99.99%\n",
					    "posture enforce\n",
					    "posture auto\n"};

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct policy *p = parsed(lines[i]), *back, *other = parsed(lines[(i + 1) % 6]);
		void *bytes;
		size_t len;

		policy_inherit(p, NULL, 12345);
		cr_assert(!policy_store(p, &bytes, &len) && !policy_load(&back, bytes, len), "%s", lines[i]);
		assert_prints(back, lines[i]);
		cr_expect(policy_same_posture(p, back) && !policy_same_posture(p, other), "%s", lines[i]);
		cr_expect(!differences(p, back) && differences(p, other), "%s", lines[i]);
		free(bytes);
		policy_free(back);
		policy_free(other);
		policy_free(p);
	}
}
