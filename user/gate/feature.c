// SPDX-License-Identifier: GPL-2.0-or-later
#include "gate/feature.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "gate/object.h"

const char *kernel_release(void)
{
	static struct utsname u;

	uname(&u);
	return u.release;
}

static void set(struct feature *f, const char *name, bool here, const char *yes, const char *no)
{
	f->name = name;
	f->here = here ? FEATURE_YES : FEATURE_NO;
	snprintf(f->text, sizeof(f->text), "%s", here ? yes : no);
}

static bool has_function(const struct btf *btf, const char *name)
{
	return btf && btf__find_by_name_kind(btf, name, BTF_KIND_FUNC) > 0;
}

size_t features_kernel(struct feature out[FEATURES_MAX])
{
	struct btf *btf = btf__load_vmlinux_btf();
	size_t n = 0;
	int err = object_try();

	set(&out[n++], "BTF", btf, "the program finds the kernel's fields by itself",
	    "none: rebuild the kernel with CONFIG_DEBUG_INFO_BTF=y");
	set(&out[n++], "judge at data", !err, "the program of this build loads", "the program does not load");
	if (err)
		snprintf(out[n - 1].text, sizeof(out[n - 1].text), "the program does not load: %s%s",
			 strerror(-err),
			 lacks_privilege(err) ? " (run as root)" : "; Linux 6.1 or later is needed");
	if (err && lacks_privilege(err))
		out[n - 1].here = FEATURE_UNKNOWN;
	set(&out[n++], "tcx links", has_function(btf, "tcx_link_attach"),
	    "other software cannot remove the gate's programs at tc",
	    "clsact filters are used at tc, which other software can remove (Linux 6.6 has tcx)");
	btf__free(btf);
	return n;
}
