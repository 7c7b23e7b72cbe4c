/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Settings of a channel that may be changed while it is connected: each is a
 * node of its backend's directory, see <xen/io/mydevice.h>. Pure.
 */
#ifndef ATTACHD_LIVE_H
#define ATTACHD_LIVE_H

#include <stddef.h>

#include "base/reason.h"

enum live_key {
	LIVE_RATE_BYTES,
	LIVE_RATE_MESSAGES,
	LIVE_PAUSED,
	LIVE_READ_WAKE,
	LIVE_WRITE_WAKE,
	LIVE_SPIN_USEC,
	LIVE_NODE_USER,
	LIVE_NODE_GROUP,
	LIVE_NODE_MODE,
	LIVE_DIRECTION,
	LIVE_MAX,
};

#define LIVE_VALUE_SIZE 32
/* All of them, as "key=value" words. */
#define LIVE_TEXT_SIZE 256

/* By key, what stands in the node; "": there is none, and the default holds. */
struct live {
	char value[LIVE_MAX][LIVE_VALUE_SIZE];
};

/* Of the node, and of the key as mydevicectl has it. */
const char *live_name(enum live_key key);

/* LIVE_MAX if there is none of that name. */
enum live_key live_find(const char *name);

/* Of the key in a policy file. */
const char *live_setting(enum live_key key);

/* For a person, as in "expected ...". */
const char *live_expected(enum live_key key);

/* The value of the node; without one, the value that has the same effect, "" if none has. */
const char *live_effective(const struct live *live, enum live_key key);

/* What a person wrote, as it stands in the node; 0 or -EINVAL */
int live_parse(enum live_key key, const char *text, char ret[static LIVE_VALUE_SIZE]);

/* Sets what is named. 0, or -EINVAL and the reason. */
int live_set(struct live *live, const char *name, const char *text, struct reason *ret_reason);

/* What is parsed, by key; NULL: the default. */
void live_begin(struct live *live, const char *const values[LIVE_MAX]);
/* Those that are named, 1 << enum live_key. */
void live_change(struct live *live, const struct live *from, unsigned int named);

void live_format(const struct live *live, char ret[static LIVE_TEXT_SIZE]);

#endif
