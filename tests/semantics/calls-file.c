// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What an agent does with files: open, read, write, ioctl; and running programs.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"

#define OUTPUT_MAX	65536

static int64_t or_errno(int64_t result)
{
	return result < 0 ? -errno : result;
}

int64_t serve_open(struct job *job)
{
	return or_errno(open(job->node, job->request.arg[0] | O_CLOEXEC));
}

int64_t serve_close(struct job *job)
{
	return or_errno(close(job->request.arg[0]));
}

int64_t serve_read(struct job *job)
{
	int64_t n = or_errno(read(job->request.arg[0], job_reply(job, job->request.arg[1]),
				  job->request.arg[1]));

	job->reply_len = n > 0 ? n : 0;
	return n;
}

int64_t serve_write(struct job *job)
{
	return or_errno(write(job->request.arg[0], job->data, job->request.len));
}

int64_t serve_readv(struct job *job)
{
	const uint32_t *size = (const uint32_t *)job->data;
	unsigned int count = job->request.len / sizeof(*size);
	char *p = job_reply(job, WIRE_MAX);
	struct iovec iov[8];
	int64_t n;

	for (unsigned int i = 0; i < count; i++) {
		iov[i].iov_base = p;
		iov[i].iov_len = size[i];
		p += size[i];
	}
	n = or_errno(readv(job->request.arg[0], iov, count));
	job->reply_len = n > 0 ? n : 0;
	return n;
}

int64_t serve_writev(struct job *job)
{
	size_t size = job->request.arg[1], left = job->request.len;
	char *p = job->data;
	struct iovec iov[64];
	int count = 0;

	while (left && count < 64) {
		iov[count].iov_base = p;
		iov[count].iov_len = left < size ? left : size;
		p += iov[count].iov_len;
		left -= iov[count++].iov_len;
	}
	return or_errno(writev(job->request.arg[0], iov, count));
}

static bool has_pattern(const unsigned char *p, size_t len, uint64_t offset)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] != wire_pattern(offset + i))
			return false;
	return true;
}

static void put_pattern(unsigned char *p, size_t len, uint64_t offset)
{
	for (size_t i = 0; i < len; i++)
		p[i] = wire_pattern(offset + i);
}

static int64_t take(int fd, unsigned char *buf, size_t size, uint64_t offset)
{
	int64_t n = or_errno(read(fd, buf, size));

	return n > 0 && !has_pattern(buf, n, offset) ? -EILSEQ : n;
}

static int64_t give(int fd, unsigned char *buf, size_t size, uint64_t offset)
{
	put_pattern(buf, size, offset);
	return or_errno(write(fd, buf, size));
}

int64_t serve_take(struct job *job)
{
	const int64_t *arg = job->request.arg;
	unsigned char *buf = malloc(arg[1] + 1);
	int64_t n = buf ? take(arg[0], buf, arg[1], arg[2]) : -ENOMEM;

	free(buf);
	return n;
}

int64_t serve_give(struct job *job)
{
	const int64_t *arg = job->request.arg;
	unsigned char *buf = malloc(arg[1] + 1);
	int64_t n = buf ? give(arg[0], buf, arg[1], arg[2]) : -ENOMEM;

	free(buf);
	return n;
}

/* Until the total or a failure; how far it got. */
static int64_t go_on(struct job *job,
		     int64_t (*move)(int fd, unsigned char *buf, size_t size, uint64_t offset))
{
	const int64_t *arg = job->request.arg;
	unsigned char *buf = malloc(arg[2]);
	int64_t done = 0, n = 0;

	while (buf && done < arg[1]) {
		n = move(arg[0], buf, arg[1] - done < arg[2] ? arg[1] - done : arg[2], done);
		if (n <= 0)
			break;
		done += n;
	}
	free(buf);
	return n == -EILSEQ ? n : done;
}

int64_t serve_consume(struct job *job)
{
	return go_on(job, take);
}

int64_t serve_produce(struct job *job)
{
	return go_on(job, give);
}

/*
 * A buffer of which the bytes from @start on are not there, and whose pages
 * before them nobody has touched.
 */
