// SPDX-License-Identifier: GPL-2.0-or-later
#include "servers/nginx_site.h"

#include <stdlib.h>
#include <string.h>

static const char *const host_variables[] = {"$host", "$http_host", "$ssl_server_name",
					     "$ssl_preread_server_name"};

static bool about_host(const char *word)
{
	const char *at;
	size_t i, len;

	for (i = 0; i < sizeof(host_variables) / sizeof(host_variables[0]); i++) {
		len = strlen(host_variables[i]);
		for (at = word; (at = strstr(at, host_variables[i])); at += len)
			if (!strchr("_abcdefghijklmnopqrstuvwxyz", at[len]) || !at[len])
				return true;
		if (strstr(word, "${") && strstr(word, host_variables[i] + 1))
			return true;
	}
	return false;
}

/* `return 444`, `return 403 "text"`, `return 301 https://$host$request_uri` */
static bool returns(const struct directive *in, enum nginx_does *does)
{
	const struct directive *r = directive_find(in, "return");
	const char *target;
	int status;

	if (!r)
		return false;
	status = atoi(directive_word(r, 1));
	target = directive_word(r, r->count - 1);
	if (status >= 400)
		*does = NGINX_REFUSES;
	else if (about_host(target))
		*does = NGINX_REDIRECTS;
	else
		*does = NGINX_SERVES;
	return true;
}

static bool is_acme(const struct directive *location)
{
	unsigned int i;

	for (i = 1; i < location->count; i++)
		if (strstr(location->words[i], "acme-challenge"))
			return true;
	return false;
}

/* Where the name that was asked for decides what is served: virtual hosting by folder or by
 * code. What a proxy is told of the name is no such thing. */
static bool by_name(const struct directive *in)
{
	static const char *const folders[] = {"root",	      "alias",	    "try_files", "proxy_pass",
					      "fastcgi_pass", "uwsgi_pass", "grpc_pass", "scgi_pass"};
	size_t i;

	for (; in; in = in->next) {
		if (strstr(in->words[0], "_by_lua") || !strncmp(in->words[0], "js_", 3) ||
		    !strncmp(in->words[0], "perl", 4))
			return true;
		for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
			if (!strcmp(in->words[0], folders[i]) && in->count > 1 && about_host(in->words[1]))
				return true;
		if (in->children && by_name(in->children))
			return true;
	}
	return false;
}

/* `deny all` at the top, and nobody allowed anywhere. */
static bool allows(const struct directive *in)
{
	for (; in; in = in->next)
		if (!strcmp(in->words[0], "allow") || (in->children && allows(in->children)))
			return true;
	return false;
}

static bool denies(const struct directive *in)
{
	const struct directive *deny = directive_find(in, "deny");

	return deny && !strcmp(directive_word(deny, 1), "all") && !allows(in);
}

/* If all locations but the one of ACME do the same, that is what the server does. */
static enum nginx_does by_locations(const struct directive *in)
{
	enum nginx_does all = NGINX_SERVES, does;
	bool any = false;

	for (in = directive_find(in, "location"); in; in = directive_find(in->next, "location")) {
		if (is_acme(in))
			continue;
		if (denies(in->children))
			does = NGINX_REFUSES;
		else if (!returns(in->children, &does))
			return NGINX_SERVES;
		if (any && does != all)
			return NGINX_SERVES;
		all = does;
		any = true;
	}
	return all;
}

static bool location_is_all(const struct directive *in)
{
	for (in = directive_find(in, "location"); in; in = directive_find(in->next, "location"))
		if (!strcmp(directive_word(in, in->count - 1), "/") && strcmp(directive_word(in, 1), "="))
			return true;
	return false;
}

enum nginx_does nginx_does(const struct directive *server)
{
	const struct directive *in = server->children;
	const struct directive *reject = directive_find(in, "ssl_reject_handshake");
	enum nginx_does does;

	if (reject && !strcmp(directive_word(reject, 1), "on"))
		return NGINX_REFUSES;
	if (returns(in, &does))
		return does;
	if (denies(in))
		return NGINX_REFUSES;
	if (by_name(in))
		return NGINX_BY_NAME;
	return location_is_all(in) ? by_locations(in) : NGINX_SERVES;
}
