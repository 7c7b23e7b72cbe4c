// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/messages.h"
#include "base/number.h"
#include "engine/device.h"
#include "engine/guest.h"
#include "engine/guest-log.h"
#include "engine/host.h"
#include "engine/requests.h"
#include "engine/throttle.h"
#include "engine/wish.h"
#include "nodes/nodes.h"
#include "store/values.h"

#define EVENTS_AT_ONCE 512

static void mark_changed(struct domain *domain, unsigned int devid)
{
	uint64_t bit = UINT64_C(1) << (devid % 64);

	if (domain->changed[devid / 64] & bit)
		return;
	domain->changed[devid / 64] |= bit;
	if (!domain->n_changed++)
		domain->changed_since_usec = monotonic_usec();
}

/* The next one after that of the turn before, so that none waits for ever. */
static unsigned int take_changed(struct domain *domain)
{
	unsigned int devid = domain->next_changed;

	while (!(domain->changed[devid / 64] & UINT64_C(1) << (devid % 64)))
		devid = domain->changed[devid / 64] >> (devid % 64) ?
				devid + 1 :
				(devid / 64 + 1) % DEVID_WORDS * 64;
	domain->changed[devid / 64] &= ~(UINT64_C(1) << (devid % 64));
	domain->n_changed--;
	domain->next_changed = (devid + 1) % (MYDEVICE_DEVID_MAX + 1);
	return devid;
}

/* Only a complete request under a directory that is no devid deserves an answer. */
static void mark_misnamed(struct domain *domain, const char *path)
{
	const char *dir = path + strlen(domain->requests.text) + 1;
	const char *node = strchrnul(dir, '/');
	size_t len = (size_t)(node - dir);

	if (strcmp(node, "/request") || !len || len >= sizeof(domain->misnamed))
		return;
	/* there is room for one: of several the others are found by a scan */
	if (*domain->misnamed)
		domain->unscanned = true;
	memcpy(domain->misnamed, dir, len);
	domain->misnamed[len] = '\0';
}

static void note_event(struct domain *domain, const char *path)
{
	unsigned int devid;

	switch (path_parse_request_event(&domain->requests, path, &devid)) {
	case 0:
		return;
	case 1:
		mark_changed(domain, devid);
		break;
	case 2:
		domain->unscanned = true;
		break;
	default:
		mark_misnamed(domain, path);
	}
	domain_enqueue(domain);
}

void requests_on_event(const char *path, void *userdata)
{
	struct domain *domain = userdata;

	note_event(domain, path);
	throttle_event(domain, domain, &domain->requests_watch, &domain->throttle.requests);
}

static void answer(struct domain *domain, const struct path *request, const char *status)
{
	int r;

	registry_count_served(domain->manager->registry);
	domain->n_requests++;
	domain_publish_counts(domain);
	r = nodes_answer(domain->manager->store, request, status);
	/* then there is nobody to answer */
	if (r == 0 || r == -ESRCH || r == -ENOTCONN)
		return;
	/* it may be its own doing */
	if (r != -EAGAIN)
		domain_log(domain, NULL, LOG_WARNING, NULL,
			   "cannot answer the request %s: %s; trying again",
			   escape(request->text).text, store_strerror(r));
	domain_retry(domain);
}

/* A request. */
struct asked {
	unsigned int devid;
	const char *name;		/* that it asks for; "" if it is wrong */
	const char *status;		/* what stands there as its answer; NULL: nothing */
};

/* The guest may have written this itself. */
static bool has_status(const struct asked *asked, const char *status)
{
	return asked->status && !strcmp(asked->status, status);
}

static void note_not_granted(struct domain *domain, uint32_t devid, const char *name,
			     enum request_state state, const char *reason)
{
	struct request_entry entry = { .devid = devid, .name = escape(name), .state = state };

	snprintf(entry.reason, sizeof(entry.reason), "%.*s", (int)sizeof(entry.reason) - 1,
		 reason);
	domain_note_request(domain, &entry);
}

static void answer_attached(struct domain *domain, const struct asked *asked)
{
	struct path request = path_request(domain->domid, MYDEVICE_CLASS, asked->devid);

	memo_drop(&domain->refusals, asked->devid);
	registry_grant_request(domain->manager->registry, domain->domid, asked->devid,
			       asked->name);
	if (!has_status(asked, "attached"))
		answer(domain, &request, "attached");
}

/*
 * A guest may change or withdraw a request while it is read, node by node.
 * XenStore sends the event of a change before any answer that shows it.
 */
