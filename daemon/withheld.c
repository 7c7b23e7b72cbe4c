// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <xen/io/mydevice.h>

#include "withheld.h"

#define WORD_SIZE (2 * MYDEVICE_NAME_MAX + 3)

static void format_word(char word[static WORD_SIZE], const char *class, const char *name)
{
	snprintf(word, WORD_SIZE, " %s/%s", class, name);
}

static char *find(char *text, const char *word)
{
	size_t len = strlen(word);

	for (char *at = text; (at = strstr(at, word)); at++)
		if (at[len] == ' ' || !at[len])
			return at;
	return NULL;
}

bool withheld_has(const struct withheld *withheld, const char *class, const char *name)
{
	char word[WORD_SIZE];

	format_word(word, class, name);
	return find((char *)withheld->text, word);
}

int withheld_add(struct withheld *withheld, const char *class, const char *name)
{
	size_t len = strlen(withheld->text);
	char word[WORD_SIZE];

	if (withheld_has(withheld, class, name))
		return 0;
	format_word(word, class, name);
	if (len + strlen(word) >= sizeof(withheld->text))
		return -ENOSPC;
	strcpy(withheld->text + len, word);
	return 0;
}

bool withheld_drop(struct withheld *withheld, const char *class, const char *name)
{
	char word[WORD_SIZE], *at;

	format_word(word, class, name);
	at = find(withheld->text, word);
	if (at)
		memmove(at, at + strlen(word), strlen(at + strlen(word)) + 1);
	return at;
}

bool withheld_parse(struct withheld *withheld, const char *uuid, const char *text)
{
	size_t len = strlen(uuid);

	if (strncmp(text, uuid, len) || text[len] != ' ' ||
	    strlen(text + len) >= sizeof(withheld->text))
		return false;
	strcpy(withheld->text, text + len);
	return true;
}
