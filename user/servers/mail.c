// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A domain with mail is asked for settings over HTTPS by Outlook (autodiscover) and
 * Thunderbird (autoconfig), and for its policy by other mail servers (mta-sts, RFC 8461).
 * Those names lead to the web server of the domain often enough, without a virtual host of
 * their own: an allow-list that was made from configurations would lack them.
 */
#include "servers/mail.h"

#include <stdio.h>
#include <string.h>

#include "policy/name.h"
#include "servers/suffix.h"

#define DOMAINS_MOST 8
#define NAMES_LOOKED 1000 /* of a million names the first are enough for a hint */

static const char *const asked[] = {"autodiscover", "autoconfig", "mta-sts"};
#define ASKED (sizeof(asked) / sizeof(asked[0]))

/* The part of a name that its owner has registered; NULL: it has none, or is an address. */
static const char *registered(const char *name)
{
	char below[256];
	const char *dot;

	if (strchr(name, '[') || !strchr(name, '.') || name_is_address(name))
		return NULL;
	for (; (dot = strchr(name, '.')); name = dot + 1) {
		snprintf(below, sizeof(below), ".%s", dot + 1);
		if (suffix_is_public(below))
			return name;
	}
	return NULL;
}

static bool is_served(const struct model *m, const char *name)
{
	for (size_t i = 0; i < m->name_count; i++) {
		const struct name *n = &m->names[i].name;

		if (!named_is_served(&m->names[i]) || m->names[i].flags & NAMED_ZONE)
			continue;
		if (name_in_zone(name, n->text) &&
		    n->kind & (strcmp(name, n->text) ? NAME_BELOW : NAME_EXACT))
			return true;
	}
	return false;
}

static void write_domain(const struct model *m, const char *domain)
{
	char name[300];
	bool any = false;

	for (size_t i = 0; i < ASKED; i++) {
		snprintf(name, sizeof(name), "%s.%s", asked[i], domain);
		if (is_served(m, name))
			continue;
		printf("%s %s", any ? "" : "#serve", name);
		any = true;
	}
	if (any)
		printf("   # if %s has mail: programs and servers ask these names over HTTPS\n", domain);
}

static bool is_new(const char *const *domains, size_t count, const char *domain)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(domains[i], domain))
			return false;
	return true;
}

void mail_write_hints(const struct model *m)
{
	const char *domains[DOMAINS_MOST];
	size_t count = 0, i;

	for (i = 0; i < m->name_count && i < NAMES_LOOKED && count < DOMAINS_MOST; i++) {
		const struct named *n = &m->names[i];
		const char *domain =
			named_is_served(n) && !(n->flags & NAMED_ZONE) ? registered(n->name.text) : NULL;

		if (domain && is_new(domains, count, domain)) {
			write_domain(m, domain);
			domains[count++] = domain;
		}
	}
}
