// SPDX-License-Identifier: GPL-2.0-or-later
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "base/log.h"

#define LIMIT_BURST 20
#define LIMIT_INTERVAL_USEC (2 * USEC_PER_SEC)

#define FIELDS_MAX 8
#define FIELD_SIZE 1024

static int log_max_level = LOG_INFO;
static bool to_journal;

/* $JOURNAL_STREAM names the socket that systemd gave as stderr; it may be replaced since. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

void log_open(int max_level)
{
	log_max_level = max_level;
	to_journal = stderr_is_journal();
}

int log_level_parse(const char *text, int *ret)
{
	static const char *const names[] = {
		[LOG_ERR] = "err", [LOG_WARNING] = "warning", [LOG_NOTICE] = "notice",
		[LOG_INFO] = "info", [LOG_DEBUG] = "debug",
	};

	for (int level = LOG_ERR; level <= LOG_DEBUG; level++)
		if (!strcasecmp(text, names[level])) {
			*ret = level;
			return 0;
		}
	return -EINVAL;
}

struct fields {
	struct iovec iov[FIELDS_MAX];
	char text[FIELDS_MAX][FIELD_SIZE];
	int n;
};

_printf_(2, 3) static void add_field(struct fields *fields, const char *format, ...)
{
	char *text = fields->text[fields->n];
	va_list args;

	va_start(args, format);
	vsnprintf(text, FIELD_SIZE, format, args);
	va_end(args);
	fields->iov[fields->n++] = (struct iovec){ text, strlen(text) };
}

/* 0 or -errno: the journal does not run, or takes no more. */
static int send_to_journal(int level, const struct log_about *about, const char *message)
{
	struct fields fields = {};

	add_field(&fields, "MESSAGE=%s", message);
	add_field(&fields, "PRIORITY=%d", level);
	add_field(&fields, "SYSLOG_IDENTIFIER=mydevice-attachd");
	if (about->message_id)
		add_field(&fields, "MESSAGE_ID=%s", about->message_id);
	if (about->domid >= 0)
		add_field(&fields, "DOMID=%d", about->domid);
	if (about->devid >= 0)
		add_field(&fields, "DEVID=%d", about->devid);
	if (about->guest)
		add_field(&fields, "GUEST=%s", about->guest);
	if (about->channel)
		add_field(&fields, "CHANNEL=%s", about->channel);
	return sd_journal_sendv(fields.iov, fields.n);
}

int log_about(int level, int error, const struct log_about *about, const char *format, ...)
{
	char message[768];
	va_list args;

	if (level > log_max_level)
		return error;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	if (!to_journal || send_to_journal(level, about, message) < 0)
		fprintf(stderr, "mydevice-attachd: %s\n", message);
	return error;
}

bool log_limit_pass(struct log_limit *limit, uint64_t now_usec, unsigned int *ret_suppressed)
{
	if (rate_take(&limit->rate, now_usec, LIMIT_BURST, LIMIT_INTERVAL_USEC)) {
		limit->suppressed++;
		return false;
	}
	*ret_suppressed = limit->suppressed;
	limit->suppressed = 0;
	return true;
}
