// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets of a channel in packet mode, many of them for one call.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/mydevice.h>

#include "bench.h"

struct frames {
	const struct channel_ops *file;
	size_t pos, len;	/* of what was read and not taken yet */
	uint8_t in[2 * BATCH_BYTES];
	uint8_t out[2 * BATCH_BYTES];
};

/*
 * Payload laid out in frames, as much as fits; returns the bytes of the frames.
 * In place it is there already, as with a program that makes its messages where
 * they go.
 */
static size_t lay_out(struct frames *frames, const uint8_t **buf, size_t *len, size_t size,
		      bool in_place)
{
	size_t used = 0;

	while (*len) {
		struct mydevice_frame frame = { .len = *len < size ? *len : size };

		if (used + sizeof(frame) + frame.len > sizeof(frames->out))
			break;
		memcpy(frames->out + used, &frame, sizeof(frame));
		if (!in_place)
			memcpy(frames->out + used + sizeof(frame), *buf, frame.len);
		used += sizeof(frame) + frame.len;
		*buf += frame.len;
		*len -= frame.len;
	}
	return used;
}

static int frames_send(struct channel *ch, const uint8_t *buf, size_t len, size_t size)
{
	struct frames *frames = ch->state;

	while (len) {
		size_t used = lay_out(frames, &buf, &len, size, ch->in_place);

		if (!used) {
			errno = EMSGSIZE;
			return -1;
		}
		for (size_t sent = 0; sent < used;) {
			ssize_t n = write(ch->out, frames->out + sent, used - sent);

			ch->calls++;
			if (n <= 0)
				return -1;
			sent += n;
		}
	}
	return 0;
}

static ssize_t frames_receive(struct channel *ch, uint8_t *buf, size_t len, size_t size)
{
	struct frames *frames = ch->state;
	size_t taken = 0;
	ssize_t n;

	(void)size;
	if (frames->pos == frames->len) {
		n = read(ch->in, frames->in, sizeof(frames->in));
		ch->calls++;
		if (n <= 0)
			return n;
		frames->pos = 0;
		frames->len = n;
	}
	while (frames->pos < frames->len && taken < len) {
		struct mydevice_frame frame;
		size_t part;

		memcpy(&frame, frames->in + frames->pos, sizeof(frame));
		part = frame.len < len - taken ? frame.len : len - taken;
		if (!ch->in_place)
			memcpy(buf + taken, frames->in + frames->pos + sizeof(frame), part);
		taken += part;
		frames->pos += part;
		if (part == frame.len) {
			frames->pos += sizeof(frame);
		} else {
			/* the rest stays, behind a frame of its own */
			frame.len -= part;
			memcpy(frames->in + frames->pos, &frame, sizeof(frame));
		}
	}
	return taken;
}

static void frames_close(struct channel *ch)
{
	struct frames *frames = ch->state;

	frames->file->close(ch);
	free(frames);
}

static const struct channel_ops frames_ops = {
	.send = frames_send,
	.receive = frames_receive,
	.close = frames_close,
};

int frames_attach(struct channel *ch)
{
	struct mydevice_tune tune = { .flags = MYDEVICE_TUNE_FRAMES };
	struct frames *frames;

	if (ioctl(ch->in, MYDEVICE_IOC_TUNE, &tune))
		return -1;
	frames = calloc(1, sizeof(*frames));
	if (!frames)
		return -1;
	frames->file = ch->ops;
	ch->ops = &frames_ops;
	ch->state = frames;
	ch->batch = BATCH_MESSAGES * 4;
	return 0;
}
