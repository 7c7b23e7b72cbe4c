// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>

#include "directory.h"
#include "store.h"
#include "util.h"

/* Every domid there can be has 6 bytes. */
#define NAMES_MAX (256 * 1024)

static void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static int connect_to_store(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = store_socket();
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ECONNREFUSED;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		int r = errno == ENOENT || errno == EACCES ? -ECONNREFUSED : -errno;

		close(fd);
		return r;
	}
	return fd;
}

static int send_all(int fd, const void *data, size_t len)
{
	ssize_t sent = send(fd, data, len, MSG_NOSIGNAL);

	if (sent < 0)
		return -errno;
	/* it is no longer than a path */
	return (size_t)sent == len ? 0 : -EIO;
}

static int receive_all(int fd, void *ret, size_t len)
{
	ssize_t got = recv(fd, ret, len, MSG_WAITALL);

	if (got < 0)
		return -errno;
	return (size_t)got == len ? 0 : -ECONNRESET;
}

static int error_of(const char *name)
{
	if (!strcmp(name, "ENOENT"))
		return -ENOENT;
	return strcmp(name, "E2BIG") ? -EIO : -E2BIG;
}

/* No watch is set here, so what comes is the answer. */
static int ask(int fd, const char *path, char **ret, size_t *ret_len)
{
	struct xsd_sockmsg header = { .type = XS_DIRECTORY, .len = (uint32_t)strlen(path) + 1 };
	_cleanup_free_ char *names = NULL;
	int r;

	r = send_all(fd, &header, sizeof(header));
	if (r == 0)
		r = send_all(fd, path, header.len);
	if (r == 0)
		r = receive_all(fd, &header, sizeof(header));
	if (r < 0)
		return r;
	if (header.len > NAMES_MAX)
		return -EMSGSIZE;
	names = calloc(1, header.len + 1);
	if (!names)
		return -ENOMEM;
	r = header.len ? receive_all(fd, names, header.len) : 0;
	if (r < 0)
		return r;
	if (header.type != XS_DIRECTORY)
		return error_of(names);
	*ret = steal(&names);
	*ret_len = header.len;
	return 0;
}

static int split(const char *text, size_t len, char ***ret, size_t *ret_n)
{
	size_t n = 0;
	char **names, *copy;

	for (size_t i = 0; i < len; i++)
		n += !text[i];
	names = malloc((n + 1) * sizeof(*names) + len);
	if (!names)
		return -ENOMEM;
	copy = memcpy(names + n + 1, text, len);
	for (size_t i = 0; i < n; i++) {
		names[i] = copy;
		copy += strlen(copy) + 1;
	}
	*ret = names;
	*ret_n = n;
	return 0;
}

int directory_list(const char *path, char ***ret, size_t *ret_n)
{
	_cleanup_(closep) int fd = connect_to_store();
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r;

	if (fd < 0)
		return fd;
	r = ask(fd, path, &text, &len);
	return r < 0 ? r : split(text, len, ret, ret_n);
}
