/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest asks for, checked before anything is done with it. Pure. */
#ifndef ATTACHD_REQUEST_H
#define ATTACHD_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include <xen/io/mydevice.h>

#include "base/reason.h"

/* A node as read: data is NULL if there is none. */
struct node_text {
	const char *data;
	size_t len;
};

/* The nodes of /local/domain/G/data/mydevice/D. */
struct request_nodes {
	struct node_text request;
	struct node_text name;
	struct node_text mode;
	struct node_text ring_size;
};

enum channel_mode {
	MODE_STREAM,
	MODE_PACKET,
	MODE_MAX,
	MODE_ANY = MODE_MAX,	/* no wish */
};

struct request {
	char name[MYDEVICE_NAME_MAX + 1];
	enum channel_mode mode;	/* MODE_ANY if the guest has no wish */
	uint64_t ring_size;	/* bytes; 0 if the guest has no wish */
};

const char *channel_mode_name(enum channel_mode mode);
/*
 * In the backend's directory, whose driver enforces a direction ("" or NULL: both). One that
 * cannot does not know the mode of such a channel, and refuses the device.
 */
const char *channel_mode_of_backend(enum channel_mode mode, const char *direction);
int channel_mode_parse(const char *text, size_t len, enum channel_mode *ret);

/*
 * 0, or -EBADMSG with the reason; -ENODATA if there is no (complete) request.
 * A ring size is a wish: any number of bytes will do, policy makes it fit.
 */
int request_parse(const struct request_nodes *nodes, struct request *ret,
		  struct reason *ret_reason);

#endif
