/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the errors of orders are called on the bus. Pure. */
#ifndef ATTACHD_BUS_ERROR_H
#define ATTACHD_BUS_ERROR_H

/* Of -errno. */
const char *bus_error_name(int error);

#endif
