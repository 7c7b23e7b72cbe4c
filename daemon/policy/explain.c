// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "policy/explain.h"
#include "policy/setting.h"

static void setting(FILE *page, const char *key, const char *value)
{
	if (value)
		fprintf(page, "%s=%s\n", key, value);
}

static const char *yes_no(bool value)
{
	return value ? "yes" : "no";
}

static void modes(FILE *page, const struct policy_settings *settings)
{
	char more[32] = "";

	for (enum channel_mode mode = 0; mode < MODE_MAX; mode++)
		if (mode != settings->mode && settings->modes & 1u << mode) {
			strcat(more, " ");
			strcat(more, channel_mode_name(mode));
		}
	fprintf(page, "Mode=%s%s\n", channel_mode_name(settings->mode), more);
}

static void channel(FILE *page, const struct policy_settings *settings)
{
	fprintf(page, "Channels=%s\n", settings->channels);
	fprintf(page, "MaxChannels=%u\n", settings->max_channels);
	modes(page, settings);
	fprintf(page, "RingSize=%llu\n", (unsigned long long)settings->ring_size);
	fprintf(page, "RingSizeMax=%llu\n", (unsigned long long)settings->ring_size_max);
	fprintf(page, "RateLimitBurst=%u\n", settings->rate_burst);
	fprintf(page, "RateLimitIntervalSec=%llu\n",
	     (unsigned long long)(settings->rate_interval_usec / USEC_PER_SEC));
	for (enum live_key key = 0; key < LIVE_MAX; key++)
		if (settings->live[key] && *settings->live[key])
			setting(page, live_setting(key), settings->live[key]);
}

static void other_class(FILE *page, const struct policy_settings *settings)
{
	fprintf(page, "DevID=%u\n", settings->devid);
	fprintf(page, "Handshake=%s\n", yes_no(settings->handshake));
	for (size_t i = 0; i < settings->n_nodes; i++)
		fprintf(page, "%sNode=%s %s\n", settings->nodes[i].backend ? "Backend" : "Frontend",
		     settings->nodes[i].name, settings->nodes[i].value);
}

char *explain_settings(const struct policy *policy, const struct policy_subject *subject)
{
	struct policy_settings settings = policy_resolve(policy, subject);
	char *text = NULL;
	size_t size;
	FILE *page = open_memstream(&text, &size);

	if (!page)
		return NULL;
	fprintf(page, "Allow=%s\n", yes_no(settings.allow));
	fprintf(page, "Always=%s\n", yes_no(settings.always));
	/* a domain may be called anything */
	setting(page, "Backend", settings.backend ? escape(settings.backend).text : NULL);
	fprintf(page, "DetachTimeoutSec=%llu\n",
		(unsigned long long)(settings.detach_timeout_usec / USEC_PER_SEC));
	setting(page, "Script", settings.script);
	if (strcmp(subject->class, MYDEVICE_CLASS))
		other_class(page, &settings);
	else
		channel(page, &settings);
	if (!fclose(page))
		return text;
	free(text);
	return NULL;
}
