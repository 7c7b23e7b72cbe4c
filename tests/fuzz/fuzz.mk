# SPDX-License-Identifier: GPL-2.0-or-later
# The fuzzers: the drivers' code behind tests/fuzz/shim, which makes each look
# at shared memory a hostile one, and what the daemon and mydevicectl parse.
# FUZZ_TREE and FUZZ_OUT serve tests/fuzz/run, which builds them from a copy
# with a check missing, too.

FUZZ_TREE ?= .
FUZZ_OUT  ?= $(BUILD)/fuzz
fuzz_kmod   := control mapping packet
fuzz_daemon := bridge message paths policy record request text
FUZZERS     := $(fuzz_kmod) $(fuzz_daemon)

fuzz_flags = $(MYDEVICE_CFLAGS) $(MYDEVICE_CPPFLAGS) -Wno-unused-parameter \
	-O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer,address,undefined \
	-fno-sanitize-recover=all -Itests/fuzz
fuzz_kmod_flags = $(fuzz_flags) -DMYD_COMPAT_H \
	-Itests/fuzz/shim -I$(BUILD)/fuzz/shim -Itests/unit/shim \
	-I$(FUZZ_TREE)/kmod/core -I$(FUZZ_TREE)/kmod/back
fuzz_daemon_flags = $(fuzz_flags) -Iinclude/uapi -iquote $(FUZZ_TREE)/daemon

# All that the sources include and need little of
fuzz_stubs := $(addprefix $(BUILD)/fuzz/shim/, \
	$(addprefix linux/,build_bug.h cdev.h device.h export.h fs.h interrupt.h jiffies.h \
		freezer.h kernel.h ktime.h lockdep.h minmax.h mm.h module.h mutex.h poll.h \
		processor.h ratelimit.h rcupdate.h sched.h sched/clock.h sched/mm.h \
		sched/signal.h slab.h spinlock.h thread_info.h tracepoint.h uaccess.h uio.h \
		wait.h workqueue.h) \
	trace/define_trace.h $(addprefix xen/,events.h xenbus.h))

$(fuzz_stubs):
	@mkdir -p $(@D)
	@echo '#include "shim.h"' >$@

fuzz_protocol := include/mydevice/ring.h include/uapi/linux/mydevice.h include/xen/io/mydevice.h
fuzz_kmod_headers = $(wildcard tests/fuzz/*.h tests/fuzz/shim/*.h tests/fuzz/shim/*/*.h \
	tests/unit/shim/*/*.h $(FUZZ_TREE)/kmod/*/*.h) $(fuzz_protocol)
fuzz_daemon_headers = $(wildcard tests/fuzz/*.h $(FUZZ_TREE)/daemon/*/*.h) $(fuzz_protocol)

$(FUZZ_OUT)/control: $(addprefix $(FUZZ_TREE)/kmod/core/, \
	channel.c direction.c event.c frames.c limit.c move.c packet.c pending.c ready.c ring.c \
	session.c wait.c) tests/fuzz/control-face.c
$(FUZZ_OUT)/mapping: $(FUZZ_TREE)/kmod/back/mapping.c
$(FUZZ_OUT)/packet: $(addprefix $(FUZZ_TREE)/kmod/core/,packet.c ring.c)

# What the daemon and mydevicectl parse with. A fuzzer gets what it uses.
fuzz_daemon_sources := $(wildcard $(addprefix daemon/,base/*.c model/*.c policy/*.c view/*.c)) \
	$(addprefix daemon/,bus/order.c bus/quota.c ctl/bridge.c ctl/message.c notes/note.c)
fuzz_daemon_objects = $(fuzz_daemon_sources:daemon/%.c=$(FUZZ_OUT)/daemon/%.o)

$(FUZZ_OUT)/daemon/%.o: $(FUZZ_TREE)/daemon/%.c tests/fuzz/fuzz.mk
	@mkdir -p $(@D)
	clang $(fuzz_daemon_flags) -MMD -MP -c -o $@ $<

$(FUZZ_OUT)/daemon.a: $(fuzz_daemon_objects)
	rm -f $@
	$(AR) qcs $@ $^

-include $(fuzz_daemon_objects:.o=.d)

$(fuzz_kmod:%=$(FUZZ_OUT)/%): $(FUZZ_OUT)/%: tests/fuzz/%.c tests/fuzz/hostile.c \
		$(fuzz_kmod_headers) $(fuzz_stubs)
	@mkdir -p $(@D)
	clang $(fuzz_kmod_flags) -o $@ $(filter %.c,$^)

$(fuzz_daemon:%=$(FUZZ_OUT)/%): $(FUZZ_OUT)/%: tests/fuzz/%.c tests/fuzz/input.c \
		$(FUZZ_OUT)/daemon.a $(fuzz_daemon_headers)
	@mkdir -p $(@D)
	clang $(fuzz_daemon_flags) -o $@ $(filter %.c %.a,$^) -lsystemd

.PHONY: fuzzers list-fuzzers
fuzzers: $(FUZZERS:%=$(FUZZ_OUT)/%)
list-fuzzers:
	@echo $(FUZZERS)
