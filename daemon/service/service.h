/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon as systemd sees it: readiness, status, watchdog, signals, reload.
 * Runs on the main thread and never waits for XenStore.
 */
#ifndef ATTACHD_SERVICE_H
#define ATTACHD_SERVICE_H

struct service_options {
	const char *policy_file;
	const char *xenctrl;		/* see facts_new() */
};

/* Until told to stop. 0 or -errno, which was logged. */
int service_run(const struct service_options *options);

#endif
