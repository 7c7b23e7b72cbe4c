// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "base/escape.h"
#include "bus/order.h"
#include "bus/quota.h"

void bus_order_free(struct order *order)
{
	if (!order)
		return;
	sd_bus_message_unref(order->userdata);
	quota_release(order->slot);
	free(order->explanation);
	sections_free(order->sections, order->n_sections);
	free(order);
}

static struct order *order_new(sd_bus_message *call, enum order_kind kind)
{
	struct order *order = calloc(1, sizeof(*order));

	if (!order)
		return NULL;
	order->kind = kind;
	order->mode = MODE_ANY;
	strcpy(order->class, MYDEVICE_CLASS);
	order->any_class = kind == ORDER_DETACH;
	order->userdata = sd_bus_message_ref(call);
	order->free = bus_order_free;
	return order;
}

static int take_text(char *to, size_t size, const char *text, const char *what,
		     sd_bus_error *ret_error)
{
	if (strlen(text) >= size)
		return sd_bus_error_setf(ret_error, SD_BUS_ERROR_INVALID_ARGS,
					 "the %s \"%.40s...\" is too long", what,
					 escape(text).text);
	strcpy(to, text);
	return 0;
}

static int read_string(sd_bus_message *call, const char **ret)
{
	return sd_bus_message_read(call, "v", "s", ret);
}

static int take_setting(sd_bus_message *call, struct order *order, const char *key,
			sd_bus_error *ret_error)
{
	struct reason reason;
	const char *text;
	int r = read_string(call, &text);

	if (r < 0)
		return r;
	if (live_set(&order->live, key, text, &reason) < 0)
		return sd_bus_error_set(ret_error, SD_BUS_ERROR_INVALID_ARGS, reason.text);
	order->named |= 1u << live_find(key);
	return 0;
}

static int take_option(sd_bus_message *call, struct order *order, const char *key,
		       sd_bus_error *ret_error)
{
	const char *text;
	int r, flag;

	/* what can be set are settings only */
	if (order->kind == ORDER_SET)
		return take_setting(call, order, key, ret_error);
	if (!strcmp(key, "Force") && order->kind == ORDER_DETACH) {
		r = sd_bus_message_read(call, "v", "b", &flag);
		if (r >= 0)
			order->force = flag;
		return r;
	}
	if (!strcmp(key, "Class")) {
		order->any_class = false;
		r = read_string(call, &text);
		return r < 0 ? r : take_text(order->class, sizeof(order->class), text, "class",
					     ret_error);
	}
	if (!strcmp(key, "RingSize") && order->kind == ORDER_ATTACH) {
		r = sd_bus_message_read(call, "v", "t", &order->ring_size);
		if (r >= 0 && order->ring_size < MYDEVICE_PAGE_SIZE)
			return sd_bus_error_setf(ret_error, SD_BUS_ERROR_INVALID_ARGS,
						 "the ring size must be at least %u bytes",
						 MYDEVICE_PAGE_SIZE);
		return r;
	}
	if (!strcmp(key, "Mode") && order->kind == ORDER_ATTACH) {
		r = read_string(call, &text);
		if (r < 0)
			return r;
		if (channel_mode_parse(text, strlen(text), &order->mode) < 0)
			return sd_bus_error_setf(ret_error, SD_BUS_ERROR_INVALID_ARGS,
						 "mode \"%s\" is not stream or packet",
						 escape(text).text);
		return 0;
	}
	return sd_bus_error_setf(ret_error, SD_BUS_ERROR_INVALID_ARGS,
				 "option \"%s\" is not known", escape(key).text);
}

static int read_options(sd_bus_message *call, struct order *order, sd_bus_error *ret_error)
{
	const char *key;
	int r;

	r = sd_bus_message_enter_container(call, 'a', "{sv}");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_enter_container(call, 'e', "sv")) > 0) {
		r = sd_bus_message_read(call, "s", &key);
		if (r < 0)
			return r;
		r = take_option(call, order, key, ret_error);
		if (r < 0)
			return r;
		r = sd_bus_message_exit_container(call);
		if (r < 0)
			return r;
	}
	return r;
}

static int read_guest(sd_bus_message *call, struct order *order, sd_bus_error *ret_error)
{
	const char *guest;
	int r = sd_bus_message_read(call, "s", &guest);

	return r < 0 ? r : take_text(order->guest, sizeof(order->guest), guest, "guest's name",
				     ret_error);
}

int bus_read_order(sd_bus_message *call, enum order_kind kind, sd_bus_error *ret_error,
		   struct order **ret)
{
	_cleanup_(bus_order_freep) struct order *order = order_new(call, kind);
	const char *name;
	int r;

	if (!order)
		return -ENOMEM;
	r = kind == ORDER_SECTIONS ? 0 : read_guest(call, order, ret_error);
	if (r < 0)
		return r;
	if (kind == ORDER_FIND_GUEST || kind == ORDER_SECTIONS) {
		*ret = steal(&order);
		return 0;
	}
	r = sd_bus_message_read(call, "s", &name);
	if (r < 0)
		return r;
	r = take_text(order->name, sizeof(order->name), name, "device's name", ret_error);
	if (r < 0)
		return r;
	r = read_options(call, order, ret_error);
	if (r < 0)
		return r;
	if (kind == ORDER_SET && !order->named)
		return sd_bus_error_set(ret_error, SD_BUS_ERROR_INVALID_ARGS,
					"nothing is to be set");
	*ret = steal(&order);
	return 0;
}
