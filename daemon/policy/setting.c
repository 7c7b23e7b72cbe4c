// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/name.h"
#include "base/number.h"
#include "model/record.h"
#include "policy/setting.h"

#define RING_SIZE_MIN (UINT64_C(1) << MYDEVICE_RING_ORDER_MIN)
#define RING_SIZE_MAX (UINT64_C(1) << MYDEVICE_RING_ORDER_MAX)
#define CHANNELS_MAX (MYDEVICE_DEVID_MAX + 1)
#define DETACH_SEC_MAX 300
#define RATE_BURST_MAX 1000000
#define RATE_SEC_MAX 3600
#define NODES_MAX 32
#define NODE_VALUE_MAX 1024
#define SCRIPT_MAX 255

#define IN_DEFAULTS (1u << SCOPE_DEFAULTS)
#define IN_GUEST (1u << SCOPE_GUEST)
#define IN_DEVICE (1u << SCOPE_DEVICE)
#define IN_CLASS (1u << SCOPE_CLASS)
#define IN_ALL (IN_DEFAULTS | IN_GUEST | IN_DEVICE | IN_CLASS)
#define IN_CHANNELS (IN_DEFAULTS | IN_GUEST | IN_DEVICE)

static const char *const scope_names[SCOPE_MAX] = {
	[SCOPE_DEFAULTS] = "Defaults",
	[SCOPE_GUEST] = "Guest",
	[SCOPE_DEVICE] = "Device",
	[SCOPE_CLASS] = "Class",
};

const char *policy_scope_name(enum policy_scope scope)
{
	return scope_names[scope];
}

static int keep(char **to, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(*to);
	*to = copy;
	return 0;
}

/* Printable ASCII, as all names of channels are. */
static bool is_plain(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

static int set_allow(struct policy_section *section, const char *value)
{
	return number_boolean(value, &section->settings.allow);
}

/* What nobody asks for must have one name only. */
static int set_always(struct policy_section *section, const char *value)
{
	bool always;
	int r = number_boolean(value, &always);

	if (r < 0)
		return r;
	if (always && !name_is_safe(section->name, strlen(section->name)))
		return -EINVAL;
	section->settings.always = always;
	return 0;
}

static int set_handshake(struct policy_section *section, const char *value)
{
	return number_boolean(value, &section->settings.handshake);
}

static int set_channels(struct policy_section *section, const char *value)
{
	return *value && is_plain(value) ? keep(&section->texts[TEXT_CHANNELS], value) : -EINVAL;
}

static int set_guests(struct policy_section *section, const char *value)
{
	return *value ? keep(&section->texts[TEXT_GUESTS], value) : -EINVAL;
}

static int set_backend(struct policy_section *section, const char *value)
{
	return *value ? keep(&section->texts[TEXT_BACKEND], value) : -EINVAL;
}

static int take_number(const char *value, uint64_t max, unsigned int *ret)
{
	uint64_t n;
	int r = number_decimal(value, strlen(value), max, &n);

	if (r < 0)
		return r;
	*ret = (unsigned int)n;
	return 0;
}

static int set_max_channels(struct policy_section *section, const char *value)
{
	return take_number(value, CHANNELS_MAX, &section->settings.max_channels);
}

static int set_devid(struct policy_section *section, const char *value)
{
	return take_number(value, MYDEVICE_DEVID_MAX, &section->settings.devid);
}

static int take_ring_size(const char *value, uint64_t *ret)
{
	uint64_t n;
	int r = number_bytes(value, RING_SIZE_MAX, &n);

	if (r < 0)
		return r;
	if (n < RING_SIZE_MIN || n != number_round_down_pow2(n))
		return -EINVAL;
	*ret = n;
	return 0;
}

static int set_ring_size(struct policy_section *section, const char *value)
{
	return take_ring_size(value, &section->settings.ring_size);
}

static int set_ring_size_max(struct policy_section *section, const char *value)
{
	return take_ring_size(value, &section->settings.ring_size_max);
}

/* The first is for who has no wish. */
static int set_mode(struct policy_section *section, const char *value)
{
	enum channel_mode first = MODE_ANY, mode;
	unsigned int modes = 0;

	while (*value) {
		size_t len = strcspn(value, " ");
		int r = channel_mode_parse(value, len, &mode);

		if (r < 0)
			return r;
		if (first == MODE_ANY)
			first = mode;
		modes |= 1u << mode;
		value += len;
		value += strspn(value, " ");
	}
	if (!modes)
		return -EINVAL;
	section->settings.mode = first;
	section->settings.modes = modes;
	return 0;
}

static int set_detach_timeout(struct policy_section *section, const char *value)
{
	unsigned int seconds;
	int r = take_number(value, DETACH_SEC_MAX, &seconds);

	if (r < 0)
		return r;
	if (!seconds)
		return -EINVAL;
	section->settings.detach_timeout_usec = seconds * USEC_PER_SEC;
	return 0;
}

static int set_rate_burst(struct policy_section *section, const char *value)
{
	return take_number(value, RATE_BURST_MAX, &section->settings.rate_burst);
}

static int set_rate_interval(struct policy_section *section, const char *value)
{
	unsigned int seconds;
	int r = take_number(value, RATE_SEC_MAX, &seconds);

	if (r < 0)
		return r;
	if (!seconds)
		return -EINVAL;
	section->settings.rate_interval_usec = seconds * USEC_PER_SEC;
	return 0;
}

/* It is run by its path, in the domain that serves the device: no word of a shell's. */
static int set_script(struct policy_section *section, const char *value)
{
	size_t len = strlen(value);

	if (value[0] != '/' || value[len - 1] == '/' || len > SCRIPT_MAX ||
	    strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		   "0123456789/._+-") != len || strstr(value, "/../"))
		return -EINVAL;
	return keep(&section->texts[TEXT_SCRIPT], value);
}

