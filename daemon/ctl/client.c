// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "base/escape.h"
#include "bus/names.h"
#include "ctl/client.h"
#include "ctl/message.h"

#define TIMEOUT_USEC (10 * USEC_PER_SEC)
/* Without xenstored it is not answered; then what the daemon listed last has to do. */
#define FIND_TIMEOUT_USEC (3 * USEC_PER_SEC)
#define ORDER_TIMEOUT_USEC (330 * USEC_PER_SEC)

struct client {
	sd_bus *bus;
	char why[512];
};

void client_device_done(struct client_device *device)
{
	message_free(message_device, device);
}

void client_devices_free(struct client_device *devices, size_t n)
{
	for (size_t i = 0; i < n; i++)
		client_device_done(&devices[i]);
	free(devices);
}

void client_status_done(struct client_status *status)
{
	message_free(message_status, status);
}

int client_open(struct client **ret, const char **ret_why)
{
	_cleanup_(client_closep) struct client *client = calloc(1, sizeof(*client));
	int r;

	if (!client) {
		*ret_why = "out of memory";
		return -ENOMEM;
	}
	r = sd_bus_open_system(&client->bus);
	if (r < 0) {
		*ret_why = "there is no D-Bus system bus here";
		return -EHOSTDOWN;
	}
	*ret = steal(&client);
	return 0;
}

void client_close(struct client *client)
{
	if (!client)
		return;
	sd_bus_flush_close_unref(client->bus);
	free(client);
}

sd_bus *client_bus(struct client *client)
{
	return client->bus;
}

static int explain(struct client *client, int r, const sd_bus_error *error, const char **ret_why)
{
	static const struct {
		const char *name;
		int error;
	} known[] = {
		{ BUS_ERROR_NO_SUCH_GUEST, -ENOENT },
		{ BUS_ERROR_AMBIGUOUS_GUEST, -ENOTUNIQ },
		{ BUS_ERROR_NO_SUCH_DEVICE, -ENOENT },
		{ BUS_ERROR_EXISTS, -EEXIST },
		{ SD_BUS_ERROR_INVALID_ARGS, -EINVAL },
		{ BUS_ERROR_BUSY, -EBUSY },
		{ BUS_ERROR_NO_XENSTORE, -ENOTCONN },
		{ BUS_ERROR_NO_BACKEND, -EHOSTUNREACH },
		{ BUS_ERROR_NO_SPACE, -ENOSPC },
		{ BUS_ERROR_NOT_SUPPORTED, -EOPNOTSUPP },
		{ BUS_ERROR_NO_DRIVER, -EUNATCH },
		{ BUS_ERROR_BAD_POLICY, -EUCLEAN },
		{ SD_BUS_ERROR_LIMITS_EXCEEDED, -EUSERS },
		{ SD_BUS_ERROR_NO_REPLY, -ETIMEDOUT },
		{ SD_BUS_ERROR_TIMEOUT, -ETIMEDOUT },
		{ SD_BUS_ERROR_ACCESS_DENIED, -EACCES },
		{ SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, -EACCES },
	};

	if (sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
	    sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER)) {
		*ret_why = "it is not running, or not on the bus";
		return -EHOSTDOWN;
	}
	snprintf(client->why, sizeof(client->why), "%s", error->message ?: strerror(-r));
	*ret_why = client->why;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (sd_bus_error_has_name(error, known[i].name))
			return known[i].error;
	/* sd-bus makes EACCES of errors that mean something else */
	return r == -ENOMEM || r == -ETIMEDOUT ? r : -EIO;
}

static int new_call(struct client *client, const char *method, sd_bus_message **ret)
{
	return sd_bus_message_new_method_call(client->bus, ret, BUS_NAME, BUS_PATH, BUS_INTERFACE,
					      method);
}

static int send_call(struct client *client, sd_bus_message *message, uint64_t timeout_usec,
		     sd_bus_message **ret, const char **ret_why)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd_bus_call(client->bus, message, timeout_usec, &error, ret);

	return r < 0 ? explain(client, r, &error, ret_why) : 0;
}

static int call(struct client *client, const char *method, sd_bus_message **ret,
		const char **ret_why)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
	int r = new_call(client, method, &message);

	if (r < 0) {
		*ret_why = strerror(-r);
		return r;
	}
	return send_call(client, message, TIMEOUT_USEC, ret, ret_why);
}

