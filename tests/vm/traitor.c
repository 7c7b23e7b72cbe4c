// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A driver domain that somebody has taken over, as a program in it:
 *
 *	traitor store GUEST DEVID	writes all it can into the backend directory
 *	traitor rings GUEST DEVID	scribbles over the memory that the guest has granted
 *	traitor hoard GUEST DEVID	keeps all that is granted, and asks for more
 *
 * The first tries each state and each lie several times, for a minute at most, then
 * deletes the directory; exits 1 if half of it is not even taken. The second ends when the
 * guest's driver has left the channel; exits 1 if it did not within 20 s. The third has
 * the guest's driver begin again and again, with rings of another size each time; exits
 * 1 if that does not offer them. Needs xen-gntdev.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <xengnttab.h>
#include <xenstore.h>
#include <xen/io/mydevice.h>

#include "nodes.h"

#define ROUNDS		20
#define ROUNDS_SECONDS	60
#define STATE_INITIALISED	3
#define STATE_CONNECTED		4
#define HOARDS		24

static struct xs_handle *xs;
static char front[64], back[64];

/* Of so many writes, how many were taken. */
static unsigned int lie(unsigned int *tried)
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
	unsigned int taken = 0;
	char state[16];

	for (int i = 0; i <= 9; i++) {
		snprintf(state, sizeof(state), "%d", i);
		taken += node_put(xs, back, "state", state);
		usleep(2000);
	}
	taken += node_put(xs, back, "state", "\x1b[31m");
	for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		taken += node_put(xs, back, lies[i].node, lies[i].value);
		taken += node_put(xs, back, "state", i % 2 ? "4" : "2");
	}
	*tried += 11 + 2 * sizeof(lies) / sizeof(*lies);
	return taken;
}

static int forge_store(unsigned int guest)
{
	struct xs_permissions perms[2] = { { .perms = XS_PERM_NONE }, { .perms = XS_PERM_WRITE } };
	unsigned int taken = 0, tried = 0;
	time_t began = time(NULL);

	for (int i = 0; i < ROUNDS && time(NULL) - began < ROUNDS_SECONDS; i++)
		taken += lie(&tried);
	printf("%u of %u writes were taken in %d s\n", taken, tried, (int)(time(NULL) - began));
	fflush(stdout);
	perms[0].id = (unsigned int)node_get(xs, front, "backend-id");
	perms[1].id = guest;
	xs_set_permissions(xs, XBT_NULL, back, perms, 2);
	for (int i = 0; i < 3; i++) {
		node_put(xs, back, "online", NULL);
		node_put(xs, back, "state", NULL);
		xs_rm(xs, XBT_NULL, back);
		sleep(1);
	}
	return taken < tried / 2;
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

/* The control page, once it says that rings of this size are offered. */
static const struct mydevice_control *offered(xengnttab_handle *grants, unsigned int guest,
					      unsigned int order)
{
	for (int i = 0; i < 40; i++) {
		uint32_t ref = (uint32_t)node_get(xs, front, "ring-ref");
		struct mydevice_control *control =
			xengnttab_map_grant_ref(grants, guest, ref, PROT_READ | PROT_WRITE);

		if (control && control->config.ring_order[0] == order &&
		    node_get(xs, front, "state") == STATE_INITIALISED)
			return control;
		if (control)
			xengnttab_unmap(grants, control, 1);
		usleep(50000);
	}
	return NULL;
}

/* All that is mapped stays so for as long as this process lives. */
static int hoard(unsigned int guest)
{
	xengnttab_handle *grants = xengnttab_open(NULL, 0);
	uint32_t refs[2 * MYDEVICE_RING_PAGES_MAX];

	for (int i = 0; i < HOARDS; i++) {
		unsigned int order = MYDEVICE_RING_ORDER_MAX - 1 + i % 2;
		uint32_t count = 2u << (order - MYDEVICE_PAGE_SHIFT);
		const struct mydevice_control *control;
		char size[12];

		snprintf(size, sizeof(size), "%u", 1u << order);
		node_put(xs, back, "ring-size", size);
		node_put(xs, back, "max-ring-size", size);
		control = NULL;
		for (int tries = 0; grants && !control && tries < 5; tries++) {
			/* its driver takes back what it has offered, and says nothing about it */
			node_put(xs, back, "state", "1");
			usleep(300000);
			node_put(xs, back, "state", "2");
			/* a guest that was slow has seen only the second */
			control = offered(grants, guest, order);
		}
		if (!control) {
			fprintf(stderr, "nothing is offered in round %d\n", i);
			return 1;
		}
		memcpy(refs, control->gref, count * sizeof(*refs));
		if (!xengnttab_map_domain_grant_refs(grants, count, guest, refs, PROT_READ)) {
			perror("cannot keep what is offered");
			return 1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	unsigned int guest, devid;

	if (argc != 4) {
		fprintf(stderr, "usage: traitor store|rings|hoard GUEST DEVID\n");
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
	if (!strcmp(argv[1], "hoard"))
		return hoard(guest);
	return strcmp(argv[1], "store") ? scribble(guest) : forge_store(guest);
}
