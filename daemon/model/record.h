/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is recorded of a device: the only thing the daemon believes after a
 * restart. Pure; written as notes/note.h says.
 */
#ifndef ATTACHD_RECORD_H
#define ATTACHD_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/request.h"

#define UUID_SIZE 37

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

const char *origin_name(enum origin origin);
/* 0 or -EINVAL */
int origin_parse(const char *text, size_t len, enum origin *ret);

/* The 36 characters of an UUID, in lower case; 0 or -EINVAL. */
int uuid_parse(const char *text, size_t len, char ret[static UUID_SIZE]);
/* Of /local/domain/G/vm: "/vm/" and the UUID, with "-N" after it for some. Likewise. */
int uuid_parse_vm(const char *text, char ret[static UUID_SIZE]);

#endif
