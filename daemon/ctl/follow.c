// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "bus/names.h"
#include "ctl/follow.h"
#include "ctl/message.h"

#define LIST_TIMEOUT_USEC (10 * USEC_PER_SEC)

struct known {
	char *path;
	struct client_device device;
};

struct follower {
	follow_fn fn;
	void *userdata;
	struct known *known;
	size_t n_known;
	bool lost;			/* the daemon: what is known of it no longer counts */
	int result;			/* of fn, or -errno */
};

static void forget(struct follower *follower, size_t i)
{
	free(follower->known[i].path);
	client_device_done(&follower->known[i].device);
	follower->known[i] = follower->known[--follower->n_known];
}

static void follower_done(struct follower *follower)
{
	while (follower->n_known)
		forget(follower, 0);
	free(follower->known);
}

static void tell(struct follower *follower, enum follow_event event, const char *path,
		 const struct client_device *device)
{
	if (!follower->result)
		follower->result = follower->fn(event, path, device, follower->userdata);
}

static struct known *find(struct follower *follower, const char *path)
{
	for (size_t i = 0; i < follower->n_known; i++)
		if (!strcmp(follower->known[i].path, path))
			return &follower->known[i];
	return NULL;
}

static struct known *add(struct follower *follower, const char *path)
{
	struct known *more;

	more = reallocarray(follower->known, follower->n_known + 1, sizeof(*more));
	if (!more)
		return NULL;
	follower->known = more;
	more[follower->n_known] = (struct known){ .path = strdup(path) };
	return more[follower->n_known].path ? &more[follower->n_known++] : NULL;
}

/* a{sa{sv}}: interfaces with their properties; other interfaces are of no interest. */
static int read_interfaces(struct follower *follower, sd_bus_message *message, const char *path,
			   enum follow_event event)
{
	const char *interface;
	struct known *known;
	int r;

	r = sd_bus_message_enter_container(message, 'a', "{sa{sv}}");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_enter_container(message, 'e', "sa{sv}")) > 0) {
		r = sd_bus_message_read(message, "s", &interface);
		if (r < 0)
			return r;
		if (strcmp(interface, BUS_DEVICE_INTERFACE)) {
			r = sd_bus_message_skip(message, "a{sv}");
		} else {
			known = find(follower, path) ?: add(follower, path);
			r = known ? message_read(message, message_device, &known->device) : -ENOMEM;
			if (r >= 0)
				tell(follower, event, path, &known->device);
		}
		if (r < 0)
			return r;
		r = sd_bus_message_exit_container(message);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : sd_bus_message_exit_container(message);
}

static int read_objects(struct follower *follower, sd_bus_message *message)
{
	const char *path;
	int r;

	r = sd_bus_message_enter_container(message, 'a', "{oa{sa{sv}}}");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_enter_container(message, 'e', "oa{sa{sv}}")) > 0) {
		r = sd_bus_message_read(message, "o", &path);
		if (r >= 0)
			r = read_interfaces(follower, message, path, FOLLOW_PRESENT);
		if (r >= 0)
			r = sd_bus_message_exit_container(message);
		if (r < 0)
			return r;
	}
	return r;
}

static int on_object(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
	struct follower *follower = userdata;
	const char *path;
	struct known *known;
	int r;

	r = sd_bus_message_read(message, "o", &path);
	if (r < 0)
		goto finish;
	if (sd_bus_message_is_signal(message, NULL, "InterfacesAdded")) {
		r = read_interfaces(follower, message, path, FOLLOW_ATTACHED);
		goto finish;
	}
	known = find(follower, path);
	if (known) {
		tell(follower, FOLLOW_DETACHED, path, &known->device);
		forget(follower, (size_t)(known - follower->known));
	}
finish:
	if (r < 0)
		follower->result = r;
	return 0;
}

