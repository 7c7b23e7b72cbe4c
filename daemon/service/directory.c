// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "service/directory.h"

char *service_directory(const char *variable, const char *fallback)
{
	const char *list = getenv(variable);

	if (!list || *list != '/')
		list = fallback;
	return strndup(list, strcspn(list, ":"));
}
