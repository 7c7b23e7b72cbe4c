// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/name.h"
#include "base/number.h"
#include "base/util.h"
#include "model/request.h"

static const char *const mode_names[MODE_MAX] = {
	[MODE_STREAM] = "stream",
	[MODE_PACKET] = "packet",
};

const char *channel_mode_name(enum channel_mode mode)
{
	return mode_names[mode];
}

const char *channel_mode_of_backend(enum channel_mode mode, const char *direction)
{
	static const char *const names[MODE_MAX] = {
		[MODE_STREAM] = "one-way stream",
		[MODE_PACKET] = "one-way packet",
	};

	return direction && *direction ? names[mode] : channel_mode_name(mode);
}

int channel_mode_parse(const char *text, size_t len, enum channel_mode *ret)
{
	for (int mode = 0; mode < MODE_MAX; mode++)
		if (len == strlen(mode_names[mode]) && !memcmp(text, mode_names[mode], len)) {
			*ret = mode;
			return 0;
		}
	return -EINVAL;
}

static int reject(struct reason *ret_reason, const char *node, const struct node_text *found,
		  const char *expected)
{
	/* a long value would push what was expected out of the answer */
	size_t len = found->len < 40 ? found->len : 40;

	snprintf(ret_reason->text, sizeof(ret_reason->text), "%s \"%s%s\" is not %s", node,
		 escape_bytes(found->data, len).text, len < found->len ? "..." : "", expected);
	return -EBADMSG;
}

static int parse_version(const struct node_text *text, struct reason *ret_reason)
{
	uint64_t version;

	if (number_decimal(text->data, text->len, UINT32_MAX, &version) < 0 ||
	    version != MYDEVICE_REQUEST_VERSION)
		return reject(ret_reason, "request", text, "1, the version known here");
	return 0;
}

static int parse_name(const struct node_text *text, char *name, struct reason *ret_reason)
{
	if (!text->data) {
		snprintf(ret_reason->text, sizeof(ret_reason->text),
			 "there is no name: write it before request");
		return -EBADMSG;
	}
	if (!name_is_safe(text->data, text->len))
		return reject(ret_reason, "name", text,
			      "1 to 63 of A-Z a-z 0-9 . _ - with a letter first");
	memcpy(name, text->data, text->len);
	name[text->len] = '\0';
	return 0;
}

static int parse_ring_size(const struct node_text *text, uint64_t *size, struct reason *ret_reason)
{
	if (!text->data)
		return 0;
	if (number_decimal(text->data, text->len, UINT64_MAX, size) < 0 ||
	    *size < MYDEVICE_PAGE_SIZE)
		return reject(ret_reason, "ring-size", text, "a number of bytes from 4096");
	return 0;
}

static int parse_mode(const struct node_text *text, enum channel_mode *mode,
		      struct reason *ret_reason)
{
	if (!text->data)
		return 0;
	if (channel_mode_parse(text->data, text->len, mode) < 0)
		return reject(ret_reason, "mode", text, "stream or packet");
	return 0;
}

int request_parse(const struct request_nodes *nodes, struct request *ret,
		  struct reason *ret_reason)
{
	struct request request = { .mode = MODE_ANY };
	int r;

	if (!nodes->request.data)
		return -ENODATA;
	r = parse_version(&nodes->request, ret_reason);
	if (r < 0)
		return r;
	r = parse_name(&nodes->name, request.name, ret_reason);
	if (r < 0)
		return r;
	r = parse_ring_size(&nodes->ring_size, &request.ring_size, ret_reason);
	if (r < 0)
		return r;
	r = parse_mode(&nodes->mode, &request.mode, ret_reason);
	if (r < 0)
		return r;
	*ret = request;
	return 0;
}
