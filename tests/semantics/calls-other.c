// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What an agent does with files: the calls that programs make on any descriptor
 * they were given, such as a FIFO. Each has a number, so that a row can make them
 * on a channel and on a FIFO and compare the results.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/sockios.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <termios.h>
#include <unistd.h>

#include "agent.h"

static int64_t or_errno(int64_t result)
{
	return result < 0 ? -errno : result;
}

static int64_t ask(int fd, unsigned long request)
{
	int value = 0;

	return ioctl(fd, request, &value) ? -errno : value;
}

static int64_t call_fionread(int fd)
{
	return ask(fd, FIONREAD);
}

static int64_t call_outq(int fd)
{
	return ask(fd, SIOCOUTQ);
}

static int64_t call_atmark(int fd)
{
	return ask(fd, SIOCATMARK);
}

static int64_t call_fioqsize(int fd)
{
	loff_t size;

	return or_errno(ioctl(fd, FIOQSIZE, &size));
}

static int64_t call_fibmap(int fd)
{
	return ask(fd, FIBMAP);
}

static int64_t call_fioclex(int fd)
{
	return or_errno(ioctl(fd, FIOCLEX));
}

/* Switched on and off by the ioctl that is older than F_SETFL: whether it worked. */
static int64_t switched(int fd, unsigned long request, int flag)
{
	int flags = fcntl(fd, F_GETFL), on = 1, off = 0, r = 0;

	if (ioctl(fd, request, &on))
		return -errno;
	r = !!(fcntl(fd, F_GETFL) & flag);
	if (ioctl(fd, request, &off))
		return -errno;
	r &= !(fcntl(fd, F_GETFL) & flag);
	fcntl(fd, F_SETFL, flags);
	return r;
}

static int64_t call_fionbio(int fd)
{
	return switched(fd, FIONBIO, O_NONBLOCK);
}

static int64_t call_fioasync(int fd)
{
	return switched(fd, FIOASYNC, O_ASYNC);
}

static int64_t call_isatty(int fd)
{
	struct termios termios;

	return or_errno(tcgetattr(fd, &termios));
}

static int64_t call_setown(int fd)
{
	return fcntl(fd, F_SETOWN, getpid()) ? -errno : fcntl(fd, F_GETOWN) == getpid();
}

static int64_t call_setsig(int fd)
{
	return fcntl(fd, F_SETSIG, SIGUSR2) ? -errno : fcntl(fd, F_GETSIG) == SIGUSR2;
}

static int64_t call_pipe_size(int fd)
{
	int64_t size = or_errno(fcntl(fd, F_GETPIPE_SZ));

	return size > 0 ? 1 : size;
}

static int64_t call_lease(int fd)
{
	return or_errno(fcntl(fd, F_SETLEASE, F_RDLCK));
}

static int64_t call_seals(int fd)
{
	return or_errno(fcntl(fd, F_GET_SEALS));
}

static int64_t call_lock(int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_SETLK, &lock))
		return -errno;
	lock.l_type = F_UNLCK;
	return or_errno(fcntl(fd, F_SETLK, &lock));
}

static int64_t call_flock(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB) ? -errno : or_errno(flock(fd, LOCK_UN));
}

static int64_t flagged(int fd, int flag)
{
	int flags = fcntl(fd, F_GETFL), now;

	if (fcntl(fd, F_SETFL, flags | flag))
		return -errno;
	now = fcntl(fd, F_GETFL);
	fcntl(fd, F_SETFL, flags);
	return !!(now & flag);
}

static int64_t call_append(int fd)
{
	return flagged(fd, O_APPEND);
}

static int64_t call_direct(int fd)
{
	return flagged(fd, O_DIRECT);
}

static int64_t call_lseek(int fd)
{
	return or_errno(lseek(fd, 0, SEEK_CUR));
}

static int64_t call_lseek_end(int fd)
{
	return or_errno(lseek(fd, 0, SEEK_END));
}

