# SPDX-License-Identifier: GPL-2.0-or-later
# The pure parts of kmod/core and kmod/back, compiled for a program behind tests/unit/shim.

UNIT_TESTS += $(addprefix $(BUILD)/unit/core-,bucket own pace packet ring session vandal \
	vandal-tsan wakeup window yield)

core_unit_flags = $(MYDEVICE_CFLAGS) $(MYDEVICE_CPPFLAGS) -Itests/unit/shim -Ikmod/core
core_unit_headers := $(wildcard tests/unit/*.h tests/unit/shim/*/*.h kmod/*/*.h) \
	include/mydevice/ring.h include/xen/io/mydevice.h

$(BUILD)/unit/core-bucket: tests/unit/bucket.c $(core_unit_headers)
	@mkdir -p $(@D)
	$(CC) $(core_unit_flags) $(TEST_CFLAGS) -o $@ $(filter %.c,$^) -lcmocka

$(BUILD)/unit/core-window: tests/unit/window.c $(core_unit_headers)
	@mkdir -p $(@D)
	$(CC) $(core_unit_flags) $(TEST_CFLAGS) -o $@ $(filter %.c,$^) -lcmocka

$(BUILD)/unit/core-yield: tests/unit/yield.c kmod/compat/yield.h $(core_unit_headers)
	@mkdir -p $(@D)
	$(CC) $(core_unit_flags) $(TEST_CFLAGS) -o $@ $(filter %.c,$^) -lcmocka

# its header of differences between kernels is left out
$(BUILD)/unit/core-own: tests/unit/own.c $(core_unit_headers)
	@mkdir -p $(@D)
	$(CC) $(core_unit_flags) -DMYD_COMPAT_H $(TEST_CFLAGS) -o $@ $(filter %.c,$^) -lcmocka

$(BUILD)/unit/core-pace: tests/unit/pace.c $(core_unit_headers)
	@mkdir -p $(@D)
	$(CC) $(core_unit_flags) -Ikmod/back $(TEST_CFLAGS) -o $@ $(filter %.c,$^) -lcmocka

$(BUILD)/unit/core-packet: tests/unit/packet.c kmod/core/packet.c kmod/core/ring.c \
		$(core_unit_headers)
	@mkdir -p $(@D)
	$(CC) $(core_unit_flags) $(TEST_CFLAGS) -o $@ $(filter %.c,$^) -lcmocka

$(BUILD)/unit/core-ring: tests/unit/ring.c kmod/core/ring.c $(core_unit_headers)
	@mkdir -p $(@D)
	$(CC) $(core_unit_flags) $(TEST_CFLAGS) -o $@ $(filter %.c,$^) -lcmocka

$(BUILD)/unit/core-vandal $(BUILD)/unit/core-vandal-tsan: tests/unit/vandal.c \
		kmod/core/packet.c kmod/core/ring.c $(core_unit_headers)
	@mkdir -p $(@D)
	$(CC) $(core_unit_flags) $(if $(findstring tsan,$@),$(TSAN_CFLAGS),$(TEST_CFLAGS)) \
		-o $@ $(filter %.c,$^) -lcmocka -lpthread

$(BUILD)/unit/core-wakeup: tests/unit/wakeup.c kmod/core/ring.c $(core_unit_headers)
	@mkdir -p $(@D)
	$(CC) $(core_unit_flags) $(TSAN_CFLAGS) -o $@ $(filter %.c,$^) -lcmocka -lpthread

$(BUILD)/unit/core-session: tests/unit/session.c kmod/core/session.c kmod/core/ring.c \
		$(core_unit_headers)
	@mkdir -p $(@D)
	$(CC) $(core_unit_flags) $(TEST_CFLAGS) -o $@ $(filter %.c,$^) -lcmocka
