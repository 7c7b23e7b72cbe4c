// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A policy file with anything in it: each mistake is told with its line and
 * what was expected, and of a file without one all settings are in bounds, for
 * every device of every guest.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "policy/explain.h"
#include "policy/file.h"

#define UUID "01234567-89ab-cdef-0123-456789abcdef"

struct told {
	unsigned int lines, mistakes;
};

static void on_fault(enum policy_fault fault, const char *file, unsigned int line,
		     const char *message, void *userdata)
{
	struct told *told = userdata;

	told->mistakes += fault == POLICY_MISTAKE;
	fuzz_assert(!strcmp(file, "file"));
	fuzz_assert(line >= 1 && line <= told->lines);
	fuzz_assert(*message && is_plain(message));
	fuzz_assert(strstr(message, "expected ") || strstr(message, "as in: ") ||
		    strstr(message, "longer than ") || strstr(message, "begin at the start "));
}

static bool is_ring_size(uint64_t size)
{
	return size >= 4096 && size <= 1 << 20 && !(size & (size - 1));
}

static void check_text(const char *text, bool wanted)
{
	fuzz_assert(text || !wanted);
	fuzz_assert(!text || (*text && is_plain(text)));
}

static void check_nodes(const struct policy_settings *settings)
{
	fuzz_assert(settings->n_nodes <= 32);
	for (size_t i = 0; i < settings->n_nodes; i++) {
		const struct policy_node *node = &settings->nodes[i];

		fuzz_assert(is_name(node->name, strlen(node->name)) && !strchr(node->name, '.'));
		fuzz_assert(strcmp(node->name, "state") && strcmp(node->name, "backend-id"));
		fuzz_assert(is_plain(node->value) && strlen(node->value) <= 1024);
	}
}

/* Each as it may stand in its node. */
static void check_live(const struct policy_settings *settings)
{
	const char *mode = settings->live[LIVE_NODE_MODE];

	for (enum live_key key = 0; key < LIVE_MAX; key++) {
		const char *value = settings->live[key];

		if (!value || !*value)
			continue;
		fuzz_assert(strlen(value) < LIVE_VALUE_SIZE && is_plain(value) &&
			    !strchr(value, ' '));
		if (key <= LIVE_SPIN_USEC)
			fuzz_assert(strspn(value, "0123456789") == strlen(value) &&
				    strtoull(value, NULL, 10) <= MYDEVICE_RATE_MAX);
	}
	if (mode)
		fuzz_assert(strspn(mode, "0246") == 4 && !mode[4]);
}

static void check_settings(const struct policy_settings *settings)
{
	check_text(settings->channels, true);
	check_live(settings);
	fuzz_assert(!settings->backend || *settings->backend);
	fuzz_assert(settings->max_channels <= 4096 && settings->devid <= 4095);
	fuzz_assert(is_ring_size(settings->ring_size) && is_ring_size(settings->ring_size_max));
	fuzz_assert(settings->mode < MODE_MAX && settings->modes & 1u << settings->mode);
	fuzz_assert(!(settings->modes >> MODE_MAX));
	fuzz_assert(settings->detach_timeout_usec >= USEC_PER_SEC);
	fuzz_assert(settings->detach_timeout_usec <= 300 * USEC_PER_SEC);
	fuzz_assert(settings->rate_burst <= 1000000 && settings->rate_interval_usec);
	fuzz_assert(is_ring_size(policy_gift_grant(settings).ring_size));
	check_nodes(settings);
}

static void check_explained(const struct policy *policy, const struct policy_subject *subject)
{
	char *text = explain_settings(policy, subject), *next;

	fuzz_assert(text);
	for (char *line = text; *line; line = next) {
		next = strchr(line, '\n');
		fuzz_assert(next);
		*next++ = '\0';
		fuzz_assert(is_plain(line) && strchr(line, '='));
	}
	free(text);
}

static void check_subject(const struct policy *policy, const struct policy_subject *subject)
{
	struct policy_settings settings = policy_resolve(policy, subject);
	struct request request = { .mode = MODE_ANY, .ring_size = 5000 };
	struct policy_grant grant;
	struct reason reason;

	check_settings(&settings);
	check_explained(policy, subject);
	if (!is_name(subject->name, strlen(subject->name)))
		return;
	strcpy(request.name, subject->name);
	if (policy_decide(&settings, &request, 1, &grant, &reason) == 0) {
		fuzz_assert(settings.allow && settings.max_channels > 1);
		fuzz_assert(grant.ring_size == 4096);
	} else {
		fuzz_assert(*reason.text && is_plain(reason.text));
	}
}

/* Each of them can be attached as it is: its names become parts of paths. */
static void check_gifts(const struct policy *policy, const char *guest)
{
	struct policy_gift gift;
	size_t cursor = 0, n = 0;

	while (policy_next_gift(policy, guest, UUID, &cursor, &gift)) {
		fuzz_assert(++n <= policy->n_sections);
		fuzz_assert(is_name(gift.name, strlen(gift.name)));
		fuzz_assert(is_name(gift.class, strlen(gift.class)));
		fuzz_assert(gift.settings.allow);
		check_settings(&gift.settings);
	}
}

static void check_policy(const struct policy *policy, const char *guest, const char *name)
{
	struct policy_subject subject = { guest, UUID, MYDEVICE_CLASS, name };

	check_subject(policy, &subject);
	for (size_t i = 0; i < policy->n_sections && i < 8; i++) {
		const struct policy_section *section = &policy->sections[i];

		if (section->scope == SCOPE_GUEST)
			subject.guest = section->name;
		if (section->scope == SCOPE_DEVICE || section->scope == SCOPE_CLASS)
			subject.name = section->name;
		subject.class = section->scope == SCOPE_CLASS ? section->name : MYDEVICE_CLASS;
		check_subject(policy, &subject);
		check_gifts(policy, subject.guest);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	char *guest = input_string(&input), *name = input_string(&input);
	struct policy *policy = policy_new();
	struct told told = { .lines = 1 };
	size_t len;
	char *text = input_bytes(&input, input.size, &len);
	int r;

	for (size_t i = 0; i < len; i++)
		told.lines += text[i] == '\n';
	r = policy_parse(policy, "file", text, len, on_fault, &told);
	fuzz_assert(r == (told.mistakes ? -EBADMSG : 0));
	if (r == 0)
		check_policy(policy, guest, name);
	policy_free(policy);
	free(text);
	free(guest);
	free(name);
	return 0;
}
