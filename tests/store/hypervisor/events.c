// SPDX-License-Identifier: GPL-2.0-or-later
/* The calls of libxenevtchn that a xenstored makes. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <xentoollog.h>
#include <xenevtchn.h>

#include "shared.h"

/* Local ports: one for each domain's ring, and that of the virtual interrupt. */
#define PORT_VIRQ 1
#define PORT_OF(domid) ((domid) + 2)

static char handle;
static struct hv *hv;
static int bell = -1;
static int guests_bell = -1;
static unsigned int cursor;

static xenevtchn_handle *start(int fd)
{
	hv = hv_map();
	bell = fd;
	guests_bell = hv_open_bell(HV_BELL_GUESTS);
	return hv && bell >= 0 && guests_bell >= 0 ? (xenevtchn_handle *)&handle : NULL;
}

xenevtchn_handle *xenevtchn_open(xentoollog_logger *logger, unsigned int flags)
{
	xenevtchn_handle *xce = start(hv_open_bell(HV_BELL_STORE));

	(void)logger;
	if (xce && flags & XENEVTCHN_NO_CLOEXEC)
		fcntl(bell, F_SETFD, 0);
	/* what an earlier daemon was told is closed with its ports */
	if (xce) {
		hv_silence(bell);
		memset(&hv->to_store, 0, sizeof(hv->to_store));
	}
	return xce;
}

/* After a live update: the ports stay bound, events may be pending. */
xenevtchn_handle *xenevtchn_fdopen(xentoollog_logger *logger, int fd, unsigned int flags)
{
	xenevtchn_handle *xce = start(fd);

	(void)logger;
	(void)flags;
	if (xce)
		hv_ring(bell);
	return xce;
}

int xenevtchn_close(xenevtchn_handle *xce)
{
	(void)xce;
	close(bell);
	close(guests_bell);
	bell = guests_bell = -1;
	return 0;
}

int xenevtchn_fd(xenevtchn_handle *xce)
{
	(void)xce;
	return bell;
}

xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle *xce, unsigned int virq)
{
	(void)xce;
	(void)virq;
	return PORT_VIRQ;
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *xce, uint32_t domid,
						     evtchn_port_t remote_port)
{
	(void)xce;
	(void)remote_port;
	if (hv_life(hv, domid) == HV_NONE || hv_life(hv, domid) == HV_DYING) {
		errno = ESRCH;
		return -1;
	}
	return (xenevtchn_port_or_error_t)PORT_OF(domid);
}

int xenevtchn_unbind(xenevtchn_handle *xce, evtchn_port_t port)
{
	(void)xce;
	(void)port;
	return 0;
}

int xenevtchn_unmask(xenevtchn_handle *xce, evtchn_port_t port)
{
	(void)xce;
	(void)port;
	return 0;
}

int xenevtchn_notify(xenevtchn_handle *xce, evtchn_port_t port)
{
	(void)xce;
	if (port >= PORT_OF(0) && port - PORT_OF(0) < HV_DOMIDS)
		hv_post(&hv->to_guests, port - PORT_OF(0), guests_bell);
	return 0;
}

/*
 * One port for each call. The descriptor stays readable while there are more;
 * a false alarm is reported as one of domain 0, where nothing waits.
 */
xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *xce)
{
	int bit;

	(void)xce;
	hv_silence(bell);
	bit = hv_take(&hv->to_store, &cursor);
	if (bit < 0)
		return (xenevtchn_port_or_error_t)PORT_OF(0);
	hv_ring(bell);
	if (bit == HV_BIT_VIRQ)
		return PORT_VIRQ;
	return (xenevtchn_port_or_error_t)PORT_OF((unsigned int)bit);
}
