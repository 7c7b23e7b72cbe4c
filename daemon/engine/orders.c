// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/name.h"
#include "base/number.h"
#include "engine/device.h"
#include "engine/device-view.h"
#include "engine/guest.h"
#include "engine/guest-log.h"
#include "engine/guest-notes.h"
#include "engine/guest-turn.h"
#include "engine/host.h"
#include "engine/lookup.h"
#include "engine/orders.h"
#include "engine/removal.h"
#include "engine/requests.h"
#include "engine/wish.h"
#include "model/guest-ref.h"
#include "nodes/kernel.h"
#include "nodes/nodes.h"
#include "policy/explain.h"

_printf_(3, 4) static void fail(struct order *order, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(order->reason.text, sizeof(order->reason.text), format, args);
	va_end(args);
	order->result = error;
}

/*
 * What xenstored says may look like an answer of ours, as EEXIST does. Which quota it is
 * stands in the reason.
 */
static int store_failure(int error)
{
	switch (-error) {
	case EAGAIN:
	case ENOTCONN:
	case ENOMEM:
	case ENOSPC:
	case ESRCH:
	case EHOSTUNREACH:
		return error;
	case STORE_QUOTA_NODES:
	case STORE_QUOTA_SIZE:
	case STORE_QUOTA_WATCHES:
	case STORE_QUOTA_TRANSACTIONS:
		return -ENOSPC;
	}
	return -EIO;
}

static bool is_channel_name(struct order *order)
{
	if (name_is_safe(order->name, strlen(order->name)))
		return true;
	fail(order, -EINVAL, "\"%s\" is no name of a channel: expected 1 to 63 of "
	     "A-Z a-z 0-9 . _ - with a letter first", escape(order->name).text);
	return false;
}

static int check_attach(struct manager *manager, struct domain *domain, struct order *order)
{
	struct device *device = device_find_named(domain, order->class, order->name);

	if (!is_channel_name(order))
		return order->result;
	if (!policy_knows_class(manager->policy, order->class))
		fail(order, -EINVAL, "class \"%s\" is not known: name it in attachd.conf, "
		     "as [Class %s]", escape(order->class).text, escape(order->class).text);
	else if (device && device_is_serving(device))
		fail(order, -EEXIST, "guest %s has it already, as device %u",
		     escape(domain->name).text, device->key.devid);
	else if (device)
		fail(order, -EBUSY, "the one it had is still being detached: try again");
	return order->result;
}

/*
 * After an error of one of its drivers both stay Closed. The operator has looked
 * at it, and wants another try.
 */
static bool start_again(struct domain *domain, struct order *order)
{
	struct device *device = device_find_named(domain, order->class, order->name);

	if (!device || device->phase != PHASE_WAITING || device->frontend != END_CLOSED ||
	    device->backend != END_CLOSED || order->mode != MODE_ANY || order->ring_size)
		return false;
	order->result = nodes_start_again(domain->manager->store, &device->key);
	if (order->result < 0) {
		fail(order, store_failure(order->result),
		     "cannot have its drivers begin again: %s", store_strerror(order->result));
		return true;
	}
	order->key = device->key;
	domain_log(domain, device, LOG_NOTICE, NULL, "to begin again, as user %u ordered",
		   order->uid);
	return true;
}

/* The one that the guest asks for, if it does: then that is its answer. */
static unsigned int choose_devid(struct domain *domain, const struct order *order)
{
	int asked = kind_of(order->class, order->mode)->any_devid ?
		requests_find_named(domain, order->name) : -ENOENT;

	return asked >= 0 ? (unsigned int)asked : WISH_ANY_DEVID;
}