static int64_t call_fseek(int fd)
{
	FILE *file = fdopen(dup(fd), "r+");
	int64_t r = or_errno(fseek(file, 1, SEEK_SET));

	fclose(file);
	return r;
}

static int64_t call_pread(int fd)
{
	char byte;

	return or_errno(pread(fd, &byte, 1, 0));
}

static int64_t call_pwrite(int fd)
{
	return or_errno(pwrite(fd, "x", 1, 0));
}

static int64_t read_here(int fd, int flags)
{
	char buf[16];
	struct iovec iov = { buf, sizeof(buf) };

	return or_errno(preadv2(fd, &iov, 1, -1, flags));
}

static int64_t call_preadv(int fd)
{
	return read_here(fd, 0);
}

static int64_t call_preadv_nowait(int fd)
{
	return read_here(fd, RWF_NOWAIT);
}

static int64_t call_preadv_hipri(int fd)
{
	return read_here(fd, RWF_HIPRI);
}

static int64_t call_splice_at(int fd)
{
	loff_t at = 0;
	int64_t r;
	int p[2];

	if (pipe2(p, O_CLOEXEC | O_NONBLOCK))
		abort();
	r = or_errno(splice(fd, &at, p[1], NULL, 1, SPLICE_F_NONBLOCK));
	close(p[0]);
	close(p[1]);
	return r;
}

static int64_t call_tee(int fd)
{
	int64_t r;
	int p[2];

	if (pipe2(p, O_CLOEXEC | O_NONBLOCK) || write(p[1], "x", 1) != 1)
		abort();
	r = or_errno(tee(p[0], fd, 1, SPLICE_F_NONBLOCK));
	close(p[0]);
	close(p[1]);
	return r;
}

static int64_t call_vmsplice(int fd)
{
	struct iovec iov = { (void *)"x", 1 };

	return or_errno(vmsplice(fd, &iov, 1, SPLICE_F_NONBLOCK));
}

static int64_t call_mmap(int fd)
{
	void *p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);

	return p == MAP_FAILED ? -errno : munmap(p, 4096);
}

static int64_t call_ftruncate(int fd)
{
	return or_errno(ftruncate(fd, 0));
}

static int64_t call_fallocate(int fd)
{
	return or_errno(fallocate(fd, 0, 0, 1));
}

static int64_t call_fadvise(int fd)
{
	return -posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
}

static int64_t call_readahead(int fd)
{
	return or_errno(readahead(fd, 0, 1));
}

static int64_t call_fsync(int fd)
{
	return or_errno(fsync(fd));
}

static int64_t call_fdatasync(int fd)
{
	return or_errno(fdatasync(fd));
}

static int64_t call_sync_range(int fd)
{
	return or_errno(sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE));
}

static int64_t call_copy_range(int fd)
{
	int to = memfd_create("to", MFD_CLOEXEC);
	int64_t r = or_errno(copy_file_range(fd, NULL, to, NULL, 1, 0));

	close(to);
	return r;
}

static int64_t call_sendfile(int fd)
{
	int to = memfd_create("to", MFD_CLOEXEC);
	int64_t r = or_errno(sendfile(to, fd, NULL, 1));

	close(to);
	return r;
}

static int64_t call_getsockopt(int fd)
{
	int value;
	socklen_t len = sizeof(value);

	return or_errno(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &len));
}

static int64_t call_recv(int fd)
{
	char byte;

	return or_errno(recv(fd, &byte, 1, MSG_DONTWAIT));
}

static int64_t call_shutdown(int fd)
{
	return or_errno(shutdown(fd, SHUT_WR));
}

static int64_t call_size(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? -errno : st.st_size;
}

