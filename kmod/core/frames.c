// SPDX-License-Identifier: GPL-2.0
/*
 * Packets behind struct mydevice_frame, as many as a call has room for.
 *
 * A frame in the program's buffers and a packet in the ring are the same bytes,
 * so that a run of them is copied as it is. On its way it lies in a private
 * buffer: what is checked there is what is delivered.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/uio.h>

#include "channel.h"
#include "frames.h"
#include "packet.h"

/* Packets with more payload are copied by themselves: there a run gains little. */
#define SMALL		(MYD_RUN / 4)

/* The packets that are whole in @len bytes, @most at most: their bytes and, added, their number. */
static u32 whole(const struct myd_ring *ring, const u8 *run, u32 len, u32 most, u32 *messages)
{
	struct mydevice_packet packet;
	u32 done = 0;

	BUILD_BUG_ON(sizeof(packet) != sizeof(struct mydevice_frame) ||
		     offsetof(struct mydevice_packet, len) !=
		     offsetof(struct mydevice_frame, len));
	while (len - done > sizeof(packet) && *messages < most) {
		memcpy(&packet, run + done, sizeof(packet));
		if (!packet.len || packet.len > len - done - sizeof(packet) ||
		    packet.len > MYDEVICE_PACKET_MAX(ring->size))
			break;
		done += sizeof(packet) + packet.len;
		++*messages;
	}
	return done;
}

/* May the call move another packet before these are published? */
static bool is_within(const struct call *call, const struct piece *piece)
{
	return piece->ring < call->bytes && piece->messages < call->messages;
}

static void add(struct piece *piece, u32 len)
{
	piece->ring += len;
	piece->iter += len;
}

/* One packet, with the length that was looked at. */
static int get_one(struct call *call, const struct myd_ring *ring, u32 index, struct piece *piece)
{
	struct mydevice_frame frame = { .len = call->len };
	size_t copied = copy_to_iter(&frame, sizeof(frame), call->iter);

	if (copied != sizeof(frame) ||
	    !myd_copy_whole(ring, index + myd_packet_size(0), call->len, call->iter, true)) {
		iov_iter_revert(call->iter, copied);
		return -EFAULT;
	}
	add(piece, sizeof(frame) + call->len);
	piece->messages++;
	return 0;
}

/* The small packets from @index on, of @len bytes. */
static int get_run(struct call *call, const struct myd_ring *ring, u32 index, u32 len,
		   struct piece *piece)
{
	u8 *run = call->ch->run[MYD_RUN_IN];
	u32 most = call->messages - piece->messages, messages = 0, done, copied;
	int r = 0;

	myd_ring_get(ring, index, run, len);
	/* The peer may write them again: what was fetched is not fetched again. */
	barrier();
	done = whole(ring, run, len, most, &messages);
	if (!done)
		return -EPROTO;
	copied = copy_to_iter(run, done, call->iter);
	if (copied != done) {
		messages = 0;
		done = whole(ring, run, copied, most, &messages);
		iov_iter_revert(call->iter, copied - done);
		/* also if all that was copied is whole, or nothing was */
		r = -EFAULT;
	}
	add(piece, done);
	piece->messages += messages;
	return r;
}

/**
 * myd_frames_get() - copy packets out, as many as are there and fit
 * @call: the call
 * @used: bytes there
 * @piece: what was copied
 *
 * Return: 0, or why it stopped: -EPROTO, -EMSGSIZE, -EFAULT. Then @call->len is
 * the payload of the packet that is next.
 */
int myd_frames_get(struct call *call, u32 used, struct piece *piece)
{
	const struct myd_ring *ring = myd_channel_source(call->ch);

	do {
		u32 index = ring->cons + piece->ring, left = used - piece->ring;
		size_t space = iov_iter_count(call->iter);
		int r = myd_packet_peek(ring, index, left);

		if (r < 0)
			return r;
		call->len = r;
		if (sizeof(struct mydevice_frame) + call->len > space)
			return -EMSGSIZE;
		if (call->len > SMALL)
			r = get_one(call, ring, index, piece);
		else
			r = get_run(call, ring, index, min3((size_t)left, space, (size_t)MYD_RUN),
				    piece);
		if (r)
			return r;
	} while (piece->ring < used && is_within(call, piece));
	return 0;
}

/**
 * myd_frames_next() - look at the next frame's header, with page faults off
 * @call: the call; its @len becomes the frame's payload
 *
 * Return: 0, -EINVAL for a frame that is torn or empty, or -EFAULT.
 */
int myd_frames_next(struct call *call)
{
	size_t left = iov_iter_count(call->iter), copied;
	struct mydevice_frame frame;

	call->len = 0;
	if (left < sizeof(frame))
		return -EINVAL;
	copied = copy_from_iter(&frame, sizeof(frame), call->iter);
	iov_iter_revert(call->iter, copied);
	if (copied != sizeof(frame))
		return -EFAULT;
	if (!frame.len || frame.len > left - sizeof(frame))
		return -EINVAL;
	call->len = frame.len;
	return 0;
}

static int put_one(struct call *call, u32 index, struct piece *piece)
{
	const struct myd_ring *ring = &call->ch->tx;

	iov_iter_advance(call->iter, sizeof(struct mydevice_frame));
	if (!myd_copy_whole(ring, index + myd_packet_size(0), call->len, call->iter, false)) {
		iov_iter_revert(call->iter, sizeof(struct mydevice_frame));
		return -EFAULT;
	}
	myd_packet_put(ring, index, call->len);
	add(piece, myd_packet_size(call->len));
	piece->messages++;
	return 0;
}

/* The small packets at the start of the buffers, of @len bytes. */
static int put_run(struct call *call, u32 index, u32 len, struct piece *piece)
{
	const struct myd_ring *ring = &call->ch->tx;
	u8 *run = call->ch->run[MYD_RUN_OUT];
	u32 copied = copy_from_iter(run, len, call->iter);
	u32 done = whole(ring, run, copied, call->messages, &piece->messages);

	iov_iter_revert(call->iter, copied - done);
	/* Else the program has changed what was looked at. */
	if (!done)
		return copied != len ? -EFAULT : -EINVAL;
	myd_ring_put(ring, index, run, done);
	add(piece, done);
	return 0;
}

/**
 * myd_frames_put() - copy packets in, as many as there is room for
 * @call: the call
 * @room: bytes of it
 * @piece: what was copied
 *
 * Return: 0, or why it stopped: -EINVAL, -EMSGSIZE, -EAGAIN, -EFAULT. Then
 * @call->len is the payload of the packet that is next.
 */
int myd_frames_put(struct call *call, u32 room, struct piece *piece)
{
	const struct myd_ring *ring = &call->ch->tx;

	do {
		u32 index = ring->prod + piece->ring, left = room - piece->ring;
		int r = myd_frames_next(call);

		if (r)
			return r;
		if (call->len > MYDEVICE_PACKET_MAX(ring->size))
			return -EMSGSIZE;
		if (myd_packet_size(call->len) > left)
			return -EAGAIN;
		if (call->len > SMALL)
			r = put_one(call, index, piece);
		else
			r = put_run(call, index, min3((size_t)left, iov_iter_count(call->iter),
						      (size_t)MYD_RUN), piece);
		if (r)
			return r;
	} while (iov_iter_count(call->iter) && is_within(call, piece));
	return 0;
}
