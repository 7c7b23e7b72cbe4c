/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The method Requests: what was not granted, see request-log.h. */
#ifndef ATTACHD_BUS_REQUESTS_H
#define ATTACHD_BUS_REQUESTS_H

#include <systemd/sd-bus.h>

#include "view/registry.h"

/* 0 or -errno; the reply is sent. */
int bus_answer_requests(sd_bus_message *call, struct registry *registry);

#endif
