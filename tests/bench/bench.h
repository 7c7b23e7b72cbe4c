/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The benchmark program: one job at a time between two places, one of which is
 * here. tests/bench/run tells both what to do and reads what they found.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A line of the orchestrator's: WORD KEY=VALUE... */
struct job {
	const char *word;
	const char *transport;	/* file, console, tcp, vchan; pipe, unix */
	const char *mode;	/* plain, batch, frames, uring; a channel's: stream, packet */
	const char *path;	/* a node; the address of the other domain */
	const char *name;	/* of a channel to ask for */
	size_t size;		/* bytes of a message */
	uint64_t bytes;		/* to be sent, a multiple of size */
	unsigned int count;	/* round trips, attachments */
	unsigned int ring;	/* bytes of a ring, each direction */
	unsigned int devid;	/* of a channel to ask for */
	unsigned int domid;	/* the other domain */
	bool dom0;		/* this is where the hypervisor can be asked */
	bool verify;		/* look at every byte */
};

/*
 * One end of a connection. What goes through it in a call is told by its mode:
 * one message, or as many as fit.
 */
struct channel;

struct channel_ops {
	/* All of it, in messages of @size; 0, or -1 with errno. */
	int (*send)(struct channel *ch, const uint8_t *buf, size_t len, size_t size);
	/* Some of it, in messages of @size; bytes, or -1 with errno. */
	ssize_t (*receive)(struct channel *ch, uint8_t *buf, size_t len, size_t size);
	void (*close)(struct channel *ch);
};

struct channel {
	const struct channel_ops *ops;
	size_t batch;		/* messages in a call, at most */
	bool in_place;		/* nobody looks at the bytes: leave them where they are */
	uint64_t calls;		/* system calls that moved bytes or waited for them */
	const uint64_t *notified;	/* events sent, if it is the program that sends them */
	int in, out;		/* descriptors, -1 if there are none */
	void *state;		/* what else the transport has */
};

/* Messages that go through the kernel in one call, and the most bytes. */
#define BATCH_MESSAGES	1024
#define BATCH_BYTES	(256u << 10)

struct channel *channel_open(const struct job *job);
void channel_close(struct channel *ch);
/* A pair within this domain: pair[0] sends to pair[1] and is answered. */
int channel_pair(const struct job *job, struct channel *pair[2]);
int channel_send(struct channel *ch, const void *buf, size_t len);
int channel_receive(struct channel *ch, void *buf, size_t len);

struct channel *vchan_open(const struct job *job);
int uring_attach(struct channel *ch);
int frames_attach(struct channel *ch);
uint64_t channel_notified(const struct channel *ch);

/* What was used up between two moments, read from outside of what is measured. */
struct meter {
	bool dom0;
	unsigned int domid;
	const char *events;	/* names its lines in /proc/interrupts; NULL: none */
	uint64_t ns;
	uint64_t cpu_here, cpu_there;	/* ns; only in dom0 */
	uint64_t interrupts;
	uint64_t notified;
};

uint64_t meter_now(void);
/* Reads what is slow to read; called well before meter_start. */
void meter_prepare(struct meter *meter, const struct job *job, const struct channel *ch);
int meter_start(struct meter *meter);
/* From here on the members are differences. Both answer the job if they fail. */
int meter_stop(struct meter *meter);
/* Reads what is slow to read, again. */
void meter_finish(struct meter *meter, const struct channel *ch);
/* Prints the members, as those of a JSON object that has begun. */
void meter_report(const struct meter *meter);

int stream_send(const struct job *job);
int stream_receive(const struct job *job);
int stream_inside(const struct job *job);
int copy_inside(const struct job *job);
int roundtrip_ping(const struct job *job);
int roundtrip_pong(const struct job *job);
int attach_request(const struct job *job);
int attach_measure(const struct job *job);

/* Sorts; p from 0 to 100. */
void percentile_sort(uint64_t *values, size_t n);
uint64_t percentile(const uint64_t *sorted, size_t n, double p);

/* Says what went wrong, with errno, as the answer to the job. */
int failed(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
