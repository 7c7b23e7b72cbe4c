// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "policy/explain.h"
#include "policy/setting.h"

struct page {
	char *text;
	size_t size, len;
};

_printf_(2, 3) static void line(struct page *page, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(page->text + page->len, page->size - page->len, format, args);
	va_end(args);
	/* what does not fit any more is left out, but whole lines only */
	if (n < 0 || (size_t)n >= page->size - page->len)
		page->text[page->len] = '\0';
	else
		page->len += (size_t)n;
}

static void text(struct page *page, const char *key, const char *value)
{
	if (value)
		line(page, "%s=%s\n", key, value);
}

static const char *yes_no(bool value)
{
	return value ? "yes" : "no";
}

static void modes(struct page *page, const struct policy_settings *settings)
{
	char more[32] = "";

	for (enum channel_mode mode = 0; mode < MODE_MAX; mode++)
		if (mode != settings->mode && settings->modes & 1u << mode) {
			strcat(more, " ");
			strcat(more, channel_mode_name(mode));
		}
	line(page, "Mode=%s%s\n", channel_mode_name(settings->mode), more);
}

static void channel(struct page *page, const struct policy_settings *settings)
{
	line(page, "Channels=%s\n", settings->channels);
	line(page, "MaxChannels=%u\n", settings->max_channels);
	modes(page, settings);
	line(page, "RingSize=%llu\n", (unsigned long long)settings->ring_size);
	line(page, "RingSizeMax=%llu\n", (unsigned long long)settings->ring_size_max);
	line(page, "RateLimitBurst=%u\n", settings->rate_burst);
	line(page, "RateLimitIntervalSec=%llu\n",
	     (unsigned long long)(settings->rate_interval_usec / USEC_PER_SEC));
	for (enum live_key key = 0; key < LIVE_MAX; key++)
		if (settings->live[key] && *settings->live[key])
			text(page, live_setting(key), settings->live[key]);
}

static void other_class(struct page *page, const struct policy_settings *settings)
{
	line(page, "DevID=%u\n", settings->devid);
	line(page, "Handshake=%s\n", yes_no(settings->handshake));
	for (size_t i = 0; i < settings->n_nodes; i++)
		line(page, "%sNode=%s %s\n", settings->nodes[i].backend ? "Backend" : "Frontend",
		     settings->nodes[i].name, settings->nodes[i].value);
}

void explain_settings(const struct policy *policy, const struct policy_subject *subject,
		      char *into, size_t size)
{
	struct policy_settings settings = policy_resolve(policy, subject);
	struct page page = { .text = into, .size = size };

	*into = '\0';
	line(&page, "Allow=%s\n", yes_no(settings.allow));
	line(&page, "Always=%s\n", yes_no(settings.always));
	/* a domain may be called anything */
	text(&page, "Backend", settings.backend ? escape(settings.backend).text : NULL);
	line(&page, "DetachTimeoutSec=%llu\n",
	     (unsigned long long)(settings.detach_timeout_usec / USEC_PER_SEC));
	text(&page, "Script", settings.script);
	if (strcmp(subject->class, MYDEVICE_CLASS))
		other_class(&page, &settings);
	else
		channel(&page, &settings);
}
