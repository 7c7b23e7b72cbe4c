// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "model/request-log.h"

const char *request_state_name(enum request_state state)
{
	static const char *const names[REQUEST_STATES] = {
		[REQUEST_DENIED] = "denied",
		[REQUEST_WAITING] = "waiting",
		[REQUEST_FAILING] = "failing",
	};

	return names[state];
}

static void remove_entry(struct request_log *log, unsigned int i)
{
	log->n--;
	memmove(&log->entries[i], &log->entries[i + 1], (log->n - i) * sizeof(*log->entries));
}

static struct request_entry *find(struct request_log *log, uint32_t devid, const char *name)
{
	for (unsigned int i = 0; i < log->n; i++)
		if (log->entries[i].devid == devid && !strcmp(log->entries[i].name.text, name))
			return &log->entries[i];
	return NULL;
}

/* Nobody withdraws what has no id. */
static bool is_over(const struct request_entry *entry)
{
	return entry->withdrawn || entry->devid == REQUEST_LOG_NO_DEVID;
}

void request_log_expire(struct request_log *log, uint64_t now_usec)
{
	for (unsigned int i = log->n; i-- > 0;)
		/* the wall clock may have been set back */
		if (is_over(&log->entries[i]) && now_usec > log->entries[i].last_usec &&
		    now_usec - log->entries[i].last_usec > REQUEST_LOG_KEEP_USEC)
			remove_entry(log, i);
}

void request_log_withdraw(struct request_log *log, uint32_t devid)
{
	if (devid == REQUEST_LOG_NO_DEVID)
		return;
	for (unsigned int i = 0; i < log->n; i++)
		if (log->entries[i].devid == devid)
			log->entries[i].withdrawn = true;
}

void request_log_end(struct request_log *log)
{
	log->ended = true;
	for (unsigned int i = 0; i < log->n; i++)
		log->entries[i].withdrawn = true;
}

uint64_t request_log_last_usec(const struct request_log *log)
{
	uint64_t last_usec = 0;

	for (unsigned int i = 0; i < log->n; i++)
		if (log->entries[i].last_usec > last_usec)
			last_usec = log->entries[i].last_usec;
	return last_usec;
}

void request_log_grant(struct request_log *log, uint32_t devid, const char *name)
{
	const struct request_entry *entry = find(log, devid, name);

	if (entry)
		remove_entry(log, (unsigned int)(entry - log->entries));
	request_log_withdraw(log, devid);
}

static struct request_entry *add_entry(struct request_log *log)
{
	if (log->n == REQUEST_LOG_MAX) {
		remove_entry(log, REQUEST_LOG_FIRST);
		log->left_out++;
	}
	return &log->entries[log->n++];
}

void request_log_note(struct request_log *log, const struct request_entry *entry,
		      uint64_t now_usec)
{
	struct request_entry *known = find(log, entry->devid, entry->name.text);
	bool same = known && known->state == entry->state;
	uint64_t first_usec = same ? known->first_usec : now_usec;
	uint64_t count = known ? known->count : 0;

	request_log_withdraw(log, entry->devid);
	if (!known) {
		request_log_expire(log, now_usec);
		known = add_entry(log);
	}
	*known = *entry;
	known->first_usec = first_usec;
	known->last_usec = now_usec;
	known->count = count + 1;
	known->withdrawn = false;
}