static int64_t call_select(int fd)
{
	struct timeval now = {};
	fd_set in, out, except;

	FD_ZERO(&in);
	FD_SET(fd, &in);
	out = in;
	except = in;
	if (select(fd + 1, &in, &out, &except, &now) < 0)
		return -errno;
	return (FD_ISSET(fd, &in) ? 1 : 0) + (FD_ISSET(fd, &out) ? 2 : 0) +
	       (FD_ISSET(fd, &except) ? 4 : 0);
}

static int64_t call_poll(int fd)
{
	struct pollfd p = { .fd = fd, .events = 0x7fff };

	return poll(&p, 1, 0) < 0 ? -errno : p.revents;
}

static int64_t call_read_nothing(int fd)
{
	return or_errno(read(fd, NULL, 0));
}

static int64_t call_write_nothing(int fd)
{
	return or_errno(write(fd, NULL, 0));
}

/* The order is that of the calls: those before the reads find all bytes there. */
static const struct {
	const char *name;
	int64_t (*run)(int fd);
} calls[] = {
	{ "FIONREAD", call_fionread },
	{ "SIOCOUTQ", call_outq },
	{ "SIOCATMARK", call_atmark },
	{ "FIOQSIZE", call_fioqsize },
	{ "FIBMAP", call_fibmap },
	{ "FIOCLEX", call_fioclex },
	{ "FIONBIO", call_fionbio },
	{ "FIOASYNC", call_fioasync },
	{ "isatty", call_isatty },
	{ "F_SETOWN", call_setown },
	{ "F_SETSIG", call_setsig },
	{ "F_GETPIPE_SZ", call_pipe_size },
	{ "F_SETLEASE", call_lease },
	{ "F_GET_SEALS", call_seals },
	{ "F_SETLK", call_lock },
	{ "flock", call_flock },
	{ "O_APPEND", call_append },
	{ "O_DIRECT", call_direct },
	{ "select", call_select },
	{ "poll", call_poll },
	{ "lseek", call_lseek },
	{ "lseek to the end", call_lseek_end },
	{ "fseek", call_fseek },
	{ "pread", call_pread },
	{ "pwrite", call_pwrite },
	{ "splice with an offset", call_splice_at },
	{ "mmap", call_mmap },
	{ "ftruncate", call_ftruncate },
	{ "fallocate", call_fallocate },
	{ "posix_fadvise", call_fadvise },
	{ "readahead", call_readahead },
	{ "fsync", call_fsync },
	{ "fdatasync", call_fdatasync },
	{ "sync_file_range", call_sync_range },
	{ "copy_file_range", call_copy_range },
	{ "sendfile", call_sendfile },
	{ "getsockopt", call_getsockopt },
	{ "recv", call_recv },
	{ "shutdown", call_shutdown },
	{ "size", call_size },
	{ "read of nothing", call_read_nothing },
	{ "write of nothing", call_write_nothing },
	{ "RWF_HIPRI", call_preadv_hipri },
	{ "RWF_NOWAIT", call_preadv_nowait },
	{ "preadv2", call_preadv },
	{ "tee", call_tee },
	{ "vmsplice", call_vmsplice },
};

/* The result comes with the call's name, as struct wire_other. */
int64_t serve_other(struct job *job)
{
	struct wire_other *other;
	size_t i = job->request.arg[1];

	if (i >= sizeof(calls) / sizeof(*calls))
		return -ENOENT;
	other = job_reply(job, sizeof(*other));
	snprintf(other->name, sizeof(other->name), "%s", calls[i].name);
	other->result = calls[i].run(job->request.arg[0]);
	return 0;
}

/* Opened for reading and writing, it has a peer as a channel in a session has. */
int64_t serve_fifo(struct job *job)
{
	char dir[] = "/tmp/semanticsXXXXXX", path[64];
	int64_t fd;

	(void)job;
	if (!mkdtemp(dir))
		return -errno;
	snprintf(path, sizeof(path), "%s/fifo", dir);
	fd = mkfifo(path, 0600) ? -errno : or_errno(open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC));
	unlink(path);
	rmdir(dir);
	return fd;
}
