// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hypervisor DIR - plays Xen for a stock xenstored, without guests' kernels.
 *
 * Takes one command a line on stdin and answers each with "ok" or "error: ...";
 * ends with its stdin.
 *
 *	create DOMID UUID	a domain; a client of DIR/guest.DOMID is its kernel
 *	running DOMID, paused DOMID
 *	shutdown DOMID REASON	REASON: poweroff reboot suspend crash soft_reset
 *	dying DOMID		destroyed, but somebody still holds its memory
 *	destroy DOMID		destroyed and gone
 *	reset DOMID		as freshly booted, towards the store
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <xen/sched.h>

#include "guest.h"
#include "shared.h"

struct machine {
	struct guest_machine shared;
	int guests_bell;
	unsigned int cursor;
	struct guest *guests[HV_DOMIDS];
	char line[512];
	size_t line_len;
};

static struct machine machine;

static void set_life(unsigned int domid, enum hv_life life)
{
	struct hv *hv = machine.shared.hv;

	__atomic_store_n(&hv->domains[domid].life, life, __ATOMIC_RELEASE);
	/* the hypervisor tells of ends only */
	if (life != HV_RUNNING && life != HV_PAUSED)
		hv_post(&hv->to_store, HV_BIT_VIRQ, machine.shared.store_bell);
}

static int parse_uuid(const char *text, uint8_t ret[static 16])
{
	unsigned int digits = 0;

	memset(ret, 0, 16);
	for (; *text; text++) {
		const char *found;

		if (*text == '-')
			continue;
		found = strchr("0123456789abcdef", *text);
		if (!found || digits == 32)
			return -EINVAL;
		ret[digits / 2] |= (uint8_t)((found - "0123456789abcdef") << (digits % 2 ? 0 : 4));
		digits++;
	}
	return digits == 32 ? 0 : -EINVAL;
}

static int create(unsigned int domid, const char *uuid)
{
	struct hv *hv = machine.shared.hv;
	int r;

	if (hv_life(hv, domid) != HV_NONE)
		return -EEXIST;
	r = parse_uuid(uuid, hv->domains[domid].uuid);
	if (r < 0)
		return r;
	r = guest_new(&machine.shared, domid, &machine.guests[domid]);
	if (r < 0)
		return r;
	if (hv->limit <= domid)
		hv->limit = domid + 1;
	set_life(domid, HV_PAUSED);
	return 0;
}

