# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the parts share variables
#
# The host's life: from nothing to a dom0 that answers, and back.

host_disks=0
host_images=()

# host_up DEBIAN-GUESTS FRESH
host_up() {
	local guests=$1 fresh=$2 key

	image_disk dom0
	host_images=("$image_path")
	if [ "$guests" -gt 0 ]; then
		image_disk domu
		for ((; guests > 0; guests--)); do
			host_images+=("$image_path")
		done
	fi
	host_disks=${#host_images[@]}
	host_prepare

	if [ "$fresh" = yes ]; then
		host_boot
		return
	fi
	key=$(snapshot_key "$host_disks" "${host_images[@]}")
	cache_entry snapshot "$key" "booting a host, to be saved for later" host_boot_and_save
	lab_say "going on from a saved host"
	snapshot_resume "$cache_path"
	host_connect 60
	host_set_clock
}

host_boot_and_save() {
	host_boot
	transport_close dom0
	snapshot_make "$1"
}

# A state directory without anything of the last run's but its logs, moved away.
host_prepare() {
	mkdir -p "$lab_state/tftp"
	rm -rf "$lab_state/logs.old"
	[ ! -d "$lab_state/logs" ] || mv "$lab_state/logs" "$lab_state/logs.old"
	rm -rf "$lab_state"/{guests,ssh,console.log,qemu.log,disk*.qcow2}
	mkdir -p "$lab_state/guests" "$lab_state/logs"
	ln -sfn "${host_images[0]}/xen" "$lab_state/xen"
	ln -sfn "${host_images[0]}/vmlinux" "$lab_state/vmlinux"
	ln -sfn "${host_images[0]}/initrd" "$lab_state/initrd"
	transport_setup 0
	transport_key >"$lab_state/tftp/key"
}

host_boot() {
	local index

	for ((index = 0; index < host_disks; index++)); do
		qemu-img create -q -f qcow2 -F raw -b "${host_images[index]}/disk.raw" \
			"$lab_state/disk$index.qcow2"
	done
	qemu_start "$host_disks"
	lab_say "booting Xen and its dom0 (about a minute under emulation)"
	host_connect "${LAB_BOOT_TIMEOUT:-300}"
	host_settle
	lab_say "dom0 is up"
}

# The host's sshd answers, or it never will.
host_connect() {
	local port

	port=$(qemu_port)
	[[ $port =~ ^[0-9]+$ ]] || lab_die "QEMU does not say to which port it forwards: '$port'"
	transport_setup "$port"
	lab_wait "$1" host_answers || {
		host_last_words
		lab_die "the host does not answer after $1 s"
	}
}

host_answers() {
	qemu_alive || return 2
	transport_open dom0
}

# All services have started; one that failed is worth a word.
host_settle() {
	local state

	state=$(transport_run dom0 'timeout 120 systemctl is-system-running --wait') || :
	case $state in
	running) ;;
	degraded)
		lab_warn "these services of the host failed:"
		# shellcheck disable=SC2016
		transport_run dom0 'systemctl --failed --plain --no-legend; systemctl --failed --plain --no-legend |
			while read -r unit _; do journalctl --no-pager -n 10 -u "$unit"; done' >&2
		;;
	*)
		host_last_words
		lab_die "the host has not started within 120 s, systemd says: ${state:-nothing}"
		;;
	esac
	transport_run dom0 'timeout 60 xl info >/dev/null' || {
		host_last_words
		lab_die "xl does not work in the host"
	}
}

# A saved host wakes up at the time at which it fell asleep.
host_set_clock() {
	transport_run dom0 "date -u -s @$EPOCHREALTIME >/dev/null"
}

host_last_words() {
	lab_warn "the last lines of the host's console:"
	tail -n 25 "$lab_state/console.log" 2>/dev/null | tr -d '\r' | sed 's/^/	/' >&2 || :
	[ ! -s "$lab_state/qemu.log" ] || sed 's/^/	qemu: /' "$lab_state/qemu.log" >&2
}

host_require() {
	qemu_alive || lab_die "the lab '$lab_name' is not up: lab up"
	lab_wait 60 host_answers || lab_die "the host does not answer: $(transport_why dom0)"
}

# host_down [failed]: a host that failed is not waited for, if it never answered.
host_down() {
	if qemu_alive && [ "${1-}" = failed ] && ! transport_is_open dom0; then
		logs_keep
	elif qemu_alive; then
		logs_collect || lab_warn "the logs of the host could not be fetched"
	fi
	transport_close_all
	qemu_stop
	rm -f "$lab_state"/{disk*.qcow2,*.sock}
}
