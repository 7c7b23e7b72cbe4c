// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * races COMMAND-FILE SECONDS: everything at once on the two ends of
 * the channel that tests/core/mydeviceloop.c makes, for a kernel that reports data
 * races: threads that read, write, wait, poll, tune, ask and set, until both ends are
 * unbound, which happens several times a second. What is read is not checked.
 *
 * Prints PASS if there was traffic, every time. Whoever calls this searches the
 * kernel's log.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <uapi/linux/mydevice.h>
#include <unistd.h>

#define ROUND_MSEC	300
#define THREADS		24

static const char *const node[] = { "/dev/mydevice/0", "/dev/mydevice-back/1-0" };
static const char *command_file;
static int fd[2];
static atomic_bool stop;
static atomic_ulong moved;

static bool command(const char *text)
{
	int file = open(command_file, O_WRONLY | O_CLOEXEC);
	bool good = file >= 0 && write(file, text, strlen(text)) >= 0;

	if (file >= 0)
		close(file);
	return good;
}

/* The channel is gone for good, or about to be: the end of every loop. */
static bool is_over(long r)
{
	return r <= 0 && (atomic_load(&stop) || (r < 0 && errno == ENODEV));
}

static void *reader(void *arg)
{
	int file = *(int *)arg;
	char buffer[3000];
	ssize_t n;

	do {
		n = read(file, buffer, sizeof(buffer));
		if (n > 0)
			atomic_fetch_add(&moved, n);
	} while (!is_over(n));
	return NULL;
}

static void *writer(void *arg)
{
	static const char bytes[2000];
	int file = *(int *)arg;
	unsigned int seed = file;
	ssize_t n;

	/* some of them as frames, which most of these are not: EINVAL */
	do
		n = write(file, bytes, 1 + rand_r(&seed) % sizeof(bytes));
	while (!is_over(n));
	return NULL;
}

static void *poller(void *arg)
{
	int file = *(int *)arg;
	unsigned int seed = file;

	while (!atomic_load(&stop)) {
		struct pollfd p = { .fd = file, .events = POLLIN | POLLOUT };

		if (rand_r(&seed) % 2)
			p.events = POLLIN;
		poll(&p, 1, 3);
		fcntl(file, F_SETFL, rand_r(&seed) % 2 ? O_ASYNC : 0);
	}
	return NULL;
}

static void *asker(void *arg)
{
	int file = *(int *)arg;
	unsigned int seed = file;

	while (!atomic_load(&stop)) {
		struct mydevice_wait wait = { .timeout_msec = 2 };
		struct mydevice_shutdown shutdown = { .how = MYDEVICE_SHUT_WRITE };
		struct mydevice_tune tune = {
			.flags = rand_r(&seed) % 4 ? 0 : MYDEVICE_TUNE_FRAMES,
			.rx_wake = rand_r(&seed) % 500,
			.tx_wake = rand_r(&seed) % 500,
			.spin_usec = rand_r(&seed) % 100,
		};
		struct mydevice_info info;

		ioctl(file, MYDEVICE_IOC_TUNE, &tune);
		ioctl(file, MYDEVICE_IOC_INFO, &info);
		ioctl(file, MYDEVICE_IOC_WAIT, &wait);
		if (!(rand_r(&seed) % 512))
			ioctl(file, MYDEVICE_IOC_SHUTDOWN, &shutdown);
	}
	return NULL;
}

static void *setter(void *arg)
{
	static const char *const settings[] = {
		"rate-bytes=50000000", "rate-messages=100000", "spin-usec=20", "read-wake=100",
		"write-wake=100", "paused=1", "paused=0", "", "",
	};
	unsigned int seed = 1;
	char line[64];

	(void)arg;
	while (!atomic_load(&stop)) {
		size_t i = rand_r(&seed) % (sizeof(settings) / sizeof(*settings));

		snprintf(line, sizeof(line), "set %s %s", rand_r(&seed) % 2 ? "front" : "back",
			 settings[i]);
		command(line);
		usleep(2000);
	}
	command("set front");
	command("set back");
	return NULL;
}

static void read_all(const char *dir)
{
	char path[600], text[256];
	struct dirent *entry;
	DIR *d = opendir(dir);

	while (d && (entry = readdir(d))) {
		int file;

		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		if (entry->d_type == DT_DIR && !strcmp(entry->d_name, "stats"))
			read_all(path);
		file = entry->d_type == DT_REG ? open(path, O_RDONLY | O_CLOEXEC) : -1;
		if (file < 0)
			continue;
		if (read(file, text, sizeof(text)) < 0 && errno != EISDIR && errno != ENODEV &&
		    errno != EIO)
			printf("  %s: %s\n", path, strerror(errno));
		close(file);
	}
	if (d)
		closedir(d);
}

static void *looker(void *arg)
{
	(void)arg;
	while (!atomic_load(&stop)) {
		read_all("/sys/class/mydevice/mydevice!0");
		read_all("/sys/class/mydevice/mydevice-back!1-0");
		usleep(1000);
	}
	return NULL;
}

/* The node is added soon after its end is bound. */
static int opened(const char *path)
{
	int file = open(path, O_RDWR | O_CLOEXEC);

	for (int tries = 0; file < 0 && tries < 500; tries++) {
		usleep(10000);
		file = open(path, O_RDWR | O_CLOEXEC);
	}
	if (file < 0)
		printf("  %s: %s\n", path, strerror(errno));
	return file;
}

static bool run_round(void)
{
	static void *(*const job[])(void *) = { reader, reader, writer, writer, poller, asker };
	pthread_t thread[THREADS];
	int n = 0;

	atomic_store(&stop, false);
	fd[0] = opened(node[0]);
	fd[1] = opened(node[1]);
	if (fd[0] < 0 || fd[1] < 0)
		return false;
	for (size_t i = 0; i < sizeof(job) / sizeof(*job); i++)
		for (int end = 0; end < 2; end++)
			n += !pthread_create(&thread[n], NULL, job[i], &fd[end]);
	n += !pthread_create(&thread[n], NULL, setter, NULL);
	n += !pthread_create(&thread[n], NULL, looker, NULL);
	usleep(ROUND_MSEC * 1000);
	command("set front");
	command("set back");
	/* one end first: the other is disconnected under its threads */
	command("unbind back");
	usleep(20000);
	atomic_store(&stop, true);
	command("unbind front");
	while (n)
		pthread_join(thread[--n], NULL);
	close(fd[0]);
	close(fd[1]);
	return command("bind front") && command("bind back");
}

int main(int argc, char **argv)
{
	time_t end;
	int rounds;

	if (argc != 3) {
		fputs("usage: races COMMAND-FILE SECONDS\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGIO, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	command_file = argv[1];
	end = time(NULL) + atoi(argv[2]);
	for (rounds = 0; time(NULL) < end; rounds++) {
		unsigned long before = atomic_load(&moved);

		if (!run_round() || atomic_load(&moved) == before) {
			printf("FAIL races: nothing was read in round %d\n", rounds);
			return 1;
		}
	}
	printf("PASS races (%d rounds, %lu bytes)\n", rounds, atomic_load(&moved));
	return 0;
}