static int shut_down(unsigned int domid, const char *reason)
{
	static const char *const reasons[] = {
		[SHUTDOWN_poweroff] = "poweroff",
		[SHUTDOWN_reboot] = "reboot",
		[SHUTDOWN_suspend] = "suspend",
		[SHUTDOWN_crash] = "crash",
		[SHUTDOWN_watchdog] = "watchdog",
		[SHUTDOWN_soft_reset] = "soft_reset",
	};

	for (uint32_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (!strcmp(reason, reasons[i])) {
			machine.shared.hv->domains[domid].reason = i;
			set_life(domid, HV_SHUTDOWN);
			return 0;
		}
	return -EINVAL;
}

static void stop(unsigned int domid, enum hv_life life)
{
	guest_free(machine.guests[domid]);
	machine.guests[domid] = NULL;
	set_life(domid, life);
}

static int act(const char *verb, unsigned int domid, const char *argument)
{
	if (!strcmp(verb, "create"))
		return create(domid, argument);
	if (hv_life(machine.shared.hv, domid) == HV_NONE)
		return -ESRCH;
	if (!strcmp(verb, "shutdown"))
		return shut_down(domid, argument);
	if (!strcmp(verb, "running"))
		set_life(domid, HV_RUNNING);
	else if (!strcmp(verb, "paused"))
		set_life(domid, HV_PAUSED);
	else if (!strcmp(verb, "dying"))
		stop(domid, HV_DYING);
	else if (!strcmp(verb, "destroy"))
		stop(domid, HV_NONE);
	else if (!strcmp(verb, "reset") && machine.guests[domid])
		guest_reset(machine.guests[domid]);
	else
		return -EINVAL;
	return 0;
}

static void command(const char *line)
{
	char verb[16], argument[64] = "";
	unsigned int domid;
	int r = -EINVAL;

	if (sscanf(line, "%15s %u %63s", verb, &domid, argument) >= 2 && domid > 0 &&
	    domid < HV_DOMIDS)
		r = act(verb, domid, argument);
	if (r < 0)
		printf("error: %s: %s\n", line, strerror(-r));
	else
		puts("ok");
	fflush(stdout);
}

/* False at the end of stdin. */
static bool read_commands(void)
{
	ssize_t n = read(STDIN_FILENO, machine.line + machine.line_len,
			 sizeof(machine.line) - 1 - machine.line_len);
	char *line = machine.line, *end;

	if (n <= 0)
		return n < 0 && errno == EINTR;
	machine.line_len += (size_t)n;
	machine.line[machine.line_len] = '\0';
	while ((end = strchr(line, '\n'))) {
		*end = '\0';
		command(line);
		line = end + 1;
	}
	machine.line_len -= (size_t)(line - machine.line);
	memmove(machine.line, line, machine.line_len);
	return machine.line_len < sizeof(machine.line) - 1;
}

static void carry_events(void)
{
	int domid;

	hv_silence(machine.guests_bell);
	while ((domid = hv_take(&machine.shared.hv->to_guests, &machine.cursor)) >= 0)
		if ((unsigned int)domid < HV_DOMIDS && machine.guests[domid])
			guest_store_event(machine.guests[domid]);
}

static int start(void)
{
	struct epoll_event event = { .events = EPOLLIN };

	machine.shared.hv = hv_create();
	if (!machine.shared.hv)
		return -errno;
	machine.shared.hv->limit = 1;
	machine.shared.hv->domains[0].life = HV_RUNNING;
	machine.shared.store_bell = hv_open_bell(HV_BELL_STORE);
	if (machine.shared.store_bell < 0)
		return machine.shared.store_bell;
	machine.guests_bell = hv_open_bell(HV_BELL_GUESTS);
	if (machine.guests_bell < 0)
		return machine.guests_bell;
	machine.shared.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (machine.shared.epoll < 0)
		return -errno;
	event.data.ptr = &machine.line;
	if (epoll_ctl(machine.shared.epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event) < 0)
		return -errno;
	event.data.ptr = &machine.guests_bell;
	if (epoll_ctl(machine.shared.epoll, EPOLL_CTL_ADD, machine.guests_bell, &event) < 0)
		return -errno;
	return 0;
}

/*
 * One event a turn: a command or a client may free the guest that a second
 * one of the same turn would name.
 */
static void run(void)
{
	struct epoll_event event;

	for (;;) {
		int n = epoll_wait(machine.shared.epoll, &event, 1, -1);

		if (n < 0 && errno != EINTR)
			return;
		if (n <= 0)
			continue;
		if (event.data.ptr == &machine.guests_bell)
			carry_events();
		else if (event.data.ptr != &machine.line)
			guest_client_event(event.data.ptr);
		else if (!read_commands())
			return;
	}
}

int main(int argc, char **argv)
{
	int r;

	if (argc != 2) {
		fprintf(stderr, "usage: %s DIR\n", argv[0]);
		return 2;
	}
	r = setenv(HV_DIR_ENV, argv[1], 1) < 0 ? -errno : start();
	if (r < 0) {
		fprintf(stderr, "%s: %s: %s\n", argv[0], argv[1], strerror(-r));
		return 1;
	}
	puts("ok");
	fflush(stdout);
	run();
	for (unsigned int domid = 0; domid < HV_DOMIDS; domid++)
		guest_free(machine.guests[domid]);
	return 0;
}
