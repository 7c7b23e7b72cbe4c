// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <xen/io/mydevice.h>

#include "base/util.h"
#include "notes/withheld.h"

#define WORD_SIZE (2 * MYDEVICE_NAME_MAX + 3)

void withheld_done(struct withheld *withheld)
{
	free(withheld->text);
	*withheld = (struct withheld){};
}

static void format_word(char word[static WORD_SIZE], const char *class, const char *name)
{
	snprintf(word, WORD_SIZE, " %s/%s", class, name);
}

static char *find(char *text, const char *word)
{
	size_t len = strlen(word);

	for (char *at = text; at && (at = strstr(at, word)); at++)
		if (at[len] == ' ' || !at[len])
			return at;
	return NULL;
}

bool withheld_has(const struct withheld *withheld, const char *class, const char *name)
{
	char word[WORD_SIZE];

	format_word(word, class, name);
	return find(withheld->text, word);
}

static int append(struct withheld *withheld, const char *words)
{
	size_t len = strlen(withheld_words(withheld));
	char *text = realloc(withheld->text, len + strlen(words) + 1);

	if (!text)
		return -ENOMEM;
	strcpy(text + len, words);
	withheld->text = text;
	return 0;
}

int withheld_add(struct withheld *withheld, const char *class, const char *name)
{
	char word[WORD_SIZE];

	if (withheld_has(withheld, class, name))
		return 0;
	format_word(word, class, name);
	return append(withheld, word);
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

const char *withheld_words(const struct withheld *withheld)
{
	return withheld->text ?: "";
}

size_t withheld_part(const char *words)
{
	size_t len = strlen(words);

	if (len < WITHHELD_SIZE)
		return len;
	for (len = WITHHELD_SIZE - 1; len && words[len] != ' '; len--)
		;
	/* no word of ours is as long as that */
	return len ?: WITHHELD_SIZE - 1;
}

int withheld_parse(struct withheld *withheld, const char *uuid, const char *text)
{
	size_t len = strlen(uuid);

	if (strncmp(text, uuid, len) || text[len] != ' ')
		return -EBADMSG;
	return append(withheld, text + len);
}
