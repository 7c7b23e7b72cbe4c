// SPDX-License-Identifier: GPL-2.0-or-later
#include <fnmatch.h>
#include <stddef.h>
#include <string.h>

#include <xen/io/mydevice.h>

#include "base/glob.h"

#define GLOB_MAX 255
#define GUEST_MAX 127
#define UUID_LEN 36

static size_t longest(enum glob_of of)
{
	return of == GLOB_OF_CHANNEL ? MYDEVICE_NAME_MAX : of == GLOB_OF_GUEST ? GUEST_MAX :
									     UUID_LEN;
}

static size_t shortest(enum glob_of of)
{
	return of == GLOB_OF_UUID ? UUID_LEN : 1;
}

/* The length of the element that a glob begins with: a character, or what stands for one. */
static size_t element(const char *glob)
{
	size_t i = 1;

	if (glob[0] == '\\')
		return glob[1] ? 2 : 1;
	if (glob[0] != '[')
		return 1;
	i += glob[i] == '!' || glob[i] == '^';
	i += glob[i] == ']';
	while (glob[i] && glob[i] != ']') {
		const char *end = NULL;

		if (glob[i] == '[' && (glob[i + 1] == ':' || glob[i + 1] == '.' ||
				       glob[i + 1] == '=')) {
			char close[] = { glob[i + 1], ']', '\0' };

			end = strstr(glob + i + 2, close);
		}
		if (end)
			i = (size_t)(end - glob) + 2;
		else
			i += glob[i] == '\\' && glob[i + 1] ? 2 : 1;
	}
	/* without an end it is a character */
	return glob[i] ? i + 1 : 1;
}

/* What may stand at a place. */
static const char *characters(enum glob_of of, size_t place)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				  "0123456789._-";

	if (of == GLOB_OF_CHANNEL)
		return place ? all : letters;
	return place == 8 || place == 13 || place == 18 || place == 23 ? "-" : "0123456789abcdef";
}

static bool element_matches(const char *glob, size_t len, enum glob_of of, size_t place)
{
	const char *allowed;
	char one[GLOB_MAX + 1], text[2] = "";

	/* whatever it stands for may be in a guest's name */
	if (of == GLOB_OF_GUEST)
		return true;
	memcpy(one, glob, len);
	one[len] = '\0';
	for (allowed = characters(of, place); *allowed; allowed++) {
		text[0] = *allowed;
		if (!fnmatch(one, text, of == GLOB_OF_UUID ? FNM_CASEFOLD : 0))
			return true;
	}
	return false;
}

/* reached[n]: the glob so far matches n characters. */
bool glob_can_match(const char *glob, enum glob_of of)
{
	bool reached[GUEST_MAX + 1] = { true }, any;
	size_t max = longest(of);

	if (strlen(glob) > GLOB_MAX)
		return false;
	for (size_t len; *glob; glob += len) {
		len = element(glob);
		if (*glob == '*') {
			for (size_t n = 1; n <= max; n++)
				reached[n] = reached[n] || reached[n - 1];
			continue;
		}
		for (size_t n = max; n > 0; n--)
			reached[n] = reached[n - 1] && element_matches(glob, len, of, n - 1);
		reached[0] = false;
	}
	any = false;
	for (size_t n = shortest(of); n <= max; n++)
		any = any || reached[n];
	return any;
}

char glob_list_char(const char *glob, bool spaces)
{
	while (*glob) {
		size_t len = element(glob);

		if (len == 1 && strchr(",;|{}\"'", *glob))
			return *glob;
		if (len == 1 && spaces && strchr(" \t", *glob))
			return *glob;
		glob += len;
	}
	return '\0';
}
