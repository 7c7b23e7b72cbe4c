/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints, /sys/kernel/tracing/events/mydevice.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM mydevice

#if !defined(MYD_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define MYD_TRACE_H

#include <linux/tracepoint.h>

#include "channel.h"

DECLARE_EVENT_CLASS(myd_bytes,
	TP_PROTO(const struct myd_channel *ch, u32 len, u32 messages),
	TP_ARGS(ch, len, messages),
	TP_STRUCT__entry(
		__field(u32, end)
		__field(u32, domid)
		__field(u32, devid)
		__field(u32, len)
		__field(u32, messages)
	),
	TP_fast_assign(
		__entry->end = ch->info.end;
		__entry->domid = READ_ONCE(ch->info.domid);
		__entry->devid = ch->info.devid;
		__entry->len = len;
		__entry->messages = messages;
	),
	TP_printk("end=%u domid=%u devid=%u len=%u messages=%u", __entry->end, __entry->domid,
		  __entry->devid, __entry->len, __entry->messages)
);

/* Bytes were published for the peer. */
DEFINE_EVENT(myd_bytes, myd_produced,
	TP_PROTO(const struct myd_channel *ch, u32 len, u32 messages),
	TP_ARGS(ch, len, messages)
);

/* Bytes were given to the program. */
DEFINE_EVENT(myd_bytes, myd_consumed,
	TP_PROTO(const struct myd_channel *ch, u32 len, u32 messages),
	TP_ARGS(ch, len, messages)
);

/* The peer sent an event; what: enum myd_event. */
TRACE_EVENT(myd_event,
	TP_PROTO(const struct myd_channel *ch, unsigned int directions, unsigned int what),
	TP_ARGS(ch, directions, what),
	TP_STRUCT__entry(
		__field(u32, end)
		__field(u32, domid)
		__field(u32, devid)
		__field(u32, directions)
		__field(u32, what)
	),
	TP_fast_assign(
		__entry->end = ch->info.end;
		__entry->domid = READ_ONCE(ch->info.domid);
		__entry->devid = ch->info.devid;
		__entry->directions = directions;
		__entry->what = what;
	),
	TP_printk("end=%u domid=%u devid=%u directions=%#x what=%u", __entry->end, __entry->domid,
		  __entry->devid, __entry->directions, __entry->what)
);

/* A call waited for bytes or for room. */
TRACE_EVENT(myd_waited,
	TP_PROTO(const struct myd_channel *ch, bool writing, bool slept, u64 ns),
	TP_ARGS(ch, writing, slept, ns),
	TP_STRUCT__entry(
		__field(u32, end)
		__field(u32, domid)
		__field(u32, devid)
		__field(bool, writing)
		__field(bool, slept)
		__field(u64, ns)
	),
	TP_fast_assign(
		__entry->end = ch->info.end;
		__entry->domid = READ_ONCE(ch->info.domid);
		__entry->devid = ch->info.devid;
		__entry->writing = writing;
		__entry->slept = slept;
		__entry->ns = ns;
	),
	TP_printk("end=%u domid=%u devid=%u writing=%d slept=%d ns=%llu", __entry->end,
		  __entry->domid, __entry->devid, __entry->writing, __entry->slept, __entry->ns)
);

/* A session began or ended; phase: enum myd_phase. */
TRACE_EVENT(myd_session,
	TP_PROTO(const struct myd_channel *ch),
	TP_ARGS(ch),
	TP_STRUCT__entry(
		__field(u32, end)
		__field(u32, domid)
		__field(u32, devid)
		__field(u32, phase)
		__field(u32, epoch)
		__field(u32, peer)
	),
	TP_fast_assign(
		__entry->end = ch->info.end;
		__entry->domid = READ_ONCE(ch->info.domid);
		__entry->devid = ch->info.devid;
		__entry->phase = ch->session.phase;
		__entry->epoch = ch->session.epoch;
		__entry->peer = ch->session.peer;
	),
	TP_printk("end=%u domid=%u devid=%u phase=%u epoch=%u peer=%u", __entry->end,
		  __entry->domid, __entry->devid, __entry->phase, __entry->epoch, __entry->peer)
);

/* The peer broke the protocol. */
TRACE_EVENT(myd_broken,
	TP_PROTO(const struct myd_channel *ch),
	TP_ARGS(ch),
	TP_STRUCT__entry(
		__field(u32, end)
		__field(u32, domid)
		__field(u32, devid)
	),
	TP_fast_assign(
		__entry->end = ch->info.end;
		__entry->domid = READ_ONCE(ch->info.domid);
		__entry->devid = ch->info.devid;
	),
	TP_printk("end=%u domid=%u devid=%u", __entry->end, __entry->domid, __entry->devid)
);

#endif /* MYD_TRACE_H */

#undef TRACE_INCLUDE_PATH
/* From include/, which is where the compiler looks. */
#define TRACE_INCLUDE_PATH ../kmod/core
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
