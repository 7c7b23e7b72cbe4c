/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon and its clients call each other on the bus. */
#ifndef ATTACHD_BUS_NAMES_H
#define ATTACHD_BUS_NAMES_H

#define BUS_NAME "org.mydevice.Attach1"
#define BUS_PATH "/org/mydevice/Attach1"
#define BUS_INTERFACE "org.mydevice.Attach1"
#define BUS_DEVICES BUS_PATH "/device"
#define BUS_DEVICE_INTERFACE BUS_INTERFACE ".Device"

#define BUS_ERROR_NO_SUCH_GUEST BUS_INTERFACE ".Error.NoSuchGuest"
#define BUS_ERROR_AMBIGUOUS_GUEST BUS_INTERFACE ".Error.AmbiguousGuest"
#define BUS_ERROR_NO_SUCH_DEVICE BUS_INTERFACE ".Error.NoSuchDevice"
#define BUS_ERROR_EXISTS BUS_INTERFACE ".Error.Exists"
#define BUS_ERROR_BUSY BUS_INTERFACE ".Error.Busy"
#define BUS_ERROR_NO_XENSTORE BUS_INTERFACE ".Error.NoXenStore"
#define BUS_ERROR_NO_BACKEND BUS_INTERFACE ".Error.NoBackend"
#define BUS_ERROR_NO_SPACE BUS_INTERFACE ".Error.NoSpace"
#define BUS_ERROR_NOT_SUPPORTED BUS_INTERFACE ".Error.NotSupported"
#define BUS_ERROR_NO_DRIVER BUS_INTERFACE ".Error.NoDriver"
#define BUS_ERROR_BAD_POLICY BUS_INTERFACE ".Error.BadPolicy"
#define BUS_ERROR_FAILED BUS_INTERFACE ".Error.Failed"

#define BUS_ACTION_MANAGE "org.mydevice.attach1.manage-devices"

#endif
