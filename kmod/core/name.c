// SPDX-License-Identifier: GPL-2.0
/*
 * Device ids, modes and directions as they are written, and names that are safe in a path, a
 * log line and a terminal.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/bits.h>
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

/* Before the mode of a channel whose direction has to be enforced. */
#define ONE_WAY	"one-way "

/**
 * myd_mode_parse() - a mode as it is written
 * @text: the text
 *
 * Return: enum mydevice_mode, or -EINVAL.
 */
int myd_mode_parse(const char *text)
{
	int mode;

	if (!strncmp(text, ONE_WAY, strlen(ONE_WAY)))
		text += strlen(ONE_WAY);
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

/* By the directions that are closed, as bits. */
static const char *const direction_names[] = {
	[0] = "both",
	[BIT(MYDEVICE_BACK_TO_FRONT)] = "to-host",
	[BIT(MYDEVICE_FRONT_TO_BACK)] = "to-guest",
};

/**
 * myd_direction_parse() - a channel's direction as it is written
 * @text: the text
 *
 * Return: the directions that are closed, as in struct myd_channel_info, or -EINVAL.
 */
int myd_direction_parse(const char *text)
{
	unsigned int closed;

	for (closed = 0; closed < ARRAY_SIZE(direction_names); closed++)
		if (!strcmp(text, direction_names[closed]))
			return closed;
	return -EINVAL;
}
EXPORT_SYMBOL_GPL(myd_direction_parse);

/**
 * myd_direction_name() - a channel's direction as it is written
 * @closed: the directions that are closed; not all of them
 */
const char *myd_direction_name(unsigned int closed)
{
	return closed < ARRAY_SIZE(direction_names) ? direction_names[closed] : "none";
}
EXPORT_SYMBOL_GPL(myd_direction_name);

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
