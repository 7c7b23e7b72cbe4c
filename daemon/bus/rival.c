// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <systemd/sd-bus.h>
#include <time.h>

#include "base/log.h"
#include "base/util.h"
#include "bus/names.h"
#include "bus/rival.h"

/* A bus that does not answer is none: the daemon works without. */
#define BUS_USEC (2 * USEC_PER_SEC)
#define RIVAL_USEC (3 * USEC_PER_SEC)
#define PAUSE_USEC (100 * USEC_PER_MSEC)

static int get_ready(sd_bus *bus)
{
	uint64_t end = monotonic_usec() + BUS_USEC, now;
	int r;

	while ((r = sd_bus_is_ready(bus)) == 0) {
		r = sd_bus_process(bus, NULL);
		if (r < 0)
			return r;
		now = monotonic_usec();
		if (now >= end)
			return -ETIMEDOUT;
		if (!r)
			sd_bus_wait(bus, end - now);
	}
	return r;
}

/* 1 if it has an owner, and its process if that is known; 0 if not; or -errno. */
static int get_owner(sd_bus *bus, pid_t *ret_pid)
{
	_cleanup_(sd_bus_creds_unrefp) sd_bus_creds *creds = NULL;
	int r = sd_bus_get_name_creds(bus, BUS_NAME, SD_BUS_CREDS_PID, &creds);

	if (r == -ENXIO)
		return 0;
	if (r < 0)
		return r;
	if (sd_bus_creds_get_pid(creds, ret_pid) < 0)
		*ret_pid = 0;
	return 1;
}

int bus_check_rival(void)
{
	_cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
	uint64_t end = monotonic_usec() + RIVAL_USEC;
	struct timespec pause = { .tv_nsec = PAUSE_USEC * 1000 };
	pid_t pid = 0;
	int r = sd_bus_open_system(&bus);

	if (r >= 0)
		r = sd_bus_set_method_call_timeout(bus, BUS_USEC);
	if (r >= 0)
		r = get_ready(bus);
	while (r >= 0) {
		r = get_owner(bus, &pid);
		if (r <= 0)
			return 0;
		if (monotonic_usec() >= end) {
			log_error(-EEXIST, "another mydevice-attachd runs%s%.0d, and "
					 "has the name " BUS_NAME " on the system bus; not serving "
					 "any guest beside it", pid ? ", process " : "", (int)pid);
			log_notice("use that one, or stop it first, as with: systemctl stop "
				   "mydevice-attachd");
			return -EEXIST;
		}
		nanosleep(&pause, NULL);
	}
	return 0;
}
