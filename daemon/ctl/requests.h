/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests that were not granted: as mydevice-attachd lists them, and as they are shown. */
#ifndef MYDEVICECTL_REQUESTS_H
#define MYDEVICECTL_REQUESTS_H

#include "ctl/client.h"
#include "model/guest-ref.h"

struct json_object;

struct client_request {
	char *guest, *uuid;
	uint32_t domid;
	int32_t devid;			/* -1: none */
	char *name, *state, *reason;
	uint64_t since_usec, last_usec;	/* since 1970 */
	uint64_t count;
	int withdrawn;
};

struct client_requests {
	struct client_request *list;
	size_t n;
};

/* By guest, then time. 0 or -errno, as those of client.h. */
int client_requests(struct client *client, struct client_requests *ret, const char **ret_why);
void client_requests_done(struct client_requests *requests);
/* guest and channel: NULL for all. */
void client_requests_keep(struct client_requests *requests, const struct guest_ref *guest,
			  const char *channel);

/* A table with a heading, or nothing. */
void output_requests(const struct client_requests *requests);
/* How many of each state, as a line of status. */
void output_requests_sum(const struct client_requests *requests);
/* NULL for want of memory. */
struct json_object *requests_json(const struct client_requests *requests);
struct json_object *requests_sum_json(const struct client_requests *requests);

#endif
