# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the parts share variables
#
# Guests of the host: NAME[:pv|pvh][:debian]. The small kind is an initial file
# system and nothing else; the Debian kind has a disk, our packages and systemd.

# guest_parse SPEC: sets guest_name, guest_type and guest_kind.
guest_parse() {
	local part

	guest_name=${1%%:*}
	guest_type=pv
	guest_kind=small
	[[ $guest_name =~ ^[A-Za-z][A-Za-z0-9_-]{0,30}$ ]] ||
		lab_die "'$guest_name' is no name for a guest: a letter, then letters, digits, _ and -"
	[ "$guest_name" = "$1" ] || for part in $(tr : ' ' <<<"${1#*:}"); do
		case $part in
		pv | pvh) guest_type=$part ;;
		debian) guest_kind=debian ;;
		*) lab_die "a guest is NAME[:pv|pvh][:debian], not '$1'" ;;
		esac
	done
}

# guest_add SPEC: its configuration, in the state and in the host.
guest_add() {
	local index dir disk

	guest_parse "$1"
	dir=$lab_state/guests/$guest_name
	[ ! -e "$dir" ] || lab_die "there is a guest '$guest_name' already"
	index=$(guest_free_index)
	mkdir "$dir"
	echo "$guest_type" >"$dir/type"
	echo "$guest_kind" >"$dir/kind"
	echo "10.77.0.$((index + 10))" >"$lab_state/ssh/guest-$guest_name.address"
	if [ "$guest_kind" = debian ]; then
		disk=$(guest_free_disk)
		echo "$disk" >"$dir/disk"
	fi
	guest_config "$index" >"$dir/xl.cfg"
}

# Addresses and disks of guests that are gone are free again.
guest_free_index() {
	local index=0

	while grep -qx "10\.77\.0\.$((index + 10))" "$lab_state"/ssh/guest-*.address 2>/dev/null; do
		index=$((index + 1))
	done
	echo $index
}

# /dev/vda is the host's own.
guest_free_disk() {
	local index

	for ((index = 1; index < $(<"$lab_state/disks"); index++)); do
		grep -qx "$(guest_disk_name $index)" "$lab_state"/guests/*/disk 2>/dev/null ||
			{ guest_disk_name $index && return; }
	done
	lab_die "a Debian guest needs a disk from the start: lab down, then lab up with it"
}

guest_disk_name() {
	printf '/dev/vd%b\n' "\\x$(printf %x $((0x61 + $1)))"
}

guest_config() {
	local index=$1 address extra memory

	address=$(<"$lab_state/ssh/guest-$guest_name.address")
	extra="console=hvc0 mitigations=off net.ifnames=0 lab.name=$guest_name lab.ip=$address"
	extra+=" lab.key=$(transport_key) ${LAB_GUEST_ARGS-}"
	echo "# $guest_name, made by the lab"
	echo "name = \"$guest_name\""
	echo "type = \"$guest_type\""
	[ "$guest_type" = pv ] || echo 'tsc_mode = "native"'
	echo 'kernel = "/var/lib/mydevice-lab/vmlinux"'
	if [ "$guest_kind" = debian ]; then
		echo 'ramdisk = "/var/lib/mydevice-lab/disk.cpio"'
		echo "disk = [ \"phy:$(<"$lab_state/guests/$guest_name/disk"),xvda,w\" ]"
		extra+=" root=/dev/xvda rw"
		memory=${LAB_DEBIAN_MEMORY:-512}
	else
		echo 'ramdisk = "/var/lib/mydevice-lab/small.cpio"'
		memory=${LAB_GUEST_MEMORY:-128}
	fi
	echo "extra = \"$extra\""
	echo "memory = $memory"
	echo 'vcpus = 1'
	echo 'cpus = "1"'
	echo "vif = [ \"mac=$(printf '00:16:3e:4d:00:%02x' $((index + 10))),ip=$address,script=vif-lab\" ]"
	echo 'on_poweroff = "destroy"'
	echo 'on_reboot = "restart"'
	echo 'on_crash = "destroy"'
}

# What the host needs before guests can be created: their initial file system,
# to which LAB_GUEST_FILES is added, and the configurations.
guest_prepare() {
	(
		if [ -n "${LAB_GUEST_FILES-}" ]; then
			cd "$LAB_GUEST_FILES" || exit
			find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0
		fi
	) | transport_run dom0 'cd /var/lib/mydevice-lab && cat guest.cpio - >small.cpio &&
		mkdir -p /etc/xen/lab && test -s small.cpio'
	for name in "$@"; do
		transport_run dom0 "cat >/etc/xen/lab/$name.cfg" <"$lab_state/guests/$name/xl.cfg"
	done
}

# guest_create NAME...: one after the other, since each needs the whole host,
# then all of them until they answer.
guest_create() {
	local name

	for name; do
		lab_say "creating guest $name ($(<"$lab_state/guests/$name/type")," \
			"$(<"$lab_state/guests/$name/kind"))"
		transport_run dom0 "timeout ${LAB_CREATE_TIMEOUT:-120} xl create -q /etc/xen/lab/$name.cfg 2>&1" \
			>"$lab_state/guests/$name/create.log" </dev/null || {
			cat "$lab_state/guests/$name/create.log" >&2
			guest_last_words "$name"
			lab_die "guest $name could not be created"
		}
	done
	for name; do
		guest_await "$name" "${LAB_GUEST_TIMEOUT:-300}"
		lab_say "guest $name is up"
	done
}

# guest_drop NAME...: as if they had never been asked for.
guest_drop() {
	local name

	for name; do
		transport_close "guest-$name"
		transport_run dom0 "timeout 60 xl destroy $name 2>/dev/null; rm -f /etc/xen/lab/$name.cfg" \
			</dev/null || :
		rm -rf "${lab_state:?}/guests/$name" "$lab_state/ssh/guest-$name.address"
	done
}

# guest_await NAME SECONDS: the guest answers, or it never will.
guest_await() {
	local rc=0

	lab_wait "$2" guest_answers "$1" || rc=$?
	[ $rc -ne 0 ] || return 0
	guest_last_words "$1"
	[ $rc -ne 2 ] || lab_die "guest $1 is gone"
	lab_die "guest $1 does not answer after $2 s"
}

guest_answers() {
	transport_open "guest-$1" && return
	lab_wait 20 host_answers || return 2
	# a guest that reboots has no domain for a moment
	lab_wait 10 transport_run dom0 "xl domid $1 >/dev/null 2>&1" </dev/null || return 2
	return 1
}

guest_last_words() {
	lab_warn "the last lines of the console of guest $1:"
	transport_run dom0 "tail -n 25 /var/log/xen/console/guest-$1.log; tail -n 5 /var/log/xen/xl-$1.log" \
		</dev/null 2>/dev/null | tr -d '\r' | sed 's/^/	/' >&2 || :
}

guest_require() {
	[ -d "$lab_state/guests/$1" ] ||
		lab_die "there is no guest '$1' in the lab '$lab_name'$(guest_hint)"
	guest_await "$1" "${LAB_GUEST_TIMEOUT:-300}"
}

guest_hint() {
	local names

	names=$(find "$lab_state/guests" -mindepth 1 -maxdepth 1 -printf ' %f' 2>/dev/null) || :
	[ -z "$names" ] || printf ', but:%s' "$names"
}
