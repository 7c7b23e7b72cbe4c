/* SPDX-License-Identifier: MIT */
/*
 * Index arithmetic of a mydevice ring: pure functions of 32-bit free-running
 * byte indices, compiled by the drivers, the tests and the model's checker.
 * Every difference is taken modulo 2^32, so wrap-around needs no care.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#ifndef MYDEVICE_RING_H
#define MYDEVICE_RING_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stdint.h>
#endif

/* Bytes between two indices of one ring. */
static inline uint32_t mydevice_ring_used(uint32_t prod, uint32_t cons)
{
	return prod - cons;
}

static inline uint32_t mydevice_ring_free(uint32_t prod, uint32_t cons, uint32_t size)
{
	return size - (prod - cons);
}

/*
 * May the producer's index move from @old to @new while @cons bytes are taken?
 * Not backwards, and never more than @size ahead of the consumer.
 */
static inline bool mydevice_prod_valid(uint32_t new, uint32_t old, uint32_t cons, uint32_t size)
{
	return new - cons <= size && new - cons >= old - cons;
}

/*
 * May the consumer's index move from @old to @new while @prod bytes are there?
 * Not backwards, and never past the producer.
 */
static inline bool mydevice_cons_valid(uint32_t new, uint32_t old, uint32_t prod)
{
	return prod - new <= prod - old;
}

/* Has an index that moved from @old to @new just passed @event? */
static inline bool mydevice_need_event(uint32_t new, uint32_t old, uint32_t event)
{
	return new - event - 1 < new - old;
}

/* The event index of a consumer that waits for @want (at least 1) bytes. */
static inline uint32_t mydevice_data_event(uint32_t cons, uint32_t want)
{
	return cons + want - 1;
}

/* The event index of a producer that waits for @want (at least 1) bytes of room. */
static inline uint32_t mydevice_space_event(uint32_t prod, uint32_t size, uint32_t want)
{
	return prod - size + want - 1;
}

/*
 * The room a sleeping writer waits for, and with which a ring counts as
 * writable: half of it, so that one wake-up serves many writes.
 */
static inline uint32_t mydevice_space_want(uint32_t size)
{
	return size / 2;
}

#endif /* MYDEVICE_RING_H */
