// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "service/notify.h"

#define MESSAGE_SIZE 256

/* A path, or "@" and a name that has no file. */
static bool find_manager(struct sockaddr_un *ret, socklen_t *ret_len)
{
	const char *name = getenv("NOTIFY_SOCKET");
	size_t len = name ? strlen(name) : 0;

	if (!len || (*name != '/' && *name != '@') || len >= sizeof(ret->sun_path))
		return false;
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(ret->sun_path, name, len);
	if (*name == '@')
		ret->sun_path[0] = '\0';
	*ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	return true;
}

bool notify(const char *format, ...)
{
	struct sockaddr_un manager;
	char message[MESSAGE_SIZE];
	socklen_t manager_len;
	va_list args;
	ssize_t n;
	int fd;

	if (!find_manager(&manager, &manager_len))
		return true;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	n = sendto(fd, message, strlen(message), MSG_NOSIGNAL, (struct sockaddr *)&manager,
		   manager_len);
	close(fd);
	return n >= 0;
}
