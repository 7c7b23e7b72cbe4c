// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "bus/requests.h"

static int append_string(sd_bus_message *reply, const char *key, const char *value)
{
	return sd_bus_message_append(reply, "{sv}", key, "s", value);
}

static int append_guest(sd_bus_message *reply, const struct request_log *log)
{
	int r = append_string(reply, "Guest", log->guest.text);

	if (r >= 0)
		r = append_string(reply, "UUID", log->uuid);
	return r < 0 ? r : sd_bus_message_append(reply, "{sv}", "DomID", "u", log->domid);
}

static int append_request(sd_bus_message *reply, const struct request_log *log,
			  const struct request_entry *entry)
{
	int r = sd_bus_message_open_container(reply, 'a', "{sv}");

	if (r >= 0)
		r = append_guest(reply, log);
	/* without one it is not a device id, or about all requests of the guest */
	if (r >= 0 && entry->devid != REQUEST_LOG_NO_DEVID)
		r = sd_bus_message_append(reply, "{sv}", "DevID", "i", (int32_t)entry->devid);
	if (r >= 0)
		r = append_string(reply, "Name", entry->name.text);
	if (r >= 0)
		r = append_string(reply, "State", request_state_name(entry->state));
	if (r >= 0)
		r = append_string(reply, "Reason", entry->reason);
	if (r >= 0)
		r = sd_bus_message_append(reply, "{sv}{sv}{sv}{sv}", "SinceUSec", "t",
					  entry->first_usec, "LastUSec", "t", entry->last_usec,
					  "Count", "t", entry->count, "Withdrawn", "b",
					  (int)entry->withdrawn);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* More than these were not kept. */
static int append_left_out(sd_bus_message *reply, const struct request_log *log)
{
	int r;

	if (!log->left_out)
		return 0;
	r = sd_bus_message_open_container(reply, 'a', "{sv}");
	if (r >= 0)
		r = append_guest(reply, log);
	if (r >= 0)
		r = append_string(reply, "State", "left-out");
	if (r >= 0)
		r = append_string(reply, "Reason", "more requests were not granted than are kept");
	if (r >= 0)
		r = sd_bus_message_append(reply, "{sv}", "Count", "t", log->left_out);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

int bus_answer_requests(sd_bus_message *call, struct registry *registry)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_free_ struct request_log *logs = NULL;
	size_t n;
	int r = registry_requests(registry, &logs, &n);

	if (r >= 0)
		r = sd_bus_message_new_method_return(call, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "a{sv}");
	for (size_t i = 0; r >= 0 && i < n; i++) {
		for (unsigned int j = 0; r >= 0 && j < logs[i].n; j++)
			r = append_request(reply, &logs[i], &logs[i].entries[j]);
		if (r >= 0)
			r = append_left_out(reply, &logs[i]);
	}
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}
