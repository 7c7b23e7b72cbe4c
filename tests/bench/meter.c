// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Clock, processor time of domains, and events.
 *
 * A domain's processor time is the hypervisor's count: it has in it what the
 * kernel does in interrupts and what the hypervisor does for the domain.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <xenctrl.h>

#include "bench.h"

uint64_t meter_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * UINT64_C(1000000000) + t.tv_nsec;
}

static int domain_cpu(unsigned int domid, uint64_t *ret)
{
	static xc_interface *hypervisor;
	xc_domaininfo_t info;

	if (!hypervisor)
		hypervisor = xc_interface_open(NULL, NULL, 0);
	if (!hypervisor || xc_domain_getinfolist(hypervisor, domid, 1, &info) != 1)
		return -1;
	if (info.domain != domid) {
		errno = ESRCH;
		return -1;
	}
	*ret = info.cpu_time;
	return 0;
}

/* Each end counts the events that reached it, whoever sent them. */
static const char *event_name(const char *transport)
{
	static const struct {
		const char *transport, *name;
	} names[] = {
		{ "file", "mydevice" },
		{ "vchan", "evtchn:" },
		{ "tcp", "vif|eth0" },
		{ "console", "hvc_console" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i].transport, transport))
			return names[i].name;
	return NULL;
}

static bool names_one(const char *line, const char *names)
{
	char copy[64], *rest, *name;

	snprintf(copy, sizeof(copy), "%s", names);
	for (name = strtok_r(copy, "|", &rest); name; name = strtok_r(NULL, "|", &rest))
		if (strstr(line, name))
			return true;
	return false;
}

static uint64_t count_interrupts(const char *names)
{
	uint64_t sum = 0;
	char line[512], *p;
	FILE *file;

	if (!names)
		return 0;
	file = fopen("/proc/interrupts", "re");
	while (file && fgets(line, sizeof(line), file)) {
		p = strchr(line, ':');
		if (!p || !names_one(line, names))
			continue;
		for (p++; *p == ' ' || isdigit(*p);)
			sum += strtoull(p, &p, 10), p += *p == ' ';
	}
	if (file)
		fclose(file);
	return sum;
}

void meter_prepare(struct meter *meter, const struct job *job, const struct channel *ch)
{
	*meter = (struct meter){
		.dom0 = job->dom0,
		.domid = job->domid,
		.events = event_name(job->transport),
	};
	meter->interrupts = count_interrupts(meter->events);
	meter->notified = channel_notified(ch);
}

int meter_start(struct meter *meter)
{
	if (meter->dom0 && (domain_cpu(0, &meter->cpu_here) ||
			    (meter->domid && domain_cpu(meter->domid, &meter->cpu_there))))
		return failed("processor time of domain %u", meter->domid);
	meter->ns = meter_now();
	return 0;
}

int meter_stop(struct meter *meter)
{
	uint64_t here, there = 0;

	meter->ns = meter_now() - meter->ns;
	if (!meter->dom0)
		return 0;
	if (domain_cpu(0, &here) || (meter->domid && domain_cpu(meter->domid, &there)))
		return failed("processor time of domain %u", meter->domid);
	meter->cpu_here = here - meter->cpu_here;
	meter->cpu_there = there - meter->cpu_there;
	return 0;
}

void meter_finish(struct meter *meter, const struct channel *ch)
{
	meter->notified = channel_notified(ch) - meter->notified;
	meter->interrupts = count_interrupts(meter->events) - meter->interrupts;
}

void meter_report(const struct meter *meter)
{
	printf(", \"seconds\": %.9f, \"interrupts\": %" PRIu64 ", \"notified\": %" PRIu64,
	       meter->ns / 1e9, meter->interrupts, meter->notified);
	if (meter->dom0)
		printf(", \"cpu_dom0\": %.9f, \"cpu_guest\": %.9f", meter->cpu_here / 1e9,
		       meter->cpu_there / 1e9);
	puts("}");
}
