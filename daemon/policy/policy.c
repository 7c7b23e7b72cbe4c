// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "policy/policy.h"

static const struct policy_settings builtin = {
	.allow = true,
	.handshake = true,
	.channels = "*",
	.max_channels = 8,
	.ring_size = 256 << 10,
	.ring_size_max = 1 << 20,
	.mode = MODE_STREAM,
	.modes = 1 << MODE_STREAM | 1 << MODE_PACKET,
	.detach_timeout_usec = 5 * USEC_PER_SEC,
	.rate_burst = 1000,
	.rate_interval_usec = 10 * USEC_PER_SEC,
};

struct policy *policy_new(void)
{
	return calloc(1, sizeof(struct policy));
}

static void section_done(struct policy_section *section)
{
	free(section->name);
	free(section->file);
	for (int text = 0; text < TEXT_MAX; text++)
		free(section->texts[text]);
	for (size_t i = 0; i < section->n_nodes; i++) {
		free(section->nodes[i].name);
		free(section->nodes[i].value);
	}
	free(section->nodes);
}

struct policy_section *policy_add_section(struct policy *policy, enum policy_scope scope,
					  const char *name)
{
	struct policy_section section = { .scope = scope }, *sections;

	if (name) {
		section.name = strdup(name);
		if (!section.name)
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

int policy_section_place(struct policy_section *section, const char *file, unsigned int line)
{
	char *copy = strdup(file);

	if (!copy)
		return -ENOMEM;
	free(section->file);
	section->file = copy;
	section->line = line;
	return 0;
}

int policy_add_source(struct policy *policy, const char *file, const char *text, size_t len)
{
	struct policy_file_text source = {
		.file = strdup(file),
		.text = malloc(len + 1),
		.len = len,
	};
	struct policy_file_text *sources = NULL;

	if (source.file && source.text)
		sources = reallocarray(policy->sources, policy->n_sources + 1, sizeof(*sources));
	if (!sources) {
		free(source.file);
		free(source.text);
		return -ENOMEM;
	}
	memcpy(source.text, text, len);
	policy->sources = sources;
	sources[policy->n_sources++] = source;
	return 0;
}

void policy_free(struct policy *policy)
{
	if (!policy)
		return;
	for (size_t i = 0; i < policy->n_sections; i++)
		section_done(&policy->sections[i]);
	free(policy->sections);
	for (size_t i = 0; i < policy->n_sources; i++) {
		free(policy->sources[i].file);
		free(policy->sources[i].text);
	}
	free(policy->sources);
	free(policy);
}

bool policy_knows_class(const struct policy *policy, const char *class)
{
	if (!strcmp(class, MYDEVICE_CLASS))
		return true;
	for (size_t i = 0; i < policy->n_sections; i++)
		if (policy->sections[i].scope == SCOPE_CLASS &&
		    !strcmp(policy->sections[i].name, class))
			return true;
	return false;
}

bool policy_is_plain(const char *glob)
{
	return !strpbrk(glob, "*?[\\");
}

/* globs are separated by spaces */
static bool matches_one_of(const char *globs, const char *name)
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

bool policy_guest_matches(const struct policy_section *section, const char *guest,
			  const char *uuid)
{
	const char *uuids = section->texts[TEXT_UUID], *guests = section->texts[TEXT_GUESTS];

	if (section->scope == SCOPE_GUEST && fnmatch(section->name, guest, 0))
		return false;
	if (guests && !matches_one_of(guests, guest))
		return false;
	return !uuids || !fnmatch(uuids, uuid, FNM_CASEFOLD);
}

bool policy_device_matches(const struct policy_section *section, const char *class,
			   const char *name)
{
	bool channel = !strcmp(class, MYDEVICE_CLASS);

	switch (section->scope) {
	case SCOPE_DEVICE:
		return channel && !fnmatch(section->name, name, 0);
	case SCOPE_CLASS:
		return !channel && !strcmp(section->name, class);
	default:
		return true;
	}
}

static void apply_text(const char **to, const struct policy_section *section,
		       enum policy_text text)
{
	if (section->texts[text])
		*to = section->texts[text];
}

static void apply(struct policy_settings *to, const struct policy_section *section)
{
	const struct policy_settings *from = &section->settings;
	bool one_device = section->scope == SCOPE_DEVICE || section->scope == SCOPE_CLASS;

	apply_text(&to->channels, section, TEXT_CHANNELS);
	apply_text(&to->backend, section, TEXT_BACKEND);
	apply_text(&to->script, section, TEXT_SCRIPT);
	for (enum live_key key = 0; key < LIVE_MAX; key++)
		apply_text(&to->live[key], section, TEXT_LIVE + key);
	if (section->named & POLICY_ALWAYS)
		to->always = from->always;
	/* a section that gives a device means it */
	if (section->named & POLICY_ALLOW)
		to->allow = from->allow;
	else if (one_device && to->always)
		to->allow = true;
	/* and so does one that allows it by its name */
	if (one_device && to->allow && (section->named & (POLICY_ALLOW | POLICY_ALWAYS)))
		to->channels = "*";
	if (section->named & POLICY_HANDSHAKE)
		to->handshake = from->handshake;
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
	if (section->named & POLICY_RATE_BURST)
		to->rate_burst = from->rate_burst;
	if (section->named & POLICY_RATE_INTERVAL)
		to->rate_interval_usec = from->rate_interval_usec;
	if (section->named & POLICY_DEVID)
		to->devid = from->devid;
	if (section->n_nodes) {
		to->nodes = section->nodes;
		to->n_nodes = section->n_nodes;
	}
}

struct policy_settings policy_resolve(const struct policy *policy,
				      const struct policy_subject *subject)
{
	struct policy_settings settings = builtin;

	for (enum policy_scope scope = 0; scope < SCOPE_MAX; scope++) {
		/* nobody asks for a device of another class: it is named to be given */
		if (scope == SCOPE_CLASS)
			settings.always |= strcmp(subject->class, MYDEVICE_CLASS) != 0;
		for (size_t i = 0; i < policy->n_sections; i++) {
			const struct policy_section *section = &policy->sections[i];

			if (section->scope == scope &&
			    policy_guest_matches(section, subject->guest, subject->uuid) &&
			    policy_device_matches(section, subject->class, subject->name))
				apply(&settings, section);
		}
	}
	if (policy->closed) {
		settings.closed = true;
		settings.allow = false;
	}
	return settings;
}

bool policy_next_gift(const struct policy *policy, const char *guest, const char *uuid,
		      size_t *cursor, struct policy_gift *ret)
{
	while (*cursor < policy->n_sections) {
		const struct policy_section *section = &policy->sections[(*cursor)++];
		bool channel = section->scope == SCOPE_DEVICE;
		struct policy_subject subject = {
			.guest = guest,
			.uuid = uuid,
			.class = channel ? MYDEVICE_CLASS : section->name,
			.name = section->name,
		};

		if (!(channel && policy_is_plain(section->name)) && section->scope != SCOPE_CLASS)
			continue;
		if (!policy_guest_matches(section, guest, uuid))
			continue;
		ret->settings = policy_resolve(policy, &subject);
		ret->class = subject.class;
		ret->name = subject.name;
		if (ret->settings.always && ret->settings.allow)
			return true;
	}
	return false;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint32_t fit_ring_size(const struct policy_settings *settings, uint64_t wish)
{
	return (uint32_t)number_round_down_pow2(smaller(wish, settings->ring_size_max));
}

struct policy_grant policy_gift_grant(const struct policy_settings *settings)
{
	return (struct policy_grant){
		.mode = settings->mode,
		.ring_size = fit_ring_size(settings, settings->ring_size),
	};
}

int policy_decide(const struct policy_settings *settings, const struct request *request,
		  unsigned int n_channels, struct policy_grant *ret, struct reason *ret_reason)
{
	enum channel_mode mode = request->mode == MODE_ANY ? settings->mode : request->mode;

	if (settings->closed) {
		strcpy(ret_reason->text,
		       "this host has no valid policy now; it gives no new channel");
		return -EACCES;
	}
	if (!settings->allow) {
		snprintf(ret_reason->text, sizeof(ret_reason->text),
			 "this host does not give this guest a channel \"%s\" "
			 "(Allow= in attachd.conf)",
			 request->name);
		return -EACCES;
	}
	if (!matches_one_of(settings->channels, request->name)) {
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
	ret->ring_size = fit_ring_size(settings, request->ring_size ?: settings->ring_size);
	return 0;
}
