/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * After a start, and after xenstored came back: what the records say, what is
 * there and who lives are made one again. Connected devices are not touched.
 */
#ifndef ATTACHD_RECONCILE_H
#define ATTACHD_RECONCILE_H

struct manager;

/* The manager's domains are up to date. 0 or -errno. */
int reconcile(struct manager *manager);

#endif