/* 36 characters of an UUID, some of which may stand in a glob. */
static int set_uuid(struct policy_section *section, const char *value)
{
	size_t len = strlen(value);

	if (!len || strspn(value, "0123456789abcdefABCDEF-*?[]!") != len)
		return -EINVAL;
	if (policy_is_plain(value)) {
		char uuid[UUID_SIZE];
		int r = uuid_parse(value, len, uuid);

		return r < 0 ? r : keep(&section->texts[TEXT_UUID], uuid);
	}
	return keep(&section->texts[TEXT_UUID], value);
}

/* A path of XenStore holds no dot. */
static bool is_node_name(const char *name, size_t len)
{
	return name_is_safe(name, len) && !memchr(name, '.', len);
}

/* These are the daemon's to write. */
static bool is_reserved_node(const char *name, size_t len)
{
	static const char *const reserved[] = {
		"backend", "backend-id", "frontend", "frontend-id", "state", "online", "script",
		"hotplug-status", "hotplug-error",
	};

	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
		if (len == strlen(reserved[i]) && !memcmp(name, reserved[i], len))
			return true;
	return false;
}

/* "NAME VALUE": what is named again is another node's value, not one more node */
static int add_node(struct policy_section *section, const char *text, bool backend)
{
	size_t len = strcspn(text, " ");
	const char *value = text + len + strspn(text + len, " ");
	struct policy_node node = { .backend = backend }, *nodes;

	if (!is_node_name(text, len) || is_reserved_node(text, len) ||
	    strlen(value) > NODE_VALUE_MAX || !is_plain(value))
		return -EINVAL;
	for (size_t i = 0; i < section->n_nodes; i++) {
		struct policy_node *known = &section->nodes[i];

		if (known->backend == backend && strlen(known->name) == len &&
		    !memcmp(known->name, text, len))
			return keep(&known->value, value);
	}
	if (section->n_nodes == NODES_MAX)
		return -EINVAL;
	nodes = reallocarray(section->nodes, section->n_nodes + 1, sizeof(*nodes));
	if (!nodes)
		return -ENOMEM;
	section->nodes = nodes;
	node.name = strndup(text, len);
	node.value = strdup(value);
	if (!node.name || !node.value) {
		free(node.name);
		free(node.value);
		return -ENOMEM;
	}
	nodes[section->n_nodes++] = node;
	return 0;
}

