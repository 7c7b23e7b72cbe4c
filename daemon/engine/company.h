/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who besides a device has one of its class, served by the same domain: then parents of
 * its directories are not empty, and need not be listed to know that.
 */
#ifndef ATTACHD_COMPANY_H
#define ATTACHD_COMPANY_H

enum company {
	COMPANY_UNKNOWN,		/* perhaps nobody */
	COMPANY_OF_CLASS,		/* some guest */
	COMPANY_OF_GUEST,		/* its own guest, a further one */
};

struct device;

enum company company_of(const struct device *device);

#endif
