# SPDX-License-Identifier: GPL-2.0-or-later
#
# The benchmark program: static, so that it runs in any guest.

BUILD ?= build
bench_objects := $(patsubst tests/bench/%.c,$(BUILD)/bench/%.o,$(wildcard tests/bench/*.c))
bench_libs := -lxenvchan -lxenstore -lxenctrl -lxenforeignmemory -lxendevicemodel -lxencall \
	-lxengnttab -lxenevtchn -lxentoollog -lxentoolcore -luring
# What libxenvchan asks of the kernel is counted on its way
bench_wraps := -Wl,--wrap=xenevtchn_notify -Wl,--wrap=xenevtchn_pending \
	-Wl,--wrap=xenevtchn_unmask

$(BUILD)/bench/bench: $(bench_objects)
	gcc -static -pthread $(bench_wraps) -o $@ $^ $(bench_libs)

$(BUILD)/bench/%.o: tests/bench/%.c $(wildcard tests/bench/*.h include/uapi/linux/*.h)
	@mkdir -p $(@D)
	gcc -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -Iinclude -Iinclude/uapi -c -o $@ $<
