// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/diagnosis.h"

/* XENFEAT_dom0 of the hypervisor's interface */
#define FEATURE_DOM0 (1ul << 11)

/* The first line. False if it cannot be read. */
static bool read_line(const char *sysfs, const char *name, char *ret, size_t size)
{
	char path[PATH_MAX];
	FILE *stream;
	bool read;

	snprintf(path, sizeof(path), "%s/%s", sysfs, name);
	stream = fopen(path, "re");
	if (!stream)
		return false;
	read = fgets(ret, (int)size, stream);
	fclose(stream);
	if (read)
		ret[strcspn(ret, "\n")] = '\0';
	return read;
}

enum host_role diagnose_role(const char *sysfs)
{
	char line[64], *end;
	unsigned long features;

	/* a sysfs that is hidden says nothing */
	if (access(sysfs, X_OK) < 0)
		return HOST_UNKNOWN;
	if (!read_line(sysfs, "hypervisor/type", line, sizeof(line)))
		return errno == ENOENT ? HOST_BARE : HOST_UNKNOWN;
	if (strcmp(line, "xen"))
		return HOST_BARE;
	if (!read_line(sysfs, "hypervisor/properties/features", line, sizeof(line)))
		return HOST_UNKNOWN;
	features = strtoul(line, &end, 16);
	if (end == line)
		return HOST_UNKNOWN;
	return features & FEATURE_DOM0 ? HOST_CONTROL : HOST_GUEST;
}

const char *diagnose_role_text(enum host_role role)
{
	switch (role) {
	case HOST_BARE:
		return "this machine does not run on Xen";
	case HOST_GUEST:
		return "this is a Xen guest, not domain 0";
	default:
		return NULL;
	}
}

const char *diagnose_store(enum host_role role, bool denied)
{
	/* there is an xenstored, then; but a guest's kernel denies what only domain 0 may */
	if (denied && role != HOST_GUEST)
		return "run it as root, or give this user the socket, as docs/SECURITY.md says";
	switch (role) {
	case HOST_BARE:
		return "boot this machine with Xen; mydevice-attachd belongs in domain 0";
	case HOST_GUEST:
		return "stop mydevice-attachd here and run it in domain 0; a guest needs the package "
		       "mydevice-guest only";
	default:
		return "start xenstored, see: systemctl status xenstored; the daemon connects by "
		       "itself then";
	}
}

const char *diagnose_daemon(enum host_role role)
{
	switch (role) {
	case HOST_BARE:
		return "this machine does not run on Xen; run mydevicectl in domain 0 of a Xen host";
	case HOST_GUEST:
		return "this is a Xen guest; run mydevicectl in domain 0, or here: mydevicectl "
		       "connect /dev/mydevice/NAME";
	default:
		return "try: systemctl status mydevice-attachd";
	}
}

enum host_driver diagnose_driver(const char *sysfs, char ret_version[HOST_VERSION_SIZE])
{
	char path[PATH_MAX];

	*ret_version = '\0';
	if (diagnose_role(sysfs) != HOST_CONTROL)
		return HOST_DRIVER_UNKNOWN;
	snprintf(path, sizeof(path), "%s/module/mydeviceback", sysfs);
	if (access(path, F_OK) < 0)
		return HOST_DRIVER_MISSING;
	if (!read_line(sysfs, "module/mydeviceback/version", ret_version, HOST_VERSION_SIZE))
		return HOST_DRIVER_UNKNOWN;
	return strcmp(ret_version, MYDEVICE_VERSION) ? HOST_DRIVER_OTHER : HOST_DRIVER_FINE;
}
