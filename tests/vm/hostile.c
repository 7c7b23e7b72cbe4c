// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A frontend that lies, as a program in a guest without mydevicefront:
 *
 *	hostile DEVID [SECONDS]
 *
 * With SECONDS it does nothing but honest handshakes, one after another for so long,
 * and prints how many. Without, for each lie it goes through the handshake and looks at
 * what becomes of the backend: refused (Closing), or still there. Between lies an honest handshake
 * must reach Connected again. Needs xen-gntalloc and xen-evtchn, and a program
 * in the host that keeps opening and reading the node.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <xenevtchn.h>
#include <xengnttab.h>
#include <xenstore.h>
#include <xen/io/mydevice.h>

#include "nodes.h"

enum state {
	INITIALISING = 1,
	INIT_WAIT = 2,
	INITIALISED = 3,
	CONNECTED = 4,
	CLOSING = 5,
	CLOSED = 6,
};

#define RING_PAGES	1
#define PAGES		(1 + 2 * RING_PAGES)

static struct xs_handle *xs;
static xengntshr_handle *grants;
static xenevtchn_handle *events;

static char front[64], back[256];
static unsigned int back_domid;
static uint32_t gref[PAGES];
static uint8_t *pages;
static struct mydevice_control *control;
static evtchn_port_t port;

/* What to write in place of the truth. */
static char ring_ref[32], event_channel[32];
static uint32_t epoch = 1;

static void set_state(int state)
{
	char text[12];

	snprintf(text, sizeof(text), "%d", state);
	node_put(xs, front, "state", text);
}

static bool back_becomes(int state)
{
	for (int i = 0; i < 500; i++) {
		if (node_get(xs, back, "state") == state)
			return true;
		usleep(10000);
	}
	return false;
}

static void notify(void)
{
	xenevtchn_notify(events, port);
}

/* Fresh words, all of them true. */
static void truth(void)
{
	memset(pages, 0, PAGES * MYDEVICE_PAGE_SIZE);
	control->config.magic = MYDEVICE_MAGIC;
	control->config.version = MYDEVICE_PROTOCOL_VERSION;
	control->config.mode = MYDEVICE_STREAM;
	for (int d = 0; d < 2; d++) {
		control->config.ring_order[d] = MYDEVICE_PAGE_SHIFT;
		control->gref[d] = gref[1 + d];
	}
	snprintf(ring_ref, sizeof(ring_ref), "%u", gref[0]);
	snprintf(event_channel, sizeof(event_channel), "%u", port);
}

static void handshake(void)
{
	node_put(xs, front, "protocol", "1");
	node_put(xs, front, "ring-ref", ring_ref);
	node_put(xs, front, "event-channel", event_channel);
	set_state(INITIALISED);
}

/* An event channel is bound once: each attempt takes a new one. */
static bool begin(void)
{
	set_state(CLOSED);
	usleep(50000);
	set_state(INITIALISING);
	if (!back_becomes(INIT_WAIT))
		return false;
	if (port)
		xenevtchn_unbind(events, port);
	port = xenevtchn_bind_unbound_port(events, back_domid);
	truth();
	return true;
}

static bool connect(void)
{
	handshake();
	if (!back_becomes(CONNECTED))
		return false;
	set_state(CONNECTED);
	return true;
}

