// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "service/directory.h"
#include "service/lock.h"

#define LOCK_DIR "/run/mydevice"
#define LOCK_FILE "attachd.lock"
#define RIVAL_USEC (3 * USEC_PER_SEC)
#define PAUSE_USEC (100 * USEC_PER_MSEC)

/* Who removed the directory also removed the file that others will lock. */
static bool is_still_there(int fd, const char *path)
{
	struct stat opened, found;

	return fstat(fd, &opened) == 0 && stat(path, &found) == 0 &&
	       opened.st_dev == found.st_dev && opened.st_ino == found.st_ino;
}

/* -EWOULDBLOCK: another process has it, the one that pid names if it wrote that. */
static int try_lock(const char *path, int *ret, char pid[static 16])
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600), r = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		r = -errno;
	else if (!is_still_there(fd, path))
		r = -EWOULDBLOCK;
	if (r < 0) {
		n = pread(fd, pid, 15, 0);
		pid[n < 0 ? 0 : n] = '\0';
		pid[strspn(pid, "0123456789")] = '\0';
		close(fd);
		return r;
	}
	/* for a person: the lock holds without */
	if (ftruncate(fd, 0) < 0 || dprintf(fd, "%d\n", (int)getpid()) < 0)
		log_notice("cannot write to %s: %m", path);
	*ret = fd;
	return 0;
}

int lock_take(int *ret)
{
	struct timespec pause = { .tv_nsec = PAUSE_USEC * 1000 };
	uint64_t end = monotonic_usec() + RIVAL_USEC;
	_cleanup_free_ char *dir = service_directory("RUNTIME_DIRECTORY", LOCK_DIR);
	char path[PATH_MAX], pid[16] = "";
	int r;

	*ret = -1;
	if (!dir)
		return -ENOMEM;
	snprintf(path, sizeof(path), "%s/" LOCK_FILE, dir);
	/* systemd makes that of the service */
	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		log_notice("cannot make %s: %m", dir);
	while ((r = try_lock(path, ret, pid)) == -EWOULDBLOCK && monotonic_usec() < end)
		nanosleep(&pause, NULL);
	if (r == -EWOULDBLOCK) {
		log_error(-EEXIST,
			  "another mydevice-attachd runs%s%s, and has locked %s; not serving any "
			  "guest beside it",
			  *pid ? ", process " : "", pid, path);
		log_notice("use that one, or stop it first, as with: systemctl stop "
			   "mydevice-attachd");
		return -EEXIST;
	}
	if (r < 0)
		log_notice("cannot lock %s: %s; another daemon on this host is only noticed "
			   "on the system bus", path, strerror(-r));
	return 0;
}