static void attach(struct manager *manager, struct domain *domain, struct order *order)
{
	struct wish wish = {
		.origin = ORIGIN_OPERATOR,
		.class = order->class,
		.name = order->name,
		.mode = order->mode,
		.ring_size = order->ring_size,
		.began_usec = monotonic_usec(),
	};
	struct resolved_wish resolved;
	const struct device_plan *plan = &resolved.plan;
	const struct device *other;
	struct kept_before before;
	int withheld, r;

	if (start_again(domain, order) || check_attach(manager, domain, order) < 0)
		return;
	wish.devid = choose_devid(domain, order);
	/* only a request can be refused */
	wish_resolve(domain, &wish, &resolved, &order->reason);
	other = device_find(domain, plan->class, plan->devid);
	if (other) {
		fail(order, -EBUSY, "device id %u is in use by the %s \"%s\" of guest %s",
		     plan->devid, kind_of(plan->class, order->mode)->noun ?: plan->class,
		     other->record.name, escape(domain->name).text);
		return;
	}
	r = guest_notes_find_kept(domain, order->class, order->name, &before);
	if (r < 0) {
		fail(order, store_failure(r), "cannot read what is kept of it: %s",
		     store_strerror(r));
		return;
	}
	withheld = guest_notes_allow(domain, order->class, order->name);
	if (withheld < 0) {
		fail(order, store_failure(withheld), "cannot note that it may come back: %s",
		     store_strerror(withheld));
		return;
	}
	guest_notes_keep(domain, plan);
	order->result = device_attach(domain, plan, &order->reason);
	if (order->result < 0) {
		order->result = store_failure(order->result);
		guest_notes_restore_kept(domain, order->class, order->name,
					 &before);
	}
	if (order->result < 0 && withheld)
		guest_notes_withhold(domain, order->class, order->name);
	if (order->result == 0) {
		struct device *device = device_find(domain, plan->class, plan->devid);

		order->key = device->key;
		domain_log(domain, device, LOG_NOTICE, NULL, "user %u ordered it", order->uid);
	}
	/* it may have asked for it in vain */
	domain_rescan(domain);
}

/* By its name, or its id. */
static struct device *find_of_class(struct domain *domain, const char *class, const char *name)
{
	struct device *device = device_find_named(domain, class, name);
	unsigned int devid;

	if (!device && number_devid(name, strlen(name), &devid) == 0)
		device = device_find(domain, class, devid);
	return device && device->phase != PHASE_REMOVED ? device : NULL;
}

/* Of whatever class; the order has failed if there are several. */
static struct device *find_of_any_class(struct domain *domain, struct order *order)
{
	struct device *found = NULL;

	for (struct device *one = domain->devices; one; one = one->next) {
		if (find_of_class(domain, one->key.class, order->name) != one)
			continue;
		if (found) {
			fail(order, -EINVAL, "guest %s has devices \"%s\" of the classes %s "
			     "and %s: say which class", escape(domain->name).text,
			     escape(order->name).text, found->key.class, one->key.class);
			return NULL;
		}
		found = one;
	}
	return found;
}

/* Else the order has failed. */
static struct device *find_device(struct domain *domain, struct order *order)
{
	struct device *device = find_of_class(domain, order->class, order->name);

	if (!device && order->any_class)
		device = find_of_any_class(domain, order);
	if (device) {
		strcpy(order->class, device->key.class);
		return device;
	}
	if (order->result < 0)
		return NULL;
	fail(order, -ENXIO, "guest %s has no %s \"%s\"", escape(domain->name).text,
	     kind_of(order->class, order->mode)->noun ?: order->class,
	     escape(order->name).text);
	return NULL;
}

static void detach(struct domain *domain, struct order *order)
{
	struct device *device = find_device(domain, order);
	int r;

	if (!device)
		return;
	r = guest_notes_detach(domain, device);
	if (r < 0) {
		fail(order, store_failure(r), "cannot note that it is to stay away: %s",
		     store_strerror(r));
		return;
	}
	order->key = device->key;
	domain_log(domain, device, LOG_NOTICE, NULL, "to be detached%s, as user %u ordered",
		   order->force ? " at once" : "", order->uid);
	if (order->force)
		removal_force(device);
	device_withdraw(device);
}

/* The nodes of a driver that was unbound are like those of an older one. */
static void fail_direction(struct order *order, const struct device *device)
{
	int bound = kernel_has_driver(KERNEL_SYSFS, &device->key);

	if (bound == 0)
		fail(order, -EUNATCH, "no driver serves it: the backend's driver was unbound; load "
		     "or bind mydeviceback, see mydevice-reload(8)");
	else if (bound < 0 && device->backend == END_CLOSED)
		fail(order, -EUNATCH, "no driver serves it that can enforce a direction: the "
		     "backend's driver was unbound, or is an older one; load or bind the installed "
		     "one in the domain that serves it, see mydevice-reload(8)");
	else
		fail(order, -EOPNOTSUPP, "the backend's driver is an older one, which cannot "
		     "enforce a direction; load the installed one, see mydevice-reload(8)");
}

