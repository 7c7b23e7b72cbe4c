/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The directories that systemd makes for a service and names in its environment. */
#ifndef ATTACHD_SERVICE_DIRECTORY_H
#define ATTACHD_SERVICE_DIRECTORY_H

/*
 * The directory of RuntimeDirectory=, StateDirectory= and the like. The variable lists several,
 * with colons, if a drop-in adds one: the first is ours. fallback: without a manager. To be
 * freed; NULL: no memory.
 */
char *service_directory(const char *variable, const char *fallback);

#endif
