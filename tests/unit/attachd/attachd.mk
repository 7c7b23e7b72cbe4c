# SPDX-License-Identifier: GPL-2.0-or-later
# The parts of the daemon that do no I/O, and the manager on top of a XenStore
# in memory.

attachd_unit_pure := awaited backoff doubts escape limit live machine memo metrics name number \
	paths policy protocol record request shun table withheld
UNIT_TESTS += $(attachd_unit_pure:%=$(BUILD)/unit/attachd-%)

attachd_unit_flags = $(MYDEVICE_CFLAGS) $(MYDEVICE_CPPFLAGS) -Wno-unused-parameter -pthread \
	-iquote daemon -DXENCTRL_SONAME='"none"'
attachd_unit_headers := $(wildcard daemon/*.h tests/unit/attachd/*.h) include/xen/io/mydevice.h

$(attachd_unit_pure:%=$(BUILD)/unit/attachd-%): $(BUILD)/unit/attachd-%: \
		tests/unit/attachd/%.c $(daemon_pure:%=daemon/%.c) $(attachd_unit_headers)
	@mkdir -p $(@D)
	$(CC) $(attachd_unit_flags) $(TEST_CFLAGS) -o $@ $(filter %.c,$^) \
		-lcmocka -lsystemd

# all but the threads, the bus and libxenstore
attachd_unit_manager := awaited-backend company device device-note domain domids facts gifts \
	hypervisor kept kernel lookup manager node-link nodes orders parents queue reconcile \
	registry requests sections steps stranded values verify withheld-note
attachd_unit_worlds := domains failures gifts manager orders restart shunned
UNIT_TESTS += $(attachd_unit_worlds:%=$(BUILD)/unit/attachd-%)

# timers that a test may hasten
attachd_unit_haste := \
	-Wl,--wrap=sd_event_add_time_relative,--wrap=sd_event_source_set_time_relative

$(attachd_unit_worlds:%=$(BUILD)/unit/attachd-%): $(BUILD)/unit/attachd-%: \
		$(addprefix tests/unit/attachd/,%.c fake-owned.c fake-store.c world.c) \
		$(daemon_pure:%=daemon/%.c) $(attachd_unit_manager:%=daemon/%.c) \
		$(attachd_unit_headers)
	@mkdir -p $(@D)
	$(CC) $(attachd_unit_flags) $(TEST_CFLAGS) -o $@ $(filter %.c,$^) \
		$(attachd_unit_haste) -lcmocka -lsystemd -ldl

UNIT_TESTS += $(addprefix $(BUILD)/unit/attachd-,registry bridge driver)

$(BUILD)/unit/attachd-driver: tests/unit/attachd/driver.c daemon/ctl/driver.c \
		$(wildcard daemon/ctl/*.h) $(attachd_unit_headers)
	@mkdir -p $(@D)
	$(CC) $(attachd_unit_flags) $(TEST_CFLAGS) -o $@ $(filter %.c,$^) -lcmocka

$(BUILD)/unit/attachd-registry: tests/unit/attachd/registry.c daemon/registry.c \
		$(daemon_pure:%=daemon/%.c) $(attachd_unit_headers)
	@mkdir -p $(@D)
	$(CC) $(attachd_unit_flags) $(TEST_CFLAGS) -o $@ $(filter %.c,$^) \
		-lcmocka -lsystemd

$(BUILD)/unit/attachd-bridge: tests/unit/attachd/bridge.c daemon/ctl/bridge.c \
		$(wildcard daemon/ctl/*.h) $(attachd_unit_headers)
	@mkdir -p $(@D)
	$(CC) $(attachd_unit_flags) -Iinclude/uapi $(TEST_CFLAGS) -o $@ $(filter %.c,$^) -lcmocka

# both threads, so under the other sanitizer
UNIT_TESTS += $(BUILD)/unit/attachd-threads

$(BUILD)/unit/attachd-threads: tests/unit/attachd/threads.c tests/unit/attachd/fake-store.c \
		tests/unit/attachd/fake-owned.c \
		$(daemon_pure:%=daemon/%.c) $(attachd_unit_manager:%=daemon/%.c) \
		daemon/engine.c $(attachd_unit_headers)
	@mkdir -p $(@D)
	$(CC) $(attachd_unit_flags) $(TSAN_CFLAGS) -o $@ $(filter %.c,$^) \
		-lcmocka -lsystemd -ldl