/* For as long as the device is there: what is to last longer stands in the policy. */
static void set(struct domain *domain, struct order *order)
{
	struct device *device = find_device(domain, order);
	char text[LIVE_TEXT_SIZE];
	int r;

	if (!device)
		return;
	if (!device_is_serving(device)) {
		fail(order, -EBUSY, "it is being detached");
		return;
	}
	if (device->phase == PHASE_STRANDED) {
		fail(order, -EHOSTUNREACH, "the domain that serves it is gone; when another one "
		     "serves it, it begins with the settings of attachd.conf");
		return;
	}
	r = nodes_set_live(domain->manager->store, &device->key, device->record.mode, &order->live,
			   order->named);
	if (r == -EOPNOTSUPP) {
		fail_direction(order, device);
		return;
	}
	if (r < 0) {
		fail(order, r == -ESRCH ? -EHOSTUNREACH : store_failure(r), "cannot be set: %s",
		     r == -ESRCH ? "its backend is gone" : store_strerror(r));
		return;
	}
	live_change(&device->live, &order->live, order->named);
	device_publish(device);
	order->key = device->key;
	live_format(&device->live, text);
	domain_log(domain, device, LOG_NOTICE, NULL, "user %u changed its settings: %s", order->uid,
		   *text ? text : "none");
}

static void explain(const struct policy *policy, const struct domain *domain, struct order *order)
{
	struct policy_subject subject = {
		.guest = domain ? domain->name : order->guest,
		.uuid = domain ? domain->uuid : "",
		.class = order->class,
		.name = order->name,
	};

	order->explanation = explain_settings(policy, &subject);
	if (!order->explanation)
		fail(order, -ENOMEM, "out of memory");
}

/* Which guest the order is about; NULL: none, and the order has failed. */
static struct domain *find_guest(struct manager *manager, struct order *order)
{
	struct domain *domain = NULL;
	int r = lookup_prepare(manager);

	if (r < 0)
		fail(order, store_failure(r), "cannot list the guests: %s",
		     store_strerror(r));
	else
		order->result = lookup_guest(manager, order->guest, &domain, &order->reason);
	return domain;
}

/* A guest that does not run has no more than a name. */
static bool is_absent(const struct order *order)
{
	struct reason reason;
	struct guest_ref ref;

	return order->result == -ESRCH && guest_ref_parse(order->guest, &ref, &reason) == 0 &&
	       ref.kind == GUEST_BY_NAME;
}

static void report_guest(const struct domain *domain, struct order *order)
{
	order->key.guest = domain->domid;
	strcpy(order->uuid, domain->uuid);
	order->found = escape(domain->name);
}

/* For whoever decides whether it may be carried out: ids stand for names. */
static void identify(struct domain *domain, struct order *order)
{
	struct device *device;

	if (order->kind != ORDER_ATTACH) {
		device = find_device(domain, order);
		if (!device)
			return;
		strcpy(order->name, device->record.name);
	} else if (!is_channel_name(order)) {
		return;
	}
	report_guest(domain, order);
}

/* It was allowed for the guest that it was then. */
static bool is_as_identified(const struct domain *domain, struct order *order)
{
	if (!*order->found.text || (!strcmp(order->found.text, escape(domain->name).text) &&
				    !strcmp(order->uuid, domain->uuid)))
		return true;
	fail(order, -EBUSY, "domain %u is not guest %s any more", domain->domid,
	     order->found.text);
	return false;
}

void orders_execute(struct manager *manager, struct order *order)
{
	struct domain *domain;

	if (!manager->store) {
		fail(order, -EHOSTDOWN, "xenstored does not answer");
		return;
	}
	if (order->kind == ORDER_SECTIONS) {
		order->result = sections_list(manager, &order->sections, &order->n_sections);
		return;
	}
	domain = find_guest(manager, order);
	if (order->kind == ORDER_EXPLAIN && is_absent(order)) {
		order->result = 0;
		*order->reason.text = '\0';
	}
	if (order->result < 0)
		return;
	if (order->kind == ORDER_EXPLAIN)
		explain(manager->policy, domain, order);
	else if (order->kind == ORDER_FIND_GUEST)
		report_guest(domain, order);
	else if (domain->unreconciled)
		fail(order, -EBUSY, domain_is_shunned(domain) ?
		     "guest %s is left alone for a while, since it reads none of its XenStore "
		     "events" : "what guest %s has cannot be read from XenStore: see this daemon's "
		     "log, and try again", escape(domain->name).text);
	else if (order->identify)
		identify(domain, order);
	else if (!is_as_identified(domain, order))
		return;
	else if (order->kind == ORDER_ATTACH)
		attach(manager, domain, order);
	else if (order->kind == ORDER_SET)
		set(domain, order);
	else
		detach(domain, order);
}
