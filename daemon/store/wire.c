// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>

#include "base/util.h"
#include "store/socket.h"
#include "store/wire.h"

/* Of names, every domid there can be has 6 bytes. */
#define ANSWER_MAX (256 * 1024)

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
int wire_ask(uint32_t type, const char *text, uint64_t timeout_usec, char **ret, size_t *ret_len)
{
	struct xsd_sockmsg header = { .type = type, .len = (uint32_t)strlen(text) + 1 };
	_cleanup_(closep) int fd = connect_to_store();
	struct timeval timeout = { .tv_sec = (time_t)(timeout_usec / USEC_PER_SEC) };
	_cleanup_free_ char *answer = NULL;
	int r;

	if (fd < 0)
		return fd;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0)
		return -errno;
	r = send_all(fd, &header, sizeof(header));
	if (r == 0)
		r = send_all(fd, text, header.len);
	if (r == 0)
		r = receive_all(fd, &header, sizeof(header));
	if (r < 0)
		return r;
	if (header.len > ANSWER_MAX)
		return -EMSGSIZE;
	answer = calloc(1, header.len + 1);
	if (!answer)
		return -ENOMEM;
	r = header.len ? receive_all(fd, answer, header.len) : 0;
	if (r < 0)
		return r;
	if (header.type != type)
		return error_of(answer);
	*ret = steal(&answer);
	*ret_len = header.len;
	return 0;
}