static char *hole(size_t size, size_t start)
{
	size_t page = sysconf(_SC_PAGESIZE), before = (start + page - 1) / page * page;
	int fd = memfd_create("hole", MFD_CLOEXEC);
	char *p = MAP_FAILED;

	if (!ftruncate(fd, before + size + page))
		p = mmap(NULL, before + size + page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		abort();
	close(fd);
	mprotect(p + before, size + page, PROT_NONE);
	return p + before - start;
}

/* Its pages but the first, with all they hold, have to be brought in again. */
static void put_away(char *p, size_t len)
{
	size_t page = sysconf(_SC_PAGESIZE), first = page - (uintptr_t)p % page;

	if (first < len && madvise(p + first, len - first, MADV_DONTNEED))
		abort();
}

int64_t serve_hole_read(struct job *job)
{
	char *p = hole(job->request.arg[1], job->request.arg[2]);
	int64_t n = or_errno(read(job->request.arg[0], p, job->request.arg[1]));

	if (n > 0)
		memcpy(job_reply(job, n), p, n);
	return n;
}

/* The page that the slow read waits for. */
static struct {
	int fd;
	char *page;
} slow;

/* Two pages, of which the second is only there once OP_SLOW_FILL has come. */
static char *slow_pages(long page)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register where = {
		.range.len = page,
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	char *p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	slow.fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (p == MAP_FAILED || slow.fd < 0 || ioctl(slow.fd, UFFDIO_API, &api))
		return NULL;
	slow.page = p + page;
	where.range.start = (uintptr_t)slow.page;
	memset(p, 0, page);
	return ioctl(slow.fd, UFFDIO_REGISTER, &where) ? NULL : p;
}

int64_t serve_slow_read(struct job *job)
{
	const int64_t *arg = job->request.arg;
	long page = sysconf(_SC_PAGESIZE);
	char *p = slow_pages(page);
	int64_t n;

	if (!p)
		return -errno;
	n = or_errno(read(arg[0], slow.page - arg[2], arg[1]));
	if (n > 0)
		memcpy(job_reply(job, n), slow.page - arg[2], n);
	close(slow.fd);
	munmap(p, 2 * page);
	return n;
}

int64_t serve_slow_fill(struct job *job)
{
	struct uffdio_zeropage zero = {
		.range = { (uintptr_t)slow.page, sysconf(_SC_PAGESIZE) },
	};

	(void)job;
	return or_errno(ioctl(slow.fd, UFFDIO_ZEROPAGE, &zero));
}

int64_t serve_hole_write(struct job *job)
{
	char *p = hole(job->request.arg[1], job->request.arg[2]);

	memcpy(p, job->data, job->request.len);
	put_away(p, job->request.len);
	return or_errno(write(job->request.arg[0], p, job->request.arg[1]));
}

static bool is_all(const unsigned char *p, size_t len, unsigned char byte)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] != byte)
			return false;
	return true;
}

/* The buffer's pages hold something, and have to be brought in again to be written to. */
int64_t serve_away_read(struct job *job)
{
	size_t page = sysconf(_SC_PAGESIZE), size = job->request.arg[1];
	size_t offset = job->request.arg[2], len = (offset + size + page) / page * page;
	int fd = memfd_create("away", MFD_CLOEXEC);
	unsigned char *p = MAP_FAILED;
	int64_t n;

	if (!ftruncate(fd, len))
		p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		abort();
	close(fd);
	memset(p, 0xaa, len);
	if (madvise(p, len, MADV_DONTNEED))
		abort();
	n = or_errno(read(job->request.arg[0], p + offset, size));
	if (!is_all(p, offset, 0xaa) ||
	    !is_all(p + offset + (n > 0 ? n : 0), len - offset - (n > 0 ? n : 0), 0xaa))
		n = -EILSEQ;
	if (n > 0)
		memcpy(job_reply(job, n), p + offset, n);
	munmap(p, len);
	return n;
}

int64_t serve_nonblock(struct job *job)
{
	int flags = fcntl(job->request.arg[0], F_GETFL);

	flags = job->request.arg[1] ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
	return or_errno(fcntl(job->request.arg[0], F_SETFL, flags));
}

int64_t serve_ioctl(struct job *job)
{
	memcpy(job_reply(job, job->request.len), job->data, job->request.len);
	return or_errno(ioctl(job->request.arg[0], (unsigned long)job->request.arg[1], job->reply));
}

int64_t serve_ioctl_at(struct job *job)
{
	return or_errno(ioctl(job->request.arg[0], (unsigned long)job->request.arg[1],
			      (void *)(uintptr_t)job->request.arg[2]));
}

/* All that can be read from there, as far as there is room; false if interrupted. */
static bool slurp(struct job *job, int fd)
{
	char *p = job_reply(job, OUTPUT_MAX);
	size_t len = 0;
	ssize_t n;

	do {
		n = read(fd, p + len, OUTPUT_MAX - len);
		len += n > 0 ? n : 0;
	} while (n > 0);
	job->reply_len = len;
	return !n;
}

int64_t serve_file(struct job *job)
{
	int fd = open(job->data, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	slurp(job, fd);
	close(fd);
	return job->reply_len;
}

int64_t serve_run(struct job *job)
{
	int out[2], status;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (!pid) {
		setpgid(0, 0);
		close(STDIN_FILENO);
		open("/dev/null", O_RDONLY);
		dup2(out[1], STDOUT_FILENO);
		dup2(out[1], STDERR_FILENO);
		execlp("sh", "sh", "-c", job->data, NULL);
		_exit(127);
	}
	close(out[1]);
	if (!slurp(job, out[0]))
		kill(-pid, SIGKILL);
	close(out[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
