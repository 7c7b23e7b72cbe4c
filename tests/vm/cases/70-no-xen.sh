# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The modules that DKMS built for the host, on the same kernel without Xen: the
# core loads, the faces say that there is no such device, and all of it goes.

bare=$vm_work/bare

bare_prepare() {
	local module

	rm -rf "$bare" && mkdir -p "$bare/root/bin" || return
	lab pull /var/lib/mydevice-lab/vmlinux "$bare/vmlinux" || return
	for module in mydevice mydevicefront mydeviceback; do
		lab pull "/lib/modules/$(dom0 uname -r)/updates/dkms/$module.ko" \
			"$bare/root/$module.ko" || return
	done
	cp "$(command -v busybox)" "$bare/root/bin/busybox" || return
	cat >"$bare/root/init" <<'END' && chmod +x "$bare/root/init"
#!/bin/busybox sh
for module in mydevice mydevicefront mydeviceback; do
	busybox insmod /$module.ko 2>&1
	busybox echo "insmod $module: status $?"
done
busybox rmmod mydevice
busybox echo "rmmod mydevice: status $?"
busybox poweroff -f
END
	(cd "$bare/root" && find . | cpio --quiet -o -H newc) >"$bare/initrd"
}

bare_boot() {
	timeout 120 qemu-system-x86_64 -accel tcg -cpu max -m 512 -nodefaults -nographic -no-reboot \
		-serial stdio -kernel "$bare/vmlinux" -initrd "$bare/initrd" \
		-append "console=ttyS0 panic=-1" </dev/null 2>&1 | tr -d '\r' >"$bare/console.log"
}

bare_loads() {
	bare_prepare && bare_boot || return
	grep -E 'mydevice|Oops|BUG|WARNING' "$bare/console.log"
	grep -q 'insmod mydevice: status 0' "$bare/console.log" &&
		grep -q 'mydevicefront.*No such device' "$bare/console.log" &&
		grep -q 'mydeviceback.*No such device' "$bare/console.log" &&
		grep -q 'rmmod mydevice: status 0' "$bare/console.log" &&
		! grep -E 'Oops|BUG|WARNING|Call Trace' "$bare/console.log"
}
expect modules-without-xen bare_loads
