// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Paths that are built into the stock daemons, moved into the directory of
 * the test: a real store of this machine is never touched.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "shared.h"

static const struct {
	const char *prefix;
	const char *name;
} moved[] = {
	{ "/proc/xen/xsd_port", "xsd_port" },
	{ "/proc/xen/xsd_kva", "rings" },
	{ "/var/run/xenstored", "run" },
	{ "/run/xenstored", "run" },
	{ "/var/run/xen", "run" },
	{ "/run/xen", "run" },
	{ "/var/log/xen", "log" },
	{ "/var/lib/xenstored", "run" },
};

static const char *redirect(const char *path, char buffer[PATH_MAX])
{
	for (size_t i = 0; path && i < sizeof(moved) / sizeof(moved[0]); i++) {
		size_t len = strlen(moved[i].prefix);

		if (strncmp(path, moved[i].prefix, len) || (path[len] && path[len] != '/'))
			continue;
		if (hv_path(buffer, PATH_MAX, moved[i].name) < 0)
			return path;
		strncat(buffer, path + len, PATH_MAX - strlen(buffer) - 1);
		return buffer;
	}
	return path;
}

#define REAL(name) \
	static __typeof__(&name) real; \
	char buffer[PATH_MAX]; \
	if (!real) \
		real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define REDIRECT_OPEN(name) \
int name(const char *path, int flags, ...) \
{ \
	mode_t mode = 0; \
	va_list ap; \
	REAL(name); \
	va_start(ap, flags); \
	if (flags & (O_CREAT | O_TMPFILE)) \
		mode = va_arg(ap, mode_t); \
	va_end(ap); \
	return real(redirect(path, buffer), flags, mode); \
}

REDIRECT_OPEN(open)
REDIRECT_OPEN(open64)

int mkdir(const char *path, mode_t mode)
{
	REAL(mkdir);
	return real(redirect(path, buffer), mode);
}

int chmod(const char *path, mode_t mode)
{
	REAL(chmod);
	return real(redirect(path, buffer), mode);
}

int access(const char *path, int mode)
{
	REAL(access);
	return real(redirect(path, buffer), mode);
}

int unlink(const char *path)
{
	REAL(unlink);
	return real(redirect(path, buffer));
}

int rename(const char *from, const char *to)
{
	char second[PATH_MAX];
	REAL(rename);
	return real(redirect(from, buffer), redirect(to, second));
}

int stat(const char *path, struct stat *st)
{
	REAL(stat);
	return real(redirect(path, buffer), st);
}

int stat64(const char *path, struct stat64 *st)
{
	REAL(stat64);
	return real(redirect(path, buffer), st);
}

int lstat64(const char *path, struct stat64 *st)
{
	REAL(lstat64);
	return real(redirect(path, buffer), st);
}

int bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	const char *path;
	REAL(bind);

	if (addr->sa_family != AF_UNIX)
		return real(fd, addr, len);
	path = redirect(((const struct sockaddr_un *)addr)->sun_path, buffer);
	if (path != buffer || strlen(path) >= sizeof(un.sun_path))
		return real(fd, addr, len);
	strcpy(un.sun_path, path);
	return real(fd, (struct sockaddr *)&un, sizeof(un));
}

/* The limits a store asks for are those of a whole host, and root's to give. */
int setrlimit(__rlimit_resource_t resource, const struct rlimit *limits)
{
	(void)resource;
	(void)limits;
	return 0;
}
