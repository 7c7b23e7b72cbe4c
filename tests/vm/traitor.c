// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A driver domain that somebody has taken over, as a program in it:
 *
 *	traitor store GUEST DEVID	writes all it can into the backend directory
 *	traitor rings GUEST DEVID	scribbles over the memory that the guest has granted
 *
 * The first tries each state and each lie several times, then deletes the
 * directory. The second ends when the guest's driver has left the channel; exits
 * 1 if it did not within 20 s. Needs xen-gntdev.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xengnttab.h>
#include <xenstore.h>
#include <xen/io/mydevice.h>

#include "nodes.h"

#define ROUNDS		20
#define STATE_CONNECTED	4

static struct xs_handle *xs;
static char front[64], back[64];

static void lie(void)
{
	static const struct {
		const char *node, *value;
	} lies[] = {
		{ "online", "0" }, { "online", "" }, { "online", "1" },
		{ "frontend", "/local/domain/0" }, { "frontend", "" }, { "frontend-id", "0" },
		{ "frontend-id", "99999999999" }, { "hotplug-status", "error" },
		{ "hotplug-error", "\x1b[31mnot\a\nso" }, { "hotplug-status", "connected" },
		{ "hotplug-status", "junk" }, { "name", "demo" }, { "name", "../.." },
		{ "guest", "a" }, { "mode", "neither" }, { "ring-size", "-1" },
		{ "max-ring-size", "1" }, { "max-ring-size", "4294967295" },
		{ "feature-split-event-channels", "junk" }, { "max-protocol", "77" },
		{ "script", "/bin/false" }, { "error", "as you like it" },
		{ "paused", "1" }, { "rate-bytes", "-1" }, { "node-mode", "7777" },
	};
	char state[16];

	for (int i = 0; i <= 9; i++) {
		snprintf(state, sizeof(state), "%d", i);
		node_put(xs, back, "state", state);
		usleep(2000);
	}
	node_put(xs, back, "state", "\x1b[31m");
	for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		node_put(xs, back, lies[i].node, lies[i].value);
		node_put(xs, back, "state", i % 2 ? "4" : "2");
	}
}

static int forge_store(unsigned int guest)
{
	struct xs_permissions perms[2] = { { .perms = XS_PERM_NONE }, { .perms = XS_PERM_WRITE } };

	for (int i = 0; i < ROUNDS; i++)
		lie();
	perms[0].id = (unsigned int)node_get(xs, front, "backend-id");
	perms[1].id = guest;
	xs_set_permissions(xs, XBT_NULL, back, perms, 2);
	for (int i = 0; i < 3; i++) {
		node_put(xs, back, "online", NULL);
		node_put(xs, back, "state", NULL);
		xs_rm(xs, XBT_NULL, back);
		sleep(1);
	}
	return 0;
}

static int scribble(unsigned int guest)
{
	xengnttab_handle *grants = xengnttab_open(NULL, 0);
	uint32_t ref = (uint32_t)node_get(xs, front, "ring-ref"), *words;

	if (!grants || node_get(xs, front, "state") != STATE_CONNECTED) {
		fprintf(stderr, "there is no channel to betray\n");
		return 1;
	}
	words = xengnttab_map_grant_ref(grants, guest, ref, PROT_READ | PROT_WRITE);
	if (!words) {
		perror("cannot map the control page");
		return 1;
	}
	/* all lines, whoever's they are; values of every size */
	for (int i = 0; i < 20 * 1000; i++) {
		for (int j = 0; j < 64; j++)
			words[(unsigned int)random() % (0x280 / 4)] =
				(uint32_t)random() >> ((unsigned int)random() % 32);
		usleep(1000);
		if (node_get(xs, front, "state") != STATE_CONNECTED) {
			printf("left after %d ms\n", i);
			return 0;
		}
	}
	fprintf(stderr, "the guest believes everything\n");
	return 1;
}

int main(int argc, char **argv)
{
	unsigned int guest, devid;

	if (argc != 4) {
		fprintf(stderr, "usage: traitor store|rings GUEST DEVID\n");
		return 2;
	}
	guest = (unsigned int)atoi(argv[2]);
	devid = (unsigned int)atoi(argv[3]);
	xs = xs_open(0);
	if (!xs) {
		perror("cannot open XenStore");
		return 2;
	}
	snprintf(front, sizeof(front), "/local/domain/%u/device/mydevice/%u", guest, devid);
	snprintf(back, sizeof(back), "backend/mydevice/%u/%u", guest, devid);
	return strcmp(argv[1], "store") ? scribble(guest) : forge_store(guest);
}
