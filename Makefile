# SPDX-License-Identifier: GPL-2.0-or-later
# straygate: make, make check, make install. What it needs: scripts/packages.

B        ?= build
CC       ?= cc
CLANG    ?= clang
BPFTOOL  ?= bpftool
PREFIX   ?= /usr/local
VERSION  := $(shell sed -n '1s/.*(\(.*\)).*/\1/p' packaging/debian/changelog)
BUILD_ID := $(VERSION)$(shell git -c safe.directory='*' describe --always --dirty --exclude '*' 2>/dev/null | sed 's/^/-/')

WARN     := -Wall -Wextra -Werror
CFLAGS   ?= -O2 -g
CFLAGS   += -std=gnu17 -D_GNU_SOURCE $(WARN) -iquote user -iquote . -I$(B) -MMD -MP $(EXTRA_CFLAGS)
LDFLAGS  += $(EXTRA_CFLAGS)
# Of the exporter alone, which is a program of its own.
EXPORTER_LIBS := -lmicrohttpd
# And of straygate-country.
COUNTRY_LIBS := -lmaxminddb -lz
LIBS     := -lbpf -lelf -lz -ljansson -lncursesw -ltinfo -lresolv

# The UAPI headers of Debian's multiarch include directory.
ARCH     := $(shell uname -m | sed 's/x86_64/x86/;s/aarch64/arm64/')
BPF_FLAGS := -O2 -g -target bpf -mcpu=v3 -std=gnu17 $(WARN) -D__TARGET_ARCH_$(ARCH) -iquote . \
             -I/usr/include/$(shell $(CC) -print-multiarch) -MMD -MP

