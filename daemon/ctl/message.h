/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dictionaries of the bus into plain structures, by a list of their entries. */
#ifndef MYDEVICECTL_MESSAGE_H
#define MYDEVICECTL_MESSAGE_H

#include <stddef.h>
#include <systemd/sd-bus.h>

struct client;

/* Where an entry goes; type as in D-Bus: s, u, i, t or b. */
struct message_target {
	const char *key;
	char type;
	size_t offset;
};

/* Each ends with an entry without a key. */
extern const struct message_target message_device[];
extern const struct message_target message_status[];

/* 1, or 0 if there is no dictionary left, or -errno. What is there already is replaced. */
int message_read(sd_bus_message *message, const struct message_target *targets, void *into);
void message_free(const struct message_target *targets, void *into);

/* Calls a method without arguments. 0 or -errno, as those of client.h. */
int client_call(struct client *client, const char *method, sd_bus_message **ret,
		const char **ret_why);

#endif