int client_call(struct client *client, const char *method, sd_bus_message **ret,
		const char **ret_why)
{
	return call(client, method, ret, ret_why);
}

static int append_setting(sd_bus_message *message, const char *setting)
{
	const char *equals = strchr(setting, '=');
	_cleanup_free_ char *key = equals ? strndup(setting, (size_t)(equals - setting)) : NULL;

	return key ? sd_bus_message_append(message, "{sv}", key, "s", equals + 1) : -ENOMEM;
}

static int append_options(sd_bus_message *message, const struct client_options *options)
{
	int r = sd_bus_message_open_container(message, 'a', "{sv}");

	if (r >= 0 && options->class)
		r = sd_bus_message_append(message, "{sv}", "Class", "s", options->class);
	if (r >= 0 && options->mode)
		r = sd_bus_message_append(message, "{sv}", "Mode", "s", options->mode);
	if (r >= 0 && options->ring_size)
		r = sd_bus_message_append(message, "{sv}", "RingSize", "t", options->ring_size);
	if (r >= 0 && options->force)
		r = sd_bus_message_append(message, "{sv}", "Force", "b", 1);
	for (int i = 0; r >= 0 && i < options->n_settings; i++)
		r = append_setting(message, options->settings[i]);
	return r < 0 ? r : sd_bus_message_close_container(message);
}

static int not_understood(int r, const char **ret_why)
{
	*ret_why = "its answer is not understood; are both of the same version?";
	return r;
}

static int read_answer(sd_bus_message *reply, const char *type, char **ret, const char **ret_why)
{
	const char *answer;
	int r = sd_bus_message_read(reply, type, &answer);

	if (r < 0)
		return not_understood(r, ret_why);
	*ret = strdup(answer);
	if (*ret)
		return 0;
	*ret_why = "out of memory";
	return -ENOMEM;
}

/* The bus takes UTF-8 only. The daemon knows a guest also by its name as it is shown. */
static int append_name(sd_bus_message *message, const char *name)
{
	int r = sd_bus_message_append(message, "s", name);

	return r == -EINVAL ? sd_bus_message_append(message, "s", escape(name).text) : r;
}

int client_find_guest(struct client *client, const char *guest, uint32_t *ret_domid,
		      const char **ret_why)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL, *reply = NULL;
	int r = new_call(client, "FindGuest", &message);

	if (r >= 0)
		r = append_name(message, guest);
	if (r < 0) {
		*ret_why = strerror(-r);
		return r;
	}
	r = send_call(client, message, FIND_TIMEOUT_USEC, &reply, ret_why);
	if (r < 0)
		return r;
	r = sd_bus_message_read(reply, "u", ret_domid);
	return r < 0 ? not_understood(r, ret_why) : 0;
}

/* All orders look alike, and so do their answers: one string. */
static int give_order(struct client *client, const char *method, const char *guest,
		      const char *name, const struct client_options *options,
		      const char *answer_type, char **ret, const char **ret_why)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL, *reply = NULL;
	int r;

	r = new_call(client, method, &message);
	if (r >= 0)
		r = append_name(message, guest);
	if (r >= 0)
		r = append_name(message, name);
	if (r >= 0)
		r = append_options(message, options);
	if (r >= 0)
		r = sd_bus_message_set_allow_interactive_authorization(message, 1);
	if (r < 0) {
		*ret_why = strerror(-r);
		return r;
	}
	/* somebody may be asked for a password */
	r = send_call(client, message, ORDER_TIMEOUT_USEC, &reply, ret_why);
	if (r < 0)
		return r;
	return read_answer(reply, answer_type, ret, ret_why);
}

int client_attach(struct client *client, const char *guest, const char *name,
		  const struct client_options *options, char **ret_path, const char **ret_why)
{
	return give_order(client, "Attach", guest, name, options, "o", ret_path, ret_why);
}

int client_detach(struct client *client, const char *guest, const char *name,
		  const struct client_options *options, char **ret_path, const char **ret_why)
{
	return give_order(client, "Detach", guest, name, options, "o", ret_path, ret_why);
}

int client_set(struct client *client, const char *guest, const char *name,
	       const struct client_options *options, char **ret_path, const char **ret_why)
{
	return give_order(client, "Set", guest, name, options, "o", ret_path, ret_why);
}

