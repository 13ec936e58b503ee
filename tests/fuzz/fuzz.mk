# SPDX-License-Identifier: GPL-2.0-or-later
# The fuzz targets, for `make fuzz`. scripts/fuzz runs them.
default: targets

include Makefile

F          := $(B)/fuzz
FUZZ_FLAGS := -g -O1 -std=gnu17 -D_GNU_SOURCE $(WARN) -MMD -MP -iquote user -iquote . -I$(B) -DSTRAYGATE_VERSION='"$(VERSION)"' \
              -DSTRAYGATE_BUILD='"$(BUILD_ID)"'
FUZZED     := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
FUZZ_LINK  := -fsanitize=fuzzer,address,undefined
# Against a parser there are no bytes to be lost that the others would not lose,
# and OpenSSL's many allocations are ten times slower under ASan.
PEERS := $(patsubst tests/fuzz/%.c,$(F)/%.o,$(wildcard $(addprefix tests/fuzz/,peer*.c grammar*.c fuzz_peer_*.c)))
$(PEERS): FUZZED := -fsanitize=fuzzer-no-link,undefined -fno-sanitize-recover=undefined
$(F)/fuzz_peer_%: FUZZ_LINK := -fsanitize=fuzzer,undefined

FUZZ_NAMES := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

targets: $(FUZZ_NAMES:%=$(F)/fuzz_%)

$(F)/%.o: tests/fuzz/%.c
	@mkdir -p $(@D)
	@echo "  CC $<"; $(CLANG) $(FUZZ_FLAGS) $(FUZZED) -c $< -o $@

$(F)/user/%.o: user/%.c | $(B)/straygate.skel.h
	@mkdir -p $(@D)
	@echo "  CC $< (fuzzed)"; $(CLANG) $(FUZZ_FLAGS) $(FUZZED) -c $< -o $@

# Of which the parser of policies takes what it needs.
$(F)/libuser.a: $(USER:user/%.c=$(F)/user/%.o)
	rm -f $@
	ar rcs $@ $^

$(F)/fuzz_%: $(F)/fuzz_%.o
	$(CLANG) $(FUZZ_LINK) $^ $(FUZZ_LIBS) -o $@

GRAMMAR := $(F)/grammar.o $(F)/peer.o
$(F)/fuzz_peer_http: $(GRAMMAR) $(F)/grammar_http.o $(F)/peer_http.o
$(F)/fuzz_peer_http: FUZZ_LIBS := -lhttp_parser
$(F)/fuzz_peer_tls: $(GRAMMAR) $(F)/grammar_tls.o $(F)/peer_tls.o
$(F)/fuzz_peer_tls: FUZZ_LIBS := -lssl -lcrypto
$(F)/fuzz_peer_dns: $(GRAMMAR) $(F)/grammar_dns.o $(F)/peer_dns.o
$(F)/fuzz_peer_dns: FUZZ_LIBS := -lldns
$(F)/fuzz_policy: $(F)/libuser.a
$(F)/fuzz_policy: FUZZ_LIBS := -ljansson -lz

-include $(wildcard $(F)/*.d $(F)/user/*/*.d)

.PHONY: default targets
.SECONDARY:
