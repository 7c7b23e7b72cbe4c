// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "base/diagnosis.h"
#include "base/escape.h"
#include "base/log.h"
#include "base/messages.h"
#include "bus/bus.h"
#include "bus/rival.h"
#include "engine/engine.h"
#include "policy/choice.h"
#include "policy/last-good.h"
#include "service/directory.h"
#include "service/lock.h"
#include "service/notify.h"
#include "service/service.h"
#include "view/registry.h"

/* Without xenstored the boot goes on; it may come later. */
#define READY_AT_LATEST_USEC (10 * USEC_PER_SEC)
#define TICK_USEC (10 * USEC_PER_SEC)
/* The XenStore thread gives a sign of life every two seconds. */
#define SILENCE_USEC (15 * USEC_PER_SEC)

struct service {
	const struct service_options *options;
	sd_event *event;
	struct registry *registry;
	struct engine *engine;
	struct bus *bus;
	struct policy_choice choice;
	int lock_fd;			/* or -1 */
	sd_event_source *tick, *ready_timeout, *ready;
	uint64_t watchdog_usec;		/* 0: none */
	bool is_ready;
	bool ready_untold;		/* the manager has to be told, still or again */
	bool silent;			/* and it was said */
};

static void note_policy(const struct service *service)
{
	const char *file = service->options->policy_file;

	if (service->choice.status.source != POLICY_FROM_FILES)
		return;
	if (access(file, F_OK) < 0 && errno == ENOENT)
		log_notice("there is no %s: the policy is that of its drop-ins alone", file);
	else
		log_notice("policy loaded from %s", file);
}

static void notify_status(struct service *service)
{
	static const char *const policies[] = {
		[POLICY_FROM_FILES] = "",
		[POLICY_OLDER] = "; the policy has mistakes, an older one is in use",
		[POLICY_SAVED] = "; the policy has mistakes, the last good one is in use",
		[POLICY_NONE] = "; there is no valid policy, guests get no new devices",
	};
	struct registry_status status = registry_status(service->registry);
	const char *policy = policies[service->choice.status.source];

	if (service->silent)
		notify("STATUS=xenstored does not answer%s", policy);
	else if (!status.metrics.store_connected)
		notify("STATUS=Waiting for xenstored%s", policy);
	else
		notify("STATUS=%u guests, %u channels, %u of them connected%s",
			   status.metrics.guests, status.metrics.devices,
			   status.metrics.connected, policy);
}

static void tell_ready(struct service *service)
{
	service->ready_untold = !notify("READY=1");
}

static void become_ready(void *userdata)
{
	struct service *service = userdata;

	sd_event_source_set_enabled(service->ready_timeout, SD_EVENT_OFF);
	if (!service->is_ready)
		tell_ready(service);
	service->is_ready = true;
	notify_status(service);
}

static int on_ready(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct service *service = userdata;

	sd_event_source_set_enabled(source, SD_EVENT_OFF);
	notify_status(service);
	bus_join(service->bus, become_ready, service);
	return 0;
}

/* Neither xenstored nor a bus is waited for any longer. */
static int on_ready_timeout(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct service *service = userdata;

	become_ready(service);
	bus_join(service->bus, become_ready, service);
	return 0;
}

/*
 * The watchdog is told that all is well only while the other thread lives: if
 * that hangs in a call that never returns, a restart is the only cure.
 */
static void feed_watchdog(struct service *service)
{
	uint64_t silence = monotonic_usec() - registry_status(service->registry).beat_usec;
	bool silent = silence > SILENCE_USEC;

	if (silent && !service->silent)
		log_warning("xenstored has not answered for %llu seconds",
			    (unsigned long long)(silence / USEC_PER_SEC));
	if (!silent && service->silent)
		log_notice("xenstored answers again");
	service->silent = silent;
	if (!silent && service->watchdog_usec)
		notify("WATCHDOG=1");
}

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct service *service = userdata;
	uint64_t interval = TICK_USEC;
	int r;

	if (service->ready_untold)
		tell_ready(service);
	feed_watchdog(service);
	notify_status(service);
	if (service->watchdog_usec && service->watchdog_usec / 3 < interval)
		interval = service->watchdog_usec / 3;
	r = sd_event_source_set_time_relative(source, interval);
	return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct service *service = userdata;

	notify("STOPPING=1");
	return sd_event_exit(service->event, 0);
}

static int reload(void *userdata, struct reason *ret_reason)
{
	struct service *service = userdata;
	struct policy *policy;
	int r = policy_choose_again(&service->choice, &policy);

	registry_set_policy(service->registry, &service->choice.status);
	registry_count(service->registry, r < 0 ? COUNT_BAD_RELOADS : COUNT_RELOADS);
	if (r == 0) {
		engine_set_policy(service->engine, policy);
		note_policy(service);
	} else {
		*ret_reason = service->choice.status.error;
	}
	notify_status(service);
	return r;
}

