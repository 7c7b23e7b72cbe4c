// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <string.h>

#include "view/metrics.h"

#define SECONDS(usec) ((double)(usec) / (double)USEC_PER_SEC)

/* Microseconds: from what XenStore alone takes to what nobody waits for. */
static const uint64_t bounds[HISTOGRAM_BUCKETS] = {
	250, 500, 1000, 2500, 5000, 10000, 25000, 100000, 500000, 1000000, 5000000, 30000000,
};

void histogram_add(struct histogram *histogram, uint64_t usec)
{
	size_t i = 0;

	while (i < HISTOGRAM_BUCKETS && usec > bounds[i])
		i++;
	histogram->counts[i]++;
	histogram->sum_usec += usec;
}

struct page {
	FILE *to;
	enum metrics_format format;
};

/* A counter's samples end in _total; only the older format says so in its type too. */
static void head(const struct page *page, const char *name, const char *type, const char *help)
{
	const char *suffix = "";

	if (page->format == METRICS_PROMETHEUS && !strcmp(type, "counter"))
		suffix = "_total";
	fprintf(page->to, "# TYPE %s%s %s\n", name, suffix, type);
	fprintf(page->to, "# HELP %s%s %s\n", name, suffix, help);
}

static void gauge(const struct page *page, const char *name, const char *help, double value)
{
	head(page, name, "gauge", help);
	fprintf(page->to, "%s %.15g\n", name, value);
}

static void counter(const struct page *page, const char *name, const char *help, uint64_t value)
{
	head(page, name, "counter", help);
	fprintf(page->to, "%s_total %" PRIu64 "\n", name, value);
}

static void histogram(const struct page *page, const char *name, const char *help,
		      const struct histogram *histogram)
{
	uint64_t n = 0;

	head(page, name, "histogram", help);
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		n += histogram->counts[i];
		fprintf(page->to, "%s_bucket{le=\"%.15g\"} %" PRIu64 "\n", name,
			SECONDS(bounds[i]), n);
	}
	n += histogram->counts[HISTOGRAM_BUCKETS];
	fprintf(page->to, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, n);
	fprintf(page->to, "%s_sum %.15g\n", name, SECONDS(histogram->sum_usec));
	fprintf(page->to, "%s_count %" PRIu64 "\n", name, n);
}

static int compare_guests(const void *a, const void *b)
{
	const struct guest_counts *x = a, *y = b;
	uint64_t trouble_x = x->pauses + x->refused, trouble_y = y->pauses + y->refused;

	if (trouble_x != trouble_y)
		return trouble_x > trouble_y ? -1 : 1;
	if (x->requests != y->requests)
		return x->requests > y->requests ? -1 : 1;
	return x->domid < y->domid ? -1 : x->domid > y->domid;
}

/* The escapes of a name are ASCII; what is left to escape is what a label may not hold. */
static void label(const struct page *page, const char *value)
{
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			fputc('\\', page->to);
		fputc(*value, page->to);
	}
}

static void by_guest(const struct page *page, const char *name, const char *help,
		     const struct guest_counts *guests, size_t n, size_t offset)
{
	head(page, name, "counter", help);
	for (size_t i = 0; i < n; i++) {
		const char *counts = (const char *)&guests[i];

		fprintf(page->to, "%s_total{domid=\"%u\",guest=\"", name, guests[i].domid);
		label(page, guests[i].guest.text);
		fprintf(page->to, "\"} %" PRIu64 "\n", *(const uint64_t *)(counts + offset));
	}
}

static void print_guests(const struct page *page, struct guest_counts *guests, size_t n)
{
	size_t shown = n < METRICS_GUESTS_MAX ? n : METRICS_GUESTS_MAX;

	/* those that cause trouble are told in any case */
	if (n)
		qsort(guests, n, sizeof(*guests), compare_guests);
	by_guest(page, "mydevice_guest_requests", "Requests of a guest that were answered.",
		 guests, shown, offsetof(struct guest_counts, requests));
	by_guest(page, "mydevice_guest_refused", "Requests of a guest that were refused.", guests,
		 shown, offsetof(struct guest_counts, refused));
	by_guest(page, "mydevice_guest_pauses", "Times that a guest had to wait for its turn.",
		 guests, shown, offsetof(struct guest_counts, pauses));
	gauge(page, "mydevice_guests_left_out", "Guests that are not told of one by one.",
	      (double)(n - shown));
}