static uint32_t fetch(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void publish(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/* Our end of a session with whoever has the node open: we send, they read. */
static bool open_session(void)
{
	struct mydevice_producer *tx = &control->dir[0].producer;
	uint32_t peer;

	publish(&tx->epoch, epoch);
	for (int i = 0; i < 500; i++) {
		notify();
		usleep(10000);
		peer = fetch(&control->dir[1].producer.epoch);
		if (!(peer & 1))
			continue;
		publish(&control->dir[1].consumer.ack, peer);
		if (fetch(&control->dir[0].consumer.ack) != epoch)
			continue;
		publish(&tx->session_start, tx->prod);
		publish(&tx->session_peer, peer);
		publish(&tx->session_self, epoch);
		notify();
		/* It has started its direction, too. */
		if (fetch(&control->dir[1].producer.session_peer) == epoch)
			return true;
	}
	return false;
}

/* ---- lies in what the backend reads once ---- */

static void lie_magic(void)
{
	control->config.magic ^= 1;
}

static void lie_version(void)
{
	control->config.version = 2;
}

static void lie_mode(void)
{
	control->config.mode = MYDEVICE_PACKET;
}

static void lie_order_zero(void)
{
	control->config.ring_order[0] = 0;
}

static void lie_order_huge(void)
{
	control->config.ring_order[1] = 31;
}

static void lie_order_wraps(void)
{
	control->config.ring_order[1] = 32 + MYDEVICE_PAGE_SHIFT;
}

static void lie_order_without_pages(void)
{
	control->config.ring_order[0] = 16;
	for (int i = 1; i < 32; i++)
		control->gref[i] = 0xfffffff0 + i;
}

static void lie_gref(void)
{
	control->gref[1] = 0xfffffff0;
}

static void lie_ring_ref(void)
{
	strcpy(ring_ref, "4000000000");
}

static void lie_ring_ref_text(void)
{
	strcpy(ring_ref, "../../../0");
}

static void lie_port(void)
{
	strcpy(event_channel, "4000");
}

static void lie_port_text(void)
{
	strcpy(event_channel, "-1");
}

/* ---- lies in a live session ---- */

static void lie_prod_ahead(void)
{
	publish(&control->dir[0].producer.prod, control->dir[0].producer.prod + 4097);
}

static void lie_prod_back(void)
{
	publish(&control->dir[0].producer.prod, control->dir[0].producer.prod - 1);
}

static void lie_start(void)
{
	/* A new open whose session starts where no byte can be. */
	struct mydevice_producer *tx = &control->dir[0].producer;

	publish(&tx->epoch, ++epoch);
	publish(&tx->epoch, ++epoch);
	for (int i = 0; i < 500 && fetch(&control->dir[0].consumer.ack) != epoch; i++) {
		notify();
		usleep(10000);
	}
	publish(&control->dir[1].consumer.ack, fetch(&control->dir[1].producer.epoch));
	publish(&tx->session_start, tx->prod + 100000);
	publish(&tx->session_peer, fetch(&control->dir[1].producer.epoch));
	publish(&tx->session_self, epoch);
}

/* ---- noise: the backend may close or stay, but must come back ---- */

static void noise_events(void)
{
	for (int i = 0; i < 50000; i++)
		notify();
}

static void noise_epochs(void)
{
	for (int i = 0; i < 20000; i++) {
		publish(&control->dir[0].producer.epoch, ++epoch);
		notify();
	}
	epoch |= 1;
}

static void noise_words(void)
{
	uint32_t *words = (uint32_t *)control, seed = 9;

	for (int i = 0; i < 300000; i++) {
		seed = seed * 1664525 + 1013904223;
		publish(&words[(seed >> 10) % 256], seed & 0x40 ? seed >> 24 : seed);
		if (i % 16 == 0)
			notify();
	}
}

static void noise_states(void)
{
	static const char *const states[] = { "1", "2", "3", "4", "5", "6", "7", "8", "-1",
					      "99999999999", "4\n4" };

	for (int i = 0; i < 300; i++)
		node_put(xs, front, "state", states[i * 7 % (sizeof(states) / sizeof(*states))]);
}

/* A state that is none says that the frontend is gone: its device ends. */
static void lie_no_state(void)
{
	node_put(xs, front, "state", "x");
}

/* ---- */

static int failures;

static void report(const char *name, bool good, const char *why)
{
	printf(good ? "PASS hostile-%s\n" : "FAIL hostile-%s: %s, backend state %d\n", name, why,
	       node_get(xs, back, "state"));
	failures += !good;
}

static void refused_at_connect(const char *name, void (*lie)(void))
{
	if (!begin())
		return report(name, false, "no InitWait before the lie");
	lie();
	handshake();
	report(name, back_becomes(CLOSING), "the lie was not refused");
}

static void refused_when_live(const char *name, void (*lie)(void))
{
	if (!begin() || !connect() || !open_session())
		return report(name, false, "no session before the lie");
	lie();
	notify();
	report(name, back_becomes(CLOSING), "the lie was not refused");
}

static void ended_when_live(const char *name, void (*lie)(void))
{
	if (!begin() || !connect() || !open_session())
		return report(name, false, "no session before the lie");
	lie();
	report(name, back_becomes(CLOSED), "the device did not end");
}

static void survived(const char *name, void (*noise)(void))
{
	if (!begin() || !connect() || !open_session())
		return report(name, false, "no session before the noise");
	noise();
	report(name, begin() && connect() && open_session(), "no session after the noise");
}

/* Each costs us two writes, and the host no line in its log: tests/vm/cases/45-hostile.sh. */
static void refused_often(void)
{
	for (int i = 0; i < 200; i++) {
		set_state(INITIALISING);
		if (!back_becomes(INIT_WAIT))
			return report("map-storm", false, "no InitWait in the storm");
		strcpy(ring_ref, "4000000000");
		handshake();
		if (!back_becomes(CLOSING))
			return report("map-storm", false, "a lie was not refused");
	}
	/* for so long at most an honest one has to wait */
	sleep(11);
	report("map-storm", begin() && connect() && open_session(), "no session after the storm");
}

/* Each of them is right, and costs the host's xenwatch a mapping of all rings. */
static void storm(unsigned int seconds)
{
	time_t end = time(NULL) + seconds;
	unsigned int count = 0;

	while (time(NULL) < end && begin() && connect())
		count++;
	printf("%u handshakes\n", count);
}

static bool set_up(const char *devid)
{
	char *path;

	snprintf(front, sizeof(front), "device/mydevice/%s", devid);
	xs = xs_open(0);
	grants = xengntshr_open(NULL, 0);
	events = xenevtchn_open(NULL, 0);
	if (!xs || !grants || !events)
		return false;
	snprintf(back, sizeof(back), "%s/backend", front);
	path = xs_read(xs, XBT_NULL, back, NULL);
	if (!path)
		return false;
	snprintf(back, sizeof(back), "%s", path);
	free(path);
	back_domid = node_get(xs, front, "backend-id");
	pages = xengntshr_share_pages(grants, back_domid, PAGES, gref, 1);
	control = (struct mydevice_control *)pages;
	return pages;
}

int main(int argc, char **argv)
{
	if (argc < 2 || argc > 3 || !set_up(argv[1])) {
		fprintf(stderr, "usage: hostile DEVID [SECONDS], with xen-gntalloc and xen-evtchn: %s\n",
			strerror(errno));
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 3) {
		storm(atoi(argv[2]));
		return 0;
	}

	refused_at_connect("magic", lie_magic);
	refused_at_connect("version", lie_version);
	refused_at_connect("mode", lie_mode);
	refused_at_connect("order-zero", lie_order_zero);
	refused_at_connect("order-huge", lie_order_huge);
	refused_at_connect("order-wraps", lie_order_wraps);
	refused_at_connect("order-without-pages", lie_order_without_pages);
	refused_at_connect("gref", lie_gref);
	refused_at_connect("ring-ref", lie_ring_ref);
	refused_at_connect("ring-ref-text", lie_ring_ref_text);
	refused_at_connect("port", lie_port);
	refused_at_connect("port-text", lie_port_text);
	report("honest-after-lies", begin() && connect() && open_session(), "no session");
	refused_when_live("prod-ahead", lie_prod_ahead);
	refused_when_live("prod-back", lie_prod_back);
	refused_when_live("session-start", lie_start);
	survived("event-storm", noise_events);
	survived("epoch-storm", noise_epochs);
	survived("random-words", noise_words);
	survived("random-states", noise_states);
	refused_often();
	ended_when_live("no-state", lie_no_state);
	return failures ? 1 : 0;
}
