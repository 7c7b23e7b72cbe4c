# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2016 # words that the other end expands
#
# What an operator does with mydevicectl on a host: connect, wait, monitor, policy,
# nodes of other owners, D-Bus and the real polkit.

operator_conf=/etc/mydevice/attachd.conf.d/operator.conf

operator_begin() {
	dom0 "printf '%s\n' '[Device owned]' Always=yes 'Guest=a p' NodeUser=daemon NodeGroup=adm \
		NodeMode=0640 >$operator_conf && mydevice-attachd --check &&
		systemctl reload mydevice-attachd" || return
	eventually 20 channels "guest == 'a' and name == 'owned' and backend_state == 'Connected'"
}

operator_node() {
	[ "$(dom0 stat -L -c '%a %U:%G' /dev/mydevice-back/a/owned)" = '640 daemon:adm' ] &&
		[ "$(dom0 stat -L -c '%a %U:%G' /dev/mydevice-back/a/demo)" = '660 root:mydevice' ]
}

operator_policy() {
	dom0 mydevicectl policy a owned | grep -x NodeMode=0640 &&
		! dom0 mydevicectl policy b owned --json | grep '"Always": "yes"'
}

# operator_pipe GUEST BYTES: there and back again, each end told by an end of file. The
# guest begins anew when the host has left its first session.
operator_pipe() {
	local sent
	guest "$1" 'cat <>/dev/mydevice/demo >/tmp/pipe' &
	dom0 "head -c $2 /dev/urandom >/tmp/sent && timeout 120 mydevicectl connect $1 demo </tmp/sent \
		>/tmp/none" || return
	wait $! || return
	guest "$1" 'cat /tmp/pipe 1<>/dev/mydevice/demo && sha256sum </tmp/pipe; rm /tmp/pipe' \
		>"$vm_work/pipe.sum" 2>&1 &
	dom0 "timeout 120 mydevicectl connect $1 demo </dev/null >/tmp/back" || return
	wait $! || return
	sent=$(dom0 'sha256sum </tmp/sent && sha256sum </tmp/back && rm /tmp/sent /tmp/back')
	cat "$vm_work/pipe.sum" <(echo "$sent")
	[ "$(cat "$vm_work/pipe.sum" <(echo "$sent") | sort -u | wc -l)" -eq 1 ]
}

# On a terminal all bytes are passed on but Ctrl-], which leaves it as it was.
operator_terminal() {
	cat >"$vm_work/terminal.py" <<'END'
import os, pty, termios, time
leader, follower = pty.openpty()
before = termios.tcgetattr(follower)
child = os.fork()
if not child:
    os.login_tty(follower)
    os.execvp("mydevicectl", ["mydevicectl", "connect", "a", "demo"])
seen = b""
def until(what):
    global seen
    limit = time.monotonic() + 60
    while what not in seen:
        assert time.monotonic() < limit, seen
        seen += os.read(leader, 4096)
until(b"Ctrl-] leaves")
os.write(leader, b"say\x03\x04\r")
until(b"heard")
os.write(leader, b"\x1d")
status = os.waitpid(child, 0)[1]
assert status == 0, status
assert termios.tcgetattr(follower) == before, "the terminal is not as it was"
END
	lab push "$vm_work/terminal.py" /tmp/terminal.py || return
	guest a 'exec 3<>/dev/mydevice/demo; dd bs=6 count=1 <&3 2>/dev/null | od -An -tx1; echo heard >&3
		cat <&3 >/dev/null' >"$vm_work/terminal.log" 2>&1 &
	dom0 timeout 120 python3 /tmp/terminal.py || return
	wait $! || return
	cat "$vm_work/terminal.log"
	grep -q '73 61 79 03 04 0d' "$vm_work/terminal.log"
}

# sshd of the guest on its end, and connect as ssh's way to it.
operator_ssh() {
	local said rc=0
	dom0 "rm -f /root/operator && ssh-keygen -q -t ed25519 -N '' -f /root/operator" || return
	dom0 cat /root/operator.pub | lab guest d 'cat >/run/operator.pub && mkdir -p /run/sshd' || return
	guest d '/usr/sbin/sshd -i -o AuthorizedKeysCommand=none -o AuthorizedKeysFile=/run/operator.pub \
		<>/dev/mydevice/demo >&0 2>/run/sshd.log' &
	said=$(dom0 "head -c $MiB /dev/urandom >/tmp/sent && timeout 120 ssh -i /root/operator \
		-o ProxyCommand='mydevicectl connect d demo' -o StrictHostKeyChecking=no \
		-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR root@d \
		'hostname && sha256sum' </tmp/sent && sha256sum </tmp/sent && rm /tmp/sent") || rc=$?
	wait $!
	echo "$said"
	[ $rc -eq 0 ] && [ "$(sed -n 2p <<<"$said")" = "$(sed -n 3p <<<"$said")" ] &&
		[ "$(wc -l <<<"$said")" -eq 3 ]
}

