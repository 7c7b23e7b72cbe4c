# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the parts share variables
#
# Commands in the host and in the guests, over ssh. One connection to each
# machine is opened and kept; a command is a channel in it. All runs in
# $lab_state, so that sockets have short names wherever the state is.

transport_setup() {
	local port=$1

	(
		cd "$lab_state" || exit
		mkdir -p ssh
		[ -e ssh/key ] || ssh-keygen -q -t ed25519 -N '' -C mydevice-lab -f ssh/key
		cat >ssh/config <<-END
			Host *
				User root
				BatchMode yes
				IdentityFile ssh/key
				IdentitiesOnly yes
				PreferredAuthentications publickey
				StrictHostKeyChecking no
				UserKnownHostsFile /dev/null
				GlobalKnownHostsFile /dev/null
				LogLevel ERROR
				ConnectTimeout 20
				ServerAliveInterval 20
				ServerAliveCountMax 6
				Ciphers ${LAB_CIPHERS:-aes128-gcm@openssh.com,aes128-ctr}
				ControlPath ssh/%n.sock
			Host dom0
				HostName 127.0.0.1
				Port $port
			Host guest-*
				ProxyCommand ssh -F ssh/config -W \$(cat ssh/%n.address):22 dom0
		END
	)
}

# The public key in the form that a kernel command line can carry.
transport_key() {
	cut -d' ' -f2 "$lab_state/ssh/key.pub"
}

# transport_open MACHINE: sees to it that there is a connection.
transport_open() {
	local machine=$1 lock rc=0

	transport_is_open "$machine" && return
	exec {lock}>>"$lab_state/ssh/$machine.lock"
	flock -w 60 "$lock"
	# -f: a connection that stands goes to the background and lets us go on;
	# it must hold none of our own descriptors open. "wait" and not the
	# foreground, where a signal would have to wait for ssh.
	transport_is_open "$machine" || {
		transport_connect "$machine" &
		wait $! || rc=$?
	}
	exec {lock}>&-
	return $rc
}

transport_connect() {
	lab_close_fds
	cd "$lab_state" || exit
	rm -f "ssh/$1.sock"
	timeout 40 setsid -w ssh -F ssh/config -f -N -M "$1" </dev/null >/dev/null 2>"ssh/$1.log"
}

transport_is_open() {
	[ -S "$lab_state/ssh/$1.sock" ] &&
		(cd "$lab_state" && ssh -F ssh/config -O check "$1" >/dev/null 2>&1)
}

transport_close() {
	[ ! -S "$lab_state/ssh/$1.sock" ] ||
		(cd "$lab_state" && ssh -F ssh/config -O exit "$1" >/dev/null 2>&1) || :
	rm -f "$lab_state/ssh/$1.sock"
}

transport_close_all() {
	local socket

	for socket in "$lab_state"/ssh/guest-*.sock "$lab_state"/ssh/dom0.sock; do
		socket=${socket##*/}
		transport_close "${socket%.sock}"
	done
}

# transport_run MACHINE LINE: a line for the machine's shell, with our stdin,
# stdout and stderr. Its exit status is ours.
transport_run() {
	local machine=$1 rc=0

	(cd "$lab_state" && exec ssh -F ssh/config -T "$machine" "$2") || rc=$?
	# ssh says 255 for itself, too
	if [ $rc -eq 255 ] && ! transport_is_open "$machine"; then
		lab_warn "the connection to $machine broke: $(transport_why "$machine")"
	fi
	return $rc
}

# As above with a terminal.
transport_terminal() {
	(cd "$lab_state" && exec ssh -F ssh/config -tt "$1" "$2")
}

transport_why() {
	if ! qemu_alive; then
		echo "the host is gone; see 'lab logs'"
	else
		tail -n 1 "$lab_state/ssh/$1.log" 2>/dev/null || :
	fi
}
