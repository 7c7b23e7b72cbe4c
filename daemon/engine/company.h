/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who besides a device has one of its class, served by the same domain: then parents of
 * its directories are not empty, and need not be listed to know that.
 */
#ifndef ATTACHD_COMPANY_H
#define ATTACHD_COMPANY_H

#include "nodes/parents.h"

struct device;

enum company company_of(const struct device *device);

#endif
