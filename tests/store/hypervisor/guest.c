// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <xen/io/xs_wire.h>

#include "guest.h"

/* No request of a client's has this id; it marks the end of a client's stay. */
#define RESET_ID 0x5245u
#define MESSAGE_MAX (sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX)
#define INBOX_SIZE (8 * MESSAGE_MAX)

struct guest {
	struct guest_machine machine;
	unsigned int domid;
	struct xenstore_domain_interface *ring;
	int listener;
	int client;		/* -1: none */
	bool leaving;		/* the client went, the store still answers it */

	/* From the client: only whole messages go on, so the ring stays in step. */
	char inbox[INBOX_SIZE];
	size_t received;
	size_t whole;
	size_t forwarded;

	/* To the client: where in a message its stream stands. */
	struct xsd_sockmsg header;
	size_t header_len;
	size_t body_left;
};

static void watch(struct guest *guest, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = guest };

	if (epoll_ctl(guest->machine.epoll, EPOLL_CTL_MOD, fd, &event) < 0 && errno == ENOENT)
		epoll_ctl(guest->machine.epoll, EPOLL_CTL_ADD, fd, &event);
}

static void notify_store(struct guest *guest)
{
	hv_post(&guest->machine.hv->to_store, guest->domid, guest->machine.store_bell);
}

/* False if the client sent what no store takes. */
static bool find_whole_messages(struct guest *guest)
{
	struct xsd_sockmsg header;

	while (guest->received - guest->whole >= sizeof(header)) {
		memcpy(&header, guest->inbox + guest->whole, sizeof(header));
		if (header.len > XENSTORE_PAYLOAD_MAX)
			return false;
		if (guest->received - guest->whole < sizeof(header) + header.len)
			break;
		guest->whole += sizeof(header) + header.len;
	}
	return true;
}

static void forward_requests(struct guest *guest)
{
	struct xenstore_domain_interface *ring = guest->ring;
	XENSTORE_RING_IDX prod = ring->req_prod;
	size_t room = XENSTORE_RING_SIZE -
		      (prod - __atomic_load_n(&ring->req_cons, __ATOMIC_ACQUIRE));
	size_t n = guest->whole - guest->forwarded;

	if (n > room)
		n = room;
	if (n > 0 && room <= XENSTORE_RING_SIZE) {
		for (size_t i = 0; i < n; i++)
			ring->req[MASK_XENSTORE_IDX(prod + i)] =
				guest->inbox[guest->forwarded + i];
		__atomic_store_n(&ring->req_prod, prod + (XENSTORE_RING_IDX)n, __ATOMIC_SEQ_CST);
		guest->forwarded += n;
		notify_store(guest);
	}
	if (guest->forwarded == guest->whole && guest->forwarded > 0) {
		memmove(guest->inbox, guest->inbox + guest->forwarded,
			guest->received - guest->forwarded);
		guest->received -= guest->forwarded;
		guest->whole = guest->forwarded = 0;
	}
}

/* True if these bytes ended the answer to the last request of a client. */
static bool follow_stream(struct guest *guest, const char *data, size_t len)
{
	bool over = false;

	while (len > 0) {
		size_t n = guest->body_left;

		if (n == 0) {
			n = sizeof(guest->header) - guest->header_len;
			if (n > len)
				n = len;
			memcpy((char *)&guest->header + guest->header_len, data, n);
			guest->header_len += n;
			if (guest->header_len == sizeof(guest->header))
				guest->body_left = guest->header.len;
		} else {
			if (n > len)
				n = len;
			guest->body_left -= n;
		}
		data += n;
		len -= n;
		if (guest->header_len == sizeof(guest->header) && guest->body_left == 0) {
			guest->header_len = 0;
			over |= guest->header.type == XS_RESET_WATCHES &&
				guest->header.req_id == RESET_ID;
		}
	}
	return over;
}

static void let_go(struct guest *guest)
{
	static const struct xsd_sockmsg reset = {
		.type = XS_RESET_WATCHES, .req_id = RESET_ID, .len = 1,
	};

	close(guest->client);
	guest->client = -1;
	guest->leaving = true;
	/* an unfinished message goes with its client */
	guest->received = guest->whole;
	memcpy(guest->inbox + guest->received, &reset, sizeof(reset));
	guest->inbox[guest->received + sizeof(reset)] = '\0';
	guest->received += sizeof(reset) + 1;
	guest->whole = guest->received;
}

