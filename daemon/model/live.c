// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <xen/io/mydevice.h>

#include "base/escape.h"
#include "base/number.h"
#include "base/util.h"
#include "model/live.h"

#define SPIN_USEC_MAX 10000
/* MYDEVICE_SPIN_NEVER */
#define SPIN_NEVER "4294967295"

static int parse_bytes(const char *text, uint64_t max, char *ret)
{
	uint64_t n;
	int r = number_bytes(text, max, &n);

	if (r < 0)
		return -EINVAL;
	if (n)
		snprintf(ret, LIVE_VALUE_SIZE, "%" PRIu64, n);
	return 0;
}

static int parse_rate(const char *text, char *ret)
{
	return parse_bytes(text, MYDEVICE_RATE_MAX, ret);
}

/* More than half a ring counts as that. */
static int parse_wake(const char *text, char *ret)
{
	return parse_bytes(text, 1u << MYDEVICE_RING_ORDER_MAX, ret);
}

static int parse_paused(const char *text, char *ret)
{
	bool paused;
	int r = number_boolean(text, &paused);

	if (r < 0)
		return -EINVAL;
	if (paused)
		strcpy(ret, "1");
	return 0;
}

static int parse_spin(const char *text, char *ret)
{
	uint64_t n;

	if (!strcmp(text, "never") || !strcmp(text, SPIN_NEVER)) {
		strcpy(ret, SPIN_NEVER);
		return 0;
	}
	if (number_decimal(text, strlen(text), SPIN_USEC_MAX, &n) < 0)
		return -EINVAL;
	if (n)
		snprintf(ret, LIVE_VALUE_SIZE, "%" PRIu64, n);
	return 0;
}

/* As adduser takes them, or a number. It stands in udev's rule and in XenStore. */
static int parse_account(const char *text, char *ret)
{
	size_t len = strlen(text);

	if (!len || len >= LIVE_VALUE_SIZE || text[0] == '-' ||
	    strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-") != len)
		return -EINVAL;
	strcpy(ret, text);
	return 0;
}

/* Of a device node, which is not run. */
static int parse_mode(const char *text, char *ret)
{
	if (strlen(text) != 4 || text[0] != '0' || strspn(text, "0246") != 4)
		return -EINVAL;
	strcpy(ret, text);
	return 0;
}

static int parse_direction(const char *text, char *ret)
{
	if (!strcmp(text, "both"))
		return 0;
	if (strcmp(text, "to-host") != 0 && strcmp(text, "to-guest") != 0)
		return -EINVAL;
	strcpy(ret, text);
	return 0;
}

static const struct {
	const char *name;
	const char *setting;
	int (*parse)(const char *text, char *ret);
	const char *expected;
	const char *unset;		/* what holds without the node, as a value; or "" */
} keys[LIVE_MAX] = {
	[LIVE_RATE_BYTES] = { "rate-bytes", "RateBytes", parse_rate,
			      "bytes a second, as in: 512K or 10M; 0: no limit", "0" },
	[LIVE_RATE_MESSAGES] = { "rate-messages", "RateMessages", parse_rate,
				 "messages a second, as in: 200; 0: no limit", "0" },
	[LIVE_PAUSED] = { "paused", "Paused", parse_paused, "yes or no", "0" },
	[LIVE_READ_WAKE] = { "read-wake", "ReadWake", parse_wake,
			     "bytes, up to 1M; 0: the default", "0" },
	[LIVE_WRITE_WAKE] = { "write-wake", "WriteWake", parse_wake,
			      "bytes, up to 1M; 0: the default", "0" },
	[LIVE_SPIN_USEC] = { "spin-usec", "SpinUsec", parse_spin,
			     "microseconds from 0 (the default) to 10000, or never", "0" },
	[LIVE_NODE_USER] = { "node-user", "NodeUser", parse_account,
			     "the name or number of a user", "" },
	[LIVE_NODE_GROUP] = { "node-group", "NodeGroup", parse_account,
			      "the name or number of a group", "" },
	[LIVE_NODE_MODE] = { "node-mode", "NodeMode", parse_mode,
			     "an octal mode without x, as in: 0640", "" },
	[LIVE_DIRECTION] = { "direction", "Direction", parse_direction,
			     "both, to-host or to-guest", "both" },
};

const char *live_name(enum live_key key)
{
	return keys[key].name;
}

const char *live_setting(enum live_key key)
{
	return keys[key].setting;
}

enum live_key live_find(const char *name)
{
	enum live_key key = 0;

	while (key < LIVE_MAX && strcmp(keys[key].name, name) != 0)
		key++;
	return key;
}

const char *live_expected(enum live_key key)
{
	return keys[key].expected;
}

const char *live_effective(const struct live *live, enum live_key key)
{
	return *live->value[key] ? live->value[key] : keys[key].unset;
}

int live_parse(enum live_key key, const char *text, char ret[static LIVE_VALUE_SIZE])
{
	char value[LIVE_VALUE_SIZE] = "";
	int r = keys[key].parse(text, value);

	if (r == 0)
		strcpy(ret, value);
	return r;
}

static int tell_unknown(const char *name, struct reason *ret)
{
	size_t len;

	snprintf(ret->text, sizeof(ret->text), "\"%.40s\" cannot be set; expected one of",
		 escape(name).text);
	for (enum live_key key = 0; key < LIVE_MAX; key++) {
		len = strlen(ret->text);
		snprintf(ret->text + len, sizeof(ret->text) - len, "%s %s", key ? "," : "",
			 keys[key].name);
	}
	return -EINVAL;
}

int live_set(struct live *live, const char *name, const char *text, struct reason *ret_reason)
{
	enum live_key key = live_find(name);

	if (key == LIVE_MAX)
		return tell_unknown(name, ret_reason);
	/* as if nobody had set it */
	if (!*text) {
		*live->value[key] = '\0';
		return 0;
	}
	if (live_parse(key, text, live->value[key]) == 0)
		return 0;
	return reason_invalid(ret_reason, keys[key].name, text, keys[key].expected);
}

void live_begin(struct live *live, const char *const values[LIVE_MAX])
{
	for (enum live_key key = 0; key < LIVE_MAX; key++)
		strcpy(live->value[key], values[key] ?: "");
}

void live_change(struct live *live, const struct live *from, unsigned int named)
{
	for (enum live_key key = 0; key < LIVE_MAX; key++)
		if (named & 1u << key)
			strcpy(live->value[key], from->value[key]);
}

void live_format(const struct live *live, char ret[static LIVE_TEXT_SIZE])
{
	size_t len = 0;

	*ret = '\0';
	for (enum live_key key = 0; key < LIVE_MAX; key++)
		if (*live->value[key])
			len += (size_t)snprintf(ret + len, LIVE_TEXT_SIZE - len, "%s%s=%s",
						len ? " " : "", keys[key].name, live->value[key]);
}
