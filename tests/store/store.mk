# SPDX-License-Identifier: GPL-2.0-or-later
#
# What check-store builds: make -f tests/store/store.mk, from the top.

out := build/store
src := tests/store/hypervisor

# Of the installed Xen release, whose soname the stub has to bear.
xenctrl := $(shell ldconfig -p 2>/dev/null | \
	sed -n 's/^\s*\(libxenctrl\.so\.[0-9.]*\) .*/\1/p' | head -n 1)
header := $(firstword $(wildcard /usr/include/xenctrl.h /usr/local/include/xenctrl.h))
dominfo := $(shell grep -q 'xc_domain_getinfo_single' $(header) /dev/null || echo -DHAVE_XC_DOMINFO)

CFLAGS_STORE := -std=gnu11 -O2 -g -Wall -Wextra -Werror -D_FILE_OFFSET_BITS=64 $(dominfo)
headers := $(src)/shared.h $(src)/guest.h tests/store/store.mk

all: $(out)/hypervisor $(out)/preload.so $(out)/lib/$(xenctrl) $(out)/polkit $(out)/flood \
	$(out)/clock.so $(out)/lib-other/libxenctrl.so.0.1 $(out)/lib-lacking/$(xenctrl)

$(out)/hypervisor: $(addprefix $(src)/,main.c guest.c shared.c) $(headers)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_STORE) -o $@ $(filter %.c,$^)

# For who is not root and calls attachd.
$(out)/polkit $(out)/flood: $(out)/%: tests/store/bus/%.c tests/store/store.mk
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_STORE) -Wno-unused-parameter -o $@ $< -lsystemd

# For a stock xenstored: all of the hypervisor, and its paths moved.
$(out)/preload.so: $(addprefix $(src)/,control.c events.c redirect.c shared.c) $(headers)
	@mkdir -p $(@D)
	$(CC) $(filter-out -D_FILE_OFFSET_BITS=64,$(CFLAGS_STORE)) -fPIC -shared -o $@ \
		$(filter %.c,$^) -ldl

# For attachd, where the wall clock jumps.
$(out)/clock.so: $(src)/clock.c tests/store/store.mk
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_STORE) -fPIC -shared -o $@ $< -ldl

# For attachd: what it loads as libxenctrl, the same as of another release, and one
# that lacks all functions.
$(out)/lib/$(xenctrl) $(out)/lib-other/libxenctrl.so.0.1: \
		$(addprefix $(src)/,control.c shared.c) $(headers)
$(out)/lib-lacking/$(xenctrl): $(src)/shared.c $(headers)
$(out)/lib/$(xenctrl) $(out)/lib-other/libxenctrl.so.0.1 $(out)/lib-lacking/$(xenctrl):
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_STORE) -fPIC -shared -Wl,-soname,$(@F) -o $@ $(filter %.c,$^)

.PHONY: all
