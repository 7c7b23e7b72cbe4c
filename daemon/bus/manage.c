// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "bus/details.h"
#include "bus/device.h"
#include "bus/error.h"
#include "bus/manage.h"
#include "bus/names.h"
#include "bus/order.h"

/* Somebody may have to look for the password first. */
#define POLKIT_TIMEOUT_USEC (300 * USEC_PER_SEC)
#define POLKIT_INTERACTIVE 1
/* Of orders that polkit may have to be asked about, and of those that everybody may give. */
#define ORDERS_OF_USER 8
#define ORDERS_MAX 256
#define LOOKS_OF_USER 64
#define LOOKS_MAX 512

#define POLKIT_NAME "org.freedesktop.PolicyKit1"
#define POLKIT_PATH "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE "org.freedesktop.PolicyKit1.Authority"

struct question {
	struct bus_orders *orders;
	struct question *next;		/* of theirs */
	sd_bus_message *call;		/* which the order answers */
	struct order *order;		/* NULL while the engine has it */
	char id[24];			/* by which polkit can be told to drop it */
	sd_bus_slot *slot;
	sd_bus_track *caller;
};

static void question_free(struct question *question)
{
	struct question **link = &question->orders->questions;

	while (*link != question)
		link = &(*link)->next;
	*link = question->next;
	sd_bus_slot_unref(question->slot);
	sd_bus_track_unref(question->caller);
	sd_bus_message_unref(question->call);
	bus_order_free(question->order);
	free(question);
}

void bus_orders_init(struct bus_orders *orders, struct engine *engine)
{
	*orders = (struct bus_orders){
		.engine = engine,
		.quota = { .of_user = ORDERS_OF_USER, .of_all = ORDERS_MAX },
		.looks = { .of_user = LOOKS_OF_USER, .of_all = LOOKS_MAX },
	};
}

void bus_drop_questions(struct bus_orders *orders)
{
	while (orders->questions)
		question_free(orders->questions);
}

void bus_orders_done(struct bus_orders *orders)
{
	bus_drop_questions(orders);
	quota_done(&orders->quota);
	quota_done(&orders->looks);
}

/* 1 if yes, 0 if no, or -errno. */
static int read_verdict(sd_bus_message *reply)
{
	int authorized, r;

	r = sd_bus_message_enter_container(reply, 'r', "bba{ss}");
	if (r < 0)
		return r;
	r = sd_bus_message_read(reply, "b", &authorized);
	return r < 0 ? r : authorized;
}

/* What it is about was found out before it was allowed: domids do not change their meaning. */
static void carry_out(struct bus_orders *orders, struct order *order)
{
	snprintf(order->guest, sizeof(order->guest), "%u", order->key.guest);
	order->identify = false;
	engine_send_order(orders->engine, order);
}

static int on_verdict(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	struct question *question = userdata;
	sd_bus_message *call = question->order->userdata;

	if (sd_bus_message_is_method_error(reply, NULL))
		sd_bus_reply_method_errorf(call, SD_BUS_ERROR_ACCESS_DENIED,
					   "only root may do this: polkit does not answer");
	else if (read_verdict(reply) <= 0)
		sd_bus_reply_method_errorf(call, SD_BUS_ERROR_ACCESS_DENIED,
					   "polkit does not allow this (%s)", BUS_ACTION_MANAGE);
	else
		carry_out(question->orders, steal(&question->order));
	question_free(question);
	return 0;
}

/* Nobody is left to be answered, or to type a password. */
static int on_caller_gone(sd_bus_track *track, void *userdata)
{
	struct question *question = userdata;

	if (question->slot)
		sd_bus_call_method_async(sd_bus_track_get_bus(track), NULL, POLKIT_NAME,
					 POLKIT_PATH, POLKIT_INTERFACE, "CancelCheckAuthorization",
					 NULL, NULL, "s", question->id);
	question_free(question);
	return 0;
}

static int track_caller(struct question *question)
{
	int r = sd_bus_track_new(sd_bus_message_get_bus(question->call), &question->caller,
				 on_caller_gone, question);

	return r < 0 ? r : sd_bus_track_add_sender(question->caller, question->call);
}

static int append_question(sd_bus_message *message, const struct question *question)
{
	sd_bus_message *call = question->order->userdata;
	int r = sd_bus_message_append(message, "(sa{sv})s", "system-bus-name", 1, "name", "s",
				      sd_bus_message_get_sender(call), BUS_ACTION_MANAGE);

	if (r >= 0)
		r = bus_append_details(message, question->order);
	if (r >= 0)
		r = sd_bus_message_append(
			message, "us",
			sd_bus_message_get_allow_interactive_authorization(call) > 0 ?
				POLKIT_INTERACTIVE : 0,
			question->id);
	return r;
}

/* Of the order, which has been identified. */
static int ask_polkit(struct question *question)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
	sd_bus *bus = sd_bus_message_get_bus(question->call);
	int r;

	r = sd_bus_message_new_method_call(bus, &message, POLKIT_NAME, POLKIT_PATH,
					   POLKIT_INTERFACE, "CheckAuthorization");
	if (r >= 0)
		r = append_question(message, question);
	if (r >= 0)
		r = sd_bus_call_async(bus, &question->slot, message, on_verdict, question,
				      POLKIT_TIMEOUT_USEC);
	return r;
}

static int question_new(sd_bus_message *call, struct bus_orders *orders)
{
	struct question *question = malloc(sizeof(*question));
	int r;

	if (!question)
		return -ENOMEM;
	*question = (struct question){
		.orders = orders,
		.next = orders->questions,
		.call = sd_bus_message_ref(call),
	};
	orders->questions = question;
	snprintf(question->id, sizeof(question->id), "%llu",
		 (unsigned long long)++orders->last_question);
	r = track_caller(question);
	if (r < 0)
		question_free(question);
	return r;
}

/* NULL: its caller has gone. */
static struct question *find_question(const struct bus_orders *orders, const struct order *order)
{
	struct question *question = orders->questions;

	while (question && question->call != order->userdata)
		question = question->next;
	return question;
}

/* Whose order it is. Before anything is done for it, it has to fit into the quota. */
static int admit(sd_bus_message *call, struct quota *quota, struct order *order,
		 sd_bus_error *ret_error)
{
	_cleanup_(sd_bus_creds_unrefp) sd_bus_creds *creds = NULL;
	uid_t uid;
	int r;

	r = sd_bus_query_sender_creds(call, SD_BUS_CREDS_EUID, &creds);
	if (r >= 0)
		r = sd_bus_creds_get_euid(creds, &uid);
	if (r < 0)
		return r;
	order->uid = uid;
	r = quota_take(quota, uid, &order->slot);
	if (r == -EUSERS)
		return sd_bus_error_setf(ret_error, SD_BUS_ERROR_LIMITS_EXCEEDED,
					 "earlier requests are not done yet: at most %u of a user "
					 "may wait, and %u in all", quota->of_user, quota->of_all);
	return r;
}

/* Of others than root, polkit is asked once it is known what the order is about. */
static int manage(sd_bus_message *call, enum order_kind kind, struct bus_orders *orders,
		  sd_bus_error *ret_error)
{
	_cleanup_(bus_order_freep) struct order *order = NULL;
	int r = bus_read_order(call, kind, ret_error, &order);

	if (r >= 0)
		r = admit(call, &orders->quota, order, ret_error);
	if (r < 0)
		return r;
	order->identify = order->uid;
	if (order->identify)
		r = question_new(call, orders);
	if (r < 0)
		return r;
	engine_send_order(orders->engine, steal(&order));
	return 1;
}

int bus_method_attach(sd_bus_message *call, struct bus_orders *orders, sd_bus_error *ret_error)
{
	return manage(call, ORDER_ATTACH, orders, ret_error);
}

int bus_method_detach(sd_bus_message *call, struct bus_orders *orders, sd_bus_error *ret_error)
{
	return manage(call, ORDER_DETACH, orders, ret_error);
}

int bus_method_set(sd_bus_message *call, struct bus_orders *orders, sd_bus_error *ret_error)
{
	return manage(call, ORDER_SET, orders, ret_error);
}

/* Everybody may look. */
static int look(sd_bus_message *call, enum order_kind kind, struct bus_orders *orders,
		sd_bus_error *ret_error)
{
	_cleanup_(bus_order_freep) struct order *order = NULL;
	int r = bus_read_order(call, kind, ret_error, &order);

	if (r >= 0)
		r = admit(call, &orders->looks, order, ret_error);
	if (r < 0)
		return r;
	engine_send_order(orders->engine, steal(&order));
	return 1;
}

int bus_method_policy(sd_bus_message *call, struct bus_orders *orders, sd_bus_error *ret_error)
{
	return look(call, ORDER_EXPLAIN, orders, ret_error);
}

int bus_method_find_guest(sd_bus_message *call, struct bus_orders *orders, sd_bus_error *ret_error)
{
	return look(call, ORDER_FIND_GUEST, orders, ret_error);
}

int bus_method_sections(sd_bus_message *call, struct bus_orders *orders, sd_bus_error *ret_error)
{
	return look(call, ORDER_SECTIONS, orders, ret_error);
}

static int answer_sections(const struct order *order)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	int r = sd_bus_message_new_method_return(order->userdata, &reply);

	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(ssuuu)");
	for (size_t i = 0; r >= 0 && i < order->n_sections; i++) {
		const struct section_use *use = &order->sections[i];

		r = sd_bus_message_append(reply, "(ssuuu)", use->title.text, use->file, use->line,
					  use->guests, use->devices);
	}
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int answer(const struct order *order)
{
	_cleanup_free_ char *path = NULL;

	if (order->result < 0) {
		const char *why = *order->reason.text ? order->reason.text :
							strerror(-order->result);

		return sd_bus_reply_method_errorf(order->userdata, bus_error_name(order->result),
						  "%s", why);
	}
	if (order->kind == ORDER_EXPLAIN)
		return sd_bus_reply_method_return(order->userdata, "s", order->explanation);
	if (order->kind == ORDER_SECTIONS)
		return answer_sections(order);
	if (order->kind == ORDER_FIND_GUEST)
		return sd_bus_reply_method_return(order->userdata, "uss", order->key.guest,
						  order->uuid, order->found.text);
	path = bus_device_path(&order->key);
	return path ? sd_bus_reply_method_return(order->userdata, "o", path) : -ENOMEM;
}

/* Takes the order. */
static void decide(struct question *question, struct order *order)
{
	int r;

	question->order = order;
	r = ask_polkit(question);
	if (r >= 0)
		return;
	sd_bus_reply_method_errno(question->call, r, NULL);
	question_free(question);
}

void bus_answer_orders(struct bus_orders *orders)
{
	struct question *question;
	struct order *order;
	int r;

	while ((order = engine_take_done(orders->engine))) {
		question = order->identify ? find_question(orders, order) : NULL;
		if (question && order->result == 0) {
			decide(question, order);
			continue;
		}
		/* of an order that was identified for nobody, there is nothing to answer */
		r = order->identify && !question ? 0 : answer(order);
		/* the caller may have gone, and the bus with him */
		if (r < 0 && r != -ENOTCONN && r != -ECONNRESET)
			log_warning("cannot answer an order: %s", strerror(-r));
		if (question)
			question_free(question);
		bus_order_free(order);
	}
}
