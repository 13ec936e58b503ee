// SPDX-License-Identifier: GPL-2.0-or-later
/* The operator's own words: `answer page FILE`. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "parser/parser.h"
#include "policy/build.h"
#include "policy/rule.h"

static int keep_page(struct parser *ps, struct rule *r, const char *path, const char *text, size_t len)
{
	struct arena *memory = policy_memory(ps->policy);

	r->from = arena_text(memory, path, strlen(path));
	r->names = arena_alloc(memory, sizeof(*r->names));
	if (!r->from || !r->names)
		return complain_memory(&ps->at);
	*r->names = (struct name){.text = arena_text(memory, text, len), .kind = NAME_EXACT};
	if (!r->names->text)
		return complain_memory(&ps->at);
	r->name_count = 1;
	return 0;
}

int parse_page(struct parser *ps, struct rule *r)
{
	char path[PATH_MAX], real[PATH_MAX];
	struct text t cleanup_text = {0};
	struct word *w = ps_take(ps);
	const char *flaw;
	size_t len;
	int err;

	if (!w || !w->len)
		return ps_unexpected(ps, w, "the name of a file");
	/* Only the subject counts for `del`: the file need not be there any more. */
	if (ps->subjects)
		return 0;
	err = path_join(ps->dir, w->text, path, sizeof(path));
	if (!err)
		err = ps_real_path(ps, path, real);
	if (!err)
		err = text_read(&t, path, READ_REGULAR, NULL, NULL);
	if (err)
		return complain_file(&ps->at, w->column, path, err);
	if (ps_check_path(ps, w, real))
		return -EINVAL;
	len = t.len - (size_t)(t.next - t.buf);
	flaw = page_flaw(t.next, len);
	if (flaw)
		return complain(&ps->at, w->column, "page '%s' %s", text_shown(&ps->at, path, strlen(path)),
				flaw);
	return keep_page(ps, r, real, t.next, len);
}
