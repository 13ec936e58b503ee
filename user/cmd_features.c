// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "feature.h"
#include "json.h"
#include "say.h"
#include "verb.h"

static void feature_json(const struct feature *f)
{
	json_item(json_pack("{s:s, s:b, s:s}", "feature", f->name, "here", f->here, "text", f->text));
}

static void feature_text(const struct feature *f)
{
	printf("  %-24s %-3s  %s\n", f->name, f->here ? "yes" : "no", f->text);
}

static int run(const struct call *c)
{
	struct feature kernel[FEATURES_MAX], device[FEATURES_MAX];
	size_t count = features_kernel(kernel), i;
	int d;

	if (c->json) {
		json_open(c->instance);
		json_list("kernel");
	} else {
		printf("kernel %s\n", kernel_release());
	}
	for (i = 0; i < count; i++)
		(c->json ? feature_json : feature_text)(&kernel[i]);
	if (c->json)
		json_list_end();
	for (d = 0; d < c->argc; d++) {
		count = features_device(c->argv[d], device);
		if (c->json)
			json_list(c->argv[d]);
		else
			printf("%s\n", c->argv[d]);
		for (i = 0; i < count; i++)
			(c->json ? feature_json : feature_text)(&device[i]);
		if (c->json)
			json_list_end();
	}
	if (c->json)
		json_close();
	return EXIT_OK;
}

const struct verb verb_features = {
	.name = "features",
	.arguments = "[DEV...]",
	.summary = "what this kernel and these drivers can do, and what follows",
	.help = "The kernel's part is tried, not guessed from its version.\n",
	.takes = TAKES_JSON,
	.least = 0,
	.most = -1,
	.run = run,
};
