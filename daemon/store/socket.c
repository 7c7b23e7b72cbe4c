// SPDX-License-Identifier: GPL-2.0-or-later
#include <xenstore.h>

#include "store/socket.h"

const char *store_socket(void)
{
	return xs_daemon_socket() ?: "";
}
