/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * org.mydevice.Attach1 on the system bus. The daemon does its work without a
 * bus too; this looks for one until it is there, and again when it has gone.
 */
#ifndef ATTACHD_BUS_H
#define ATTACHD_BUS_H

#include <systemd/sd-event.h>

#include "base/util.h"
#include "bus/names.h"
#include "engine/engine.h"
#include "view/registry.h"

struct bus;

/* 0, or -errno and why. */
typedef int (*bus_reload_fn)(void *userdata, struct reason *ret_reason);

int bus_new(sd_event *event, struct registry *registry, struct engine *engine, struct bus **ret);
/* What the method Reload calls. */
void bus_set_reload(struct bus *bus, bus_reload_fn reload, void *userdata);
/*
 * Until now it was not to be seen there: whoever asks is to get the whole answer.
 * on_settled comes once: it is there, or there is no bus for now. Only the first
 * call counts.
 */
void bus_join(struct bus *bus, void (*on_settled)(void *userdata), void *userdata);
void bus_free(struct bus *bus);
DEFINE_CLEANUP(struct bus, bus_free)

#endif
