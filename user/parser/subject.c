// SPDX-License-Identifier: GPL-2.0-or-later
/* Subjects to rules: one rule each. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "parser/parser.h"
#include "parser/list.h"
#include "policy/build.h"
#include "policy/name.h"
#include "policy/rate.h"
#include "policy/rule.h"

int ps_put_rule(struct parser *ps, struct rule *r)
{
	struct rule *there;
	int err = policy_append(ps->policy, r, &there);

	if (err == -ENOMEM)
		return complain_memory(&ps->at);
	if (err == -E2BIG) {
		complain(&ps->at, r->origin.column,
			 "policy larger than the tables; expected at most %u rules", POLICY_RULES_MAX);
		return err;
	}
	if (err == -EEXIST)
		return complain(&ps->at, r->origin.column,
				"%s %s for the second time; expected it once, as at %s:%u:%u",
				statement_name(r->statement),
				text_shown(&ps->at, r->subject, strlen(r->subject)),
				text_shown(&ps->at, there->origin.file, strlen(there->origin.file)),
				there->origin.line, there->origin.column);
	return err;
}

/* A rule like `like`, whose subject is (or starts at) w. */
struct rule *ps_new_rule(struct parser *ps, const struct rule *like, const struct word *w)
{
	struct rule *r = policy_rule_new(ps->policy, like->statement);

	if (!r) {
		complain_memory(&ps->at);
		return NULL;
	}
	*r = *like;
	r->origin = (struct origin){ps->at.file, ps->at.line, w->column};
	return r;
}

int ps_put_with_subject(struct parser *ps, struct rule *r)
{
	if (policy_set_subject(ps->policy, r))
		return complain_memory(&ps->at);
	return ps_put_rule(ps, r);
}

static int put_prefix(struct parser *ps, const struct rule *like, const struct word *w)
{
	struct rule *r = ps_new_rule(ps, like, w);
	struct prefix p;

	if (!r)
		return -ENOMEM;
	switch (prefix_read(w->text, w->len, &p)) {
	case 0:
		break;
	case -EDOM:
		return complain_prefix(&ps->at, w->column, w->text, w->len, "has host bits set", &p);
	case -EAFNOSUPPORT:
		return complain_prefix(&ps->at, w->column, w->text, w->len, "is IPv4 written as IPv6", &p);
	default:
		return ps_unexpected(ps, w, "an address or prefix like 203.0.113.0/24 or 2001:db8::/32");
	}
	r->prefixes = arena_alloc(policy_memory(ps->policy), sizeof(p));
	if (!r->prefixes)
		return complain_memory(&ps->at);
	*r->prefixes = p;
	r->prefix_count = 1;
	return ps_put_with_subject(ps, r);
}

/* Of strays single names alone are told apart. And nobody's time is to become a name. */
static int check_stray_name(struct parser *ps, const struct word *w, uint8_t kind)
{
	const char *text = text_shown(&ps->at, w->text, w->len), *why;
	uint64_t ns;

	if (kind != NAME_EXACT)
		return complain(&ps->at, w->column,
				"'%s' is many names; expected one, like detectportal.firefox.com", text);
	if (!duration_read(w->text, &ns, &why))
		return complain(&ps->at, w->column,
				"'%s' is a duration; expected a name, like detectportal.firefox.com", text);
	return 0;
}

/* The rule with this name; NULL: that was complained of. */
static struct rule *new_named(struct parser *ps, const struct rule *like, const struct word *w)
{
	struct rule *r = ps_new_rule(ps, like, w);
	char text[NAME_SIZE_MAX + 1];
	const char *why;
	uint8_t kind;
	int len;