EXPORTER := $(wildcard user/exporter/*.c)
COUNTRY  := $(wildcard user/country/*.c)
USER     := $(filter-out $(EXPORTER) $(COUNTRY),$(wildcard user/*/*.c))
OBJECTS  := $(USER:user/%.c=$(B)/user/%.o)
UNIT     := $(patsubst tests/unit/%.c,$(B)/%,$(wildcard tests/unit/test_*.c))
PACKET   := $(patsubst tests/packet/%.c,$(B)/%,$(wildcard tests/packet/test_*.c))
WORLD    := $(patsubst tests/%.c,$(B)/tests/%.o,$(wildcard tests/packet/world/*.c tests/packet/rows*.c))

all: $(B)/straygate $(B)/straygate-exporter $(B)/straygate-country

$(B)/straygate.bpf.o: bpf/straygate.bpf.c
	@mkdir -p $(@D)
	$(CLANG) $(BPF_FLAGS) -c $< -o $@

$(B)/%.bpf.o: tests/live/lib/%.bpf.c
	@mkdir -p $(@D)
	$(CLANG) $(BPF_FLAGS) -c $< -o $@

$(B)/straygate.skel.h: $(B)/straygate.bpf.o
	$(BPFTOOL) gen skeleton $< name straygate_bpf > $@.new
	mv $@.new $@

$(B)/user/%.o: user/%.c | $(B)/straygate.skel.h
	@mkdir -p $(@D)
	@echo "  CC $<"; $(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@
$(B)/user/gate/object.o $(B)/sanitized/gate/object.o: $(B)/straygate.skel.h $(B)/build-id
$(B)/user/country/main.o: $(B)/build-id
$(B)/user/gate/object.o $(B)/sanitized/gate/object.o $(B)/user/country/main.o: CFLAGS += -DSTRAYGATE_BUILD='"$(BUILD_ID)"'

# Newer only if the build has another name: a commit changes no source.
$(B)/build-id: always
	@mkdir -p $(@D)
	@echo $(BUILD_ID) | cmp -s - $@ || echo $(BUILD_ID) > $@

$(B)/libstraygate.a: $(OBJECTS)
	rm -f $@
	ar rcs $@ $^

$(B)/straygate: $(B)/user/main.o $(B)/libstraygate.a
	$(CC) $(LDFLAGS) $^ $(LIBS) -o $@

$(B)/straygate-exporter: $(EXPORTER:user/%.c=$(B)/user/%.o) $(B)/libstraygate.a
	$(CC) $(LDFLAGS) $^ $(LIBS) $(EXPORTER_LIBS) -o $@

$(B)/straygate-country: $(COUNTRY:user/%.c=$(B)/user/%.o) $(B)/libstraygate.a
	$(CC) $(LDFLAGS) $^ $(COUNTRY_LIBS) -o $@

# The page is part of the program.
$(B)/user/exporter/page.o: $(wildcard user/exporter/page/*)

$(B)/crowd: $(wildcard tests/crowd/*.c tests/crowd/*.h)
	@mkdir -p $(@D)
	$(CC) $(filter-out -MMD -MP,$(CFLAGS)) $(filter %.c,$^) -lm -o $@

$(B)/echo: tests/live/lib/echo.c
	@mkdir -p $(@D)
	$(CC) $(filter-out -MMD -MP,$(CFLAGS)) $< -o $@

$(B)/within: tests/live/lib/within.c
	@mkdir -p $(@D)
	$(CC) -static $(filter-out -MMD -MP,$(CFLAGS)) $< -o $@

$(B)/smuggling: $(wildcard tests/finders/smuggling/*.[ch] bpf/find/*.h tests/finders/*.h)
	@mkdir -p $(@D)
	$(CC) $(filter-out -MMD -MP,$(CFLAGS)) $(filter %.c,$^) -o $@

# The same command, which takes what it keeps in the kernel for another build's: so the
# tests see what an upgrade to another layout does.
LAYOUT := $(patsubst %,$(B)/layout/%.o,instance drain kept object)
$(LAYOUT): $(B)/layout/%.o: user/gate/%.c $(B)/straygate.skel.h $(B)/build-id
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -DSTRAYGATE_LAYOUT=99 -DSTRAYGATE_BUILD='"$(BUILD_ID)-layout"' -c $< -o $@
$(B)/straygate-layout: $(B)/user/main.o $(LAYOUT) $(B)/libstraygate.a
	$(CC) $(LDFLAGS) $^ $(LIBS) -o $@

# What runs in the guests of scripts/kernels: static, since nothing else is there.
$(B)/straygate-static: $(B)/user/main.o $(B)/libstraygate.a
	$(CC) -static $(LDFLAGS) $^ $(LIBS) -o $@

$(B)/guest: $(wildcard tests/kernels/*.c tests/kernels/*.h) $(B)/libstraygate.a
	$(CC) -static $(filter-out -MMD -MP,$(CFLAGS)) $(LDFLAGS) $(filter %.c %.a,$^) $(LIBS) -o $@

# Tests on the host run under the sanitizers, finders and parser included.
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined
$(B)/sanitized/%.o: user/%.c | $(B)/straygate.skel.h
	@mkdir -p $(@D)
	@echo "  CC $< (sanitized)"; $(CC) $(CFLAGS) $(SANITIZE) -c $< -o $@

$(B)/libsanitized.a: $(USER:user/%.c=$(B)/sanitized/%.o)
	rm -f $@
	ar rcs $@ $^

SMUGGLING := $(patsubst %.c,$(B)/%.o,$(filter-out %/list.c,$(wildcard tests/finders/smuggling/*.c)))
$(B)/tests/finders/smuggling/%.o: tests/finders/smuggling/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(SANITIZE) -c $< -o $@
$(B)/test_smuggling: UNIT_ALSO := $(SMUGGLING)
$(B)/test_smuggling: $(SMUGGLING)

$(B)/tests/unit/%.o: tests/unit/%.c | $(B)/straygate.skel.h
	@mkdir -p $(@D)
	@echo "  CC $<"; $(CC) $(CFLAGS) $(SANITIZE) -c $< -o $@

$(UNIT): $(B)/%: $(B)/tests/unit/%.o $(B)/libsanitized.a
	$(CC) $(SANITIZE) $< $(UNIT_ALSO) $(B)/libsanitized.a $(LIBS) -lcriterion -o $@

$(B)/tests/packet/%.o: tests/packet/%.c | $(B)/straygate.skel.h
	@mkdir -p $(@D)
	@echo "  CC $<"; $(CC) $(CFLAGS) -iquote tests/packet -c $< -o $@

# What the packet tests share.
$(B)/libworld.a: $(WORLD)
	rm -f $@
	ar rcs $@ $^

$(B)/wire: tests/live/lib/wire.c tests/live/lib/wire.h
	@mkdir -p $(@D)
	$(CC) $(filter-out -MMD -MP,$(CFLAGS)) -iquote . $< -lbpf -o $@

$(PACKET): $(B)/%: $(B)/tests/packet/%.o $(B)/libworld.a $(B)/libstraygate.a
	$(CC) $(LDFLAGS) -Wl,--wrap=bpf_object__load $^ $(LIBS) -lcriterion -o $@

.SECONDARY: $(WORLD) $(PACKET:$(B)/%=$(B)/tests/packet/%.o) $(UNIT:$(B)/%=$(B)/tests/unit/%.o)

tests: $(UNIT) $(PACKET) $(B)/crowd $(B)/echo $(B)/within $(B)/smuggling $(B)/straygate-layout $(B)/pass.bpf.o $(B)/filter.bpf.o \
	$(B)/own.bpf.o $(B)/wire $(B)/wire.bpf.o

# All of them, also behind one that failed.
check-unit: $(UNIT)
	@status=0; for t in $(UNIT); do $$t --jobs 2 || status=1; done; exit $$status

# Needs root: the packets go through the kernel.
check-packet: $(PACKET)
	@status=0; for t in $(PACKET); do $$t --jobs 1 || status=1; done; exit $$status

check: check-unit check-packet

# Not by both makes at once.
fuzz: $(B)/straygate.skel.h
	$(MAKE) -f tests/fuzz/fuzz.mk targets

FORMATTED = $(wildcard $(addsuffix /*.[ch],bpf bpf/* user user/* tests/* tests/*/*))
format:
	clang-format -i $(FORMATTED)

