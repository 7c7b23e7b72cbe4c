/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The private note about a device, the value of /mydevice/G/CLASS-D: the
 * only thing the daemon believes after a restart. Pure. One node, so that it
 * is there or not; "key=value" words, so that it can grow.
 */
#ifndef ATTACHD_RECORD_H
#define ATTACHD_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/request.h"

#define UUID_SIZE 37
#define RECORD_SIZE 512

/* Who wants the device. */
enum origin {
	ORIGIN_REQUEST,		/* the guest asked for it */
	ORIGIN_POLICY,		/* it is given without being asked for */
	ORIGIN_OPERATOR,	/* attached by hand */
	ORIGIN_MAX,
};

struct record {
	char uuid[UUID_SIZE];		/* of the guest; "" if not known */
	char name[MYDEVICE_NAME_MAX + 1];
	enum origin origin;
	unsigned int backend;		/* domid */
	enum channel_mode mode;
	uint32_t ring_size;		/* bytes */
	bool scripted;			/* a hotplug script comes first and last */
	bool moved;			/* to another domain; the frontend has yet to follow */
	uint64_t requested_usec;	/* wall clock, since 1970 */
	uint64_t written_usec;		/* from the request to the commit */
	uint64_t connected_usec;	/* from the request to Connected; 0: not yet */
};

void record_format(const struct record *record, char ret[static RECORD_SIZE]);
/* 0 or -EBADMSG */
int record_parse(const char *text, size_t len, struct record *ret);

const char *origin_name(enum origin origin);

/* The 36 characters of an UUID, in lower case; 0 or -EINVAL. */
int uuid_parse(const char *text, size_t len, char ret[static UUID_SIZE]);
/* Of /local/domain/G/vm: "/vm/" and the UUID, with "-N" after it for some. Likewise. */
int uuid_parse_vm(const char *text, char ret[static UUID_SIZE]);

#endif
