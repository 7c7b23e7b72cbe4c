// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A wall clock that the test sets, for attachd: so many seconds are added as
 * stand in the file $MYDEVICE_CLOCK. Only the process sees it; a deadline on
 * that clock is the kernel's to keep, by its own.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int64_t jump(void)
{
	static const volatile int64_t *seconds;
	static int64_t none;

	if (!seconds) {
		const char *file = getenv("MYDEVICE_CLOCK");
		int fd = file ? open(file, O_RDONLY | O_CLOEXEC) : -1;
		void *map = MAP_FAILED;

		if (fd >= 0) {
			map = mmap(NULL, sizeof(*seconds), PROT_READ, MAP_SHARED, fd, 0);
			close(fd);
		}
		seconds = map == MAP_FAILED ? &none : map;
	}
	return *seconds;
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
	static __typeof__(&clock_gettime) real;
	int r;

	if (!real)
		real = (__typeof__(&clock_gettime))dlsym(RTLD_NEXT, "clock_gettime");
	r = real(clock, ret);
	if (r == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		ret->tv_sec += jump();
	return r;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	*ret = (struct timeval){ .tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000 };
	return 0;
}

time_t time(time_t *ret)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (ret)
		*ret = now.tv_sec;
	return now.tv_sec;
}