# The licence of every file: libraries under Apache-2.0 may be linked.
lint: $(B)/straygate.bpf.o
	! grep -rn 'Identifier: GPL-2.0-onl[y]' Makefile bpf man packaging scripts tests user
	clang-format --dry-run -Werror $(FORMATTED)
	scripts/includes check
	scripts/reasons-doc check
	scripts/docs-check
	mandoc -T lint -W warning man/*.[158]
	OBJECT=$(B)/straygate.bpf.o scripts/maps-doc check
	scripts/stack check $(B)/straygate.bpf.o

UNITDIR  ?= $(PREFIX)/lib/systemd/system
UNITS    := $(notdir $(wildcard packaging/systemd/*.service packaging/systemd/*.timer packaging/systemd/*.path))
install: all
	install -D -m 755 $(B)/straygate $(DESTDIR)$(PREFIX)/sbin/straygate
	ln -sf straygate $(DESTDIR)$(PREFIX)/sbin/check_straygate
	install -D -m 644 man/straygate.8 $(DESTDIR)$(PREFIX)/share/man/man8/straygate.8
	install -D -m 644 man/straygate-policy.5 $(DESTDIR)$(PREFIX)/share/man/man5/straygate-policy.5
	install -D -m 755 $(B)/straygate-country $(DESTDIR)$(PREFIX)/bin/straygate-country
	install -D -m 644 man/straygate-country.1 $(DESTDIR)$(PREFIX)/share/man/man1/straygate-country.1
	install -D -m 644 man/straygate.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/straygate
	install -D -m 644 packaging/systemd/sysusers.conf $(DESTDIR)$(PREFIX)/lib/sysusers.d/straygate.conf
	install -D -m 644 packaging/systemd/tmpfiles.conf $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/straygate.conf
	install -d -m 755 $(DESTDIR)$(UNITDIR)
	for u in $(UNITS); do \
		sed 's|/usr/local/sbin/|$(PREFIX)/sbin/|' packaging/systemd/$$u >$(DESTDIR)$(UNITDIR)/$$u && \
		chmod 644 $(DESTDIR)$(UNITDIR)/$$u || exit 1; done
	install -D -m 644 packaging/systemd/90-straygate.rules $(DESTDIR)$(PREFIX)/lib/udev/rules.d/90-straygate.rules
	install -d -m 755 $(DESTDIR)/etc/straygate

# Optional: what shows what the gate does.
install: install-exporter
install-exporter: $(B)/straygate-exporter
	install -D -m 755 $< $(DESTDIR)$(PREFIX)/sbin/straygate-exporter
	install -D -m 644 man/straygate-exporter.8 $(DESTDIR)$(PREFIX)/share/man/man8/straygate-exporter.8

# build/deb/straygate_VERSION_ARCH.deb, from a copy of what it is made of, whose debian/
# is packaging/debian. DEB_VERSION=V makes one of another version than debian/changelog's.
DEB      := $(B)/deb
DEB_TREE := $(DEB)/straygate
DEB_OF   := LICENSE Makefile README.md SECURITY.md bpf docs man packaging user
deb:
	mkdir -p $(DEB_TREE)
	rm -rf $(DEB)/*.* $(DEB_OF:%=$(DEB_TREE)/%) $(DEB_TREE)/debian
	cp -a $(DEB_OF) $(DEB_TREE)
	cp -a packaging/debian $(DEB_TREE)/debian
	if [ -n "$(DEB_VERSION)" ]; then \
		sed "1,/^ --/s/(.*)/($(DEB_VERSION))/" packaging/debian/changelog >$(DEB_TREE)/debian/changelog; fi
	cd $(DEB_TREE) && dpkg-buildpackage -b -nc -us -uc

clean:
	rm -rf $(B)

-include $(wildcard $(B)/*.d $(B)/layout/*.d $(B)/user/*.d $(B)/user/*/*.d $(B)/sanitized/*/*.d $(B)/tests/*/*.d \
	$(B)/tests/*/*/*.d)

.PHONY: always all tests check check-unit check-packet fuzz format lint install deb clean
.DELETE_ON_ERROR:
