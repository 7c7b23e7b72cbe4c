// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"

void fuzz_failed(const char *file, int line, const char *condition)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
	abort();
}

uint8_t input_byte(struct input *input)
{
	if (!input->size)
		return 0;
	input->size--;
	return *input->data++;
}

static char *take(struct input *input, size_t len, size_t spare, size_t *ret_len)
{
	char *text;

	if (len > input->size)
		len = input->size;
	text = malloc(len + spare);
	if (len)
		memcpy(text, input->data, len);
	input->data += len;
	input->size -= len;
	*ret_len = len;
	return text;
}

char *input_bytes(struct input *input, size_t len, size_t *ret_len)
{
	return take(input, len, 0, ret_len);
}

char *input_text(struct input *input, size_t *ret_len)
{
	char *text = take(input, input_byte(input), 1, ret_len);

	text[*ret_len] = '\0';
	return text;
}

char *input_string(struct input *input)
{
	size_t len;
	char *text = input_text(input, &len), *copy = strdup(text);

	free(text);
	return copy;
}

bool is_plain(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

bool is_name(const char *text, size_t len)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

	if (len < 1 || len > 63 || !text[0] || !strchr(letters, text[0]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!text[i] || (!strchr(letters, text[i]) && !strchr("0123456789._-", text[i])))
			return false;
	return true;
}