static bool changed_meanwhile(struct domain *domain, unsigned int devid)
{
	store_dispatch(domain->manager->store, EVENTS_AT_ONCE);
	return domain->changed[devid / 64] & UINT64_C(1) << (devid % 64);
}

static void refuse(struct domain *domain, const struct asked *asked, enum request_state state,
		   const struct reason *reason)
{
	const char *kind = state == REQUEST_DENIED ? "denied" : "error";
	struct path request = path_request(domain->domid, MYDEVICE_CLASS, asked->devid);
	char status[REASON_SIZE + 16], refusal[sizeof(status) + MYDEVICE_NAME_MAX + 1];
	bool known;

	snprintf(status, sizeof(status), "%s: %s", kind, reason->text);
	snprintf(refusal, sizeof(refusal), "%s/%s", asked->name, status);
	/* a request is looked at again for many reasons; to be told once is enough */
	known = memo_has(&domain->refusals, asked->devid, refusal);
	if (!known || !has_status(asked, status))
		note_not_granted(domain, asked->devid, asked->name, state, reason->text);
	if (known && has_status(asked, status))
		return;
	memo_set(&domain->refusals, asked->devid, refusal);
	domain_log(domain, NULL, LOG_NOTICE, MSG_DENIED, "request %u %s", asked->devid,
		   status);
	registry_count(domain->manager->registry,
		       state == REQUEST_DENIED ? COUNT_DENIED : COUNT_INVALID);
	domain->n_refused++;
	if (has_status(asked, status))
		domain_publish_counts(domain);
	else
		answer(domain, &request, status);
}

static const char misnamed_answer[] =
	"error: the directory's name is not a device id, a number from 0 to 4095";

static void answer_misnamed(struct domain *domain)
{
	struct path request = path_child(&domain->requests, domain->misnamed);

	domain_log(domain, NULL, LOG_NOTICE, MSG_DENIED, "request \"%s\": not a device id",
		   escape(domain->misnamed).text);
	note_not_granted(domain, REQUEST_LOG_NO_DEVID, domain->misnamed, REQUEST_FAILING,
			 "the directory's name is not a device id");
	*domain->misnamed = '\0';
	registry_count(domain->manager->registry, COUNT_INVALID);
	domain->n_refused++;
	answer(domain, &request, misnamed_answer);
}

/* It was written while nobody watched, if it is a request that has no answer. */
static void examine(struct domain *domain, const char *name)
{
	struct path dir = path_child(&domain->requests, name);
	struct path request = path_child(&dir, "request"), status = path_child(&dir, "status");
	struct store *store = domain->manager->store;
	_cleanup_free_ char *answered = NULL;
	int r = store_exists(store, 0, request.text);

	if (r > 0)
		r = store_read(store, 0, status.text, &answered, NULL);
	else if (r == 0)
		return;
	if (r < 0 && r != -ENOENT) {
		if (r != -ENOTCONN)
			domain_retry(domain);
		return;
	}
	if (answered && !strcmp(answered, misnamed_answer))
		return;
	strcpy(domain->misnamed, name);
	answer_misnamed(domain);
}

enum {
	NODE_REQUEST,
	NODE_NAME,
	NODE_MODE,
	NODE_RING_SIZE,
	NODE_STATUS,
	NODE_MAX,
};

static const char *const node_names[NODE_MAX] = {
	[NODE_REQUEST] = "request",
	[NODE_NAME] = "name",
	[NODE_MODE] = "mode",
	[NODE_RING_SIZE] = "ring-size",
	[NODE_STATUS] = "status",
};

struct request_values {
	struct value node[NODE_MAX];
};

static void values_done(struct request_values *values)
{
	for (size_t i = 0; i < NODE_MAX; i++)
		value_done(&values->node[i]);
}

/* Not listed first: a guest could have more in it than a message holds. */
static int read_request(struct domain *domain, unsigned int devid, struct request_values *ret)
{
	struct path dir = path_request(domain->domid, MYDEVICE_CLASS, devid), paths[NODE_MAX];
	struct store *store = domain->manager->store;
	int r;

	for (size_t node = 0; node < NODE_MAX; node++)
		paths[node] = path_child(&dir, node_names[node]);
	/* most directories that an event speaks of hold none */
	r = values_read(store, paths, 1, ret->node);
	if (r < 0 || !ret->node[NODE_REQUEST].data)
		return r;
	return values_read(store, paths + 1, NODE_MAX - 1, ret->node + 1);
}

