// SPDX-License-Identifier: GPL-2.0-or-later
/* Names, numbers and paths: against what the same rules are in other words. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/name.h"
#include "base/number.h"
#include "input.h"
#include "model/paths.h"

/* Whether text is the one way to write a number from 0 to max. */
static bool is_number(const char *text, size_t len, uint64_t max, uint64_t *ret)
{
	char digits[24], again[24];

	if (!len || len >= sizeof(digits))
		return false;
	memcpy(digits, text, len);
	digits[len] = '\0';
	if (strspn(digits, "0123456789") != len)
		return false;
	errno = 0;
	*ret = strtoull(digits, NULL, 10);
	snprintf(again, sizeof(again), "%llu", (unsigned long long)*ret);
	return !errno && *ret <= max && !strcmp(digits, again);
}

static void check_numbers(const char *text, size_t len)
{
	uint64_t n = 4711, expected;
	unsigned int id = 4711;
	int r = number_decimal(text, len, UINT64_MAX, &n);

	fuzz_assert((r == 0) == is_number(text, len, UINT64_MAX, &expected));
	fuzz_assert(r == 0 ? n == expected : n == 4711 && (r == -EINVAL || r == -ERANGE));
	r = number_devid(text, len, &id);
	fuzz_assert((r == 0) == is_number(text, len, MYDEVICE_DEVID_MAX, &expected));
	fuzz_assert(id == (r == 0 ? expected : 4711));
	id = 4711;
	r = number_domid(text, len, &id);
	fuzz_assert((r == 0) == is_number(text, len, 0x7fef, &expected));
	fuzz_assert(id == (r == 0 ? expected : 4711));
}

/* For people, so these end at the first NUL. */
static void check_words(const char *text)
{
	static const char suffixes[] = "KkMmGg";
	size_t len = strlen(text);
	const char *suffix = len ? strchr(suffixes, text[len - 1]) : NULL;
	unsigned int shift = suffix ? 10 * (1 + (unsigned int)(suffix - suffixes) / 2) : 0;
	uint64_t n = 4711, expected = 0;
	bool flag;
	int r = number_bytes(text, 1 << 20, &n);

	fuzz_assert((r == 0) == is_number(text, len - !!suffix, (1 << 20) >> shift, &expected));
	fuzz_assert(n == (r == 0 ? expected << shift : 4711));
	r = number_boolean(text, &flag);
	fuzz_assert(r == 0 || r == -EINVAL);
	if (r == 0)
		fuzz_assert(strchr("yYtToO1", *text) || !flag);
}

static void check_event(const char *text)
{
	static const char prefix[] = "/local/domain/7/data/mydevice";
	struct path requests = path_requests(7, MYDEVICE_CLASS);
	char *path = malloc(sizeof(prefix) + strlen(text));
	const char *end = strchr(text + !!*text, '/');
	unsigned int devid = 4711;
	uint64_t expected = 0;
	int r;

	strcpy(path, prefix);
	strcat(path, text);
	if (!end)
		end = text + strlen(text);
	r = path_parse_request_event(&requests, path, &devid);
	if (!*text)
		fuzz_assert(r == 2);
	else if (*text != '/' ||
		 !is_number(text + 1, (size_t)(end - text - 1), MYDEVICE_DEVID_MAX, &expected))
		fuzz_assert(r == -EINVAL && devid == 4711);
	else
		fuzz_assert(devid == expected && r == (!*end || !strcmp(end, "/request")));
	/* any other path, as of an event that is wider than what was watched */
	r = path_parse_request_event(&requests, text, &devid);
	fuzz_assert(strncmp(text, prefix, strlen(prefix)) ? r == 2 : r <= 2);
	free(path);
}

static void check_names(const char *text, size_t len)
{
	struct device_key key = { .class = MYDEVICE_CLASS, .guest = 7, .devid = 9 }, parsed = {};
	char record[2 * MYDEVICE_NAME_MAX];
	struct path node;

	fuzz_assert(name_is_safe(text, len) == is_name(text, len));
	fuzz_assert(!name_is_migrating(text) || strstr(text, "--"));
	/* whatever the two are called: it stays below its directory */
	node = path_backend_node(&key, text, "demo");
	fuzz_assert(is_plain(node.text) && !strncmp(node.text, "/dev/mydevice-back/", 19));
	fuzz_assert(!strstr(node.text, "/.") && !strstr(node.text, "//"));
	if (path_parse_record(text, &parsed) < 0)
		return;
	fuzz_assert(is_name(parsed.class, strlen(parsed.class)));
	snprintf(record, sizeof(record), "%s-%u", parsed.class, parsed.devid);
	fuzz_assert(!strcmp(record, text));
	parsed.guest = DOMID_LIMIT - 1;
	parsed.backend = DOMID_LIMIT - 1;
	fuzz_assert(strlen(path_frontend(&parsed).text) < PATH_SIZE - 1);
	fuzz_assert(strlen(path_backend(&parsed).text) < PATH_SIZE - 1);
	fuzz_assert(strlen(path_record(&parsed, "n").text) < PATH_SIZE - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	size_t len;
	char *bytes = input_bytes(&input, size, &len), *text = strndup(bytes, len);

	check_numbers(bytes, len);
	check_words(text);
	check_event(text);
	check_names(text, strlen(text));
	fuzz_assert(name_is_safe(bytes, len) == is_name(bytes, len));
	free(bytes);
	free(text);
	return 0;
}
