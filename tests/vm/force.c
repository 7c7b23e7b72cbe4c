// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One driver of a channel, and the other end's states forced upon it, by the
 * tables of docs/PROTOCOL.md:
 *
 *	force DOCUMENT frontend|backend DOMID
 *
 * For each table of that driver, and each of its states, it writes each state of
 * the other end, as whoever may, and compares what the driver makes of it. The
 * channel is device 0 of that guest, and the other driver must be silent: the
 * backend unbound, or the guest paused. It goes on now and then, to have a backend
 * connect. Prints PASS or FAIL and a name for each row.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xenstore.h>

#include "nodes.h"

#define STEP_USEC	5000
#define PATIENCE	(10 * 1000 * 1000 / STEP_USEC)
/* for what must not happen */
#define SETTLE_USEC	(400 * 1000)

static const char columns[] = "012345678?-";

static struct xs_handle *xs;
static char front_dir[64], back_dir[64], bus_device[64], unpause_it[32], pause_it[32];
static const char *own_dir, *other_dir;
static bool is_frontend;

static void force(char state)
{
	char text[2] = { state };

	node_put(xs, other_dir, "state", state == '-' ? NULL : state == '?' ? "junk" : text);
}

/* 'U' if a backend's device has left the bus. */
static char own_state(void)
{
	int number = node_get(xs, own_dir, "state");
	char state = number < 0 ? '-' : (char)('0' + number);

	return state == '6' && !is_frontend && access(bus_device, F_OK) ? 'U' : state;
}

static bool comes_to(char state)
{
	for (int i = 0; i < PATIENCE; i++) {
		if (own_state() == state)
			return true;
		usleep(STEP_USEC);
	}
	return false;
}

/* Forces one state, which is known to lead to another. */
static bool lead(char other, char own)
{
	force(other);
	return comes_to(own);
}

static bool reset_frontend(char row)
{
	char state = own_state();

	/* what has no effect to be seen may come to the driver later, with another online */
	if (state == row && (row == '1' || row == '6'))
		return true;
	if (row == '6')
		return lead('5', '6');
	if (state != '1' && !lead(state == '6' ? '4' : '6', '1'))
		return false;
	if (row == '1')
		return true;
	return lead('2', '3') && (row == '3' || lead('4', '4'));
}

/* By the guest's driver, from the beginning: it could have gone on while it was paused. */
static bool have_connect(void)
{
	bool connected = false;

	force('1');
	if (system(unpause_it))
		return false;
	for (int i = 0; i < PATIENCE && !connected; i++) {
		usleep(STEP_USEC);
		connected = own_state() == '4' && node_get(xs, other_dir, "state") == 4;
	}
	return !system(pause_it) && connected;
}

static bool reset_backend(char row)
{
	if (row == '4' && own_state() == '4') {
		force('4');
		return true;
	}
	/* the bus looks at an Initialising one that it does not have */
	if (own_state() == 'U') {
		force('1');
		node_put(xs, own_dir, "state", "1");
	}
	if (row == '4')
		return have_connect();
	force('1');
	if (!comes_to('2'))
		return false;
	if (row == '2')
		return true;
	if (!lead('5', '5'))
		return false;
	if (row == '5')
		return true;
	/* it asks whether it is online after it has said that it is Closed */
	return lead('6', '6') && !usleep(SETTLE_USEC);
}

/* What comes of it. */
static char force_cell(const char *table, char row, char column, char expected)
{
	bool ready;

	node_put(xs, back_dir, "online", "1");
	ready = is_frontend ? reset_frontend(row) : reset_backend(row);
	if (!ready) {
		printf("FAIL states-%s-%c: cannot be brought there, it is in %c\n", table, row,
		       own_state());
		exit(1);
	}
	node_put(xs, back_dir, "online", strstr(table, "offline") ? "0" : "1");
	/* the last one read may be what is to be forced; the driver hears of it all the same */
	force(column);
	if (expected == row)
		usleep(SETTLE_USEC);
	else
		comes_to(expected);
	return own_state();
}

static bool check_row(const char *table, const char *line)
{
	char row = line[1], wrong[640] = "";

	for (size_t i = 0; i < sizeof(columns) - 1; i++) {
		char expected = line[4 + 2 * i], found;

		found = force_cell(table, row, columns[i], expected);
		if (found != expected)
			snprintf(wrong + strlen(wrong), sizeof(wrong) - strlen(wrong),
				 " (the other end in %c: expected %c, found %c)", columns[i],
				 expected, found);
	}
	printf(*wrong ? "FAIL states-%s-%c:%s\n" : "PASS states-%s-%c\n", table, row, wrong);
	fflush(stdout);
	return !*wrong;
}

static int walk(FILE *document, const char *driver)
{
	char line[256], table[32] = "", which[32], online[32];
	int failed = 0, rows = 0;

	/* what the guest offers now is what it stands for in the tables */
	if (!is_frontend && !have_connect()) {
		printf("FAIL states-%s: it does not connect, it is in %c\n", driver, own_state());
		return 1;
	}
	while (fgets(line, sizeof(line), document)) {
		if (sscanf(line, "%31[a-z], %31[a-z]:", which, online) == 2 && strchr(line, ':')) {
			*table = '\0';
			if (!strcmp(which, driver))
				snprintf(table, sizeof(table), "%.12s-%.12s", which, online);
		} else if (*table && line[0] == ' ' && line[1] >= '0' && line[1] <= '6') {
			rows++;
			failed += !check_row(table, line);
		} else if (line[0] != ' ') {
			*table = '\0';
		}
	}
	if (!rows)
		fprintf(stderr, "there is no table of the %s\n", driver);
	return failed || !rows;
}

int main(int argc, char **argv)
{
	FILE *document;

	if (argc != 4) {
		fprintf(stderr, "usage: force DOCUMENT frontend|backend DOMID\n");
		return 2;
	}
	document = fopen(argv[1], "r");
	xs = xs_open(0);
	if (!document || !xs) {
		perror("force");
		return 2;
	}
	is_frontend = !strcmp(argv[2], "frontend");
	snprintf(front_dir, sizeof(front_dir), "/local/domain/%s/device/mydevice/0", argv[3]);
	snprintf(back_dir, sizeof(back_dir), "/local/domain/0/backend/mydevice/%s/0", argv[3]);
	snprintf(bus_device, sizeof(bus_device), "/sys/bus/xen-backend/devices/mydevice-%s-0",
		 argv[3]);
	snprintf(unpause_it, sizeof(unpause_it), "xl unpause %s", argv[3]);
	snprintf(pause_it, sizeof(pause_it), "xl pause %s", argv[3]);
	own_dir = is_frontend ? front_dir : back_dir;
	other_dir = is_frontend ? back_dir : front_dir;
	return walk(document, argv[2]);
}
