/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where xenstored listens. */
#ifndef ATTACHD_SOCKET_H
#define ATTACHD_SOCKET_H

/* "" if nobody knows. */
const char *store_socket(void);

#endif
