# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the parts share variables
#
# A wire between two hosts: a second card in each, plugged in while it runs and
# joined by a socket on this machine. It makes one network of their bridges, in
# which a guest keeps its address wherever it goes.

# Large frames: under emulation it is their number that costs.
wire_mtu=60000

# wire_to OTHER-STATE: this host stays 10.77.0.1, the other becomes 10.77.0.2
wire_to() {
	local other=$1 socket

	socket=$(realpath --relative-to="$other" "$lab_state")/wire.sock
	wire_plug true wire.sock 1
	transport_run dom0 "$(wire_join)"
	(
		lab_state=$other
		host_require
		wire_plug false "$socket" 2
		# two hosts that were saved as one have one address, and one card
		transport_run dom0 "ip link set labbr0 address 52:54:00:4d:5a:02
			ip address flush dev labbr0
			ip address add 10.77.0.2/24 dev labbr0; $(wire_join)"
	)
}

# wire_plug SERVER SOCKET NUMBER
wire_plug() {
	qemu_command netdev_add "{\"type\":\"stream\",\"id\":\"wire\",\"server\":$1,\"addr\":
		{\"type\":\"unix\",\"path\":\"$2\"}}" >/dev/null ||
		lab_die "no wire can be had: is there one already?"
	qemu_command device_add "{\"driver\":\"virtio-net-pci\",\"id\":\"wire\",\"netdev\":\"wire\",
		\"mac\":\"52:54:00:4d:5b:0$3\",\"romfile\":\"\",\"disable-legacy\":\"on\",
		\"iommu_platform\":\"on\"}" >/dev/null || lab_die "no card for the wire"
}

# A line for the host's shell.
wire_join() {
	printf '%s' "for try in \$(seq 300); do
			[ ! -e /sys/class/net/eth1 ] || break; sleep 0.1; done
		ip link set eth1 mtu $wire_mtu master labbr0 up &&
			ip link set labbr0 mtu $wire_mtu up"
}