static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct service *service = userdata;
	struct reason reason;

	/* until it is ready, a new policy is a part of the start */
	if (service->is_ready)
		notify("RELOADING=1\nMONOTONIC_USEC=%llu",
		       (unsigned long long)monotonic_usec());
	reload(service, &reason);
	if (service->is_ready)
		tell_ready(service);
	return 0;
}

/* Before any thread begins: each inherits what is blocked. */
static int block_signals(void)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		sigaddset(&set, numbers[i]);
	signal(SIGPIPE, SIG_IGN);
	return -pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static int add_sources(struct service *service)
{
	sd_event *event = service->event;
	int r;

	r = sd_event_add_signal(event, NULL, SIGTERM, on_stop, service);
	if (r < 0)
		return r;
	r = sd_event_add_signal(event, NULL, SIGINT, on_stop, service);
	if (r < 0)
		return r;
	r = sd_event_add_signal(event, NULL, SIGHUP, on_reload, service);
	if (r < 0)
		return r;
	r = sd_event_add_io(event, &service->ready, engine_ready_fd(service->engine), EPOLLIN,
			    on_ready, service);
	if (r < 0)
		return r;
	r = sd_event_add_time_relative(event, &service->ready_timeout, CLOCK_MONOTONIC,
				       READY_AT_LATEST_USEC, 0, on_ready_timeout, service);
	if (r < 0)
		return r;
	return sd_event_add_time_relative(event, &service->tick, CLOCK_MONOTONIC, 0, 0, on_tick,
					  service);
}

static int start(struct service *service)
{
	_cleanup_(policy_freep) struct policy *policy = NULL;
	int r;

	/* first, since a signal would end the process as long as nobody handles it */
	r = block_signals();
	if (r < 0)
		return r;
	r = lock_take(&service->lock_fd);
	if (r < 0)
		return r;
	r = bus_check_rival();
	if (r < 0)
		return r;
	r = policy_choose(&service->choice, &policy);
	if (r < 0)
		return r;
	sd_watchdog_enabled(0, &service->watchdog_usec);
	r = sd_event_new(&service->event);
	if (r < 0)
		return r;
	service->registry = registry_new();
	if (!service->registry)
		return -ENOMEM;
	registry_set_policy(service->registry, &service->choice.status);
	r = engine_start(service->registry, policy, service->options->xenctrl, &service->engine);
	if (r < 0)
		return r;
	policy = NULL;
	r = bus_new(service->event, service->registry, service->engine, &service->bus);
	if (r < 0)
		return r;
	bus_set_reload(service->bus, reload, service);
	return add_sources(service);
}

static void service_done(struct service *service)
{
	sd_event_source_disable_unref(service->tick);
	sd_event_source_disable_unref(service->ready_timeout);
	sd_event_source_disable_unref(service->ready);
	bus_free(service->bus);
	if (engine_stop(service->engine) < 0) {
		/* it hangs in a call, with a hold on what would be freed here */
		log_warning("xenstored does not answer; leaving without it");
		_exit(EXIT_SUCCESS);
	}
	registry_free(service->registry);
	sd_event_unref(service->event);
	if (service->lock_fd >= 0)
		close(service->lock_fd);
}

/* Without it devices are attached and never connect. */
static void note_driver(void)
{
	char version[HOST_VERSION_SIZE];

	switch (diagnose_driver(HOST_SYSFS, version)) {
	case HOST_DRIVER_MISSING:
		log_notice("the module mydeviceback is not loaded: channels that domain 0 serves "
			   "will not connect");
		log_notice("run: modprobe mydeviceback");
		break;
	case HOST_DRIVER_OTHER:
		log_notice("the loaded module mydeviceback has version %s, this daemon "
			   MYDEVICE_VERSION, escape(version).text);
		log_notice("run: mydevice-reload");
		break;
	default:
		break;
	}
}

int service_run(const struct service_options *options)
{
	_cleanup_free_ char *directory = service_directory("STATE_DIRECTORY",
							   LAST_GOOD_DIRECTORY);
	_cleanup_(service_done) struct service service = {
		.options = options,
		.lock_fd = -1,
		.choice = { .file = options->policy_file, .directory = directory },
	};
	int r;

	r = directory ? start(&service) : -ENOMEM;
	/* the other daemon: logged */
	if (r == -EEXIST)
		return r;
	if (r < 0)
		return log_error(r, "cannot start: %s", strerror(-r));
	log_info("mydevice-attachd " MYDEVICE_VERSION " started");
	note_policy(&service);
	note_driver();
	r = sd_event_loop(service.event);
	if (r == -EEXIST)
		return r;
	if (r < 0)
		return log_error(r, "the event loop failed: %s", strerror(-r));
	return 0;
}