# As a toolstack does: what the guest is given is there before it runs a single
# instruction, and its own channel as soon as it asks.
operator_wait() {
	dom0 "sed 's/^name = .*/name = \"p\"/; /^vif/d' /etc/xen/lab/a.cfg >/root/p.cfg &&
		xl create -pq /root/p.cfg && timeout 60 mydevicectl wait p owned --for=attached" || return
	channels "guest == 'p' and name == 'owned' and phase == 'waiting'" || return
	dom0 'timeout 3 mydevicectl wait p demo; test $? -eq 124' || return
	dom0 'timeout 100 mydevicectl wait p demo & xl unpause p && wait $!' || return
	channels "guest == 'p' and name == 'demo' and phase == 'connected'" || return
	dom0 'timeout 60 mydevicectl wait p demo --for=gone & xl destroy p && wait $!'
}

# Each event is there while monitor goes on.
operator_monitor() {
	dom0 'timeout 100 mydevicectl monitor a --json >/tmp/events & echo $! >/tmp/monitor
		disown; sleep 2
		mydevicectl attach a seen && mydevicectl detach a seen --timeout=30; rc=$?
		sleep 2; kill -0 $(cat /tmp/monitor) && kill $(cat /tmp/monitor); exit $rc' || return
	dom0 cat /tmp/events | python3 -c '
import json, sys
events = [json.loads(line) for line in sys.stdin]
print(*((e["event"], e["name"], e["phase"]) for e in events), sep="\n")
assert {"demo", "owned"} <= {e["name"] for e in events if e["event"] == "present"}
seen = [e for e in events if e["name"] == "seen"]
assert seen[0]["event"] == "attached" and seen[-1]["event"] == "detached", seen'
}

operator_bus() {
	dom0 busctl --no-pager introspect org.mydevice.Attach1 /org/mydevice/Attach1 |
		grep -c -E '^\.(Attach|Detach|List|Status|Policy|Metrics) ' | grep -x 6 &&
		dom0 'busctl --no-pager introspect org.mydevice.Attach1 $(busctl --no-pager --list tree \
			org.mydevice.Attach1 | grep /device/ | head -n 1)' |
		grep -E '^\.(Hotplug|Node|Phase) .* emits-change'
}

# Who is not root may look, and do what polkit's rules let him.
operator_polkit() {
	local as='setpriv --reuid=nobody --regid=nogroup --clear-groups mydevicectl'
	dom0 "$as list >/dev/null && $as detach a owned; test \$? -eq 6" || return
	channels "guest == 'a' and name == 'owned' and phase == 'connected'" || return
	dom0 'cat >/etc/polkit-1/rules.d/50-operator.rules <<END
polkit.addRule(function(action, subject) {
	if (action.id == "org.mydevice.attach1.manage-devices" && subject.user == "nobody")
		return polkit.Result.YES;
});
END
		sleep 2' || return
	dom0 "$as detach a owned --timeout=30; rc=\$?
		rm /etc/polkit-1/rules.d/50-operator.rules; exit \$rc" || return
	no_channels "guest == 'a' and name == 'owned'" &&
		dom0 "journalctl -q -b -u mydevice-attachd -o cat | grep 'as user $(dom0 id -u nobody) ordered'"
}

if expect operator-begin operator_begin; then
	expect operator-node eventually 10 operator_node
	expect operator-policy operator_policy
	expect operator-pipe-a operator_pipe a $((4 * MiB))
	expect operator-pipe-b operator_pipe b $((4 * MiB))
	expect operator-terminal operator_terminal
	expect operator-ssh operator_ssh
	expect operator-wait operator_wait
	expect operator-monitor operator_monitor
	expect operator-bus operator_bus
	expect operator-polkit operator_polkit
	expect operator-over eval 'dom0 "rm $operator_conf && systemctl reload mydevice-attachd &&
		! mydevicectl detach a owned 2>/dev/null; rm -f /root/operator* /root/p.cfg /tmp/events /tmp/back
		mydevicectl attach a owned && mydevicectl detach a owned" && connected a'
	expect operator-transfer pass_bytes a both $((1 * MiB))
fi
