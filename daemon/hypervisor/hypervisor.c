// SPDX-License-Identifier: GPL-2.0-or-later
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <xenctrl.h>
#include <xentoollog.h>

#include "base/escape.h"
#include "base/log.h"
#include "hypervisor/hypervisor.h"

#define CHUNK 64

struct hypervisor {
	const char *name;		/* of the library */
	void *library;
	xc_interface *handle;
	xc_interface *(*open)(xentoollog_logger *, xentoollog_logger *, unsigned int);
	int (*close)(xc_interface *);
	int (*getinfolist)(xc_interface *, uint32_t, unsigned int, xc_domaininfo_t *);
};

/* The library would write to stderr by itself. */
static void quiet_message(xentoollog_logger *logger, xentoollog_level level, int errnoval,
			  const char *context, const char *format, va_list args)
{
	char text[256];

	vsnprintf(text, sizeof(text), format, args);
	log_debug("%s: %s", context ?: "libxenctrl", escape(text).text);
}

static void quiet_destroy(xentoollog_logger *logger)
{
}

static xentoollog_logger quiet = {
	.vmessage = quiet_message,
	.destroy = quiet_destroy,
};

_printf_(3, 4) static int fail(struct reason *ret_why, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ret_why->text, sizeof(ret_why->text), format, args);
	va_end(args);
	return error;
}

/* The one of another release has other structures, and would write past ours. */
static bool is_of_this_release(void *library)
{
	void *same = dlopen(XENCTRL_SONAME, RTLD_NOW | RTLD_NOLOAD);

	if (same)
		dlclose(same);
	return same == library;
}

static int load(struct hypervisor *x, struct reason *ret_why)
{
	x->library = dlopen(x->name, RTLD_NOW | RTLD_LOCAL);
	if (!x->library)
		return fail(ret_why, -ENOENT, "%s", dlerror());
	if (!is_of_this_release(x->library))
		return fail(ret_why, -ELIBACC, "%s is of another Xen release than %s, for which "
			    "this mydevice-attachd was built", x->name, XENCTRL_SONAME);
	x->open = dlsym(x->library, "xc_interface_open");
	x->close = dlsym(x->library, "xc_interface_close");
	x->getinfolist = dlsym(x->library, "xc_domain_getinfolist");
	if (!x->open || !x->close || !x->getinfolist)
		return fail(ret_why, -ELIBACC, "%s lacks a function that is needed", x->name);
	errno = 0;
	x->handle = x->open(&quiet, &quiet, 0);
	if (x->handle)
		return 0;
	return fail(ret_why, errno ? -errno : -EIO, "%s cannot open the hypervisor's "
		    "control device (is this domain 0, and is it allowed to?)", x->name);
}

int hypervisor_open(const char *library, struct hypervisor **ret, struct reason *ret_why)
{
	struct hypervisor *x = calloc(1, sizeof(*x));
	int r;

	if (!x)
		return -ENOMEM;
	x->name = library ?: XENCTRL_SONAME;
	r = load(x, ret_why);
	if (r < 0) {
		hypervisor_close(x);
		return r;
	}
	*ret = x;
	return 0;
}

void hypervisor_close(struct hypervisor *x)
{
	if (!x)
		return;
	if (x->handle)
		x->close(x->handle);
	if (x->library)
		dlclose(x->library);
	free(x);
}

static bool is_running(const xc_domaininfo_t *info)
{
	unsigned int reason = info->flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;

	if (info->flags & XEN_DOMINF_dying)
		return false;
	/* a suspended domain may be resumed where it is, if saving it fails */
	return !(info->flags & XEN_DOMINF_shutdown) || reason == SHUTDOWN_suspend;
}

static void format_uuid(const xen_domain_handle_t handle, char ret[static UUID_SIZE])
{
	static const char hex[] = "0123456789abcdef";
	char *out = ret;

	for (size_t i = 0; i < sizeof(xen_domain_handle_t); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		*out++ = hex[handle[i] >> 4];
		*out++ = hex[handle[i] & 0xf];
	}
	*out = '\0';
}

static int cannot_list(const struct hypervisor *x, int error, struct reason *ret_why)
{
	if (error == -EACCES)
		return fail(ret_why, error, "the hypervisor is of another Xen release than %s",
			    x->name);
	return fail(ret_why, error, "%s cannot tell which domains there are", x->name);
}

int hypervisor_list(struct hypervisor *x, unsigned int first, struct domain_fact **ret,
		    size_t *ret_n, struct reason *ret_why)
{
	_cleanup_free_ struct domain_fact *facts = NULL;
	size_t n = 0;
	int got;

	do {
		xc_domaininfo_t info[CHUNK];
		struct domain_fact *more;

		errno = 0;
		got = x->getinfolist(x->handle, first, CHUNK, info);
		if (got < 0)
			return cannot_list(x, errno ? -errno : -EIO, ret_why);
		more = reallocarray(facts, n + (size_t)got + 1, sizeof(*facts));
		if (!more)
			return -ENOMEM;
		facts = more;
		for (int i = 0; i < got; i++) {
			facts[n].domid = info[i].domain;
			facts[n].running = is_running(&info[i]);
			format_uuid(info[i].handle, facts[n].uuid);
			n++;
			first = info[i].domain + 1u;
		}
	} while (got == CHUNK);

	*ret = steal(&facts);
	*ret_n = n;
	return 0;
}
