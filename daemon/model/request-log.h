/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The requests of one guest that were not granted, for operators. The guest can neither hide
 * them, by withdrawing or changing them, nor fill the host's memory with them: the first 8 and
 * the last 8 are kept, and the others are counted. Pure.
 */
#ifndef ATTACHD_REQUEST_LOG_H
#define ATTACHD_REQUEST_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/escape.h"

#define REQUEST_LOG_FIRST 8
#define REQUEST_LOG_MAX 16
#define REQUEST_LOG_REASON_SIZE 224
/* How long one that the guest has withdrawn is kept, at most. */
#define REQUEST_LOG_KEEP_USEC (UINT64_C(24) * 3600 * 1000000)

/* Guests that are gone whose requests are kept, at most. */
#define REQUEST_LOG_ENDED_MAX 64

/* Of a request whose directory is no device id, and of the guest as a whole. */
#define REQUEST_LOG_NO_DEVID UINT32_MAX

enum request_state {
	REQUEST_DENIED,			/* by the policy or an operator */
	REQUEST_WAITING,		/* for something that is expected to come */
	REQUEST_FAILING,		/* not valid, or could not be carried out */
	REQUEST_STATES,
};

struct request_entry {
	uint32_t devid;
	struct escaped name;		/* "" if it is not known */
	enum request_state state;
	char reason[REQUEST_LOG_REASON_SIZE];
	uint64_t first_usec, last_usec;	/* since 1970; of this state */
	uint64_t count;			/* how often it was refused */
	bool withdrawn;			/* or replaced by another one */
};

/* All zeroes but for the guest: nothing. */
struct request_log {
	uint32_t domid;
	char uuid[40];
	struct escaped guest;
	struct request_entry entries[REQUEST_LOG_MAX];
	unsigned int n;			/* of these */
	uint64_t left_out;		/* more that there were */
	bool ended;			/* the guest is gone */
};

const char *request_state_name(enum request_state state);

/*
 * Notes that a request was not granted: devid, name, state and reason of entry. Another request
 * by the same id is no more.
 */
void request_log_note(struct request_log *log, const struct request_entry *entry,
		      uint64_t now_usec);
/* It was granted. */
void request_log_grant(struct request_log *log, uint32_t devid, const char *name);
/* There is no request by this id any more. */
void request_log_withdraw(struct request_log *log, uint32_t devid);
/* The guest is gone: all are withdrawn. */
void request_log_end(struct request_log *log);
/* When it was last noted that a request was not granted; 0: of nothing that is kept. */
uint64_t request_log_last_usec(const struct request_log *log);
/* Removes what is too old. */
void request_log_expire(struct request_log *log, uint64_t now_usec);

#endif
