/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Another mydevice-attachd on this host. Two would serve the same guests. */
#ifndef ATTACHD_BUS_RIVAL_H
#define ATTACHD_BUS_RIVAL_H

/*
 * -EEXIST, logged, if another process has the name on the system bus and keeps it for some
 * seconds: one that has just ended may not have lost it yet. 0 if not, or if there is no bus.
 */
int bus_check_rival(void);

#endif