static int add_frontend_node(struct policy_section *section, const char *value)
{
	return add_node(section, value, false);
}

static int add_backend_node(struct policy_section *section, const char *value)
{
	return add_node(section, value, true);
}

static const struct setting {
	const char *key;
	int (*set)(struct policy_section *section, const char *value);
	unsigned int named;
	unsigned int scopes;
	const char *expected;
} settings[] = {
	{ "Allow", set_allow, POLICY_ALLOW, IN_ALL, "yes or no" },
	{ "Always", set_always, POLICY_ALWAYS, IN_DEVICE | IN_CLASS,
	  "no, or yes in a section with the name of one device" },
	{ "Backend", set_backend, 0, IN_ALL, "the name of a domain" },
	{ "BackendNode", add_backend_node, 0, IN_CLASS,
	  "a node's name and its value, as in: feature-x 1, and none of attachd's own nodes" },
	{ "Channels", set_channels, POLICY_CHANNELS, IN_DEFAULTS | IN_GUEST,
	  "names or globs, as in: log backup-*" },
	{ "DetachTimeoutSec", set_detach_timeout, POLICY_DETACH_TIMEOUT, IN_ALL,
	  "a number of seconds from 1 to 300" },
	{ "DevID", set_devid, POLICY_DEVID, IN_CLASS, "a number from 0 to 4095" },
	{ "FrontendNode", add_frontend_node, 0, IN_CLASS,
	  "a node's name and its value, as in: feature-x 1, and none of attachd's own nodes" },
	{ "Guest", set_guests, 0, IN_DEVICE | IN_CLASS, "names or globs, as in: web-* db" },
	{ "Handshake", set_handshake, POLICY_HANDSHAKE, IN_CLASS, "yes or no" },
	{ "MaxChannels", set_max_channels, POLICY_MAX_CHANNELS, IN_DEFAULTS | IN_GUEST,
	  "a number from 0 to 4096" },
	{ "Mode", set_mode, POLICY_MODE, IN_CHANNELS,
	  "stream, packet, or both in order of preference" },
	{ "RateLimitBurst", set_rate_burst, POLICY_RATE_BURST, IN_DEFAULTS | IN_GUEST,
	  "a number from 0 to 1000000" },
	{ "RateLimitIntervalSec", set_rate_interval, POLICY_RATE_INTERVAL, IN_DEFAULTS | IN_GUEST,
	  "a number of seconds from 1 to 3600" },
	{ "RingSize", set_ring_size, POLICY_RING_SIZE, IN_CHANNELS,
	  "a power of two from 4K to 1M" },
	{ "RingSizeMax", set_ring_size_max, POLICY_RING_SIZE_MAX, IN_CHANNELS,
	  "a power of two from 4K to 1M" },
	{ "Script", set_script, 0, IN_DEVICE | IN_CLASS,
	  "the path of a script, as in: /etc/xen/scripts/mydevice-log" },
	{ "UUID", set_uuid, 0, IN_GUEST | IN_DEVICE | IN_CLASS,
	  "an UUID or a glob, as in: 01234567-89ab-cdef-0123-456789abcdef" },
};

static void append(struct reason *text, bool first, const char *before, const char *word,
		   const char *after)
{
	size_t len = strlen(text->text);

	snprintf(text->text + len, sizeof(text->text) - len, "%s%s%s%s", first ? "" : ", ", before,
		 word, after);
}

static int tell_unknown(const char *key, enum policy_scope scope, struct reason *ret)
{
	bool first = true;

	snprintf(ret->text, sizeof(ret->text), "%.40s= is not known; expected one of: ",
		 escape(key).text);
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		if (settings[i].scopes & 1u << scope) {
			append(ret, first, "", settings[i].key, "=");
			first = false;
		}
	for (enum live_key live = 0; live < LIVE_MAX && IN_CHANNELS & 1u << scope; live++)
		append(ret, first, "", live_setting(live), "=");
	return -EINVAL;
}

