// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/escape.h"
#include "policy/doubt.h"
#include "policy/file.h"
#include "policy/setting.h"

/* Enough for a thousand names; more than a person writes. */
#define LINE_MAX_LEN 8190
#define BLANKS " \t\r\n\v\f"
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

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
	policy_fault_fn fault;
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
	reader->fault(POLICY_MISTAKE, reader->file, line, message, reader->userdata);
}

static void doubt(struct reader *reader, const struct reason *reason)
{
	if (reader->fault)
		reader->fault(POLICY_DOUBT, reader->file, reader->line, reason->text,
			      reader->userdata);
}

/* Between [ and ]. */
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
	if (policy_doubts_scope(scope, subject, &expected))
		doubt(reader, &expected);
	reader->section = policy_add_section(reader->policy, scope, subject);
	if (!reader->section ||
	    policy_section_place(reader->section, reader->file, reader->line) < 0)
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
	else if (policy_doubts_setting(key, value, &expected))
		doubt(reader, &expected);
}

/* A ; after a space begins a comment. */
static void cut_comment(char *text)
{
	for (char *p = text; *p; p++)
		if (p[0] == ';' && (p == text || strchr(" \t", p[-1]))) {
			*p = '\0';
			return;
		}
}

static char *trim(char *text)
{
	size_t len;

	text += strspn(text, BLANKS);
	for (len = strlen(text); len && strchr(BLANKS, text[len - 1]); len--)
		;
	text[len] = '\0';
	return text;
}

/* Setting=value, or with a colon. */
static void read_setting(struct reader *reader, char *text)
{
	char *separator, *key, *value;

	cut_comment(text);
	separator = strpbrk(text, "=:");
	if (!separator) {
		mistake(reader, reader->line, "expected Setting=value or [Section]");
		return;
	}
	*separator = '\0';
	key = trim(text);
	value = trim(separator + 1);
	if (!reader->in_section)
		mistake(reader, reader->line,
			"%s= stands before any section; expected " SCOPES_TEXT " first",
			escape(key).text);
	/* a wrong section was told already */
	else if (reader->section)
		take_setting(reader, key, value);
}

static void read_line(struct reader *reader, size_t len)
{
	char *text = reader->text;
	size_t indent = strspn(text, BLANKS);
	bool empty = !text[indent] || strchr("#;", text[indent]);

	if (memchr(text, '\0', len))
		mistake(reader, reader->line,
			"the line has a NUL byte in it: is the file damaged? expected text");
	else if (len > LINE_MAX_LEN + 1)
		mistake(reader, reader->line, "the line is longer than %d characters",
			LINE_MAX_LEN);
	else if (empty)
		return;
	else if (indent)
		mistake(reader, reader->line, "settings and sections begin at the start of a line");
	else if (*text == '[')
		begin_section(reader, text);
	else
		read_setting(reader, text);
}

static int parse_stream(struct policy *policy, const char *name, FILE *stream, FILE *copy,
			policy_fault_fn fn, void *userdata)
{
	struct reader reader = {
		.stream = stream,
		.file = name,
		.policy = policy,
		.fault = fn,
		.userdata = userdata,
	};
	size_t before = policy->n_sections;
	ssize_t len;

	while (!reader.error &&
	       (len = getline(&reader.text, &reader.text_size, stream)) >= 0) {
		size_t mark = strlen(BYTE_ORDER_MARK);

		if (copy)
			fwrite(reader.text, 1, (size_t)len, copy);
		if (!reader.line++ && !strncmp(reader.text, BYTE_ORDER_MARK, mark)) {
			len -= (ssize_t)mark;
			memmove(reader.text, reader.text + mark, (size_t)len + 1);
		}
		read_line(&reader, (size_t)len);
	}
	free(reader.text);
	for (size_t i = before; fn && i < policy->n_sections; i++) {
		struct reason reason;

		if (policy_doubts_class(policy, i, &reason))
			fn(POLICY_DOUBT, name, policy->sections[i].line, reason.text, userdata);
	}
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
		 policy_fault_fn fn, void *userdata)
{
	_cleanup_(close_stream) FILE *stream = NULL;

	if (!len)
		return 0;
	stream = fmemopen((void *)text, len, "r");
	if (!stream)
		return -errno;
	return parse_stream(policy, name, stream, NULL, fn, userdata);
}