static struct request_nodes nodes_of(const struct request_values *values)
{
	const struct value *node = values->node;

	return (struct request_nodes){
		.request = { node[NODE_REQUEST].data, node[NODE_REQUEST].len },
		.name = { node[NODE_NAME].data, node[NODE_NAME].len },
		.mode = { node[NODE_MODE].data, node[NODE_MODE].len },
		.ring_size = { node[NODE_RING_SIZE].data, node[NODE_RING_SIZE].len },
	};
}

static bool is_channel(const struct device *device)
{
	return !strcmp(device->key.class, MYDEVICE_CLASS);
}

static struct device *find_name(struct domain *domain, const char *name)
{
	struct device *device;

	for (device = domain->devices; device; device = device->next)
		if (device->phase != PHASE_REMOVED && is_channel(device) &&
		    !strcmp(device->record.name, name))
			return device;
	return NULL;
}

static void grant(struct domain *domain, const struct asked *asked, const struct request *request,
		  uint64_t began_usec)
{
	struct device *namesake = find_name(domain, request->name);
	struct wish wish = {
		.origin = ORIGIN_REQUEST,
		.class = MYDEVICE_CLASS,
		.name = request->name,
		.devid = asked->devid,
		.mode = request->mode,
		.ring_size = request->ring_size,
		.began_usec = began_usec,
	};
	struct resolved_wish resolved;
	struct reason reason;
	int r;

	/* when that one is gone, all requests are looked at again */
	if (namesake && !device_is_serving(namesake)) {
		note_not_granted(domain, asked->devid, asked->name, REQUEST_WAITING,
				 "the device that has this name is being detached");
		return;
	}
	/* the host has given what is asked for */
	if (namesake && namesake->record.origin != ORIGIN_REQUEST) {
		answer_attached(domain, asked);
		return;
	}
	if (namesake) {
		snprintf(reason.text, sizeof(reason.text),
			 "device %u of this guest has the name \"%s\" already",
			 namesake->key.devid, request->name);
		refuse(domain, asked, REQUEST_DENIED, &reason);
		return;
	}
	if (note_list_find(&domain->withheld, MYDEVICE_CLASS, request->name)) {
		snprintf(reason.text, sizeof(reason.text),
			 "this host's operator has detached \"%s\" from this guest", request->name);
		refuse(domain, asked, REQUEST_DENIED, &reason);
		return;
	}
	r = wish_resolve(domain, &wish, &resolved, &reason);
	if (r < 0) {
		refuse(domain, asked, REQUEST_DENIED, &reason);
		return;
	}
	r = device_attach(domain, &resolved.plan, &reason);
	/* then there is nobody to answer */
	if (r == -ENOTCONN || r == -ESRCH)
		return;
	if (r < 0) {
		if (r != -EHOSTUNREACH)
			domain_retry(domain);
		refuse(domain, asked, r == -EHOSTUNREACH ? REQUEST_WAITING : REQUEST_FAILING,
		       &reason);
		return;
	}
	answer_attached(domain, asked);
}

/* A request for the id of a device that the guest has without having asked. */
static void confirm_gift(struct domain *domain, const struct asked *asked,
			 const struct device *device, const struct request *request)
{
	struct reason reason;

	if (!strcmp(device->record.name, request->name)) {
		answer_attached(domain, asked);
		return;
	}
	snprintf(reason.text, sizeof(reason.text),
		 "device %u is the channel \"%s\" that this host gives; ask for another id",
		 device->key.devid, device->record.name);
	refuse(domain, asked, REQUEST_DENIED, &reason);
}

/*
 * The guest wrote its request anew, as a driver does that was loaded again. A
 * device by another name is another device, the same one is still there.
 */
static void confirm(struct domain *domain, const struct asked *asked, struct device *device,
		    const struct request *request)
{
	struct reason reason = { "the domain that served it is gone: waiting for another" };

	if (!device_is_serving(device)) {
		note_not_granted(domain, asked->devid, asked->name, REQUEST_WAITING,
				 "the device that has this id is being detached");
		return;
	}
	if (device->record.origin != ORIGIN_REQUEST)
		confirm_gift(domain, asked, device, request);
	else if (strcmp(device->record.name, request->name) ||
	    (request->mode != MODE_ANY && device->record.mode != request->mode))
		device_withdraw(device);
	else if (device->phase == PHASE_STRANDED)
		refuse(domain, asked, REQUEST_WAITING, &reason);
	else
		answer_attached(domain, asked);
}

