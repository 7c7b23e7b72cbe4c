# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016 # words that the other end expands
#
# Services on channels, by the real udev and systemd of both ends, with the examples of
# the packages as they are: the QEMU guest agent and sshd in a Debian guest, a log of any
# guest's in the host. With REBOOTS=1, as in make check-long, the Debian guest boots with
# them, which takes minutes under emulation. SERVICES_ROUNDS is how often the channel of
# the agent comes and goes.

services_guest=/usr/share/doc/mydevice-guest/examples
services_host=/usr/share/doc/mydevice-attachd/examples
services_agent=mydevice@org.qemu.guest_agent.0

services_begin() {
	guest d "cp -r $services_guest/mydevice@* /etc/systemd/system/ &&
		systemctl -q enable $services_agent mydevice@ssh &&
		! systemctl -q is-active $services_agent" || return
	dom0 "cp $services_host/mydevice-back-log@.service /etc/systemd/system/ &&
		systemctl daemon-reload && rm -f /root/services* &&
		ssh-keygen -q -t ed25519 -N '' -f /root/services" || return
	dom0 cat /root/services.pub | lab guest d 'mkdir -p /root/.ssh && cat >/root/.ssh/authorized_keys'
}

# services_active d|dom0 UNIT [STATE]
services_active() {
	local state
	state=$(on "$1" systemctl show -P ActiveState "$2")
	[ "$state" = "${3:-active}" ] || { echo "$2 on $1: $state" && return 1; }
}

services_attach() {
	dom0 mydevicectl attach d "$1" && eventually 20 channels "guest == 'd' and
		name == '$1' and phase == 'connected'"
}

# Each question is a session of its own
services_agent_answers() {
	local ping
	ping=$(dom0 "$services_host/qga" d guest-ping) || return
	[ "$ping" = '{"return": {}}' ] || { echo "ping: $ping" && return 1; }
	dom0 "$services_host/qga" d guest-info | python3 -c '
import json, sys
info = json.load(sys.stdin)["return"]
print(info["version"])
assert any(c["name"] == "guest-ping" and c["enabled"] for c in info["supported_commands"])' &&
		dom0 "$services_host/qga" d guest-get-host-name | grep -x '{"return": {"host-name": "d"}}'
}

services_agent_pid() {
	guest d systemctl show -P MainPID $services_agent
}

# The service goes with its channel, and comes with it.
services_agent_goes() {
	local pid
	pid=$(services_agent_pid) && guest d test -d "/proc/$pid" || return
	dom0 mydevicectl detach d org.qemu.guest_agent.0 --timeout=30 || return
	eventually 15 services_active d $services_agent inactive && guest d test ! -d "/proc/$pid"
}

services_agent_comes() {
	services_attach org.qemu.guest_agent.0 && eventually 15 services_active d $services_agent
}

# services_agent_rounds N: the channel comes and goes N times, and the agent never crashes,
# also if it exits so slowly that systemd's signal arrives while it does.
services_agent_rounds() {
	local round
	gcc -O2 -Wall -Wextra -Werror -shared -fPIC -o "$vm_work/slow-exit.so" tests/vm/slow-exit.c &&
		lab push "$vm_work/slow-exit.so" d:/root/slow-exit.so &&
		guest d "printf '[Service]\nEnvironment=LD_PRELOAD=/root/slow-exit.so\n' \
			>/etc/systemd/system/$services_agent.service.d/slow-exit.conf && systemctl daemon-reload &&
			systemctl restart $services_agent" || return
	for round in $(seq "$1"); do
		{ services_agent_goes && services_agent_comes; } || { echo "round $round" && return 1; }
	done
	guest d '! dmesg | grep "qemu-ga.*segfault"'
}

# services_ssh COMMAND
services_ssh() {
	dom0 "timeout 60 ssh -i /root/services -o ProxyCommand='mydevicectl connect d ssh' \
		-o IdentitiesOnly=yes -o StrictHostKeyChecking=accept-new -o LogLevel=ERROR \
		-o UserKnownHostsFile=/root/services.known root@d $1"
}

services_ssh_status() {
	local rc=0
	services_ssh "'hostname; exit 37'" >"$vm_work/services.said" 2>&1 || rc=$?
	cat "$vm_work/services.said"
	[ $rc -eq 37 ] && grep -qx d "$vm_work/services.said"
}

