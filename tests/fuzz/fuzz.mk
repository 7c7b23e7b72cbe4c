# SPDX-License-Identifier: GPL-2.0-or-later
# The fuzzers: the drivers' code behind tests/fuzz/shim, which makes each look
# at shared memory a hostile one. FUZZ_KMOD and FUZZ_OUT serve tests/fuzz/run,
# which builds them from a copy with a check missing, too.

FUZZ_KMOD ?= kmod
FUZZ_OUT  ?= $(BUILD)/fuzz
FUZZERS   := control mapping packet

fuzz_flags = $(MYDEVICE_CFLAGS) $(MYDEVICE_CPPFLAGS) -Wno-unused-parameter \
	-O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer,address,undefined \
	-fno-sanitize-recover=all -DMYD_COMPAT_H \
	-Itests/fuzz -Itests/fuzz/shim -I$(BUILD)/fuzz/shim -Itests/unit/shim \
	-I$(FUZZ_KMOD)/core -I$(FUZZ_KMOD)/back

# All that the sources include and need little of
fuzz_stubs := $(addprefix $(BUILD)/fuzz/shim/, \
	$(addprefix linux/,build_bug.h cdev.h device.h export.h fs.h interrupt.h jiffies.h kernel.h \
		minmax.h mm.h module.h mutex.h poll.h processor.h sched/clock.h sched/mm.h \
		sched/signal.h slab.h spinlock.h tracepoint.h uaccess.h uio.h wait.h workqueue.h) \
	trace/define_trace.h $(addprefix xen/,events.h xenbus.h))

$(fuzz_stubs):
	@mkdir -p $(@D)
	@echo '#include "shim.h"' >$@

fuzz_headers = $(wildcard tests/fuzz/*.h tests/fuzz/shim/*.h tests/fuzz/shim/*/*.h \
	tests/unit/shim/*/*.h $(FUZZ_KMOD)/*/*.h) \
	include/mydevice/ring.h include/uapi/linux/mydevice.h include/xen/io/mydevice.h

$(FUZZ_OUT)/control: $(addprefix $(FUZZ_KMOD)/core/, \
	channel.c event.c frames.c move.c packet.c ring.c session.c wait.c)
$(FUZZ_OUT)/mapping: $(FUZZ_KMOD)/back/mapping.c
$(FUZZ_OUT)/packet: $(addprefix $(FUZZ_KMOD)/core/,packet.c ring.c)

$(FUZZERS:%=$(FUZZ_OUT)/%): $(FUZZ_OUT)/%: tests/fuzz/%.c tests/fuzz/hostile.c \
		$(fuzz_headers) $(fuzz_stubs)
	@mkdir -p $(@D)
	clang $(fuzz_flags) -o $@ $(filter %.c,$^)

.PHONY: fuzzers list-fuzzers
fuzzers: $(FUZZERS:%=$(FUZZ_OUT)/%)
list-fuzzers:
	@echo $(FUZZERS)