int client_policy(struct client *client, const char *guest, const char *name,
		  const struct client_options *options, char **ret_text, const char **ret_why)
{
	return give_order(client, "Policy", guest, name, options, "s", ret_text, ret_why);
}

static int compare_devices(const void *a, const void *b)
{
	const struct client_device *x = a, *y = b;
	int by_guest = strcmp(x->guest, y->guest), by_class = strcmp(x->class, y->class);

	if (by_guest)
		return by_guest;
	if (x->domid != y->domid)
		return x->domid < y->domid ? -1 : 1;
	if (by_class)
		return by_class;
	return x->devid < y->devid ? -1 : x->devid > y->devid;
}

static int read_devices(sd_bus_message *reply, struct client_device **devices, size_t *n)
{
	int r;

	r = sd_bus_message_enter_container(reply, 'a', "a{sv}");
	if (r < 0)
		return r;
	for (;;) {
		struct client_device *more, device = {};

		r = message_read(reply, message_device, &device);
		if (r <= 0) {
			client_device_done(&device);
			return r;
		}
		more = reallocarray(*devices, *n + 1, sizeof(**devices));
		if (!more) {
			client_device_done(&device);
			return -ENOMEM;
		}
		more[(*n)++] = device;
		*devices = more;
	}
}

int client_list(struct client *client, struct client_device **ret, size_t *ret_n,
		const char **ret_why)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	struct client_device *devices = NULL;
	size_t n = 0;
	int r;

	r = call(client, "List", &reply, ret_why);
	if (r < 0)
		return r;
	r = read_devices(reply, &devices, &n);
	if (r < 0) {
		client_devices_free(devices, n);
		return not_understood(r, ret_why);
	}
	if (n)
		qsort(devices, n, sizeof(*devices), compare_devices);
	*ret = devices;
	*ret_n = n;
	return 0;
}

int client_status(struct client *client, struct client_status *ret, const char **ret_why)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	struct client_status status = {};
	int r;

	r = call(client, "Status", &reply, ret_why);
	if (r < 0)
		return r;
	r = message_read(reply, message_status, &status);
	if (r <= 0) {
		client_status_done(&status);
		return not_understood(r < 0 ? r : -EBADMSG, ret_why);
	}
	*ret = status;
	return 0;
}

int client_metrics(struct client *client, const char *format, char **ret_text,
		   const char **ret_why)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL, *reply = NULL;
	int r = new_call(client, "Metrics", &message);

	if (r >= 0)
		r = sd_bus_message_append(message, "s", format);
	if (r < 0) {
		*ret_why = strerror(-r);
		return r;
	}
	r = send_call(client, message, TIMEOUT_USEC, &reply, ret_why);
	return r < 0 ? r : read_answer(reply, "s", ret_text, ret_why);
}

int client_reload(struct client *client, const char **ret_why)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;

	return call(client, "Reload", &reply, ret_why);
}

void client_sections_free(struct client_section *sections, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(sections[i].title);
		free(sections[i].file);
	}
	free(sections);
}

static int read_sections(sd_bus_message *reply, struct client_section **sections, size_t *n)
{
	const char *title, *file;
	struct client_section one, *more;
	int r = sd_bus_message_enter_container(reply, 'a', "(ssuuu)");

	while (r >= 0 && (r = sd_bus_message_read(reply, "(ssuuu)", &title, &file, &one.line,
						  &one.guests, &one.devices)) > 0) {
		more = reallocarray(*sections, *n + 1, sizeof(**sections));
		if (!more)
			return -ENOMEM;
		*sections = more;
		one.title = strdup(title);
		one.file = strdup(file);
		more[(*n)++] = one;
		if (!one.title || !one.file)
			return -ENOMEM;
	}
	return r;
}

int client_sections(struct client *client, struct client_section **ret, size_t *ret_n,
		    const char **ret_why)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	struct client_section *sections = NULL;
	size_t n = 0;
	int r = call(client, "PolicySections", &reply, ret_why);

	if (r < 0)
		return r;
	r = read_sections(reply, &sections, &n);
	if (r < 0) {
		client_sections_free(sections, n);
		return not_understood(r, ret_why);
	}
	*ret = sections;
	*ret_n = n;
	return 0;
}
