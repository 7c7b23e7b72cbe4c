# SPDX-License-Identifier: GPL-2.0-or-later
# Builds and installs mydevice-attachd and mydevicectl. Included by the top
# Makefile; works alone too, from the top of the tree:
#	make -f daemon/daemon.mk

BUILD ?= build
BIN ?= $(BUILD)/bin
PREFIX ?= /usr
SYSCONFDIR ?= /etc
DESTDIR ?=
INSTALL ?= install
# not distributions' /usr/lib/MULTIARCH: systemd and D-Bus look here only
UNITDIR ?= $(PREFIX)/lib/systemd/system

ifeq ($(origin MYDEVICE_CFLAGS),undefined)
CFLAGS ?= -O2 -g
MYDEVICE_CFLAGS := -std=gnu11 -Wall -Wextra
MYDEVICE_CPPFLAGS := -D_GNU_SOURCE -Iinclude \
	-DMYDEVICE_VERSION='"$(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"$$/\1/p' dkms.conf)"'
LDFLAGS ?= -pie
.DEFAULT_GOAL := daemon
endif

# libxenctrl is loaded at run time, by the name it had here
daemon_xenctrl := $(shell \
	readelf -d "$$($(CC) -print-file-name=libxenctrl.so 2>/dev/null)" 2>/dev/null | \
	sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')

daemon_cppflags = $(MYDEVICE_CPPFLAGS) -Iinclude/uapi -iquote daemon \
	-DXENCTRL_SONAME='"$(daemon_xenctrl)"'
daemon_cflags = $(MYDEVICE_CFLAGS) -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wno-unused-parameter -fno-common -fPIE -pthread
daemon_ldflags = -pthread -Wl,--as-needed

# Each folder may use those before it, see docs/HACKING.md
attachd_folders := base model store hypervisor policy notes nodes view engine bus service
# mydevicectl has the first two as well
ctl_folders := base model ctl

attachd_libs := -lxenstore -lsystemd -ldl
ctl_libs := -lsystemd -ljson-c

# the objects of folders: $(call daemon_objects,FOLDER...)
daemon_objects = $(patsubst daemon/%.c,$(BUILD)/daemon/%.o,$(wildcard $(1:%=daemon/%/*.c)))
attachd_objects := $(call daemon_objects,$(attachd_folders))
ctl_objects := $(call daemon_objects,$(ctl_folders))

PROGRAMS += $(BIN)/mydevice-attachd $(BIN)/mydevicectl
INSTALL_TARGETS += install-daemon

.PHONY: daemon install-daemon
daemon: $(BIN)/mydevice-attachd $(BIN)/mydevicectl

$(BUILD)/daemon/%.o: daemon/%.c daemon/daemon.mk dkms.conf
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(daemon_cppflags) $(CFLAGS) $(daemon_cflags) -MMD -MP -c -o $@ $<

$(BIN)/mydevice-attachd: $(attachd_objects)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) $(daemon_ldflags) -o $@ $^ $(attachd_libs)

$(BIN)/mydevicectl: $(ctl_objects)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) $(daemon_ldflags) -o $@ $^ $(ctl_libs)

-include $(attachd_objects:.o=.d) $(ctl_objects:.o=.d)

install-daemon: daemon
	$(INSTALL) -D -m 755 $(BIN)/mydevice-attachd $(DESTDIR)$(PREFIX)/sbin/mydevice-attachd
	$(INSTALL) -D -m 755 $(BIN)/mydevicectl $(DESTDIR)$(PREFIX)/bin/mydevicectl
	$(INSTALL) -D -m 644 daemon/attachd.conf $(DESTDIR)$(SYSCONFDIR)/mydevice/attachd.conf
	$(INSTALL) -d -m 755 $(DESTDIR)$(SYSCONFDIR)/mydevice/attachd.conf.d
	$(INSTALL) -D -m 644 daemon/dbus/org.mydevice.Attach1.conf \
		$(DESTDIR)$(PREFIX)/share/dbus-1/system.d/org.mydevice.Attach1.conf
	$(INSTALL) -D -m 644 daemon/dbus/org.mydevice.attach1.policy \
		$(DESTDIR)$(PREFIX)/share/polkit-1/actions/org.mydevice.attach1.policy
	$(INSTALL) -D -m 644 daemon/prometheus/mydevice.rules.yml \
		$(DESTDIR)$(PREFIX)/share/mydevice-attachd/mydevice.rules.yml
	$(INSTALL) -D -m 644 daemon/completion/mydevicectl.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/mydevicectl
	$(INSTALL) -D -m 644 daemon/completion/_mydevicectl \
		$(DESTDIR)$(PREFIX)/share/zsh/vendor-completions/_mydevicectl
	$(INSTALL) -D -m 644 daemon/completion/mydevicectl.fish \
		$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/mydevicectl.fish
	$(INSTALL) -D -m 644 daemon/man/mydevice-attachd.8 \
		$(DESTDIR)$(PREFIX)/share/man/man8/mydevice-attachd.8
	$(INSTALL) -D -m 644 daemon/man/mydevicectl.1 \
		$(DESTDIR)$(PREFIX)/share/man/man1/mydevicectl.1
	$(INSTALL) -D -m 644 daemon/man/attachd.conf.5 \
		$(DESTDIR)$(PREFIX)/share/man/man5/attachd.conf.5
	$(INSTALL) -D -m 755 systemd/mydevice-node $(DESTDIR)$(PREFIX)/lib/udev/mydevice-node
	$(INSTALL) -D -m 755 systemd/mydevice-hotplug $(DESTDIR)$(PREFIX)/lib/udev/mydevice-hotplug
	$(INSTALL) -D -m 644 systemd/mydevice-hotplug@.service \
		$(DESTDIR)$(UNITDIR)/mydevice-hotplug@.service
	$(INSTALL) -D -m 644 systemd/mydevice@.service $(DESTDIR)$(UNITDIR)/mydevice@.service
	$(INSTALL) -D -m 644 systemd/mydevice-attachd.catalog \
		$(DESTDIR)$(PREFIX)/lib/systemd/catalog/mydevice-attachd.catalog
	$(INSTALL) -D -m 644 systemd/mydevice-attachd.service \
		$(DESTDIR)$(UNITDIR)/mydevice-attachd.service
