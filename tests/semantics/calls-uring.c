// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What an agent does through io_uring, by its three system calls.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent.h"

#define RINGS	4
#define TAGS	1024

/**
 * struct uring - an io_uring
 * @fd: it
 * @sq: memory of the submission queue
 * @cq: memory of the completion queue
 * @sqes: its entries
 * @params: sizes and offsets
 * @buffer: by tag, of the operations under way
 * @is_read: by tag, whether what came in is asked for
 */
struct uring {
	int fd;
	char *sq;
	char *cq;
	struct io_uring_sqe *sqes;
	struct io_uring_params params;
	void *buffer[TAGS];
	bool is_read[TAGS];
};

static struct uring rings[RINGS];
static int rings_used;

int64_t serve_uring(struct job *job)
{
	struct uring *ring = &rings[rings_used];
	struct io_uring_params *p = &ring->params;

	if (rings_used == RINGS)
		return -ENFILE;
	memset(ring, 0, sizeof(*ring));
	ring->fd = syscall(SYS_io_uring_setup, (unsigned int)job->request.arg[0], p);
	if (ring->fd < 0)
		return -errno;
	ring->sq = mmap(NULL, p->sq_off.array + p->sq_entries * sizeof(uint32_t),
			PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, IORING_OFF_SQ_RING);
	ring->cq = mmap(NULL, p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe),
			PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, IORING_OFF_CQ_RING);
	ring->sqes = mmap(NULL, p->sq_entries * sizeof(struct io_uring_sqe),
			  PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, IORING_OFF_SQES);
	if (ring->sq == MAP_FAILED || ring->cq == MAP_FAILED || ring->sqes == MAP_FAILED)
		return -errno;
	return rings_used++;
}

bool uring_reset(void)
{
	bool any = rings_used;

	while (rings_used) {
		struct uring *ring = &rings[--rings_used];
		struct io_uring_params *p = &ring->params;

		munmap(ring->sq, p->sq_off.array + p->sq_entries * sizeof(uint32_t));
		munmap(ring->cq, p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe));
		munmap(ring->sqes, p->sq_entries * sizeof(struct io_uring_sqe));
		close(ring->fd);
	}
	return any;
}

static uint32_t *word(char *queue, uint32_t offset)
{
	return (uint32_t *)(queue + offset);
}

static int64_t submit(struct uring *ring, uint8_t opcode, int fd, void *buffer, uint32_t len,
		      uint32_t events, uint64_t tag)
{
	const struct io_sqring_offsets *off = &ring->params.sq_off;
	uint32_t tail = *word(ring->sq, off->tail), index = tail & *word(ring->sq, off->ring_mask);
	struct io_uring_sqe *sqe = &ring->sqes[index];

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = opcode;
	sqe->fd = fd;
	sqe->off = opcode == IORING_OP_POLL_ADD ? 0 : -1;
	sqe->addr = (uintptr_t)buffer;
	sqe->len = len;
	sqe->poll32_events = events;
	sqe->user_data = tag;
	ring->buffer[tag] = buffer;
	ring->is_read[tag] = opcode == IORING_OP_READ;
	word(ring->sq, off->array)[index] = index;
	__atomic_store_n(word(ring->sq, off->tail), tail + 1, __ATOMIC_RELEASE);
	return syscall(SYS_io_uring_enter, ring->fd, 1, 0, 0, NULL, 0) < 0 ? -errno : 0;
}

int64_t serve_uring_read(struct job *job)
{
	const int64_t *arg = job->request.arg;

	return submit(&rings[arg[0]], IORING_OP_READ, arg[1], calloc(1, arg[2] + 1), arg[2],
		      0, arg[3]);
}

int64_t serve_uring_write(struct job *job)
{
	const int64_t *arg = job->request.arg;
	void *buffer = malloc(job->request.len + 1);

	memcpy(buffer, job->data, job->request.len);
	return submit(&rings[arg[0]], IORING_OP_WRITE, arg[1], buffer, job->request.len, 0,
		      arg[2]);
}

int64_t serve_uring_poll(struct job *job)
{
	const int64_t *arg = job->request.arg;

	return submit(&rings[arg[0]], IORING_OP_POLL_ADD, arg[1], NULL, 0, arg[2], arg[3]);
}

static void reply_completion(struct job *job, struct uring *ring, const struct io_uring_cqe *cqe)
{
	uint64_t tag = cqe->user_data;
	uint32_t len = cqe->res > 0 && ring->is_read[tag] ? cqe->res : 0;
	struct wire_completion *reply = job_reply(job, sizeof(*reply) + len);

	reply->tag = tag;
	reply->result = cqe->res;
	memcpy(reply + 1, ring->buffer[tag], len);
	free(ring->buffer[tag]);
	ring->buffer[tag] = NULL;
}

/* One completion, the oldest. */
int64_t serve_uring_reap(struct job *job)
{
	struct uring *ring = &rings[job->request.arg[0]];
	const struct io_cqring_offsets *off = &ring->params.cq_off;
	struct pollfd p = { .fd = ring->fd, .events = POLLIN };
	uint32_t head = *word(ring->cq, off->head);

	while (__atomic_load_n(word(ring->cq, off->tail), __ATOMIC_ACQUIRE) == head) {
		int n = poll(&p, 1, job->request.arg[1]);

		if (n <= 0)
			return n ? -errno : -ETIME;
	}
	reply_completion(job, ring, (struct io_uring_cqe *)(ring->cq + off->cqes) +
			 (head & *word(ring->cq, off->ring_mask)));
	__atomic_store_n(word(ring->cq, off->head), head + 1, __ATOMIC_RELEASE);
	return 0;
}

/* The kernel shows its workers as threads of the program. */
int64_t serve_uring_workers(struct job *job)
{
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *task;
	int64_t count = 0;

	(void)job;
	if (!tasks)
		return -errno;
	while ((task = readdir(tasks))) {
		char path[300], comm[32] = "";
		FILE *file;

		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", task->d_name);
		file = fopen(path, "re");
		if (!file)
			continue;
		if (fgets(comm, sizeof(comm), file) && !strncmp(comm, "iou-wrk", 7))
			count++;
		fclose(file);
	}
	closedir(tasks);
	return count;
}
