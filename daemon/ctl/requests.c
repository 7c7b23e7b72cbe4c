// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "ctl/message.h"
#include "ctl/requests.h"

static const struct message_target message_request[] = {
	{ "Guest", 's', offsetof(struct client_request, guest) },
	{ "UUID", 's', offsetof(struct client_request, uuid) },
	{ "Name", 's', offsetof(struct client_request, name) },
	{ "State", 's', offsetof(struct client_request, state) },
	{ "Reason", 's', offsetof(struct client_request, reason) },
	{ "DomID", 'u', offsetof(struct client_request, domid) },
	{ "DevID", 'i', offsetof(struct client_request, devid) },
	{ "SinceUSec", 't', offsetof(struct client_request, since_usec) },
	{ "LastUSec", 't', offsetof(struct client_request, last_usec) },
	{ "Count", 't', offsetof(struct client_request, count) },
	{ "Withdrawn", 'b', offsetof(struct client_request, withdrawn) },
	{},
};

static const char *const states[] = { "denied", "waiting", "failing" };

void client_requests_done(struct client_requests *requests)
{
	for (size_t i = 0; i < requests->n; i++)
		message_free(message_request, &requests->list[i]);
	free(requests->list);
}

static int compare(const void *a, const void *b)
{
	const struct client_request *x = a, *y = b;

	if (x->domid != y->domid)
		return x->domid < y->domid ? -1 : 1;
	/* the sum of those that were left out comes last */
	if (!x->since_usec != !y->since_usec)
		return x->since_usec ? -1 : 1;
	if (x->since_usec != y->since_usec)
		return x->since_usec < y->since_usec ? -1 : 1;
	return x->devid < y->devid ? -1 : x->devid > y->devid;
}

static int read_requests(sd_bus_message *reply, struct client_requests *requests)
{
	int r = sd_bus_message_enter_container(reply, 'a', "a{sv}");

	while (r >= 0) {
		struct client_request one = { .devid = -1 }, *more;

		r = message_read(reply, message_request, &one);
		if (r <= 0) {
			message_free(message_request, &one);
			break;
		}
		more = reallocarray(requests->list, requests->n + 1, sizeof(*more));
		if (!more) {
			message_free(message_request, &one);
			return -ENOMEM;
		}
		requests->list = more;
		more[requests->n++] = one;
	}
	return r;
}

int client_requests(struct client *client, struct client_requests *ret, const char **ret_why)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(client_requests_done) struct client_requests requests = {};
	int r = client_call(client, "Requests", &reply, ret_why);

	if (r < 0)
		return r;
	r = read_requests(reply, &requests);
	if (r < 0) {
		*ret_why = "its answer is not understood; are both of the same version?";
		return r;
	}
	if (requests.n)
		qsort(requests.list, requests.n, sizeof(*requests.list), compare);
	*ret = requests;
	requests = (struct client_requests){};
	return 0;
}

static bool is_wanted(const struct client_request *request, const struct guest_ref *guest,
		      const char *channel)
{
	char devid[16];

	if (guest && !guest_ref_matches(guest, request->domid, request->uuid, request->guest))
		return false;
	snprintf(devid, sizeof(devid), "%d", request->devid);
	/* what is about all requests of the guest has no name */
	return !channel || !*request->name || !strcmp(request->name, channel) ||
	       !strcmp(devid, channel);
}

void client_requests_keep(struct client_requests *requests, const struct guest_ref *guest,
			  const char *channel)
{
	size_t kept = 0;

	for (size_t i = 0; i < requests->n; i++) {
		if (is_wanted(&requests->list[i], guest, channel))
			requests->list[kept++] = requests->list[i];
		else
			message_free(message_request, &requests->list[i]);
	}
	requests->n = kept;
}

static void format_time(uint64_t usec, char *text, size_t size)
{
	time_t seconds = (time_t)(usec / USEC_PER_SEC);
	struct tm tm;

	if (!usec || !localtime_r(&seconds, &tm) || !strftime(text, size, "%Y-%m-%d %H:%M:%S", &tm))
		snprintf(text, size, "-");
}