/* Keeps its text as it was parsed. */
static int parse_file(struct policy *policy, const char *file, FILE *stream, policy_fault_fn fn,
		      void *userdata)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	FILE *copy = open_memstream(&text, &len);
	int r;

	if (!copy)
		return -ENOMEM;
	r = parse_stream(policy, file, stream, copy, fn, userdata);
	if (fclose(copy))
		return -ENOMEM;
	return r < 0 ? r : policy_add_source(policy, file, text, len);
}

static int load_file(struct policy *policy, const char *file, policy_fault_fn fn,
		     void *userdata)
{
	_cleanup_(close_stream) FILE *stream = fopen(file, "re");

	if (!stream) {
		int r = -errno;

		if (r != -ENOENT)
			fn(POLICY_MISTAKE, file, 0, strerror(-r), userdata);
		return r;
	}
	return parse_file(policy, file, stream, fn, userdata);
}

static int is_drop_in(const struct dirent *entry)
{
	return !fnmatch("*.conf", entry->d_name, FNM_PERIOD);
}

/* Opening a FIFO would wait for a writer. A link to /dev/null is fine: it masks a drop-in. */
static bool blocks(const char *file)
{
	struct stat st;

	return stat(file, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

/* The first error wins, but every file is read so that every mistake is told. */
static int load_drop_ins(struct policy *policy, const char *dir, policy_fault_fn fn,
			 void *userdata, int *ret_n)
{
	struct dirent **entries;
	int n, result = 0;

	*ret_n = 0;
	n = scandir(dir, &entries, is_drop_in, alphasort);
	if (n < 0) {
		if (errno == ENOENT)
			return 0;
		result = -errno;
		fn(POLICY_MISTAKE, dir, 0, strerror(-result), userdata);
		return result;
	}
	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *file = NULL;
		int r = -ENOMEM;

		if (asprintf(&file, "%s/%s", dir, entries[i]->d_name) < 0) {
			file = NULL;
		} else if (blocks(file)) {
			fn(POLICY_MISTAKE, file, 0, "not a regular file; expected a file",
			   userdata);
			r = -EBADMSG;
		} else {
			r = load_file(policy, file, fn, userdata);
		}
		if (r == -ENOENT) {
			fn(POLICY_DOUBT, file, 0, "a link to a file that does not exist; "
			   "expected a file", userdata);
			r = 0;
		}
		if (!result)
			result = r;
		free(entries[i]);
	}
	free(entries);
	*ret_n = n;
	return result;
}

int policy_load(const char *file, policy_fault_fn fn, void *userdata, struct policy **ret)
{
	_cleanup_(policy_freep) struct policy *policy = policy_new();
	_cleanup_free_ char *dir = NULL;
	int r, drop_ins, n;

	if (!policy)
		return -ENOMEM;
	if (asprintf(&dir, "%s.d", file) < 0) {
		dir = NULL;
		return -ENOMEM;
	}
	r = load_file(policy, file, fn, userdata);
	drop_ins = load_drop_ins(policy, dir, fn, userdata, &n);
	if (r == -ENOENT) {
		if (!n)
			fn(POLICY_DOUBT, file, 0, "there is no such file, and no drop-in; expected "
			   "a policy, which an empty file is: without one no guest gets a new "
			   "channel", userdata);
		r = 0;
	}
	if (r < 0 || drop_ins < 0)
		return r < 0 ? r : drop_ins;
	*ret = steal(&policy);
	return 0;
}