static void print_requests(const struct page *page, const struct metrics *metrics)
{
	const char *name = "mydevice_requests_not_granted";

	head(page, name, "gauge", "Requests that are not granted now, by state; withdrawn: of the "
	     "last 24 hours.");
	for (enum request_state state = 0; state < REQUEST_STATES; state++)
		fprintf(page->to, "%s{state=\"%s\"} %u\n", name, request_state_name(state),
			metrics->not_granted[state]);
	fprintf(page->to, "%s{state=\"withdrawn\"} %u\n", name, metrics->withdrawn);
}

static void print_counters(const struct page *page, const struct metrics *metrics)
{
	static const struct {
		const char *name, *help;
	} names[COUNT_MAX] = {
		[COUNT_ATTACHED] = { "mydevice_attached", "Devices that were attached." },
		[COUNT_DETACHED] = { "mydevice_detached", "Devices that were detached." },
		[COUNT_FORCED] = { "mydevice_forced",
				   "Devices that were removed before their drivers had closed." },
		[COUNT_HOTPLUG_FAILED] = { "mydevice_hotplug_failures",
					   "Hotplug scripts that failed or took too long." },
		[COUNT_DENIED] = { "mydevice_denied", "Requests that the policy denied." },
		[COUNT_INVALID] = { "mydevice_invalid",
				    "Requests that were not valid or could not be carried out." },
		[COUNT_PAUSES] = { "mydevice_pauses",
				   "Times that guests had to wait for their turns." },
		[COUNT_LINES_LEFT_OUT] = { "mydevice_log_lines_left_out",
					   "Lines about guests that were not logged." },
		[COUNT_SHUNNED] = { "mydevice_shunned",
				    "Times that a guest held up XenStore and was left alone." },
		[COUNT_STORE_LOST] = { "mydevice_xenstore_lost",
				       "Times that the connection to xenstored was lost." },
		[COUNT_RELOADS] = { "mydevice_policy_reloads", "Policies read since the start." },
		[COUNT_BAD_RELOADS] = { "mydevice_policy_reload_failures",
					"Policies that had mistakes and were not used." },
	};

	counter(page, "mydevice_requests", "Requests that were answered.", metrics->served);
	for (enum counter i = 0; i < COUNT_MAX; i++)
		counter(page, names[i].name, names[i].help, metrics->counters[i]);
}

void metrics_print(FILE *to, enum metrics_format format, const struct metrics *metrics,
		   struct guest_counts *guests, size_t n_guests)
{
	struct page page = { to, format };

	/* "info" is a type of the newer format alone, and its sample looks the same */
	head(&page, format == METRICS_OPENMETRICS ? "mydevice_attachd" : "mydevice_attachd_info",
	     format == METRICS_OPENMETRICS ? "info" : "gauge", "The daemon that tells this.");
	fprintf(to, "mydevice_attachd_info{version=\"%s\"} 1\n", MYDEVICE_VERSION);
	gauge(&page, "mydevice_xenstore_up", "1 while xenstored answers.",
	      metrics->store_connected);
	gauge(&page, "mydevice_xenstore_silence_seconds",
	      "Since the last sign of life of the thread that talks to xenstored.",
	      SECONDS(metrics->silent_usec));
	gauge(&page, "mydevice_facts_degraded",
	      "1 while it cannot ask the hypervisor which guests run.", metrics->facts_degraded);
	gauge(&page, "mydevice_policy_bad",
	      "1 while the policy on disk has mistakes and an older one, or none, is in use.",
	      metrics->policy_is_bad);
	gauge(&page, "mydevice_policy_saved_in_use",
	      "1 while the saved policy is in use, since that on disk had mistakes at the start.",
	      metrics->policy_is_saved_one);
	gauge(&page, "mydevice_policy_missing",
	      "1 while there is no valid policy, so that guests get no new devices.",
	      metrics->policy_is_missing);
	gauge(&page, "mydevice_policy_unsaved",
	      "1 while the policy in use could not be saved for a restart.",
	      metrics->policy_is_unsaved);
	gauge(&page, "mydevice_guests", "Guests that run.", metrics->guests);
	gauge(&page, "mydevice_devices", "Devices that are attached.", metrics->devices);
	gauge(&page, "mydevice_devices_connected", "Devices with both ends connected.",
	      metrics->connected);
	print_requests(&page, metrics);
	print_counters(&page, metrics);
	histogram(&page, "mydevice_attach_seconds",
		  "From a request to both directories in XenStore.", &metrics->written);
	histogram(&page, "mydevice_connect_seconds", "From a request to both ends connected.",
		  &metrics->connected_after);
	print_guests(&page, guests, n_guests);
	if (format == METRICS_OPENMETRICS)
		fputs("# EOF\n", to);
}
