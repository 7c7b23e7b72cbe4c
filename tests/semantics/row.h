/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A row of the table in docs/PROTOCOL.md, "What a program sees": a test of one
 * thing, that runs from both ends.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#ifndef SEMANTICS_ROW_H
#define SEMANTICS_ROW_H

#include <errno.h>
#include <string.h>

#include "end.h"

#define HUP_EVENTS	(POLLIN | POLLRDHUP | POLLHUP)

#define STREAM		(1 << 0)
#define PACKET		(1 << 1)
#define BOTH		(STREAM | PACKET)
/* It takes setting.control, setting.lies, setting.tools, or setting.limits. */
#define CONTROL		(1 << 2)
#define LIES		(1 << 3)
#define TOOLS		(1 << 4)
#define LIMITS		(1 << 5)

/**
 * struct row - a test
 * @name: its name
 * @modes: of the channel, in which it makes sense; and what else it takes
 * @run: runs it; @near is the end it is about
 */
struct row {
	const char *name;
	int modes;
	void (*run)(struct end *near, struct end *far);
};

/**
 * struct setting - what the rows are run on
 * @packet: the channel's mode
 * @ring: bytes of a ring
 * @control: a program that does to an end's driver what its arguments say, or NULL
 * @lies: it can make an end lie, too
 * @limits: it can set limits of the host's end, too
 * @own: leave out the rows that are for both modes
 * @tools: programs that both ends have, separated by blanks, or NULL
 */
struct setting {
	bool packet;
	uint32_t ring;
	const char *control;
	bool lies;
	bool limits;
	bool own;
	const char *tools;
};

extern struct setting setting;

/* One for each file of rows; ends with a row without a name. */
extern const struct row opening_rows[], session_rows[], attach_rows[], shutdown_rows[],
	packet_rows[], frame_rows[], poll_rows[], vector_rows[], splice_rows[], signal_rows[],
	uring_rows[], ioctl_rows[], tune_rows[], limit_rows[], direction_rows[],
	counter_rows[], traffic_rows[], tool_rows[], other_rows[];

/* The row goes on after a check that failed. */
void check(bool good, const char *file, int line, const char *what);
long check_is(long value, long wanted, const char *file, int line, const char *what);

#define CHECK(condition)	check(condition, __FILE__, __LINE__, #condition)
#define IS(expression, wanted)	check_is(expression, wanted, __FILE__, __LINE__, #expression)

/* row.c: what many rows do */

/* The descriptor. */
int opened(struct end *end, int flags);
/* Opens both ends, and waits until they are in a session. */
void in_session(struct end *near, int *ret_near, struct end *far, int *ret_far, int flags);
/* Until a writer has filled the ring. */
void await_full(struct end *end, int fd);
/* All of the text at once. */
long says(struct end *end, int fd, const char *text);
/* Whether what a read returns is the text. */
bool hears(struct end *end, int fd, const char *text);
bool call_hears(struct call *call, const char *text);
/* What a program prints, and its exit status. */
long runs(struct end *end, const char *line, char *ret_output, size_t size);
/* Does to the channel what the line says; whether that could be done. */
bool control(const char *line);

/* An ioctl with its structure, by request and variable. */
#define IOCTL(end, fd, request, argument) \
	end_ioctl(end, fd, request, &(argument), sizeof(argument))

#endif /* SEMANTICS_ROW_H */
