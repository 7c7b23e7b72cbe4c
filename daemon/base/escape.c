// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "base/escape.h"

struct escaped escape_bytes(const char *data, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	static const char more[] = "...";
	struct escaped e;
	size_t out = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)data[i];
		size_t need = c >= ' ' && c < 0x7f && c != '\\' ? 1 : 4;
		/* while bytes remain, there must be room left to say so */
		size_t reserve = i + 1 < len ? sizeof(more) : 1;

		if (out + need + reserve > sizeof(e.text)) {
			memcpy(e.text + out, more, sizeof(more));
			return e;
		}
		if (need == 1) {
			e.text[out++] = (char)c;
			continue;
		}
		e.text[out++] = '\\';
		e.text[out++] = 'x';
		e.text[out++] = hex[c >> 4];
		e.text[out++] = hex[c & 0xf];
	}
	e.text[out] = '\0';
	return e;
}

struct escaped escape(const char *text)
{
	return escape_bytes(text, strlen(text));
}
