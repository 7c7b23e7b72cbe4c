// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bus/details.h"

static const char *const operations[] = {
	[ORDER_ATTACH] = "attach",
	[ORDER_DETACH] = "detach",
	[ORDER_SET] = "set",
};

static int append_detail(sd_bus_message *message, const char *key, const char *value)
{
	return sd_bus_message_append(message, "{ss}", key, value);
}

static int append_device(sd_bus_message *message, const struct order *order)
{
	char domid[16];
	int r;

	snprintf(domid, sizeof(domid), "%u", order->key.guest);
	r = append_detail(message, "operation", operations[order->kind]);
	if (r >= 0)
		r = append_detail(message, "guest", order->found.text);
	if (r >= 0)
		r = append_detail(message, "domid", domid);
	if (r >= 0)
		r = append_detail(message, "uuid", order->uuid);
	if (r >= 0)
		r = append_detail(message, "class", order->class);
	return r < 0 ? r : append_detail(message, "name", order->name);
}

static int append_wishes(sd_bus_message *message, const struct order *order)
{
	char size[24];
	int r = 0;

	if (order->mode != MODE_ANY)
		r = append_detail(message, "mode", channel_mode_name(order->mode));
	if (r < 0 || !order->ring_size)
		return r;
	snprintf(size, sizeof(size), "%" PRIu64, order->ring_size);
	return append_detail(message, "ring-size", size);
}

/* The list comes first: a rule that compares it need not know all settings that there are. */
static int append_settings(sd_bus_message *message, const struct order *order)
{
	char names[LIVE_TEXT_SIZE] = "";
	int r;

	for (enum live_key key = 0; key < LIVE_MAX; key++)
		if (order->named & 1u << key)
			snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
				 *names ? "," : "", live_name(key));
	r = append_detail(message, "settings", names);
	for (enum live_key key = 0; r >= 0 && key < LIVE_MAX; key++)
		if (order->named & 1u << key)
			r = append_detail(message, live_name(key),
					  live_effective(&order->live, key));
	return r;
}

static int append_choices(sd_bus_message *message, const struct order *order)
{
	if (order->kind == ORDER_ATTACH)
		return append_wishes(message, order);
	if (order->kind == ORDER_DETACH)
		return append_detail(message, "force", order->force ? "yes" : "no");
	return append_settings(message, order);
}

int bus_append_details(sd_bus_message *message, const struct order *order)
{
	int r = sd_bus_message_open_container(message, 'a', "{ss}");

	if (r >= 0)
		r = append_device(message, order);
	if (r >= 0)
		r = append_choices(message, order);
	return r < 0 ? r : sd_bus_message_close_container(message);
}
