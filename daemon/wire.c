// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "wire.h"

#define STORE_SOCKET "/run/xenstored/socket"
#define STORE_DEVICE "/dev/xen/xenbus"

#define MESSAGE_MAX (sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX)
/* Few enough that xenstored's answers never wait for us to read them. */
#define PENDING_MAX 64

struct wire_event {
	struct wire_event *next;
	char *data;
};

struct pending {
	uint32_t id;
	enum xsd_sockmsg_type type;
	struct wire_answer *answer;
};

struct wire {
	int fd;
	bool device;			/* takes one message for each write() */
	bool dead;
	uint32_t last_id;
	int failure;
	struct pending pending[PENDING_MAX];
	size_t n_pending;
	struct wire_event *events, **events_end;	/* oldest first */
	char out[2 * MESSAGE_MAX], in[2 * MESSAGE_MAX];
	size_t out_len, in_len;
};

static int open_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, r;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

int wire_open(struct wire **ret)
{
	const char *path = getenv("XENSTORED_PATH");
	struct wire *wire = calloc(1, sizeof(*wire));
	int r;

	if (!wire)
		return -ENOMEM;
	wire->events_end = &wire->events;
	wire->fd = r = open_socket(path ?: STORE_SOCKET);
	/* with a xenstored in a domain of its own there is no socket */
	if (wire->fd < 0 && !path) {
		wire->device = true;
		wire->fd = open(STORE_DEVICE, O_RDWR | O_CLOEXEC);
	}
	if (wire->fd < 0) {
		free(wire);
		return r;
	}
	*ret = wire;
	return 0;
}

void wire_close(struct wire *wire)
{
	struct wire_event *event;

	if (!wire)
		return;
	while ((event = wire->events)) {
		wire->events = event->next;
		free(event->data);
		free(event);
	}
	close(wire->fd);
	free(wire);
}

int wire_fd(const struct wire *wire)
{
	return wire->fd;
}

bool wire_is_dead(const struct wire *wire)
{
	return wire->dead;
}

static void flush(struct wire *wire)
{
	size_t done = 0;

	while (done < wire->out_len && !wire->dead) {
		ssize_t n = write(wire->fd, wire->out + done, wire->out_len - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			wire->dead = true;
	}
	wire->out_len = 0;
}

static void settle_one(struct wire *wire, const struct pending *pending, int error, char *data,
		       size_t len)
{
	if (pending->answer) {
		*pending->answer = (struct wire_answer){ error, data, len };
		return;
	}
	free(data);
	/* nothing there to remove is as good as removed */
	if (error == -ENOENT && pending->type == XS_RM)
		return;
	if (!wire->failure)
		wire->failure = error;
}

static int error_number(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(xsd_errors); i++)
		if (!strcmp(name, xsd_errors[i].errstring))
			return -xsd_errors[i].errnum;
	/* oxenstored has a name of its own for it */
	return strcmp(name, "EQUOTA") ? -EIO : -EDQUOT;
}

/* data becomes the answer's. */
static void take_answer(struct wire *wire, const struct xsd_sockmsg *header, char *data)
{
	for (size_t i = 0; i < wire->n_pending; i++) {
		struct pending found = wire->pending[i];
		int error;

		if (found.id != header->req_id)
			continue;
		wire->n_pending--;
		memmove(&wire->pending[i], &wire->pending[i + 1],
			(wire->n_pending - i) * sizeof(found));
		error = header->type == XS_ERROR ? error_number(data) : 0;
		if (error)
			free(steal(&data));
		settle_one(wire, &found, error, data, error ? 0 : header->len);
		return;
	}
	free(data);
}

/* data becomes the event's. False for want of memory. */
static bool keep_event(struct wire *wire, char *data)
{
	struct wire_event *event = calloc(1, sizeof(*event));

	if (!event) {
		free(data);
		return false;
	}
	event->data = data;
	*wire->events_end = event;
	wire->events_end = &event->next;
	return true;
}

static bool take_message(struct wire *wire, const struct xsd_sockmsg *header, const char *payload)
{
	/* two NULs: an event has two strings in it whatever was sent */
	char *data = calloc(1, header->len + 2);

	if (!data)
		return false;
	memcpy(data, payload, header->len);
	if (header->type == XS_WATCH_EVENT)
		return keep_event(wire, data);
	take_answer(wire, header, data);
	return true;
}

/* Waits for something to come. An answer or an event that is lost ends the connection. */
static void receive(struct wire *wire)
{
	struct xsd_sockmsg header;
	size_t done = 0;
	ssize_t n;

	n = read(wire->fd, wire->in + wire->in_len, sizeof(wire->in) - wire->in_len);
	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0) {
		wire->dead = true;
		return;
	}
	wire->in_len += (size_t)n;
	while (wire->in_len - done >= sizeof(header)) {
		memcpy(&header, wire->in + done, sizeof(header));
		if (header.len > XENSTORE_PAYLOAD_MAX) {
			wire->dead = true;
			return;
		}
		if (wire->in_len - done < sizeof(header) + header.len)
			break;
		if (!take_message(wire, &header, wire->in + done + sizeof(header))) {
			wire->dead = true;
			return;
		}
		done += sizeof(header) + header.len;
	}
	wire->in_len -= done;
	memmove(wire->in, wire->in + done, wire->in_len);
}

void wire_settle(struct wire *wire)
{
	flush(wire);
	while (wire->n_pending && !wire->dead)
		receive(wire);
	for (size_t i = 0; i < wire->n_pending; i++)
		settle_one(wire, &wire->pending[i], -ENOTCONN, NULL, 0);
	wire->n_pending = 0;
}

void wire_post(struct wire *wire, enum xsd_sockmsg_type type, uint32_t txn, const void *payload,
	       size_t len, struct wire_answer *answer)
{
	struct pending pending = { .id = ++wire->last_id, .type = type, .answer = answer };
	struct xsd_sockmsg header = {
		.type = type,
		.req_id = pending.id,
		.tx_id = txn,
		.len = (uint32_t)len,
	};

	/* xenstored would hang up */
	if (len > XENSTORE_PAYLOAD_MAX) {
		settle_one(wire, &pending, -E2BIG, NULL, 0);
		return;
	}
	if (wire->n_pending == PENDING_MAX)
		wire_settle(wire);
	if (wire->out_len + sizeof(header) + len > sizeof(wire->out))
		flush(wire);
	memcpy(wire->out + wire->out_len, &header, sizeof(header));
	memcpy(wire->out + wire->out_len + sizeof(header), payload, len);
	wire->out_len += sizeof(header) + len;
	wire->pending[wire->n_pending++] = pending;
	if (wire->device)
		flush(wire);
}

int wire_take_failure(struct wire *wire)
{
	int failure = wire->failure;

	wire->failure = 0;
	return failure;
}

bool wire_has_event(const struct wire *wire)
{
	return wire->events != NULL;
}

char *wire_take_event(struct wire *wire)
{
	struct pollfd poll_fd = { .fd = wire->fd, .events = POLLIN };
	struct wire_event *event;
	char *data;

	while (!wire->events && !wire->dead && poll(&poll_fd, 1, 0) > 0)
		receive(wire);
	event = wire->events;
	if (!event)
		return NULL;
	wire->events = event->next;
	if (!wire->events)
		wire->events_end = &wire->events;
	data = event->data;
	free(event);
	return data;
}
