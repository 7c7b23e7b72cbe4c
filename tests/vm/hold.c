// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hold DIRECTORY - keep a directory locked until this is killed.
 *
 * It reads the directory into memory that never comes, so that the kernel waits with
 * the directory's lock held, as with a buffer from a file system that does not answer.
 * Prints "held" when it does.
 */
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define SIZE 65536

static void *buffer;
static int directory;

static void *read_directory(void *unused)
{
	(void)unused;
	err(1, "the directory was read: %ld", syscall(SYS_getdents64, directory, buffer, SIZE));
}

int main(int argc, char **argv)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register region = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct pollfd fault = { .events = POLLIN };
	pthread_t thread;

	if (argc != 2)
		errx(2, "usage: hold DIRECTORY");
	directory = open(argv[1], O_RDONLY | O_DIRECTORY);
	if (directory < 0)
		err(1, "%s", argv[1]);
	fault.fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (fault.fd < 0 || ioctl(fault.fd, UFFDIO_API, &api))
		err(1, "userfaultfd");
	buffer = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	region.range.start = (unsigned long)buffer;
	region.range.len = SIZE;
	if (buffer == MAP_FAILED || ioctl(fault.fd, UFFDIO_REGISTER, &region))
		err(1, "cannot register memory");
	if (pthread_create(&thread, NULL, read_directory, NULL))
		errx(1, "no thread");
	if (poll(&fault, 1, 10000) != 1)
		errx(1, "the kernel does not wait for the memory");
	puts("held");
	fflush(stdout);
	pause();
	return 0;
}
