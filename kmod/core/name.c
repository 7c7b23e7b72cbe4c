// SPDX-License-Identifier: GPL-2.0
/*
 * Device ids and modes as they are written, and names that are safe in a path, a
 * log line and a terminal.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "link.h"

/**
 * myd_devid_parse() - the device id at the end of a device's XenStore path
 * @nodename: the path
 * @ret_devid: the id
 *
 * Return: 0, or -EINVAL if it is not a decimal number without leading zeroes, or
 * too large.
 */
int myd_devid_parse(const char *nodename, u32 *ret_devid)
{
	const char *text = kbasename(nodename);
	char canonical[12];
	u32 devid;

	if (kstrtou32(text, 10, &devid) || devid > MYDEVICE_DEVID_MAX)
		return -EINVAL;
	snprintf(canonical, sizeof(canonical), "%u", devid);
	if (strcmp(text, canonical))
		return -EINVAL;
	*ret_devid = devid;
	return 0;
}
EXPORT_SYMBOL_GPL(myd_devid_parse);

static const char *const mode_names[] = {
	[MYDEVICE_STREAM] = "stream",
	[MYDEVICE_PACKET] = "packet",
};

/**
 * myd_mode_parse() - a mode as it is written
 * @text: the text
 *
 * Return: enum mydevice_mode, or -EINVAL.
 */
int myd_mode_parse(const char *text)
{
	int mode;

	for (mode = 0; mode < MYDEVICE_MODES; mode++)
		if (!strcmp(text, mode_names[mode]))
			return mode;
	return -EINVAL;
}
EXPORT_SYMBOL_GPL(myd_mode_parse);

/**
 * myd_mode_name() - a mode as it is written
 * @mode: the mode
 */
const char *myd_mode_name(enum mydevice_mode mode)
{
	return mode_names[mode];
}
EXPORT_SYMBOL_GPL(myd_mode_name);

static bool safe(const char *name)
{
	size_t i;

	for (i = 0; name[i]; i++)
		if (!isascii(name[i]) || !(isalnum(name[i]) || strchr("._-", name[i])))
			return false;
	return i && i <= MYDEVICE_NAME_MAX;
}

/**
 * myd_name_valid() - is this a channel's name by <xen/io/mydevice.h>?
 * @name: the candidate
 */
bool myd_name_valid(const char *name)
{
	return safe(name) && isalpha(name[0]);
}
EXPORT_SYMBOL_GPL(myd_name_valid);

/**
 * myd_guest_valid() - may this domain name be a directory of /dev/mydevice-back?
 * @name: the candidate
 *
 * It may start with a digit, but must not look like the node <domid>-<devid>.
 */
bool myd_guest_valid(const char *name)
{
	return safe(name) && isalnum(name[0]) && name[strspn(name, "0123456789-")];
}
EXPORT_SYMBOL_GPL(myd_guest_valid);