static void print_request(const struct client_request *request, int guest_width, int name_width)
{
	char devid[16] = "-", since[32];

	if (request->devid >= 0)
		snprintf(devid, sizeof(devid), "%d", request->devid);
	format_time(request->since_usec, since, sizeof(since));
	printf("%-*s  %5u  %4s  %-*s  %-8s  %-19s  ", guest_width, request->guest, request->domid,
	       devid, name_width, *request->name ? request->name : "-", request->state, since);
	if (!strcmp(request->state, "left-out"))
		printf("%" PRIu64 " ", request->count);
	printf("%s%s\n", request->withdrawn ? "withdrawn; " : "", request->reason);
}

static int width_of(const char *text, int width)
{
	return (int)strlen(text) > width ? (int)strlen(text) : width;
}

void output_requests(const struct client_requests *requests)
{
	int guest = (int)strlen("GUEST"), name = (int)strlen("NAME");

	if (!requests->n)
		return;
	for (size_t i = 0; i < requests->n; i++) {
		guest = width_of(requests->list[i].guest, guest);
		name = width_of(requests->list[i].name, name);
	}
	printf("\nRequests that were not granted:\n%-*s  %5s  %4s  %-*s  %-8s  %-19s  %s\n", guest,
	       "GUEST", "DOMID", "DEV", name, "NAME", "STATE", "SINCE", "REASON");
	for (size_t i = 0; i < requests->n; i++)
		print_request(&requests->list[i], guest, name);
}

static unsigned int count(const struct client_requests *requests, const char *state)
{
	unsigned int n = 0;

	for (size_t i = 0; i < requests->n; i++)
		n += state ? !requests->list[i].withdrawn &&
			     !strcmp(requests->list[i].state, state) :
			     requests->list[i].withdrawn;
	return n;
}

void output_requests_sum(const struct client_requests *requests)
{
	printf("%14s: ", "Not granted");
	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		printf("%u %s, ", count(requests, states[i]), states[i]);
	printf("%u withdrawn; see: mydevicectl list --all\n", count(requests, NULL));
}

struct json_object *requests_sum_json(const struct client_requests *requests)
{
	struct json_object *object = json_object_new_object();

	for (size_t i = 0; object && i < ARRAY_SIZE(states); i++)
		json_object_object_add(object, states[i],
				       json_object_new_int64(count(requests, states[i])));
	if (object)
		json_object_object_add(object, "withdrawn",
				       json_object_new_int64(count(requests, NULL)));
	return object;
}

static struct json_object *text_or_null(const char *text)
{
	return *text ? json_object_new_string(text) : NULL;
}

static struct json_object *number_or_null(uint64_t number)
{
	return number ? json_object_new_int64((int64_t)number) : NULL;
}

static struct json_object *request_json(const struct client_request *request)
{
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	json_object_object_add(object, "guest", json_object_new_string(request->guest));
	json_object_object_add(object, "domid", json_object_new_int64(request->domid));
	json_object_object_add(object, "uuid", text_or_null(request->uuid));
	json_object_object_add(object, "devid", request->devid < 0 ? NULL :
			       json_object_new_int(request->devid));
	json_object_object_add(object, "name", text_or_null(request->name));
	json_object_object_add(object, "state", json_object_new_string(request->state));
	json_object_object_add(object, "reason", json_object_new_string(request->reason));
	json_object_object_add(object, "withdrawn", json_object_new_boolean(request->withdrawn));
	json_object_object_add(object, "count", json_object_new_int64((int64_t)request->count));
	json_object_object_add(object, "since_usec", number_or_null(request->since_usec));
	json_object_object_add(object, "last_usec", number_or_null(request->last_usec));
	return object;
}

struct json_object *requests_json(const struct client_requests *requests)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < requests->n; i++) {
		struct json_object *object = request_json(&requests->list[i]);

		if (object && json_object_array_add(array, object) == 0)
			continue;
		json_object_put(object);
		json_object_put(array);
		return NULL;
	}
	return array;
}
