// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A guest's name on its way to a log, a terminal and to monitoring: nothing
 * but plain text arrives there, and as much of it as there is room for says
 * what the name was.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "input.h"
#include "view/metrics.h"

#define GUESTS_MAX 3

static unsigned int hex(char digit)
{
	const char *digits = "0123456789abcdef", *at = strchr(digits, digit);

	fuzz_assert(digit && at);
	return (unsigned int)(at - digits);
}

/* Back to what it was, which bytes begins with; how many bytes these are. */
static size_t unescape(const char *text, const char *end, const char *bytes, size_t len)
{
	size_t n = 0;

	while (text < end) {
		unsigned int c = (unsigned char)*text++;

		if (c == '\\') {
			fuzz_assert(*text++ == 'x');
			c = hex(text[0]) << 4 | hex(text[1]);
			text += 2;
		}
		fuzz_assert(n < len && (unsigned char)bytes[n] == c);
		n++;
	}
	return n;
}

static void check_escaped(const char *bytes, size_t len, const struct escaped *escaped)
{
	const char *end = memchr(escaped->text, 0, sizeof(escaped->text));
	bool cut;

	fuzz_assert(end && is_plain(escaped->text));
	cut = end - escaped->text >= 3 && !strcmp(end - 3, "...") &&
	      end - escaped->text > (ptrdiff_t)sizeof(escaped->text) - 8;
	if (cut && unescape(escaped->text, end - 3, bytes, len) < len)
		return;
	fuzz_assert(unescape(escaped->text, end, bytes, len) == len);
}

/* From after the quote: the label as a reader of metrics has it; where it ended. */
static const char *read_label(const char *at, char *ret, size_t size)
{
	size_t n = 0;

	while (*at != '"') {
		fuzz_assert(*at && *at != '\n' && n + 1 < size);
		if (*at == '\\') {
			at++;
			fuzz_assert(*at == '\\' || *at == '"' || *at == 'n');
		}
		ret[n++] = *at++;
	}
	ret[n] = '\0';
	return at + 1;
}

static bool is_known(const struct guest_counts *guests, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(guests[i].guest.text, name))
			return true;
	return false;
}

static void check_line(const char *line, const struct guest_counts *guests, size_t n)
{
	static const char before[] = ",guest=\"";
	const char *at = strstr(line, before);
	char name[sizeof(guests->guest)];
	unsigned long long value;

	if (*line == '#' || !at)
		return;
	at = read_label(at + strlen(before), name, sizeof(name));
	fuzz_assert(is_known(guests, n, name));
	fuzz_assert(sscanf(at, "} %llu", &value) == 1);
}

static void check_metrics(struct guest_counts *guests, size_t n, enum metrics_format format)
{
	static const struct metrics metrics;
	unsigned int samples = 0;
	char *page, *next;
	size_t size;
	FILE *to = open_memstream(&page, &size);

	metrics_print(to, format, &metrics, guests, n);
	fclose(to);
	fuzz_assert(strlen(page) == size && page[size - 1] == '\n');
	for (char *line = page; *line; line = next) {
		next = strchr(line, '\n');
		*next++ = '\0';
		fuzz_assert(is_plain(line));
		samples += !strncmp(line, "mydevice_guest_refused_total{", 29);
		check_line(line, guests, n);
	}
	fuzz_assert(samples == n);
	free(page);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guest_counts guests[GUESTS_MAX] = {};
	struct input input = { data, size };
	size_t n = 1 + input_byte(&input) % GUESTS_MAX;

	for (size_t i = 0; i < n; i++) {
		size_t len;
		char *name = input_bytes(&input, input_byte(&input), &len);

		guests[i] = (struct guest_counts){
			.domid = (unsigned int)i,
			.guest = escape_bytes(name, len),
			.refused = input_byte(&input),
		};
		check_escaped(name, len, &guests[i].guest);
		free(name);
	}
	check_metrics(guests, n, METRICS_OPENMETRICS);
	check_metrics(guests, n, METRICS_PROMETHEUS);
	return 0;
}
