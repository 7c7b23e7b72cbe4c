// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rows about many packets in one call, MYDEVICE_TUNE_FRAMES.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <stdlib.h>
#include <uapi/linux/mydevice.h>
#include <xen/io/mydevice.h>

#include "row.h"

/**
 * struct batch - frames as they stand in a buffer
 * @data: it
 * @len: bytes in use
 */
struct batch {
	char data[16384];
	size_t len;
};

static void add(struct batch *batch, const void *payload, uint32_t len)
{
	struct mydevice_frame frame = { .len = len };

	memcpy(batch->data + batch->len, &frame, sizeof(frame));
	memcpy(batch->data + batch->len + sizeof(frame), payload, len);
	batch->len += sizeof(frame) + len;
}

static struct batch three(void)
{
	struct batch batch = {};

	add(&batch, "one", 3);
	add(&batch, "and two", 7);
	add(&batch, "3", 1);
	return batch;
}

static void use_frames(struct end *end, int fd)
{
	struct mydevice_tune tune = { .flags = MYDEVICE_TUNE_FRAMES };

	IS(IOCTL(end, fd, MYDEVICE_IOC_TUNE, tune), 0);
}

static bool call_hears_batch(struct call call, const void *data, size_t len)
{
	bool same = IS(call_result(&call), (long)len) == (long)len && !memcmp(call.data, data, len);

	call_free(&call);
	return same;
}

static bool hears_batch(struct end *end, int fd, size_t size, const void *data, size_t len)
{
	return call_hears_batch(begin_read(end, fd, size), data, len);
}

/* One end with frames, the other without: the packets are the same. */
static void frames_written(struct end *near, struct end *far)
{
	struct batch batch = three();
	int a, b;

	in_session(near, &a, far, &b, 0);
	use_frames(near, a);
	IS(end_write(near, a, batch.data, batch.len), (long)batch.len);
	CHECK(hears(far, b, "one"));
	CHECK(hears(far, b, "and two"));
	CHECK(hears(far, b, "3"));
}

static void frames_read(struct end *near, struct end *far)
{
	struct batch batch = three();
	int a, b;

	in_session(near, &a, far, &b, 0);
	use_frames(far, b);
	says(near, a, "one");
	says(near, a, "and two");
	says(near, a, "3");
	CHECK(hears_batch(far, b, 4096, batch.data, batch.len));
	IS(end_nonblock(far, b, true), 0);
	IS(end_read(far, b, 100), -EAGAIN);
}

/* As many as are there and fit; if not even the first does, it stays. */
static void frames_fit(struct end *near, struct end *far)
{
	struct batch batch = three();
	int a, b;

	in_session(near, &a, far, &b, 0);
	use_frames(near, a);
	use_frames(far, b);
	IS(end_write(near, a, batch.data, batch.len), (long)batch.len);
	IS(end_read(far, b, 6), -EMSGSIZE);
	CHECK(hears_batch(far, b, 7 + 11 + 4, batch.data, 7 + 11));
	IS(end_read(far, b, 4), -EMSGSIZE);
	CHECK(hears_batch(far, b, 5, batch.data + 18, 5));
}

/* A buffer that ends within a frame, or has an empty one, is refused from there on. */
static void frames_torn(struct end *near, struct end *far)
{
	struct batch batch = {}, empty = {};
	int a, b;

	in_session(near, &a, far, &b, 0);
	use_frames(near, a);
	add(&batch, "whole", 5);
	for (size_t len = 1; len < batch.len; len++)
		IS(end_write(near, a, batch.data, len), -EINVAL);
	add(&empty, "", 0);
	IS(end_write(near, a, empty.data, empty.len), -EINVAL);
	IS(end_events(far, b), POLLOUT);
	add(&batch, "torn", 4);
	IS(end_write(near, a, batch.data, batch.len - 1), 9);
	CHECK(hears(far, b, "whole"));
	IS(end_nonblock(far, b, true), 0);
	IS(end_read(far, b, 100), -EAGAIN);
}

static void frames_too_long(struct end *near, struct end *far)
{
	uint32_t most = MYDEVICE_PACKET_MAX(setting.ring);
	struct mydevice_frame frame = { .len = most + 1 };
	char *buffer = calloc(1, sizeof(frame) + most + 1);
	int a, b;

	in_session(near, &a, far, &b, 0);
	use_frames(near, a);
	memcpy(buffer, &frame, sizeof(frame));
	IS(end_write(near, a, buffer, sizeof(frame) + most + 1), -EMSGSIZE);
	frame.len = most;
	memcpy(buffer, &frame, sizeof(frame));
	IS(end_write(near, a, buffer, sizeof(frame) + most), (long)(sizeof(frame) + most));
	IS(end_read(far, b, most), (long)most);
	free(buffer);
}

/* A batch of equal packets of 96 bytes payload. */
static struct batch hundreds(unsigned int count)
{
	struct batch batch = {};
	char payload[96];

	for (unsigned int i = 0; i < count; i++) {
		memset(payload, 'a' + i % 26, sizeof(payload));
		add(&batch, payload, sizeof(payload));
	}
	return batch;
}

