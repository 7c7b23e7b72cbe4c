/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line for each event, to the journal with fields if it listens on stderr,
 * else to stderr as text. Callers escape what comes from outside.
 */
#ifndef ATTACHD_LOG_H
#define ATTACHD_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <syslog.h>

#include "base/rate.h"
#include "base/util.h"

/* What a line is about. Members that are not known stay NULL or -1. */
struct log_about {
	const char *message_id;		/* MSG_*, see messages.h */
	int domid;
	int devid;
	const char *guest;
	const char *channel;
};

#define LOG_ABOUT_NOTHING ((struct log_about){ .domid = -1, .devid = -1 })

void log_open(int max_level);
int log_level_parse(const char *text, int *ret);

/* Returns error, so that one statement logs and gives up. */
int log_about(int level, int error, const struct log_about *about, const char *format, ...)
	_printf_(4, 5);

#define log_full(level, error, ...)					\
	log_about(level, error, &LOG_ABOUT_NOTHING, __VA_ARGS__)
#define log_error(error, ...) log_full(LOG_ERR, error, __VA_ARGS__)
#define log_warning(...) log_full(LOG_WARNING, 0, __VA_ARGS__)
#define log_notice(...) log_full(LOG_NOTICE, 0, __VA_ARGS__)
#define log_info(...) log_full(LOG_INFO, 0, __VA_ARGS__)
#define log_debug(...) log_full(LOG_DEBUG, 0, __VA_ARGS__)

/* So many lines at once, then one for each interval. */
struct log_limit {
	struct rate rate;
	unsigned int suppressed;
};

/* May a line be logged now? ret_suppressed: how many were not, before this one. */
bool log_limit_pass(struct log_limit *limit, uint64_t now_usec, unsigned int *ret_suppressed);

#endif
