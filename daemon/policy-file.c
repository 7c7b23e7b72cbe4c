// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "escape.h"
#include "policy-file.h"
#include "policy-setting.h"

struct reader {
	FILE *stream;
	const char *file;
	unsigned int line;
	char *text;			/* of this line */
	size_t text_size;
	struct policy *policy;
	struct policy_section *section;	/* NULL: none yet, or a wrong one */
	bool in_section;
	unsigned int n_mistakes;
	int error;
	policy_mistake_fn mistake;
	void *userdata;
};

_printf_(3, 4) static void mistake(struct reader *reader, unsigned int line, const char *format,
				   ...)
{
	char message[512];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	reader->n_mistakes++;
	reader->mistake(reader->file, line, message, reader->userdata);
}

/*
 * Between [ and ]. Read here and not by the library, which shortens
 * long names, says nothing of empty sections and does not tell the line.
 */
static void begin_section(struct reader *reader, const char *line)
{
	const char *end = strrchr(line, ']');
	_cleanup_free_ char *name = NULL;
	struct reason expected = {};
	enum policy_scope scope;
	const char *subject;
	int r;

	reader->in_section = true;
	reader->section = NULL;
	if (!end || end[1 + strspn(end + 1, " \t\r\n")]) {
		mistake(reader, reader->line,
			"a section is written alone on its line, as in: [Guest web-*]");
		return;
	}
	name = strndup(line + 1, (size_t)(end - line - 1));
	if (!name) {
		reader->error = -ENOMEM;
		return;
	}
	r = policy_scope_parse(name, &scope, &subject, &expected);
	if (r < 0) {
		mistake(reader, reader->line, "%s", expected.text);
		return;
	}
	reader->section = policy_add_section(reader->policy, scope, subject);
	if (!reader->section)
		reader->error = -ENOMEM;
}

static void take_setting(struct reader *reader, const char *key, const char *value)
{
	struct reason expected = {};
	int r = policy_set(reader->section, key, value, &expected);

	if (r == -ENOMEM)
		reader->error = r;
	else if (r < 0)
		mistake(reader, reader->line, "%s", expected.text);
}

static int on_setting(void *userdata, const char *section, const char *key, const char *value)
{
	struct reader *reader = userdata;

	if (!reader->in_section)
		mistake(reader, reader->line,
			"%s= stands before any section; expected " SCOPES_TEXT " first",
			escape(key).text);
	/* a wrong section was told already */
	else if (reader->section)
		take_setting(reader, key, value);
	return 1;
}

/* Not behind a comment, where the library would pass it over without a word. */
static bool has_value(const char *text)
{
	for (const char *p = text; *p && !strchr("=:", *p); p++)
		if (p[0] && strchr(" \t", p[0]) && p[1] == ';')
			return false;
	return strpbrk(text, "=:");
}

/* What makes the line none that the library is to see. */
static bool is_bad_line(struct reader *reader, size_t len, int size)
{
	const char *text = reader->text;
	size_t indent = strspn(text, " \t\r\n");
	bool empty = !text[indent] || strchr("#;", text[indent]);

	if (memchr(text, '\0', len))
		mistake(reader, reader->line,
			"the line has a NUL byte in it: is the file damaged? expected text");
	else if (len >= (size_t)size)
		mistake(reader, reader->line, "the line is longer than %d characters", size - 2);
	else if (indent && !empty)
		mistake(reader, reader->line, "settings and sections begin at the start of a line");
	else if (!empty && *text != '[' && !has_value(text))
		mistake(reader, reader->line, "expected Setting=value or [Section]");
	else
		return false;
	return true;
}

/* Hands the library one line. What is dealt with here becomes an empty line. */
static char *read_line(char *line, int size, void *userdata)
{
	struct reader *reader = userdata;
	ssize_t len = getline(&reader->text, &reader->text_size, reader->stream);

	if (len < 0)
		return NULL;
	reader->line++;
	*line = '\0';
	if (is_bad_line(reader, (size_t)len, size))
		return line;
	if (*reader->text == '[')
		begin_section(reader, reader->text);
	else
		strcpy(line, reader->text);
	return line;
}

static int parse_stream(struct policy *policy, const char *name, FILE *stream,
			policy_mistake_fn fn, void *userdata)
{
	struct reader reader = {
		.stream = stream,
		.file = name,
		.policy = policy,
		.mistake = fn,
		.userdata = userdata,
	};

	int r = ini_parse_stream(read_line, &reader, on_setting, &reader);

	free(reader.text);
	if (r < 0)
		return -ENOMEM;
	if (ferror(stream)) {
		mistake(&reader, 0, "cannot be read: %m");
		return -EIO;
	}
	if (reader.error)
		return reader.error;
	return reader.n_mistakes ? -EBADMSG : 0;
}

static void close_stream(FILE **stream)
{
	if (*stream)
		fclose(*stream);
}

int policy_parse(struct policy *policy, const char *name, const char *text, size_t len,
		 policy_mistake_fn fn, void *userdata)
{
	_cleanup_(close_stream) FILE *stream = NULL;

	if (!len)
		return 0;
	stream = fmemopen((void *)text, len, "r");
	if (!stream)
		return -errno;
	return parse_stream(policy, name, stream, fn, userdata);
}

static int load_file(struct policy *policy, const char *file, policy_mistake_fn fn,
		     void *userdata)
{
	_cleanup_(close_stream) FILE *stream = fopen(file, "re");

	if (!stream) {
		int r = -errno;

		if (r == -ENOENT)
			return 0;
		fn(file, 0, strerror(-r), userdata);
		return r;
	}
	return parse_stream(policy, file, stream, fn, userdata);
}

static int is_drop_in(const struct dirent *entry)
{
	return !fnmatch("*.conf", entry->d_name, FNM_PERIOD);
}

/* The first error wins, but every file is read so that every mistake is told. */
static int load_drop_ins(struct policy *policy, const char *dir, policy_mistake_fn fn,
			 void *userdata)
{
	struct dirent **entries;
	int n, result = 0;

	n = scandir(dir, &entries, is_drop_in, alphasort);
	if (n < 0) {
		if (errno == ENOENT)
			return 0;
		result = -errno;
		fn(dir, 0, strerror(errno), userdata);
		return result;
	}
	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *file = NULL;
		int r = -ENOMEM;

		if (asprintf(&file, "%s/%s", dir, entries[i]->d_name) >= 0)
			r = load_file(policy, file, fn, userdata);
		else
			file = NULL;
		if (!result)
			result = r;
		free(entries[i]);
	}
	free(entries);
	return result;
}

int policy_load(const char *file, policy_mistake_fn fn, void *userdata, struct policy **ret)
{
	_cleanup_(policy_freep) struct policy *policy = policy_new();
	_cleanup_free_ char *dir = NULL;
	int r, drop_ins;

	if (!policy)
		return -ENOMEM;
	if (asprintf(&dir, "%s.d", file) < 0) {
		dir = NULL;
		return -ENOMEM;
	}
	r = load_file(policy, file, fn, userdata);
	drop_ins = load_drop_ins(policy, dir, fn, userdata);
	if (r < 0 || drop_ins < 0)
		return r < 0 ? r : drop_ins;
	*ret = steal(&policy);
	return 0;
}
