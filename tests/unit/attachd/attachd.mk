# SPDX-License-Identifier: GPL-2.0-or-later
# The parts of the daemon that do no I/O, the manager on top of a XenStore in
# memory, and parts of mydevicectl.
#
# A test is linked with the archive of all objects of the daemon and gets those
# that it uses, directly or not: what it defines itself, as fake-store.c does,
# comes from nowhere else.

attachd_unit_sources := $(filter-out daemon/service/main.c daemon/ctl/main.c, \
	$(wildcard daemon/*/*.c))
attachd_unit_flags = $(MYDEVICE_CFLAGS) $(MYDEVICE_CPPFLAGS) -Wno-unused-parameter -pthread \
	-Iinclude/uapi -iquote daemon -DXENCTRL_SONAME='"none"'
attachd_unit_libs := -lcmocka -lsystemd -ljson-c -ldl

attachd_unit_asan := $(attachd_unit_sources:daemon/%.c=$(BUILD)/unit/asan/%.o)
attachd_unit_tsan := $(attachd_unit_sources:daemon/%.c=$(BUILD)/unit/tsan/%.o)

$(BUILD)/unit/asan/%.o: daemon/%.c tests/unit/attachd/attachd.mk
	@mkdir -p $(@D)
	$(CC) $(attachd_unit_flags) $(TEST_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/unit/tsan/%.o: daemon/%.c tests/unit/attachd/attachd.mk
	@mkdir -p $(@D)
	$(CC) $(attachd_unit_flags) $(TSAN_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/unit/asan.a: $(attachd_unit_asan)
$(BUILD)/unit/tsan.a: $(attachd_unit_tsan)
$(BUILD)/unit/asan.a $(BUILD)/unit/tsan.a:
	rm -f $@
	$(AR) qcs $@ $^

-include $(attachd_unit_asan:.o=.d) $(attachd_unit_tsan:.o=.d)

attachd_unit_headers := $(wildcard daemon/*/*.h tests/unit/attachd/*.h) include/xen/io/mydevice.h

attachd_unit_alone := awaited backoff bridge diagnosis directory doubts driver error \
	escape kinds last-good limit live machine memo metrics name note number paths policy \
	protocol quota record registry request request-log shun table
UNIT_TESTS += $(attachd_unit_alone:%=$(BUILD)/unit/attachd-%)

$(attachd_unit_alone:%=$(BUILD)/unit/attachd-%): $(BUILD)/unit/attachd-%: \
		tests/unit/attachd/%.c $(BUILD)/unit/asan.a $(attachd_unit_headers)
	@mkdir -p $(@D)
	$(CC) $(attachd_unit_flags) $(TEST_CFLAGS) -o $@ $(filter %.c %.a,$^) \
		$(attachd_unit_libs)

# on top of a XenStore in memory
attachd_unit_worlds := domains failures gifts identify manager orders restart settings shunned \
	throttle wish
UNIT_TESTS += $(attachd_unit_worlds:%=$(BUILD)/unit/attachd-%)

# timers that a test may hasten
attachd_unit_haste := \
	-Wl,--wrap=sd_event_add_time_relative,--wrap=sd_event_source_set_time_relative

$(attachd_unit_worlds:%=$(BUILD)/unit/attachd-%): $(BUILD)/unit/attachd-%: \
		$(addprefix tests/unit/attachd/,%.c fake-owned.c fake-store.c world.c) \
		$(BUILD)/unit/asan.a $(attachd_unit_headers)
	@mkdir -p $(@D)
	$(CC) $(attachd_unit_flags) $(TEST_CFLAGS) -o $@ $(filter %.c %.a,$^) \
		$(attachd_unit_haste) $(attachd_unit_libs)

# both threads, so under the other sanitizer
UNIT_TESTS += $(BUILD)/unit/attachd-threads

$(BUILD)/unit/attachd-threads: \
		$(addprefix tests/unit/attachd/,threads.c fake-store.c fake-owned.c) \
		$(BUILD)/unit/tsan.a $(attachd_unit_headers)
	@mkdir -p $(@D)
	$(CC) $(attachd_unit_flags) $(TSAN_CFLAGS) -o $@ $(filter %.c %.a,$^) $(attachd_unit_libs)
