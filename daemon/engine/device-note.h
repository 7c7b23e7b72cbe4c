/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is told of a device's life: lines in the log, times and counts. */
#ifndef ATTACHD_DEVICE_NOTE_H
#define ATTACHD_DEVICE_NOTE_H

struct device;

void device_note_attached(const struct device *device);
/* The first time also in its record. */
void device_note_connected(struct device *device);
/* Once for each move, and in its record. */
void device_note_followed(struct device *device);
void device_note_left(const struct device *device);
void device_note_forced(const struct device *device);
void device_note_stuck(const struct device *device);
void device_note_hotplug(const struct device *device);

#endif
