// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "gate/feature.h"
#include "lib/json.h"
#include "lib/say.h"
#include "cmd/verb.h"

/* "here" is null where the kernel cannot be asked. */
static json_t *feature_json(const struct feature *f)
{
	json_t *here = f->here == FEATURE_UNKNOWN ? json_null() : json_boolean(f->here);

	return json_pack("{s:s, s:o, s:s}", "feature", f->name, "here", here, "text", f->text);
}

static json_t *features_json(const struct feature *f, size_t count)
{
	json_t *all = json_array();
	size_t i;

	for (i = 0; i < count; i++)
		json_array_append_new(all, feature_json(&f[i]));
	return all;
}

static void features_text(const struct feature *f, size_t count)
{
	static const char *const words[] = {"no", "yes", "?"};
	size_t i;

	for (i = 0; i < count; i++)
		printf("  %-20s %-3s  %s\n", f[i].name, words[f[i].here], f[i].text);
}

static void kernel_out(const struct call *c)
{
	struct feature f[FEATURES_MAX];
	size_t count = features_kernel(f);

	if (c->json) {
		json_member("release", json_string(kernel_release()));
		json_member("kernel", features_json(f, count));
	} else {
		printf("kernel %s\n", kernel_release());
		features_text(f, count);
	}
}

/* A device that is not there has one line, which says so. */
static int device_out(const char *device, const struct call *c)
{
	struct feature f[FEATURES_MAX];
	size_t count = features_device(device, f);

	if (c->json) {
		json_item(json_pack("{s:s, s:o}", "device", device, "features", features_json(f, count)));
	} else {
		printf("%s\n", device);
		features_text(f, count);
	}
	return f[0].here == FEATURE_YES ? EXIT_OK : EXIT_FAILED;
}

static int run(const struct call *c)
{
	int i, status = EXIT_OK;

	if (c->json)
		json_open(c->instance);
	kernel_out(c);
	if (c->json)
		json_list("devices");
	for (i = 0; i < c->argc; i++)
		if (device_out(c->argv[i], c))
			status = EXIT_FAILED;
	if (c->json) {
		json_list_end();
		json_close();
	}
	return status;
}

const struct verb verb_features = {
	.name = "features",
	.arguments = "[DEV...]",
	.summary = "print what this kernel and these drivers can do, and what follows",
	.help = "The kernel is tried out, not guessed from its version; about drivers the kernel is\n"
		"asked (Linux 6.3 and later). \"?\" means that it cannot be found out.\n",
	.takes = TAKES_JSON,
	.least = 0,
	.most = -1,
	.run = run,
};
