// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Messages on the bus whose contents are of the wrong types, missing, twice or
 * too much: what mydevicectl reads of the daemon's, and the daemon of a
 * caller's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "bus/order.h"
#include "ctl/client.h"
#include "ctl/message.h"
#include "input.h"

static sd_bus *bus;

/* No message without one; nobody is at its other end. */
static void make_bus(void)
{
	int fds[2];

	fuzz_assert(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds));
	fuzz_assert(sd_bus_new(&bus) >= 0);
	fuzz_assert(sd_bus_set_fd(bus, fds[0], fds[0]) >= 0);
	fuzz_assert(sd_bus_start(bus) >= 0);
}

static char *next_key(struct input *input)
{
	static const char *const order_keys[] = { "Force", "Class", "RingSize", "Mode" };
	uint8_t which = input_byte(input);
	const struct message_target *target = which & 1 ? message_device : message_status;
	size_t n = 0;

	if (which % 8 == 7)
		return input_string(input);
	if (which & 2)
		return strdup(order_keys[which / 8 % 4]);
	if (which & 4)
		return strdup(live_name(which / 8 % LIVE_MAX));
	while (target[n].key)
		n++;
	return strdup(target[which / 8 % n].key);
}

/* sd-bus refuses text that is no UTF-8, as the bus does. */
static int append_value(struct input *input, sd_bus_message *message)
{
	char *text;
	int r;

	switch (input_byte(input) % 8) {
	case 0:
		return sd_bus_message_append(message, "v", "u", input_byte(input) * 0x1010101u);
	case 1:
		return sd_bus_message_append(message, "v", "t",
					     (uint64_t)input_byte(input) << input_byte(input) % 56);
	case 2:
		return sd_bus_message_append(message, "v", "b", input_byte(input) & 1);
	case 3:
		return sd_bus_message_append(message, "v", "as", 2, "a", "b");
	case 4:
		return sd_bus_message_append(message, "v", "v", "s", "x");
	default:
		text = input_string(input);
		r = sd_bus_message_append(message, "v", "s", text);
		free(text);
		return r;
	}
}

static int append_dict(struct input *input, sd_bus_message *message)
{
	unsigned int n = input_byte(input) % 32;
	int r = sd_bus_message_open_container(message, 'a', "{sv}");

	while (r >= 0 && n--) {
		char *key = next_key(input);

		r = sd_bus_message_open_container(message, 'e', "sv");
		if (r >= 0)
			r = sd_bus_message_append(message, "s", key);
		if (r >= 0)
			r = append_value(input, message);
		if (r >= 0)
			r = sd_bus_message_close_container(message);
		free(key);
	}
	return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_strings(struct input *input, sd_bus_message *message, unsigned int n)
{
	int r = 0;

	while (r >= 0 && n--) {
		char *text = input_string(input);

		r = sd_bus_message_append(message, "s", text);
		free(text);
	}
	return r;
}

static void check_answer(sd_bus_message *message, const struct message_target *targets,
			 void *into)
{
	int r = message_read(message, targets, into);

	for (const struct message_target *target = targets; r > 0 && target->key; target++)
		if (target->type == 's')
			fuzz_assert(*(char **)((char *)into + target->offset));
	message_free(targets, into);
}

static void check_order(sd_bus_message *message, enum order_kind kind)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	struct order *order;
	int r = bus_read_order(message, kind, &error, &order);

	if (error.message)
		fuzz_assert(r < 0 && is_plain(error.message));
	sd_bus_error_free(&error);
	if (r < 0)
		return;
	fuzz_assert(order->kind == kind && order->mode <= MODE_ANY);
	fuzz_assert(memchr(order->guest, 0, sizeof(order->guest)));
	fuzz_assert(memchr(order->name, 0, sizeof(order->name)));
	fuzz_assert(memchr(order->class, 0, sizeof(order->class)));
	fuzz_assert((kind == ORDER_SET) == !!order->named);
	for (enum live_key key = 0; key < LIVE_MAX; key++)
		fuzz_assert(memchr(order->live.value[key], 0, LIVE_VALUE_SIZE) &&
			    is_plain(order->live.value[key]));
	fuzz_assert(!order->ring_size || order->ring_size >= MYDEVICE_PAGE_SIZE);
	bus_order_free(order);
}

static void check(sd_bus_message *message, uint8_t how)
{
	struct client_device device = {};
	struct client_status status = {};

	switch (how % 6) {
	case 0:
		check_answer(message, message_device, &device);
		break;
	case 1:
		check_answer(message, message_status, &status);
		break;
	case 2:
		check_order(message, ORDER_ATTACH);
		break;
	case 3:
		check_order(message, ORDER_DETACH);
		break;
	case 4:
		check_order(message, ORDER_EXPLAIN);
		break;
	default:
		check_order(message, ORDER_SET);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	uint8_t how = input_byte(&input);
	sd_bus_message *message;
	int r;

	if (!bus)
		make_bus();
	fuzz_assert(sd_bus_message_new_method_call(bus, &message, "org.mydevice.Attach1", "/",
						   "org.mydevice.Attach1", "Attach") >= 0);
	/* orders begin with two texts; a wrong number of them is wrong, too */
	r = append_strings(&input, message,
			   how % 8 == 7 ? input_byte(&input) % 4 : how % 6 >= 2 ? 2 : 0);
	if (r >= 0)
		r = append_dict(&input, message);
	if (r >= 0)
		r = sd_bus_message_seal(message, 1, 0);
	if (r >= 0)
		r = sd_bus_message_rewind(message, true);
	if (r >= 0)
		check(message, how);
	sd_bus_message_unref(message);
	return 0;
}