static bool is_devid(uint32_t devid, const void *userdata)
{
	return devid == *(const unsigned int *)userdata;
}

static void serve(struct domain *domain, unsigned int devid, uint64_t began_usec)
{
	_cleanup_(values_done) struct request_values values = {};
	struct asked asked = { .devid = devid, .name = "" };
	struct request_nodes nodes;
	struct device *device = device_find(domain, MYDEVICE_CLASS, devid);
	struct request request;
	struct reason reason;
	int r;

	r = read_request(domain, devid, &values);
	if (r == -ENOTCONN)
		return;
	if (r < 0) {
		domain_log(domain, NULL, LOG_WARNING, NULL,
			   "cannot read request %u: %s; trying again", devid, store_strerror(r));
		domain_retry(domain);
		return;
	}
	asked.status = values.node[NODE_STATUS].data;
	nodes = nodes_of(&values);
	r = request_parse(&nodes, &request, &reason);
	if (r == 0)
		asked.name = request.name;
	if (r == -ENODATA) {
		memo_drop(&domain->refusals, devid);
		registry_withdraw_requests(domain->manager->registry, domain->domid, is_devid,
					   &devid);
		if (device && device_is_serving(device) && device->record.origin == ORIGIN_REQUEST)
			device_withdraw(device);
		return;
	}
	if (r < 0) {
		if (!changed_meanwhile(domain, devid))
			refuse(domain, &asked, REQUEST_FAILING, &reason);
	} else if (device) {
		confirm(domain, &asked, device, &request);
	} else {
		grant(domain, &asked, &request, began_usec);
	}
}

static bool is_not_listed(uint32_t devid, const void *userdata)
{
	const uint64_t *listed = userdata;

	return !(listed[devid / 64] & UINT64_C(1) << (devid % 64));
}

/* Every request there is, and every device: its request may be there no more. */
static void scan(struct domain *domain)
{
	_cleanup_free_ char **names = NULL;
	uint64_t listed[DEVID_WORDS] = {};
	const struct device *device;
	size_t n = 0, n_suspects = 0;
	int r;

	r = store_list(domain->manager->store, domain->requests.text, &names, &n);
	if (r < 0 && r != -ENOENT) {
		domain_log(domain, NULL, LOG_WARNING, NULL,
			   "cannot list its requests: %s; trying again", store_strerror(r));
		domain_retry(domain);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		unsigned int devid;

		if (number_devid(names[i], strlen(names[i]), &devid) == 0) {
			listed[devid / 64] |= UINT64_C(1) << (devid % 64);
			mark_changed(domain, devid);
		} else if (strlen(names[i]) < sizeof(domain->misnamed)) {
			names[n_suspects++] = names[i];
		}
	}
	registry_withdraw_requests(domain->manager->registry, domain->domid, is_not_listed,
				   listed);
	free(domain->suspects);
	domain->suspects = n_suspects ? steal(&names) : NULL;
	domain->n_suspects = n_suspects;
	for (device = domain->devices; device; device = device->next)
		if (is_channel(device))
			mark_changed(domain, device->key.devid);
}

int requests_find_named(const struct domain *domain, const char *name)
{
	struct store *store = domain->manager->store;
	_cleanup_free_ char **dirs = NULL;
	size_t n = 0;
	int r = store_list(store, domain->requests.text, &dirs, &n);

	for (size_t i = 0; r == 0 && i < n; i++) {
		struct path request = path_child(&domain->requests, dirs[i]);
		struct path node = path_child(&request, "name");
		_cleanup_free_ char *value = NULL;
		unsigned int devid;

		if (number_devid(dirs[i], strlen(dirs[i]), &devid) < 0)
			continue;
		if (store_read(store, 0, node.text, &value, NULL) == 0 && !strcmp(value, name))
			return (int)devid;
	}
	return -ENOENT;
}

bool requests_turn(struct domain *domain)
{
	bool scanning = domain->unscanned;

	/* not before it is known whose they are; then all are looked at */
	if (!*domain->name)
		return false;
	if (scanning) {
		domain->unscanned = false;
		scan(domain);
	}
	/* in the same turn, or scans that are wanted again and again come before all service */
	if (domain->n_changed) {
		uint64_t began_usec = domain->changed_since_usec;

		serve(domain, take_changed(domain), began_usec);
	} else if (*domain->misnamed) {
		answer_misnamed(domain);
	} else if (domain->n_suspects) {
		examine(domain, domain->suspects[--domain->n_suspects]);
	} else {
		return scanning;
	}
	return true;
}
