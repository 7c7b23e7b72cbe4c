# SPDX-License-Identifier: GPL-2.0-or-later
#
# mydevice: `make help` lists what there is.

VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"$$/\1/p' dkms.conf)

BUILD   := build
BIN     := $(BUILD)/bin
PREFIX  ?= /usr
DESTDIR ?=
SUITE   ?=

CC        ?= cc
PKGCONFIG ?= pkg-config
# Debian's packages pass their own flags in; these are for everybody else
CFLAGS   ?= -O2 -g -fstack-protector-strong -fPIE
CPPFLAGS ?= -D_FORTIFY_SOURCE=2
LDFLAGS  ?= -pie -Wl,-z,relro,-z,now
# WERROR= builds with a compiler newer than the warnings were written for
WERROR   ?= -Werror
MYDEVICE_CFLAGS   := -std=gnu11 -Wall -Wextra $(WERROR)
MYDEVICE_CPPFLAGS := -D_GNU_SOURCE -DMYDEVICE_VERSION='"$(VERSION)"' -Iinclude

# Sanitizers want no fortified functions under them
TEST_CFLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all
TSAN_CFLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=thread

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:

# daemon/daemon.mk has the targets daemon and install-daemon, tests/fuzz/fuzz.mk
# the fuzzers; the others add programs to UNIT_TESTS, as build/unit/NAME
UNIT_TESTS :=
include $(wildcard daemon/daemon.mk tests/unit/*.mk tests/unit/*/*.mk tests/fuzz/*.mk)

##@ Build

.PHONY: all
all: daemon ## the daemon and mydevicectl, into build/bin/

.PHONY: modules
modules: ## the kernel modules against KDIR=..., into build/kmod/
	$(MAKE) -C kmod $(if $(KDIR),KDIR='$(KDIR)')

.PHONY: debs
debs: ## the Debian packages, into build/debs/SUITE/
	tests/deps debs
	debian/build-debs $(SUITE)

.PHONY: compile_commands
compile_commands: ## compile_commands.json for editors, of daemon and modules
	tests/deps editor
	tests/lint/compile-commands

.PHONY: install
install: all install-daemon ## all but the modules, below DESTDIR; packages are better
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/include/linux include/uapi/linux/mydevice.h
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/udev/rules.d systemd/*.rules
	install -D -m 755 -t $(DESTDIR)$(PREFIX)/sbin systemd/mydevice-reload
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/sysusers.d systemd/sysusers.d/*.conf
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/modules-load.d systemd/modules-load.d/*.conf
	install -D -m 644 -t $(DESTDIR)/etc/modprobe.d systemd/modprobe.d/*.conf
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/dracut/dracut.conf.d systemd/dracut/*.conf
	install -D -m 755 -t $(DESTDIR)$(PREFIX)/lib/dracut/modules.d/99mydevice \
		systemd/dracut/99mydevice/module-setup.sh

.PHONY: clean
clean: ## remove all that was built
	rm -rf $(BUILD) compile_commands.json

##@ Try it

.PHONY: demo
demo: ## a Xen host with two guests in QEMU, and the story of their channels
	tests/deps lab
	tests/vm/demo

##@ Check

.PHONY: check
check: ## all layers one after another; the last line is the sum
	tests/check

.PHONY: check-unit
check-unit: ## ring, sessions, paths, policy: seconds, with sanitizers
	tests/deps unit
	tests/unit/run

.PHONY: check-model
check-model: ## the wake-up and session protocols in Spin
	tests/deps model
	tests/model/run

.PHONY: check-fuzz
check-fuzz: ## the drivers against a peer that changes every word, all that is parsed: 4 min
	tests/deps fuzz
	tests/fuzz/run

.PHONY: fuzz
fuzz: ## the same for longer: SECONDS=600 each
	tests/deps fuzz
	tests/fuzz/run $(or $(SECONDS),600)

.PHONY: check-core
check-core: ## the files' semantics on the core, both ends in one kernel: minutes
	tests/deps core
	tests/core/run

.PHONY: check-oldest
check-oldest: ## the same on the oldest kernel line, Linux 5.10: minutes
	tests/deps core matrix
	LINE=bullseye SIZES=$(or $(SIZES),65536) tests/core/run

.PHONY: check-store
check-store: ## attachd against both real xenstoreds, no hypervisor
	tests/deps store
	tests/store/run

.PHONY: check-vm
check-vm: ## real Xen, real kernels, PV and PVH guests in QEMU: minutes
	tests/deps lab
	tests/vm/run

.PHONY: check-long
check-long: ## what takes too long for check: guests moved 30 times on a host, 60 between two
	MOVE_ROUNDS=$(or $(MOVE_ROUNDS),15) UPGRADE_PACKAGES=1 PAGE_DKMS=1 STATES_STRIDE=1 REBOOTS=1 \
		UNBIND_SECONDS=300 OLDEST_ROWS= OLDEST_SIZES=65536 tests/check oldest long hosts

.PHONY: check-debug
check-debug: ## the core suite and the lab on kernels with KASAN, lockdep, KCSAN: PARTS=...
	$(if $(PARTS),PARTS='$(PARTS)') tests/check debug

.PHONY: soak
soak: ## whatever can happen to 8 channels of 4 guests, at random: MINUTES=120 SEED=7 EVENTS=...
	tests/deps lab
	tests/vm/soak $(or $(MINUTES),120) $(or $(SEED),$(shell date +%s)) $(EVENTS)

.PHONY: bench
bench: ## the channel beside its peers, on real Xen; QUICK=1 in minutes
	tests/deps bench
	tests/bench/run $(if $(QUICK),--quick)

.PHONY: bench-attach
bench-attach: ## what attachd costs with 10 to 1000 guests: GUESTS="10 5000"
	tests/deps store
	tests/store/bench $(GUESTS)

.PHONY: lint
lint: ## checkpatch, sparse, W=1, analyzers, shellcheck, lintian, systemd
	tests/deps lint
	tests/lint/run

.PHONY: layers
layers: daemon ## who uses whom in daemon/, drawn in docs/HACKING.md
	tests/lint/layers.py --objects $(BUILD)/daemon --update

.PHONY: matrix-build
matrix-build: ## the modules against every Debian kernel line
	tests/deps matrix
	tests/matrix/run

.PHONY: matrix-packages
matrix-packages: ## the packages built, installed, upgraded, purged in every suite
	tests/deps matrix
	tests/matrix/packages

.PHONY: unit-tests list-unit-tests
unit-tests: $(UNIT_TESTS)
list-unit-tests:
	@echo $(notdir $(UNIT_TESTS))

# "##" after a target is its line here, "##@" a heading
.PHONY: help
help: ## this list
	@echo 'mydevice $(VERSION)'
	@awk 'BEGIN { FS = ":[^#]*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z_-]+:.*## / { printf "  %-17s %s\n", $$1, $$2 }' Makefile