static void forward_responses(struct guest *guest)
{
	struct xenstore_domain_interface *ring = guest->ring;
	XENSTORE_RING_IDX cons = ring->rsp_cons;
	size_t n = __atomic_load_n(&ring->rsp_prod, __ATOMIC_ACQUIRE) - cons;
	char data[XENSTORE_RING_SIZE];
	ssize_t sent;

	if (n == 0 || n > sizeof(data))
		return;
	for (size_t i = 0; i < n; i++)
		data[i] = ring->rsp[MASK_XENSTORE_IDX(cons + i)];
	if (guest->client >= 0) {
		sent = send(guest->client, data, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0 && errno == EAGAIN)
			return;
		if (sent < 0)
			let_go(guest);
		else
			n = (size_t)sent;
	}
	if (follow_stream(guest, data, n) && guest->leaving) {
		guest->leaving = false;
		watch(guest, guest->listener, EPOLLIN);
	}
	__atomic_store_n(&ring->rsp_cons, cons + (XENSTORE_RING_IDX)n, __ATOMIC_SEQ_CST);
	notify_store(guest);
}

static void receive(struct guest *guest)
{
	/* room for the request that let_go() adds */
	size_t room = sizeof(guest->inbox) - sizeof(struct xsd_sockmsg) - 1 - guest->received;
	ssize_t n;

	if (room == 0)
		return;
	n = recv(guest->client, guest->inbox + guest->received, room, MSG_DONTWAIT);
	if (n > 0) {
		guest->received += (size_t)n;
		if (!find_whole_messages(guest))
			let_go(guest);
	} else if (n == 0 || errno != EAGAIN) {
		let_go(guest);
	}
}

static void welcome(struct guest *guest)
{
	guest->client = accept4(guest->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (guest->client >= 0)
		watch(guest, guest->listener, 0);
}

/* Asks epoll for just what can go on now. */
static void set_interest(struct guest *guest)
{
	uint32_t events = 0;

	if (guest->client < 0)
		return;
	if (guest->received < sizeof(guest->inbox) - sizeof(struct xsd_sockmsg) - 1)
		events |= EPOLLIN;
	if (guest->ring->rsp_prod != guest->ring->rsp_cons)
		events |= EPOLLOUT;
	watch(guest, guest->client, events);
}

void guest_store_event(struct guest *guest)
{
	forward_responses(guest);
	forward_requests(guest);
	set_interest(guest);
}

void guest_client_event(struct guest *guest)
{
	if (guest->client >= 0)
		receive(guest);
	else if (!guest->leaving)
		welcome(guest);
	guest_store_event(guest);
}

void guest_reset(struct guest *guest)
{
	if (guest->client >= 0)
		close(guest->client);
	guest->client = -1;
	guest->leaving = false;
	guest->received = guest->whole = guest->forwarded = 0;
	guest->header_len = guest->body_left = 0;
	memset(guest->ring, 0, sizeof(*guest->ring));
	watch(guest, guest->listener, EPOLLIN);
}

static int listen_at(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd, r;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	unlink(path);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(fd, 16) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

static int guest_path(unsigned int domid, char *ret, size_t size)
{
	char name[32];

	snprintf(name, sizeof(name), "guest.%u", domid);
	return hv_path(ret, size, name);
}

int guest_new(const struct guest_machine *machine, unsigned int domid, struct guest **ret)
{
	struct guest *guest = calloc(1, sizeof(*guest));
	char path[256];
	int r;

	if (!guest)
		return -ENOMEM;
	guest->machine = *machine;
	guest->domid = domid;
	guest->client = guest->listener = -1;
	guest->ring = hv_map_ring(domid);
	r = guest->ring ? guest_path(domid, path, sizeof(path)) : -errno;
	if (!r) {
		guest->listener = listen_at(path);
		r = guest->listener < 0 ? guest->listener : 0;
	}
	if (r < 0) {
		guest_free(guest);
		return r;
	}
	guest_reset(guest);
	*ret = guest;
	return 0;
}

void guest_free(struct guest *guest)
{
	char path[256];

	if (!guest)
		return;
	if (guest->client >= 0)
		close(guest->client);
	if (guest->listener >= 0) {
		close(guest->listener);
		if (!guest_path(guest->domid, path, sizeof(path)))
			unlink(path);
	}
	if (guest->ring)
		munmap(guest->ring, HV_PAGE_SIZE);
	free(guest);
}
