# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the parts share variables
#
# The machine: its command line, its life, its monitor. Runs in $lab_state, so
# that sockets have short names wherever the state is.

qemu_binary=qemu-system-x86_64

# What of the command line decides whether a saved machine fits: everything
# but the names of files and ports. One word on each line.
qemu_shape() {
	local disks=$1 index accel cpu xen_args dom0_args

	if qemu_has_kvm; then
		accel=kvm
		cpu=host
	else
		accel=tcg,thread=multi
		# modest: AVX under emulation has crashed xl, SMAP crashes a PV dom0
		cpu=EPYC,-smap,-smep,-pku,-monitor,-avx,-avx2,-f16c,-fma
		# and not what it would only warn about
		cpu+=,-rdseed,-sha-ni,-fxsr-opt,-misalignsse,-3dnowprefetch,-osvw
		cpu+=,-topoext,-nrip-save,-xsavec${LAB_CPU_FLAGS-}
	fi
	xen_args="console=com1 com1=115200,8n1 dom0_mem=${LAB_DOM0_MEMORY:-1024}M"
	xen_args+=",max:${LAB_DOM0_MEMORY:-1024}M dom0_max_vcpus=1 dom0_vcpus_pin"
	# Under emulation programs of the guests lose FPU registers now and then if
	# Xen switches the FPU lazily, which "no" alone would have it do
	xen_args+=" bootscrub=0 spec-ctrl=no,eager-fpu smap=0 smep=0 cpuidle=0 mwait-idle=0"
	xen_args+=" loglvl=info guest_loglvl=warning ${LAB_XEN_ARGS-}"
	dom0_args="console=hvc0 root=/dev/vda rw net.ifnames=0 mitigations=off nosmap nosmep"
	dom0_args+=" panic=1 ${LAB_DOM0_ARGS-}"

	printf '%s\n' -accel $accel -cpu "$cpu" -smp 2 -m "${LAB_MEMORY:-4096}" \
		-nodefaults -no-user-config -no-reboot -display none \
		-kernel xen -append "$xen_args" -initrd "vmlinux $dom0_args,initrd" \
		-device virtio-net-pci,netdev=net,mac=52:54:00:4d:59:44,romfile=,disable-legacy=on,iommu_platform=on \
		-device virtio-rng-pci,disable-legacy=on,iommu_platform=on
	for ((index = 0; index < disks; index++)); do
		printf '%s\n' -device \
			virtio-blk-pci,drive=disk$index,disable-legacy=on,iommu_platform=on
	done
}

# /dev/kvm alone proves nothing: a machine that is itself emulated may have one.
qemu_has_kvm() {
	[ "${LAB_ACCEL-}" != tcg ] && grep -qwE 'vmx|svm' /proc/cpuinfo &&
		{ : <>/dev/kvm; } 2>/dev/null
}

# qemu_start DISKS [ARG...]: with disk0.qcow2, disk1.qcow2, ... of the state.
qemu_start() {
	local disks=$1 index
	local -a args shape

	shift
	mapfile -t shape < <(qemu_shape "$disks")
	# shellcheck disable=SC2054 # commas are QEMU's
	args=(
		-name "mydevice-lab-$lab_name"
		-chardev socket,id=console,path=console.sock,server=on,wait=off,logfile=console.log,logappend=on
		-serial chardev:console
		-chardev socket,id=monitor,path=monitor.sock,server=on,wait=off
		-mon chardev=monitor,mode=control
		-netdev user,id=net,hostfwd=tcp:127.0.0.1:0-:22,tftp=tftp
	)
	for ((index = 0; index < disks; index++)); do
		args+=(-drive "file=disk$index.qcow2,format=qcow2,if=none,id=disk$index,cache=unsafe")
	done
	# there already when its pid is known: by that it is told from another's
	(
		cd "$lab_state" || exit
		rm -f console.sock monitor.sock
		(
			exec {up_lock}>&-
			exec setsid $qemu_binary "${shape[@]}" "${args[@]}" "$@" </dev/null >qemu.log 2>&1
		) &
		echo $! >qemu.pid
	)
	lab_wait 120 qemu_has_monitor || lab_die "QEMU did not start:" "$(cat "$lab_state/qemu.log")"
}

qemu_has_monitor() {
	qemu_alive || return 2
	[ -S "$lab_state/monitor.sock" ]
}

# The pid of this lab's QEMU; false if there is none. A pid outlives its
# process on paper, the directory that it runs in does not lie.
qemu_pid() {
	local pid

	[ -s "$lab_state/qemu.pid" ] || return 1
	pid=$(<"$lab_state/qemu.pid")
	[ "$(readlink "/proc/$pid/cwd" 2>/dev/null)" = "$lab_state" ] || return 1
	printf '%s' "$pid"
}

qemu_alive() {
	qemu_pid >/dev/null
}

# qemu_command NAME [ARGUMENTS]: prints the answer of QMP.
qemu_command() {
	local line rc=1 socket pid

	coproc socket { cd "$lab_state" && exec socat - UNIX-CONNECT:monitor.sock; }
	pid=$socket_PID
	printf '{"execute":"qmp_capabilities"}\n{"execute":"%s","arguments":%s,"id":"lab"}\n' \
		"$1" "${2:-{\}}" >&"${socket[1]}"
	while read -r -t 60 -u "${socket[0]}" line; do
		case $line in
		*'"id": "lab"'*)
			printf '%s\n' "$line"
			case $line in
			*'"error":'*) ;;
			*) rc=0 ;;
			esac
			break
			;;
		esac
	done
	kill "$pid" 2>/dev/null || :
	wait "$pid" 2>/dev/null || :
	return $rc
}

# A line for the monitor meant for people, which answers only if it has
# something to complain about.
qemu_monitor() {
	local answer

	answer=$(qemu_command human-monitor-command "{\"command-line\":\"$1\"}") || :
	[[ $answer == *'"return": ""'* ]] ||
		lab_die "QEMU's answer to '$1': ${answer:-none} $(<"$lab_state/qemu.log")"
}

# The port on the loopback that QEMU chose for the host's sshd.
qemu_port() {
	qemu_command human-monitor-command '{"command-line":"info usernet"}' |
		grep -o 'HOST_FORWARD\][^\\]*' | awk '{ print $4 }'
}

# Nothing in the machine is worth a clean shutdown: its disks are thrown away.
qemu_stop() {
	local pid

	pid=$(qemu_pid) || return 0
	kill "$pid" 2>/dev/null || :
	lab_wait 10 qemu_gone || {
		kill -9 "$pid" 2>/dev/null || :
		lab_wait 10 qemu_gone || lab_warn "QEMU, process $pid, does not end"
	}
	rm -f "$lab_state/qemu.pid"
}

qemu_gone() {
	! qemu_alive
}
