/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XenStore's messages over one connection: to xenstored's socket, or to the
 * kernel where there is none. What is posted goes out together and is answered
 * together, since most of what a message costs is waiting for its answer.
 */
#ifndef ATTACHD_WIRE_H
#define ATTACHD_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/io/xs_wire.h>

#include "util.h"

struct wire;

struct wire_answer {
	int error;			/* 0 or -errno; -ENOTCONN: xenstored has gone */
	char *data;			/* to be freed; a NUL follows it */
	size_t len;
};

int wire_open(struct wire **ret);
void wire_close(struct wire *wire);

/* Readable when xenstored has sent something, or has gone. */
int wire_fd(const struct wire *wire);
bool wire_is_dead(const struct wire *wire);

/*
 * answer is filled in by wire_settle(). Without one only a failure is kept, for
 * wire_take_failure().
 */
void wire_post(struct wire *wire, enum xsd_sockmsg_type type, uint32_t txn, const void *payload,
	       size_t len, struct wire_answer *answer);
/* Waits for all answers. */
void wire_settle(struct wire *wire);
/* The first failure of those posted without an answer since the last call, or 0. */
int wire_take_failure(struct wire *wire);

/* Has an event come along with answers? */
bool wire_has_event(const struct wire *wire);
/* Its path and, after the NUL, its token, to be freed. NULL if none has come. */
char *wire_take_event(struct wire *wire);

#endif
