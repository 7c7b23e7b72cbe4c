/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lock file of the daemon, /run/mydevice/attachd.lock: two daemons would serve the same
 * guests, and not each host has a bus on which they meet. It holds the process id. The kernel
 * gives the lock up when the process ends, however that happens.
 */
#ifndef ATTACHD_LOCK_H
#define ATTACHD_LOCK_H

/*
 * -EEXIST, logged, if another process has the lock and keeps it for some seconds: one that has
 * been told to stop may still run. -ENOMEM. 0 otherwise; *ret is then to be closed at the end,
 * and is -1 if there can be no lock, which is logged.
 */
int lock_take(int *ret);

#endif
