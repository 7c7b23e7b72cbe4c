// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What an agent moves without a buffer of its own: splice and sendfile.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "agent.h"

#define PIPE_SIZE	(1 << 20)

static int open_pipe(int pipefd[2])
{
	if (pipe2(pipefd, O_CLOEXEC))
		return -errno;
	fcntl(pipefd[1], F_SETPIPE_SZ, PIPE_SIZE);
	return 0;
}

static void close_pipe(const int pipefd[2])
{
	close(pipefd[0]);
	close(pipefd[1]);
}

int64_t serve_splice_read(struct job *job)
{
	int pipefd[2], r = open_pipe(pipefd);
	ssize_t n;

	if (r)
		return r;
	n = splice(job->request.arg[0], NULL, pipefd[1], NULL, job->request.arg[1], 0);
	r = errno;
	if (n > 0 && !wire_get(pipefd[0], job_reply(job, n), n))
		abort();
	close_pipe(pipefd);
	return n < 0 ? -r : n;
}

int64_t serve_splice_write(struct job *job)
{
	int pipefd[2], r = open_pipe(pipefd);
	ssize_t n;

	if (r)
		return r;
	if (!wire_put(pipefd[1], job->data, job->request.len))
		abort();
	n = splice(pipefd[0], NULL, job->request.arg[0], NULL, job->request.len, 0);
	r = errno;
	close_pipe(pipefd);
	return n < 0 ? -r : n;
}

static int pattern_file(size_t size, uint64_t offset)
{
	int fd = memfd_create("pattern", MFD_CLOEXEC);
	unsigned char *p;

	if (fd < 0 || ftruncate(fd, size))
		return -errno;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	for (size_t i = 0; i < size; i++)
		p[i] = wire_pattern(offset + i);
	munmap(p, size);
	return fd;
}

/* As a program does it: again and again until all is sent. */
int64_t serve_sendfile(struct job *job)
{
	const int64_t *arg = job->request.arg;
	int fd = pattern_file(arg[1], arg[2]), error = 0;
	ssize_t n, done = 0;

	if (fd < 0)
		return fd;
	do {
		n = sendfile(arg[0], fd, NULL, arg[1] - done);
		error = errno;
		done += n > 0 ? n : 0;
	} while (n > 0 && done < arg[1]);
	close(fd);
	return n < 0 && !done ? -error : done;
}
