// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/name.h"
#include "base/number.h"
#include "ctl/command.h"
#include "ctl/select.h"

int select_guest(struct client *client, const char *text, struct guest_ref *ret)
{
	struct reason reason;
	struct guest_ref ref;
	const char *why = "";
	uint32_t domid;
	int r;

	if (guest_ref_parse(text, &ref, &reason) < 0) {
		fprintf(stderr, "mydevicectl: %s\n", reason.text);
		return EXIT_USAGE;
	}
	r = client_find_guest(client, text, &domid, &why);
	if (r == -ENOTUNIQ || r == -EHOSTDOWN)
		return command_failed(r, why);
	if (r == 0) {
		ref.kind = GUEST_BY_DOMID;
		ref.domid = domid;
	}
	*ret = ref;
	return 0;
}

bool select_is_channel(const char *text)
{
	unsigned int devid;

	if (name_is_safe(text, strlen(text)) || number_devid(text, strlen(text), &devid) == 0)
		return true;
	fprintf(stderr, "mydevicectl: no channel can be \"%s\": expected a device id, or 1 to 63 of "
		"A-Z a-z 0-9 . _ - with a letter first\n", escape(text).text);
	return false;
}

bool is_guest(const struct client_device *device, const struct guest_ref *guest)
{
	return guest_ref_matches(guest, device->domid, device->uuid ?: "", device->guest);
}

bool is_channel(const struct client_device *device, const char *channel)
{
	char devid[16];

	snprintf(devid, sizeof(devid), "%u", device->devid);
	return !strcmp(device->name, channel) || !strcmp(devid, channel);
}

bool is_of_class(const struct client_device *device, const char *class)
{
	return !class || !strcmp(device->class, class);
}