/* Where there is no room for all, a call that may not wait takes the first few. */
static void frames_partial(struct end *near, struct end *far)
{
	struct batch batch = hundreds(60);
	int a, b, sent = 0, read = 0;
	long n;

	in_session(near, &a, far, &b, O_NONBLOCK);
	use_frames(near, a);
	use_frames(far, b);
	while ((n = end_write(near, a, batch.data, batch.len)) == (long)batch.len)
		sent += 60;
	if (n > 0) {
		IS(n % 100, 0);
		sent += n / 100;
		IS(end_write(near, a, batch.data, batch.len), -EAGAIN);
	} else {
		IS(n, -EAGAIN);
	}
	IS(sent, (int)(setting.ring / 100));
	while ((n = end_read(far, b, 65536)) > 0) {
		IS(n % 100, 0);
		read += n / 100;
	}
	IS(n, -EAGAIN);
	IS(read, sent);
}

/* One that may wait moves all of it, while the other end reads packet by packet. */
static void frames_block(struct end *near, struct end *far)
{
	struct batch batch = hundreds(100);
	struct call writer;
	int a, b, rounds = 2 * setting.ring / batch.len + 1;
	long n = 0;

	if (rounds > 30)
		rounds = 30;
	in_session(near, &a, far, &b, 0);
	use_frames(near, a);
	use_frames(far, b);
	for (int i = 0; i < rounds; i++) {
		size_t done = 0;

		writer = call_begin(near, OP_WRITE, batch.data, batch.len, a, 0, 0, 0);
		while (done < batch.len) {
			struct call reader = begin_read(far, b, 650);

			n = call_result(&reader);
			if (n <= 0 || n % 100)
				break;
			CHECK(!memcmp(reader.data, batch.data + done, n));
			done += n;
			call_free(&reader);
		}
		IS(n > 0 ? n % 100 : n, 0);
		IS(call_result(&writer), (long)batch.len);
		call_free(&writer);
	}
}

/* The pages before the buffer's end are not at hand, and are brought in. */
static void move_missing(struct end *near, int a, struct end *far, int b, size_t size,
			 const struct batch *batch)
{
	IS(end_do(near, OP_HOLE_WRITE, batch->data, batch->len, a, batch->len, size, 0),
	   (long)batch->len);
	CHECK(call_hears_batch(call_begin(far, OP_HOLE_READ, NULL, 0, b, size, size, 0),
			       batch->data, batch->len));
}

static void frames_missing(struct end *near, struct end *far)
{
	static const char large[1500] = "large";
	struct batch small = hundreds(40), mixed = three();
	int a, b;

	add(&mixed, large, sizeof(large));
	in_session(near, &a, far, &b, 0);
	use_frames(near, a);
	use_frames(far, b);
	/* from a page's start on, and with a packet that lies in two of them */
	move_missing(near, a, far, b, 8192, &mixed);
	move_missing(near, a, far, b, 6000, &small);
	move_missing(near, a, far, b, 4096 + 800, &mixed);
}

/* The packets before a page that cannot be had are moved, the others stay. */
static void frames_bad_buffers(struct end *near, struct end *far)
{
	struct batch batch = three();
	size_t first = 7, two = first + 11;
	int a, b;

	in_session(near, &a, far, &b, O_NONBLOCK);
	use_frames(near, a);
	use_frames(far, b);
	for (size_t len = 0; len < batch.len; len++) {
		long whole = len < first ? -EFAULT : len < two ? (long)first : (long)two;

		IS(end_do(near, OP_HOLE_WRITE, batch.data, len, a, batch.len, len, 0), whole);
		if (whole > 0)
			CHECK(hears_batch(far, b, 100, batch.data, whole));
		IS(end_read(far, b, 100), -EAGAIN);

		IS(end_write(near, a, batch.data, batch.len), (long)batch.len);
		IS(end_do(far, OP_HOLE_READ, NULL, 0, b, batch.len, len, 0), whole);
		whole = whole < 0 ? 0 : whole;
		CHECK(hears_batch(far, b, 100, batch.data + whole, batch.len - whole));
	}
}

static void frames_are_for_packets(struct end *near, struct end *far)
{
	struct mydevice_tune tune = { .flags = MYDEVICE_TUNE_FRAMES };
	int a = opened(near, O_RDWR);

	(void)far;
	IS(IOCTL(near, a, MYDEVICE_IOC_TUNE, tune), -EINVAL);
}

const struct row frame_rows[] = {
	{ "frames-written", PACKET, frames_written },
	{ "frames-read", PACKET, frames_read },
	{ "frames-fit", PACKET, frames_fit },
	{ "frames-torn", PACKET, frames_torn },
	{ "frames-too-long", PACKET, frames_too_long },
	{ "frames-partial", PACKET, frames_partial },
	{ "frames-block", PACKET, frames_block },
	{ "frames-missing", PACKET, frames_missing },
	{ "frames-bad-buffers", PACKET, frames_bad_buffers },
	{ "frames-are-for-packets", STREAM, frames_are_for_packets },
	{}
};
