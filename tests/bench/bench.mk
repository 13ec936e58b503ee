# SPDX-License-Identifier: GPL-2.0-or-later
# What the benchmarks are made of: make -f tests/bench/bench.mk bench
default: bench

include Makefile

bench: $(B)/straygate $(B)/straygate-exporter $(B)/crowd $(B)/pass.bpf.o $(B)/labels.bpf.o $(B)/ns

$(B)/ns.bpf.o: tests/bench/ns.bpf.c tests/bench/ns_shared.h $(wildcard bpf/*.h bpf/*/*.h)
	@mkdir -p $(@D)
	$(CLANG) $(BPF_FLAGS) -c $< -o $@

$(B)/labels.bpf.o: tests/bench/labels.bpf.c
	@mkdir -p $(@D)
	$(CLANG) $(BPF_FLAGS) -c $< -o $@

$(B)/ns.skel.h: $(B)/ns.bpf.o
	$(BPFTOOL) gen skeleton $< name ns_bpf > $@.new
	mv $@.new $@

NS := $(filter-out %.bpf.c,$(wildcard tests/bench/ns*.c)) tests/crowd/crowd_request.c
$(B)/ns: $(NS) $(wildcard tests/bench/*.h) $(B)/ns.skel.h $(B)/libstraygate.a
	$(CC) $(filter-out -MMD -MP,$(CFLAGS)) $(NS) $(B)/libstraygate.a $(LIBS) -lpthread -o $@

.PHONY: default bench