static int on_properties(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
	struct follower *follower = userdata;
	const char *path = sd_bus_message_get_path(message);
	struct known *known = find(follower, path);
	int r;

	/* it came and changed before the list was asked for, which has both */
	if (!known)
		return 0;
	r = sd_bus_message_skip(message, "s");
	if (r >= 0)
		r = message_read(message, message_device, &known->device);
	if (r < 0)
		follower->result = r;
	else
		tell(follower, FOLLOW_CHANGED, path, &known->device);
	return 0;
}

static int on_owner(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
	struct follower *follower = userdata;
	const char *name, *before, *after;

	if (sd_bus_message_read(message, "sss", &name, &before, &after) >= 0 && *after)
		follower->lost = true;
	return 0;
}

static int subscribe(struct follower *follower, sd_bus *bus)
{
	int r;

	r = sd_bus_match_signal(bus, NULL, BUS_NAME, BUS_PATH,
				"org.freedesktop.DBus.ObjectManager", NULL, on_object, follower);
	if (r < 0)
		return r;
	r = sd_bus_add_match(bus, NULL,
			     "type='signal',sender='" BUS_NAME "',"
			     "interface='org.freedesktop.DBus.Properties',"
			     "member='PropertiesChanged',path_namespace='" BUS_DEVICES "'",
			     on_properties, follower);
	if (r < 0)
		return r;
	return sd_bus_add_match(bus, NULL,
				"type='signal',sender='org.freedesktop.DBus',"
				"interface='org.freedesktop.DBus',member='NameOwnerChanged',"
				"arg0='" BUS_NAME "'",
				on_owner, follower);
}

static int list(struct follower *follower, sd_bus *bus, const char **ret_why)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL, *reply = NULL;
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	int r;

	follower->lost = false;
	while (follower->n_known)
		forget(follower, 0);
	r = sd_bus_message_new_method_call(bus, &message, BUS_NAME, BUS_PATH,
					   "org.freedesktop.DBus.ObjectManager",
					   "GetManagedObjects");
	if (r >= 0)
		r = sd_bus_call(bus, message, LIST_TIMEOUT_USEC, &error, &reply);
	if (r < 0) {
		*ret_why = "it is not running, or not on the bus";
		return -EHOSTDOWN;
	}
	r = read_objects(follower, reply);
	if (r >= 0)
		tell(follower, FOLLOW_NOTHING, NULL, NULL);
	return r;
}

static uint64_t time_left(uint64_t end)
{
	uint64_t now = monotonic_usec();

	if (end == UINT64_MAX)
		return end;
	return end > now ? end - now : 0;
}

static int follow(struct follower *follower, sd_bus *bus, uint64_t end, const char **ret_why)
{
	int r = list(follower, bus, ret_why);

	while (r >= 0 && !follower->result) {
		r = sd_bus_process(bus, NULL);
		if (r < 0)
			break;
		/* it was started again; it has to settle before it can be asked */
		if (follower->lost) {
			r = list(follower, bus, ret_why);
			continue;
		}
		if (r > 0)
			continue;
		if (!time_left(end))
			return -ETIMEDOUT;
		r = sd_bus_wait(bus, time_left(end));
		if (r == -EINTR)
			r = 0;
	}
	return r < 0 ? r : follower->result;
}

int follow_devices(struct client *client, uint64_t timeout_usec, follow_fn fn, void *userdata,
		   const char **ret_why)
{
	_cleanup_(follower_done) struct follower follower = { .fn = fn, .userdata = userdata };
	uint64_t now = monotonic_usec();
	sd_bus *bus = client_bus(client);
	int r;

	*ret_why = "";
	r = subscribe(&follower, bus);
	if (r >= 0)
		r = follow(&follower, bus,
			   timeout_usec < UINT64_MAX - now ? now + timeout_usec : UINT64_MAX,
			   ret_why);
	if (r < 0 && !**ret_why)
		*ret_why = strerror(-r);
	return r;
}
