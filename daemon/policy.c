// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "number.h"
#include "policy.h"

static const struct policy_settings builtin = {
	.allow = true,
	.channels = "*",
	.max_channels = 8,
	.ring_size = 256 << 10,
	.ring_size_max = 1 << 20,
	.mode = MODE_STREAM,
	.modes = 1 << MODE_STREAM | 1 << MODE_PACKET,
	.detach_timeout_usec = 5 * USEC_PER_SEC,
};

struct policy *policy_new(void)
{
	return calloc(1, sizeof(struct policy));
}

static void section_done(struct policy_section *section)
{
	free(section->guest_glob);
	free(section->uuid);
	free(section->channels);
}

struct policy_section *policy_add_section(struct policy *policy, const char *guest_glob)
{
	struct policy_section section = {}, *sections;

	if (guest_glob) {
		section.guest_glob = strdup(guest_glob);
		if (!section.guest_glob)
			return NULL;
	}
	sections = reallocarray(policy->sections, policy->n_sections + 1, sizeof(*sections));
	if (!sections) {
		section_done(&section);
		return NULL;
	}
	policy->sections = sections;
	sections[policy->n_sections] = section;
	return &sections[policy->n_sections++];
}

void policy_free(struct policy *policy)
{
	if (!policy)
		return;
	for (size_t i = 0; i < policy->n_sections; i++)
		section_done(&policy->sections[i]);
	free(policy->sections);
	free(policy);
}

static bool section_matches(const struct policy_section *section, const char *guest,
			    const char *uuid)
{
	if (section->guest_glob && fnmatch(section->guest_glob, guest, 0))
		return false;
	return !section->uuid || !strcasecmp(section->uuid, uuid);
}

static void apply(struct policy_settings *to, const struct policy_section *section)
{
	const struct policy_settings *from = &section->settings;

	if (section->named & POLICY_ALLOW)
		to->allow = from->allow;
	if (section->named & POLICY_CHANNELS)
		to->channels = section->channels;
	if (section->named & POLICY_MAX_CHANNELS)
		to->max_channels = from->max_channels;
	if (section->named & POLICY_RING_SIZE)
		to->ring_size = from->ring_size;
	if (section->named & POLICY_RING_SIZE_MAX)
		to->ring_size_max = from->ring_size_max;
	if (section->named & POLICY_MODE) {
		to->mode = from->mode;
		to->modes = from->modes;
	}
	if (section->named & POLICY_DETACH_TIMEOUT)
		to->detach_timeout_usec = from->detach_timeout_usec;
}

struct policy_settings policy_resolve(const struct policy *policy, const char *guest,
				      const char *uuid)
{
	struct policy_settings settings = builtin;

	/* what holds for everybody first, wherever it was written */
	for (int general = 1; general >= 0; general--)
		for (size_t i = 0; i < policy->n_sections; i++) {
			const struct policy_section *section = &policy->sections[i];

			if (general == !section->guest_glob &&
			    section_matches(section, guest, uuid))
				apply(&settings, section);
		}
	return settings;
}

static bool name_allowed(const char *globs, const char *name)
{
	const char *glob = globs;

	while (*glob) {
		size_t len = strcspn(glob, " ");
		char one[256];

		if (len && len < sizeof(one)) {
			memcpy(one, glob, len);
			one[len] = '\0';
			if (!fnmatch(one, name, 0))
				return true;
		}
		glob += len;
		glob += strspn(glob, " ");
	}
	return false;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

int policy_decide(const struct policy_settings *settings, const struct request *request,
		  unsigned int n_channels, struct policy_grant *ret, struct reason *ret_reason)
{
	enum channel_mode mode = request->mode == MODE_ANY ? settings->mode : request->mode;
	uint64_t wish = request->ring_size ?: settings->ring_size;

	if (!settings->allow) {
		snprintf(ret_reason->text, sizeof(ret_reason->text),
			 "this host gives this guest no channels (Allow= in attachd.conf)");
		return -EACCES;
	}
	if (!name_allowed(settings->channels, request->name)) {
		snprintf(ret_reason->text, sizeof(ret_reason->text),
			 "this guest may not have a channel \"%s\" (Channels= in attachd.conf)",
			 request->name);
		return -EACCES;
	}
	if (!(settings->modes & 1u << mode)) {
		snprintf(ret_reason->text, sizeof(ret_reason->text),
			 "this guest may not have a channel in mode %s (Mode= in attachd.conf)",
			 channel_mode_name(mode));
		return -EACCES;
	}
	if (n_channels >= settings->max_channels) {
		snprintf(ret_reason->text, sizeof(ret_reason->text),
			 "this guest has all its %u channels (MaxChannels= in attachd.conf)",
			 n_channels);
		return -EACCES;
	}
	ret->mode = mode;
	ret->ring_size = (uint32_t)number_round_down_pow2(smaller(wish, settings->ring_size_max));
	return 0;
}