# A megabyte there and back again, with its sums from both ends
services_ssh_megabyte() {
	local sums
	dom0 "head -c $MiB /dev/urandom >/root/services.sent" || return
	sums=$(services_ssh "'tee /tmp/services | sha256sum' </root/services.sent &&
		sha256sum </root/services.sent") || return
	sums+=$'\n'$(services_ssh "'cat /tmp/services && rm /tmp/services' | sha256sum") || return
	echo "$sums"
	[ "$(wc -l <<<"$sums")" -eq 3 ] && [ "$(sort -u <<<"$sums" | wc -l)" -eq 1 ]
}

services_logged() {
	dom0 journalctl -q -b -t mydevice-d -o cat | grep -x "$1"
}

# A guest can neither choose the priority, nor take over anything but a sandboxed user.
services_log_priority() {
	guest d 'echo "<0>alarm" >/dev/mydevice/log' || return
	eventually 15 services_logged '<0>alarm' || return
	dom0 'journalctl -q -b -t mydevice-d -p 6..6 -o cat | grep -x "<0>alarm"'
}

# Between two sessions it has no process.
services_log_user() {
	dom0 'pid=$(systemctl show -P MainPID mydevice-back-log@d) && test "$pid" -gt 0 &&
		test "$(stat -c %u /proc/$pid)" -gt 1000 && grep -x "CapBnd:.0*" /proc/$pid/status'
}

# Whatever a guest answers, no control characters reach the terminal.
services_qga_prints_text() {
	local pid said
	dom0 mydevicectl attach a org.qemu.guest_agent.0 || return
	eventually 20 channels "guest == 'a' and name == 'org.qemu.guest_agent.0' and phase == 'connected'" || return
	guest a 'timeout 60 sh -c '\''read -r line; printf "\033[2J\302\233{}\n"'\'' \
		<>/dev/mydevice/org.qemu.guest_agent.0 >&0' &
	pid=$!
	said=$(dom0 "$services_host/qga" a guest-ping)
	wait $pid
	dom0 mydevicectl detach a org.qemu.guest_agent.0 --timeout=30 || return
	echo "$said" | cat -v
	[ "$said" = '[2J{}' ]
}

# systemctl isolate stops what no target wants; these are wanted by their devices. The unit of
# hotplug scripts is, too.
services_isolate() {
	local unit before=
	for unit in "$services_agent" mydevice@ssh; do
		before+=$(guest d systemctl show -P MainPID "$unit")$'\n'
	done
	guest d systemctl isolate multi-user.target && dom0 systemctl isolate multi-user.target &&
		dom0 systemctl show -P IgnoreOnIsolate mydevice-hotplug@none | grep -x yes || return
	sleep 2
	services_active d mydevice@ssh && services_active d "$services_agent" &&
		services_active dom0 mydevice-back-log@d && services_active dom0 mydevice-attachd || return
	[ "$before" = "$(for unit in "$services_agent" mydevice@ssh; do
		guest d systemctl show -P MainPID "$unit"
	done)"$'\n' ]
}

# A guest with a "-" in its name, not running yet, has its own.
services_log_of_another() {
	dom0 "sed 's/^name = .*/name = \"s-1\"/; /^vif/d' /etc/xen/lab/a.cfg >/root/s.cfg &&
		xl create -pq /root/s.cfg && mydevicectl attach s-1 log" || return
	eventually 15 services_active dom0 mydevice-back-log@s-1 && services_active dom0 mydevice-back-log@d ||
		return
	dom0 'xl destroy s-1; rm /root/s.cfg'
	eventually 15 services_active dom0 mydevice-back-log@s-1 inactive &&
		services_active dom0 mydevice-back-log@d
}

# The guest boots, and each service of its channels starts, on both ends.
services_boot() {
	local old
	old=$(domid d) && dom0 xl reboot d || return
	eventually 60 is_another d "$old" &&
		eventually 240 services_active d $services_agent && eventually 60 services_active d mydevice@ssh &&
		eventually 60 services_active dom0 mydevice-back-log@d && eventually 60 connected d
}

# What the guest wrote before its channel went is logged, if not read until then either
services_log_ends() {
	dom0 systemctl kill -s STOP mydevice-back-log@d && guest d 'echo last words >/dev/mydevice/log' &&
		dom0 mydevicectl detach d log --timeout=30 || return
	eventually 15 services_active dom0 mydevice-back-log@d inactive && services_logged 'last words'
}

services_end() {
	dom0 'for name in org.qemu.guest_agent.0 ssh; do mydevicectl detach d $name --timeout=30 || exit; done
		rm -r /etc/systemd/system/mydevice-back-log@.service /root/services*
		systemctl daemon-reload' || return
	eventually 15 services_active d mydevice@ssh inactive || return
	guest d "systemctl -q disable $services_agent mydevice@ssh; rm -r /etc/systemd/system/mydevice@* \
		/root/.ssh/authorized_keys && systemctl daemon-reload && ! systemctl --failed | grep mydevice" &&
		connected d
}

if expect services-begin services_begin; then
	for name in ssh log; do
		expect "services-attach-$name" services_attach $name
	done
	expect services-agent-starts services_agent_comes
	expect services-agent-answers services_agent_answers
	services_pid=$(services_agent_pid)
	expect services-agent-answers-again services_agent_answers
	expect services-agent-is-the-same test "${services_pid:-0}" -gt 0 -a \
		"$(services_agent_pid)" = "$services_pid"
	expect services-agent-goes services_agent_goes
	expect services-agent-comes-again services_agent_comes
	expect services-agent-rounds services_agent_rounds "${SERVICES_ROUNDS:-3}"
	expect services-agent-answers-at-last services_agent_answers
	expect services-ssh-status services_ssh_status
	expect services-ssh-megabyte services_ssh_megabyte
	expect services-log-starts eventually 15 services_active dom0 mydevice-back-log@d
	expect services-log eval 'guest d "echo first words >/dev/mydevice/log" &&
		eventually 15 services_logged "first words"'
	expect services-log-priority services_log_priority
	expect services-log-user eventually 15 services_log_user
	expect services-qga-prints-text services_qga_prints_text
	expect services-isolate services_isolate
	expect services-log-of-another services_log_of_another
	if [ -n "${REBOOTS-}" ]; then
		expect services-start-at-boot services_boot
		expect services-agent-answers-after-boot services_agent_answers
		expect services-ssh-after-boot services_ssh_status
	fi
	expect services-log-ends services_log_ends
	expect services-others-have-none dom0 '! systemctl list-units --plain --no-legend \
		"mydevice-back-*" | grep .'
	expect services-end services_end
fi
