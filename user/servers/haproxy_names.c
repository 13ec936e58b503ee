// SPDX-License-Identifier: GPL-2.0-or-later
/* Which names a line of HAProxy's is about: fetches, acls, maps and conditions. */
#include "servers/haproxy.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "servers/files.h"
#include "servers/reader.h"
#include "servers/regex.h"
#include "servers/run.h"

void haproxy_read_list(struct haproxy *h, const char *file, line_words_fn *fn, void *arg)
{
	char path[PATH_MAX];

	server_path(path, h->folder, file);
	h->failed |= lines_read(h->m, h->p, HAPROXY, path, 1, fn, arg, NULL) != 0;
}

bool haproxy_about_names(const char *fetch)
{
	static const char *const fetches[] = {
		"hdr(host)",	 "req.hdr(host)", "hdr_dom(host)",   "hdr_end(host)",  "hdr_beg(host)",
		"hdr_reg(host)", "hdr_sub(host)", "hdr_dir(host)",   "req.fhdr(host)", "req_ssl_sni",
		"req.ssl_sni",	 "ssl_fc_sni",	  "req.ssl_sni_end", "ssl_fc_sni_end", "ssl_fc_sni_reg",
		"hdr_str(host)", "base",	  "base_beg",	     "hdr(Host)",      "req.hdr(Host)"};
	size_t i, len;

	for (i = 0; i < sizeof(fetches) / sizeof(fetches[0]); i++) {
		len = strlen(fetches[i]);
		if (!strncasecmp(fetch, fetches[i], len) && (!fetch[len] || fetch[len] == ','))
			return true;
	}
	return false;
}

void haproxy_widen(struct haproxy *h, const char *why, const struct found_at *where)
{
	if (h->f && !h->f->wide) {
		h->f->wide = why;
		h->f->at = *where;
	}
}

static enum match match_of(const char *fetch, const char *flag)
{
	if (!strncmp(flag, "str", 3) || !*flag)
		return strstr(fetch, "_end")   ? MATCH_END
		       : strstr(fetch, "_reg") ? MATCH_REG
		       : strstr(fetch, "_dom") || strstr(fetch, "_beg") || strstr(fetch, "_sub") ||
				       strstr(fetch, "_dir")
			       ? MATCH_OTHER
			       : MATCH_STR;
	return !strcmp(flag, "end") ? MATCH_END : !strcmp(flag, "reg") ? MATCH_REG : MATCH_OTHER;
}

static void put(struct haproxy *h, const char *word, enum match how, const struct found_at *where)
{
	char names[256];
	size_t len = strcspn(word, ":");

	if (*word == '[')
		len = strcspn(word, "]") + 1;
	switch (how) {
	case MATCH_STR:
		model_name(h->m, word, len, 0, where);
		break;
	case MATCH_END:
		/* ".example.com": all below; "example.com" would take "badexample.com", too */
		if (*word == '.')
			snprintf(names, sizeof(names), "*%.250s", word);
		else
			snprintf(names, sizeof(names), ".%.250s", word);
		if (strchr(word + 1, '.'))
			model_name(h->m, names, strlen(names), 0, where);
		else
			haproxy_widen(h, model_print(h->m, "any name that ends in '%.80s'", word), where);
		break;
	case MATCH_REG:
		if (regex_names(word, names))
			model_name(h->m, names, strlen(names), 0, where);
		else
			haproxy_widen(h, model_print(h->m, "a regular expression of names, '%.80s'", word),
				      where);
		break;
	default:
		haproxy_widen(h, model_print(h->m, "names that are compared in part, '%.80s'", word), where);
	}
}

void haproxy_name_line(struct line *l, void *arg)
{
	struct listing *g = arg;
	const struct found_at where = line_at(l, HAPROXY);

	put(g->h, l->word[0], g->how, &where);
}

void haproxy_patterns(struct haproxy *h, const struct line *l, unsigned int i, const char *fetch)
{
	const struct found_at where = line_at(l, HAPROXY);
	enum match how = match_of(fetch, "");

	for (; i < l->count && strcmp(l->word[i], "}"); i++) {
		const char *w = l->word[i];

		if (!strcmp(w, "-m") && i + 1 < l->count) {
			how = match_of(fetch, l->word[++i]);
		} else if (!strcmp(w, "-f") && i + 1 < l->count) {
			struct listing g = {h, how};

			haproxy_read_list(h, l->word[++i], haproxy_name_line, &g);
		} else if (!strcmp(w, "-M") || !strcmp(w, "-u")) {
			i++;
		} else if (!strcmp(w, "--")) {
			continue;
		} else if (*w == '-' && w[1] && !w[2]) {
			continue;
		} else {
			put(h, w, how, &where);
		}
	}
}

static bool is_acl_of_names(const struct frontend *f, const char *name)
{
	size_t i;

	for (i = 0; i < f->acl_count; i++)
		if (!strcmp(f->acls[i].name, name))
			return f->acls[i].about_names;
	return false;
}

bool haproxy_condition(struct haproxy *h, const struct line *l, bool *negated)
{
	bool names = false;
	unsigned int i;

	*negated = false;
	for (i = 1; i < l->count && strcmp(l->word[i], "if") && strcmp(l->word[i], "unless"); i++)
		;
	if (i >= l->count)
		return false;
	*negated = !strcmp(l->word[i], "unless");
	for (i++; i < l->count; i++) {
		const char *w = l->word[i];
		bool not = *w == '!';

		if (not &&!w[1] && i + 1 < l->count)
			w = l->word[++i];
		else
			w += not ;
		if (!strcmp(w, "{") && i + 1 < l->count) {
			w = l->word[++i];
			not |= *w == '!';
			w += *w == '!';
			if (haproxy_about_names(w)) {
				names = true;
				haproxy_patterns(h, l, i + 1, w);
			}
			while (i < l->count && strcmp(l->word[i], "}"))
				i++;
		} else if (is_acl_of_names(h->f, w)) {
			names = true;
		} else {
			continue;
		}
		*negated ^= not &&names;
	}
	return names;
}
