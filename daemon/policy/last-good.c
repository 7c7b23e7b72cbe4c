// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/number.h"
#include "policy/last-good.h"

#define FILE_NAME "policy"
#define NEW_FILE_NAME "policy.new"
#define VERSION_WORDS "mydevice-policy "
#define VERSION "1"
#define SIZE_MAX_BYTES (16 << 20)

/* FNV-1a. It finds damage; only root can write the file. */
static uint64_t checksum(const char *data, size_t len)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)data[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* A part: "LENGTH\n", as many bytes, "\n". */
static void print_part(FILE *to, const char *data, size_t len)
{
	fprintf(to, "%zu\n", len);
	fwrite(data, 1, len, to);
	fputc('\n', to);
}

static int print_sources(const struct policy *policy, char **ret, size_t *ret_len)
{
	FILE *to = open_memstream(ret, ret_len);

	if (!to)
		return -ENOMEM;
	for (size_t i = 0; i < policy->n_sources; i++) {
		const struct policy_file_text *source = &policy->sources[i];

		print_part(to, source->file, strlen(source->file));
		print_part(to, source->text, source->len);
	}
	return fclose(to) ? -ENOMEM : 0;
}

static int print_state(const struct policy *policy, char **ret, size_t *ret_len)
{
	_cleanup_free_ char *body = NULL;
	size_t body_len;
	FILE *to;
	int r = print_sources(policy, &body, &body_len);

	if (r < 0)
		return r;
	to = open_memstream(ret, ret_len);
	if (!to)
		return -ENOMEM;
	fprintf(to, VERSION_WORDS VERSION "\n%016" PRIx64 "\n", checksum(body, body_len));
	fwrite(body, 1, body_len, to);
	return fclose(to) ? -ENOMEM : 0;
}

struct cursor {
	const char *data;
	size_t left;
};

/* Up to the end of the line, without it. False if there is none. */
static bool take_line(struct cursor *cursor, const char **ret, size_t *ret_len)
{
	const char *end = memchr(cursor->data, '\n', cursor->left);

	if (!end)
		return false;
	*ret = cursor->data;
	*ret_len = (size_t)(end - cursor->data);
	cursor->left -= *ret_len + 1;
	cursor->data = end + 1;
	return true;
}

static bool take_part(struct cursor *cursor, const char **ret, size_t *ret_len)
{
	const char *number;
	uint64_t len;
	size_t n;

	if (!take_line(cursor, &number, &n) ||
	    number_decimal(number, n, SIZE_MAX_BYTES, &len) < 0 || len >= cursor->left ||
	    cursor->data[len] != '\n')
		return false;
	*ret = cursor->data;
	*ret_len = len;
	cursor->data += len + 1;
	cursor->left -= len + 1;
	return true;
}

static int refuse(struct reason *reason, const char *why)
{
	snprintf(reason->text, sizeof(reason->text), "%s", why);
	return -EBADMSG;
}

/* Each saved policy was a valid one, but not to every release. */
static void note_mistake(enum policy_fault fault, const char *file, unsigned int line,
			 const char *message, void *userdata)
{
	struct reason *reason = userdata;

	if (fault == POLICY_MISTAKE && !*reason->text)
		snprintf(reason->text, sizeof(reason->text),
			 "this release refuses it: %.100s:%u: %.300s", file, line, message);
}

static int parse_sources(struct policy *policy, struct cursor *cursor, struct reason *ret_reason)
{
	while (cursor->left) {
		_cleanup_free_ char *file = NULL;
		const char *name, *text;
		size_t name_len, len;
		int r;

		if (!take_part(cursor, &name, &name_len) || memchr(name, '\0', name_len) ||
		    !take_part(cursor, &text, &len))
			return refuse(ret_reason, "it is damaged");
		file = calloc(1, name_len + 1);
		if (!file)
			return -ENOMEM;
		memcpy(file, name, name_len);
		r = policy_add_source(policy, file, text, len);
		if (r == 0)
			r = policy_parse(policy, file, text, len, note_mistake, ret_reason);
		if (r < 0)
			return r;
	}
	return policy->n_sources ? 0 : refuse(ret_reason, "it is empty");
}

int last_good_parse(const char *data, size_t len, struct policy **ret,
		    struct reason *ret_reason)
{
	_cleanup_(policy_freep) struct policy *policy = policy_new();
	struct cursor cursor = { data, len };
	size_t version_len, sum_len;
	const char *version, *sum;
	struct reason reason = {};
	char expected[17];
	int r;

	if (!policy)
		return -ENOMEM;
	if (!take_line(&cursor, &version, &version_len) ||
	    version_len < strlen(VERSION_WORDS) ||
	    memcmp(version, VERSION_WORDS, strlen(VERSION_WORDS)))
		return refuse(ret_reason, "it is damaged");
	if (version_len != strlen(VERSION_WORDS VERSION) ||
	    memcmp(version, VERSION_WORDS VERSION, version_len))
		return refuse(ret_reason, "another release has written it, in another format");
	if (!take_line(&cursor, &sum, &sum_len))
		return refuse(ret_reason, "it is damaged");
	snprintf(expected, sizeof(expected), "%016" PRIx64, checksum(cursor.data, cursor.left));
	if (sum_len != strlen(expected) || memcmp(sum, expected, sum_len))
		return refuse(ret_reason, "it is damaged: its checksum is wrong");
	r = parse_sources(policy, &cursor, &reason);
	if (r < 0) {
		*ret_reason = reason;
		return r;
	}
	*ret = steal(&policy);
	return 0;
}

/* Not through links, and nobody else's file: what it says is root's word. */
static int read_state(int dir, char **ret, size_t *ret_len, time_t *ret_saved,
		      struct reason *ret_reason)
{
	_cleanup_(close_fd) int fd = openat(dir, FILE_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW |
					    O_NONBLOCK);
	_cleanup_free_ char *data = NULL;
	size_t len = 0;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return refuse(ret_reason, "it is not a regular file");
	if (st.st_uid != geteuid() || st.st_mode & 022)
		return refuse(ret_reason, "others than the daemon's user may write it");
	if (st.st_size > SIZE_MAX_BYTES)
		return refuse(ret_reason, "it is too large");
	data = malloc((size_t)st.st_size + 1);
	if (!data)
		return -ENOMEM;
	while (len < (size_t)st.st_size) {
		ssize_t n = read(fd, data + len, (size_t)st.st_size - len);

		if (n < 0)
			return -errno;
		if (!n)
			break;
		len += (size_t)n;
	}
	*ret = steal(&data);
	*ret_len = len;
	*ret_saved = st.st_mtime;
	return 0;
}

static int open_directory(const char *directory)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int last_good_load(const char *directory, struct policy **ret, time_t *ret_saved,
		   struct reason *ret_reason)
{
	_cleanup_(close_fd) int dir = open_directory(directory);
	_cleanup_free_ char *data = NULL;
	struct reason reason = {};
	time_t saved = 0;
	size_t len;
	int r = dir < 0 ? dir : read_state(dir, &data, &len, &saved, &reason);

	if (r == 0)
		r = last_good_parse(data, len, ret, &reason);
	if (r == 0) {
		*ret_saved = saved;
		return 0;
	}
	snprintf(ret_reason->text, sizeof(ret_reason->text), "%s",
		 *reason.text ? reason.text : strerror(-r));
	return r;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

static int replace(int dir, const char *data, size_t len)
{
	_cleanup_(close_fd) int fd = -1;
	int r;

	/* of a run that was killed while it wrote */
	unlinkat(dir, NEW_FILE_NAME, 0);
	fd = openat(dir, NEW_FILE_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	r = write_all(fd, data, len);
	if (r == 0 && renameat(dir, NEW_FILE_NAME, dir, FILE_NAME) < 0)
		r = -errno;
	if (r < 0) {
		unlinkat(dir, NEW_FILE_NAME, 0);
		return r;
	}
	return fsync(dir) < 0 ? -errno : 0;
}

static bool has_it(int dir, const char *data, size_t len)
{
	_cleanup_free_ char *found = NULL;
	struct reason reason;
	size_t found_len;
	time_t saved;

	return read_state(dir, &found, &found_len, &saved, &reason) == 0 && found_len == len &&
	       !memcmp(found, data, len);
}

int last_good_save(const char *directory, const struct policy *policy)
{
	_cleanup_(close_fd) int dir = -1;
	_cleanup_free_ char *data = NULL;
	size_t len;
	int made, r = print_state(policy, &data, &len);

	if (r < 0)
		return r;
	if (len > SIZE_MAX_BYTES)
		return -EFBIG;
	made = mkdir(directory, 0700) < 0 && errno != EEXIST ? -errno : 0;
	dir = open_directory(directory);
	/* that it cannot be created says more than that it is not there */
	if (dir < 0)
		return made ?: dir;
	return has_it(dir, data, len) ? 0 : replace(dir, data, len);
}