static int tell_misplaced(const char *key, unsigned int scopes, enum policy_scope scope,
			  struct reason *ret)
{
	bool first = true;

	snprintf(ret->text, sizeof(ret->text),
		 "%s= does not belong in a [%s] section; expected it in ", key,
		 scope_names[scope]);
	for (enum policy_scope other = 0; other < SCOPE_MAX; other++)
		if (scopes & 1u << other) {
			append(ret, first, "[", scope_names[other],
			       other == SCOPE_DEFAULTS ? "]" : " NAME]");
			first = false;
		}
	return -EINVAL;
}

static int set_live(struct policy_section *section, enum live_key live, const char *value,
		    struct reason *ret_expected)
{
	const char *key = live_setting(live);
	char text[LIVE_VALUE_SIZE];

	if (!(IN_CHANNELS & 1u << section->scope))
		return tell_misplaced(key, IN_CHANNELS, section->scope, ret_expected);
	if (live_parse(live, value, text) < 0)
		return reason_invalid(ret_expected, key, value, live_expected(live));
	return keep(&section->texts[TEXT_LIVE + live], text);
}

int policy_set(struct policy_section *section, const char *key, const char *value,
	       struct reason *ret_expected)
{
	for (enum live_key live = 0; live < LIVE_MAX; live++)
		if (!strcmp(live_setting(live), key))
			return set_live(section, live, value, ret_expected);
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		int r;

		if (strcmp(settings[i].key, key))
			continue;
		if (!(settings[i].scopes & 1u << section->scope))
			return tell_misplaced(key, settings[i].scopes, section->scope,
					      ret_expected);
		r = settings[i].set(section, value);
		if (r == 0)
			section->named |= settings[i].named;
		if (r == 0 || r == -ENOMEM)
			return r;
		return reason_invalid(ret_expected, key, value, settings[i].expected);
	}
	return tell_unknown(key, section->scope, ret_expected);
}

/* The toolstack attaches these itself, and would be in our way. */
static bool is_class_of_toolstack(const char *name)
{
	static const char *const classes[] = {
		"9pfs", "console", "pci", "pvcalls", "pvusb", "qdisk", "qusb", "suspend", "tap",
		"vbd", "vbd3", "vdispl", "vfb", "vif", "virtio", "vkb", "vkbd", "vsnd", "vtpm",
		"vusb", MYDEVICE_CLASS,
	};

	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		if (!strcmp(name, classes[i]))
			return true;
	return false;
}

int policy_scope_parse(const char *text, enum policy_scope *ret_scope, const char **ret_name,
		       struct reason *ret_expected)
{
	size_t len = strcspn(text, " ");
	const char *name = text + len + strspn(text + len, " ");
	enum policy_scope scope = 0;

	while (scope < SCOPE_MAX &&
	       (strlen(scope_names[scope]) != len || memcmp(scope_names[scope], text, len)))
		scope++;
	if (scope == SCOPE_MAX || (scope == SCOPE_DEFAULTS) != !*name) {
		snprintf(ret_expected->text, sizeof(ret_expected->text),
			 "section [%.60s] is not known; expected " SCOPES_TEXT, escape(text).text);
		return -EINVAL;
	}
	if (scope == SCOPE_CLASS &&
	    (!is_node_name(name, strlen(name)) || is_class_of_toolstack(name))) {
		snprintf(ret_expected->text, sizeof(ret_expected->text),
			 "[Class %.60s] cannot be; expected a name of letters, digits, _ and -, "
			 "other than " MYDEVICE_CLASS " and the toolstack's own classes",
			 escape(name).text);
		return -EINVAL;
	}
	*ret_scope = scope;
	*ret_name = *name ? name : NULL;
	return 0;
}
