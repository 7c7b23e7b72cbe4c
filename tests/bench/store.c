// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * XenStore in the guest, as much as is needed to ask and to wait. libxenstore's
 * static form has no thread, and takes an event for the answer that it awaits.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>

#include "store.h"

#define DEVICE	"/dev/xen/xenbus"

static int store = -1;
static bool event_seen;

int store_open(void)
{
	if (store < 0)
		store = open(DEVICE, O_RDWR | O_CLOEXEC);
	return store < 0 ? -1 : 0;
}

static int read_whole(void *buf, size_t len)
{
	char *p = buf;

	while (len) {
		ssize_t n = read(store, p, len);

		if (n <= 0)
			return -1;
		p += n;
		len -= n;
	}
	return 0;
}

static int read_message(struct xsd_sockmsg *msg, char *payload)
{
	if (read_whole(msg, sizeof(*msg)))
		return -1;
	if (msg->len > XENSTORE_PAYLOAD_MAX) {
		errno = EPROTO;
		return -1;
	}
	payload[msg->len] = '\0';
	return read_whole(payload, msg->len);
}

static int error_of(const char *name)
{
	for (size_t i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++)
		if (!strcmp(xsd_errors[i].errstring, name))
			return xsd_errors[i].errnum;
	return EPROTO;
}

/* What is asked is in @payload, and so is the answer. */
static int talk(uint32_t type, char *payload, size_t len)
{
	struct xsd_sockmsg msg = { .type = type, .len = len };
	char request[sizeof(msg) + XENSTORE_PAYLOAD_MAX];

	memcpy(request, &msg, sizeof(msg));
	memcpy(request + sizeof(msg), payload, len);
	if (write(store, request, sizeof(msg) + len) != (ssize_t)(sizeof(msg) + len))
		return -1;
	do {
		if (read_message(&msg, payload))
			return -1;
		event_seen |= msg.type == XS_WATCH_EVENT;
	} while (msg.type == XS_WATCH_EVENT);
	if (msg.type == XS_ERROR) {
		errno = error_of(payload);
		return -1;
	}
	return 0;
}

int store_write(const char *directory, const char *node, const char *value)
{
	char payload[XENSTORE_PAYLOAD_MAX + 1];
	int len = snprintf(payload, sizeof(payload), "%s/%s", directory, node) + 1;

	/* the value has no end but the message's */
	len += snprintf(payload + len, sizeof(payload) - len, "%s", value);
	return talk(XS_WRITE, payload, len);
}

int store_remove(const char *path)
{
	char payload[XENSTORE_PAYLOAD_MAX + 1];

	return talk(XS_RM, payload, snprintf(payload, sizeof(payload), "%s", path) + 1);
}

int store_number(const char *directory, const char *node)
{
	char payload[XENSTORE_PAYLOAD_MAX + 1];
	int len = snprintf(payload, sizeof(payload), "%s/%s", directory, node) + 1;

	if (talk(XS_READ, payload, len))
		return errno == ENOENT ? 0 : -1;
	return atoi(payload);
}

int store_watch(const char *path, bool on)
{
	char payload[XENSTORE_PAYLOAD_MAX + 1];
	int len = snprintf(payload, sizeof(payload), "%s%cbench", path, '\0') + 1;

	return talk(on ? XS_WATCH : XS_UNWATCH, payload, len);
}

int store_wait(int msec)
{
	struct pollfd readable = { .fd = store, .events = POLLIN };
	char payload[XENSTORE_PAYLOAD_MAX + 1];
	struct xsd_sockmsg msg;

	if (event_seen) {
		event_seen = false;
		return 0;
	}
	if (poll(&readable, 1, msec) != 1)
		return 0;
	return read_message(&msg, payload);
}
