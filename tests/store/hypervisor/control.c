// SPDX-License-Identifier: GPL-2.0-or-later
/* The calls of libxenctrl and libxengnttab that a xenstored or attachd makes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xenctrl.h>
#include <xengnttab.h>

#include "shared.h"

static char handle;

static struct hv *machine(void)
{
	static struct hv *hv;

	if (!hv)
		hv = hv_map();
	return hv;
}

/* The first domain from this domid on, as the hypervisor's own list works. */
static int next_domain(uint32_t first, struct hv_domain *ret)
{
	struct hv *hv = machine();

	for (uint32_t domid = first; hv && domid < hv->limit; domid++) {
		*ret = hv->domains[domid];
		ret->life = hv_life(hv, domid);
		if (ret->life != HV_NONE)
			return (int)domid;
	}
	return -1;
}

xc_interface *xc_interface_open(xentoollog_logger *logger, xentoollog_logger *dombuild_logger,
				unsigned int open_flags)
{
	(void)logger;
	(void)dombuild_logger;
	(void)open_flags;
	return machine() ? (xc_interface *)&handle : NULL;
}

int xc_interface_close(xc_interface *xch)
{
	(void)xch;
	return 0;
}

static void fill(xc_domaininfo_t *info, int domid, const struct hv_domain *domain)
{
	memset(info, 0, sizeof(*info));
	info->domain = (domid_t)domid;
	memcpy(info->handle, domain->uuid, sizeof(domain->uuid));
	switch (domain->life) {
	case HV_PAUSED:
		info->flags = XEN_DOMINF_paused;
		break;
	case HV_SHUTDOWN:
		info->flags = XEN_DOMINF_shutdown | domain->reason << XEN_DOMINF_shutdownshift;
		break;
	case HV_DYING:
		info->flags = XEN_DOMINF_dying;
		break;
	default:
		info->flags = XEN_DOMINF_running;
		break;
	}
}

int xc_domain_getinfolist(xc_interface *xch, uint32_t first_domain, unsigned int max_domains,
			  xc_domaininfo_t *info)
{
	/* as of another release, say; of those that load this only attachd is told */
	const char *refusal = getenv("MYDEVICE_HYPERVISOR_REFUSES");
	struct hv_domain domain;
	unsigned int n = 0;
	int domid;

	(void)xch;
	if (refusal) {
		errno = atoi(refusal);
		return -1;
	}
	while (n < max_domains && (domid = next_domain(first_domain, &domain)) >= 0) {
		fill(&info[n++], domid, &domain);
		first_domain = (uint32_t)domid + 1;
	}
	return (int)n;
}

#ifdef HAVE_XC_DOMINFO
int xc_domain_getinfo(xc_interface *xch, uint32_t first_domid, unsigned int max_doms,
		      xc_dominfo_t *info)
{
	struct hv_domain domain;
	unsigned int n = 0;
	int domid;

	(void)xch;
	while (n < max_doms && (domid = next_domain(first_domid, &domain)) >= 0) {
		memset(&info[n], 0, sizeof(*info));
		info[n].domid = (uint32_t)domid;
		info[n].running = domain.life == HV_RUNNING;
		info[n].paused = domain.life == HV_PAUSED;
		info[n].shutdown = domain.life == HV_SHUTDOWN;
		info[n].dying = domain.life == HV_DYING;
		info[n].shutdown_reason = domain.reason;
		info[n].crashed = info[n].shutdown && domain.reason == SHUTDOWN_crash;
		memcpy(info[n].handle, domain.uuid, sizeof(domain.uuid));
		first_domid = (uint32_t)domid + 1;
		n++;
	}
	if (!n) {
		errno = ESRCH;
		return -1;
	}
	return (int)n;
}
#else
int xc_domain_getinfo_single(xc_interface *xch, uint32_t domid, xc_domaininfo_t *info)
{
	struct hv_domain domain;

	(void)xch;
	if (next_domain(domid, &domain) != (int)domid) {
		errno = ESRCH;
		return -1;
	}
	fill(info, (int)domid, &domain);
	return 0;
}
#endif

/* Only ever asked for the XenStore ring, whose place follows from the domid. */
static void *map_ring(uint32_t domid)
{
	struct hv *hv = machine();

	if (!hv || hv_life(hv, domid) == HV_NONE) {
		errno = ESRCH;
		return NULL;
	}
	return hv_map_ring(domid);
}

void *xc_map_foreign_range(xc_interface *xch, uint32_t dom, int size, int prot, unsigned long mfn)
{
	(void)xch;
	(void)size;
	(void)prot;
	(void)mfn;
	return map_ring(dom);
}

xengnttab_handle *xengnttab_open(xentoollog_logger *logger, unsigned int open_flags)
{
	(void)logger;
	(void)open_flags;
	return (xengnttab_handle *)&handle;
}

int xengnttab_close(xengnttab_handle *xgt)
{
	(void)xgt;
	return 0;
}

int xengnttab_set_max_grants(xengnttab_handle *xgt, uint32_t nr_grants)
{
	(void)xgt;
	(void)nr_grants;
	return 0;
}

void *xengnttab_map_grant_ref(xengnttab_handle *xgt, uint32_t domid, uint32_t ref, int prot)
{
	(void)xgt;
	(void)ref;
	(void)prot;
	return map_ring(domid);
}

int xengnttab_unmap(xengnttab_handle *xgt, void *start_address, uint32_t count)
{
	(void)xgt;
	return munmap(start_address, (size_t)count * HV_PAGE_SIZE);
}
