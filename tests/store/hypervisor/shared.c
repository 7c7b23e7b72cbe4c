// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared.h"

static const char *const bell_names[] = {
	[HV_BELL_STORE] = "bell.store",
	[HV_BELL_GUESTS] = "bell.guests",
};

int hv_path(char *ret, size_t size, const char *name)
{
	const char *dir = getenv(HV_DIR_ENV);

	if (!dir)
		return -ENOENT;
	if ((size_t)snprintf(ret, size, "%s/%s", dir, name) >= size)
		return -ENAMETOOLONG;
	return 0;
}

static void *map_file(const char *name, int flags, off_t offset, size_t size)
{
	char path[256];
	void *p;
	int fd, r;

	r = hv_path(path, sizeof(path), name);
	if (r < 0) {
		errno = -r;
		return NULL;
	}
	fd = open(path, O_RDWR | O_CLOEXEC | flags, 0600);
	if (fd < 0)
		return NULL;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
	close(fd);
	return p == MAP_FAILED ? NULL : p;
}

static int create_file(const char *name, off_t size)
{
	char path[256];
	int fd, r;

	r = hv_path(path, sizeof(path), name);
	if (r < 0)
		return r;
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = ftruncate(fd, size) < 0 ? -errno : 0;
	close(fd);
	return r;
}

struct hv *hv_create(void)
{
	char path[256];
	int r;

	r = create_file("machine", sizeof(struct hv));
	if (!r)
		r = create_file("rings", (off_t)HV_DOMIDS * HV_PAGE_SIZE);
	for (unsigned int bell = HV_BELL_STORE; !r && bell <= HV_BELL_GUESTS; bell++) {
		r = hv_path(path, sizeof(path), bell_names[bell]);
		if (!r && mkfifo(path, 0600) < 0)
			r = -errno;
	}
	if (r < 0) {
		errno = -r;
		return NULL;
	}
	return hv_map();
}

struct hv *hv_map(void)
{
	return map_file("machine", 0, 0, sizeof(struct hv));
}

void *hv_map_ring(unsigned int domid)
{
	if (domid >= HV_DOMIDS) {
		errno = ESRCH;
		return NULL;
	}
	return map_file("rings", 0, (off_t)domid * HV_PAGE_SIZE, HV_PAGE_SIZE);
}

int hv_open_bell(enum hv_bell bell)
{
	char path[256];
	int fd, r;

	r = hv_path(path, sizeof(path), bell_names[bell]);
	if (r < 0)
		return r;
	/* for reading and writing, so that it never ends nor blocks */
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

enum hv_life hv_life(const struct hv *hv, unsigned int domid)
{
	if (domid >= HV_DOMIDS)
		return HV_NONE;
	return __atomic_load_n(&hv->domains[domid].life, __ATOMIC_ACQUIRE);
}

void hv_ring(int bell)
{
	/* a full pipe rings loudly enough */
	if (write(bell, "", 1) < 0)
		return;
}

void hv_silence(int bell)
{
	char buffer[256];

	while (read(bell, buffer, sizeof(buffer)) == sizeof(buffer))
		;
}

void hv_post(struct hv_events *events, unsigned int bit, int bell)
{
	uint64_t mask = 1ull << (bit % 64);

	if (!(__atomic_fetch_or(&events->pending[bit / 64], mask, __ATOMIC_SEQ_CST) & mask))
		hv_ring(bell);
}

static int take_from(struct hv_events *events, unsigned int from, unsigned int to)
{
	for (unsigned int word = from / 64; word * 64 < to; word++) {
		uint64_t set = __atomic_load_n(&events->pending[word], __ATOMIC_SEQ_CST);
		unsigned int bit;

		if (word == from / 64)
			set &= ~0ull << (from % 64);
		if (!set)
			continue;
		bit = word * 64 + (unsigned int)__builtin_ctzll(set);
		if (bit >= to)
			return -1;
		__atomic_fetch_and(&events->pending[word], ~(1ull << (bit % 64)),
				   __ATOMIC_SEQ_CST);
		return (int)bit;
	}
	return -1;
}

int hv_take(struct hv_events *events, unsigned int *cursor)
{
	int bit = take_from(events, *cursor, HV_BITS);

	if (bit < 0)
		bit = take_from(events, 0, *cursor);
	if (bit >= 0)
		*cursor = ((unsigned int)bit + 1) % HV_BITS;
	return bit;
}
