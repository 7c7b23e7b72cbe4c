// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <systemd/sd-bus.h>

#include "bus/error.h"
#include "bus/names.h"

const char *bus_error_name(int error)
{
	switch (-error) {
	case ESRCH:
		return BUS_ERROR_NO_SUCH_GUEST;
	case ENOTUNIQ:
		return BUS_ERROR_AMBIGUOUS_GUEST;
	case ENXIO:
		return BUS_ERROR_NO_SUCH_DEVICE;
	case EEXIST:
		return BUS_ERROR_EXISTS;
	case EBUSY:
	case EAGAIN:
		return BUS_ERROR_BUSY;
	case EHOSTUNREACH:
		return BUS_ERROR_NO_BACKEND;
	case ENOSPC:
		return BUS_ERROR_NO_SPACE;
	case ENOMEM:
		return SD_BUS_ERROR_NO_MEMORY;
	case EHOSTDOWN:
	case ENOTCONN:
		return BUS_ERROR_NO_XENSTORE;
	case EOPNOTSUPP:
		return BUS_ERROR_NOT_SUPPORTED;
	case EUNATCH:
		return BUS_ERROR_NO_DRIVER;
	case EINVAL:
		return SD_BUS_ERROR_INVALID_ARGS;
	}
	return BUS_ERROR_FAILED;
}