	if (!r)
		return NULL;
	len = name_read_pattern(w->text, w->len, r->statement == ST_ZONE, text, &kind, &why);
	if (len < 0) {
		complain(&ps->at, w->column, "'%s' %s", text_shown(&ps->at, w->text, w->len), why);
		return NULL;
	}
	if (r->statement == ST_STRAY && check_stray_name(ps, w, kind))
		return NULL;
	r->names = arena_alloc(policy_memory(ps->policy), sizeof(*r->names));
	if (r->names)
		*r->names = (struct name){.text = arena_text(policy_memory(ps->policy), text, (size_t)len),
					  .kind = kind};
	if (!r->names || !r->names->text) {
		complain_memory(&ps->at);
		return NULL;
	}
	r->name_count = 1;
	return r;
}

static int put_name(struct parser *ps, const struct rule *like, const struct word *w)
{
	struct rule *r = new_named(ps, like, w);

	return r ? ps_put_with_subject(ps, r) : -EINVAL;
}

int ps_real_path(struct parser *ps, const char *path, char *out)
{
	char dir[PATH_MAX], real[PATH_MAX], *slash;

	if (realpath(path, out))
		return 0;
	if (!ps->subjects || strlen(path) >= sizeof(dir))
		return -errno;
	strcpy(dir, path);
	slash = strrchr(dir, '/');
	if (slash)
		*slash = '\0';
	if (!realpath(!slash ? "." : *dir ? dir : "/", real))
		return path_join("/", path, out, PATH_MAX);
	return path_join(real, slash ? path + (slash + 1 - dir) : path, out, PATH_MAX);
}

int ps_check_path(struct parser *ps, const struct word *file, const char *real)
{
	for (const char *c = real; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return complain(&ps->at, file->column,
					"'%s' has control characters; expected a name that can be printed",
					text_shown(&ps->at, real, strlen(real)));
	return 0;
}

/* r with what is in the file. */
static int put_list(struct parser *ps, struct rule *r, const struct word *file)
{
	char path[PATH_MAX], real[PATH_MAX];
	int err;

	if (!r)
		return -ENOMEM;
	if (!file->len)
		return ps_unexpected(ps, file, "the name of a file");
	err = path_join(ps->dir, file->text, path, sizeof(path));
	if (!err)
		err = ps_real_path(ps, path, real);
	if (err)
		return complain_file(&ps->at, file->column, path, err);
	if (ps_check_path(ps, file, real))
		return -EINVAL;
	r->from = arena_text(policy_memory(ps->policy), real, strlen(real));
	if (!r->from)
		return complain_memory(&ps->at);
	if (!ps->subjects)
		err = list_read(ps->policy, r, path, &ps->at, file->column);
	return err ? err : ps_put_with_subject(ps, r);
}

int ps_put_zone(struct parser *ps, const struct rule *like, const struct word *zone, const struct word *file)
{
	struct rule *r = new_named(ps, like, zone);

	return r ? put_list(ps, r, file) : -EINVAL;
}

/* Does it look like an action, right or wrong? No address is letters only. */
static bool is_letters(const struct word *w)
{
	return !w->quoted && w->text[strspn(w->text, "abcdefghijklmnopqrstuvwxyz-_")] == '\0';
}

int ps_take_subjects(struct parser *ps, struct subjects *s, const char *expected, bool action_follows)
{
	*s = (struct subjects){.first = ps->next, .from = ps_take_word(ps, "from")};
	if (s->from) {
		s->count = 2;
		return ps_take(ps) ? 0 : ps_unexpected(ps, NULL, "the name of a file");
	}
	while (ps_peek(ps) && !(action_follows && is_letters(ps_peek(ps)))) {
		ps->next++;
		s->count++;
	}
	return s->count ? 0 : ps_unexpected(ps, ps_peek(ps), expected);
}

int ps_put_subjects(struct parser *ps, const struct rule *like, const struct subjects *s)
{
	const struct word *w = &ps->words.word[s->first];
	int err = 0;

	if (s->from)
		return put_list(ps, ps_new_rule(ps, like, w), w + 1);
	for (size_t i = 0; !err && i < s->count; i++)
		err = rule_takes_prefixes(like->statement) ? put_prefix(ps, like, &w[i])
							   : put_name(ps, like, &w[i]);
	return err;
}
