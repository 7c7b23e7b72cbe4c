// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "base/log.h"
#include "engine/engine.h"
#include "engine/host.h"
#include "engine/manager.h"
#include "engine/orders.h"

#define STOP_SEC 5

struct engine {
	pthread_t thread;
	struct registry *registry;
	const char *xenctrl;
	int ready_fd;
	int mail_fd;			/* there is something for the thread below */
	int done_fd;			/* there is something in done */

	pthread_mutex_t lock;
	/* protected by lock */
	struct policy *new_policy;	/* the latest that was sent */
	struct order *orders, **orders_end;
	struct order *done, **done_end;
	bool stop;
	bool ended;			/* the thread is through, and says so */
	pthread_cond_t end;

	/* of the thread alone */
	sd_event *event;
	struct manager *manager;
};

static void raise_fd(int fd)
{
	uint64_t one = 1;

	if (write(fd, &one, sizeof(one)) < 0)
		log_error(-errno, "cannot wake the other thread: %m");
}

static void send_mail(struct engine *engine, struct policy *policy, bool stop)
{
	struct policy *unread;

	pthread_mutex_lock(&engine->lock);
	unread = engine->new_policy;
	engine->new_policy = policy;
	engine->stop |= stop;
	pthread_mutex_unlock(&engine->lock);
	policy_free(unread);
	raise_fd(engine->mail_fd);
}

/* Called with lock held, as the next two. */
static void append(struct order ***end, struct order *order)
{
	order->next = NULL;
	**end = order;
	*end = &order->next;
}

static struct order *take_first(struct order **list, struct order ***end)
{
	struct order *order = *list;

	if (!order)
		return NULL;
	*list = order->next;
	if (!*list)
		*end = list;
	return order;
}

void engine_send_order(struct engine *engine, struct order *order)
{
	pthread_mutex_lock(&engine->lock);
	append(&engine->orders_end, order);
	pthread_mutex_unlock(&engine->lock);
	raise_fd(engine->mail_fd);
}

struct order *engine_take_done(struct engine *engine)
{
	struct order *order;
	uint64_t n;

	pthread_mutex_lock(&engine->lock);
	order = take_first(&engine->done, &engine->done_end);
	if (!order && read(engine->done_fd, &n, sizeof(n)) < 0 && errno != EAGAIN)
		log_error(-errno, "cannot read what the other thread wrote: %m");
	pthread_mutex_unlock(&engine->lock);
	return order;
}

/* One at a time, so that guests, deadlines and the probe have their turns between two. */
static bool execute_order(void *userdata)
{
	struct engine *engine = userdata;
	struct order *order;
	bool more;

	pthread_mutex_lock(&engine->lock);
	order = take_first(&engine->orders, &engine->orders_end);
	more = engine->orders;
	pthread_mutex_unlock(&engine->lock);
	if (!order)
		return false;
	orders_execute(engine->manager, order);
	pthread_mutex_lock(&engine->lock);
	append(&engine->done_end, order);
	pthread_mutex_unlock(&engine->lock);
	raise_fd(engine->done_fd);
	return more;
}

static int on_mail(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct engine *engine = userdata;
	struct policy *policy;
	uint64_t n;
	bool stop;

	if (read(fd, &n, sizeof(n)) < 0)
		return errno == EAGAIN ? 0 : -errno;
	pthread_mutex_lock(&engine->lock);
	policy = steal(&engine->new_policy);
	stop = engine->stop;
	pthread_mutex_unlock(&engine->lock);
	if (stop) {
		policy_free(policy);
		return sd_event_exit(engine->event, 0);
	}
	if (policy)
		manager_set_policy(engine->manager, policy);
	manager_wake_for_orders(engine->manager);
	return 0;
}

static void on_ready(void *userdata)
{
	struct engine *engine = userdata;

	raise_fd(engine->ready_fd);
}

static void *run(void *userdata)
{
	struct engine *engine = userdata;
	int r;

	r = sd_event_loop(engine->event);
	if (r < 0)
		log_error(r, "the XenStore thread failed: %s", strerror(-r));
	pthread_mutex_lock(&engine->lock);
	engine->ended = true;
	pthread_cond_signal(&engine->end);
	pthread_mutex_unlock(&engine->lock);
	return NULL;
}

static void free_orders(struct order *order)
{
	while (order) {
		struct order *next = order->next;

		order->free(order);
		order = next;
	}
}

static void engine_free(struct engine *engine)
{
	free_orders(engine->orders);
	free_orders(engine->done);
	manager_free(engine->manager);
	sd_event_unref(engine->event);
	policy_free(engine->new_policy);
	if (engine->ready_fd >= 0)
		close(engine->ready_fd);
	if (engine->mail_fd >= 0)
		close(engine->mail_fd);
	if (engine->done_fd >= 0)
		close(engine->done_fd);
	pthread_cond_destroy(&engine->end);
	pthread_mutex_destroy(&engine->lock);
	free(engine);
}

static int prepare(struct engine *engine, struct policy *policy)
{
	struct manager_options options = {
		.registry = engine->registry,
		.policy = policy,
		.xenctrl = engine->xenctrl,
		.on_ready = on_ready,
		.execute_order = execute_order,
		.userdata = engine,
	};
	int r;

	engine->ready_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (engine->ready_fd < 0)
		return -errno;
	engine->mail_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (engine->mail_fd < 0)
		return -errno;
	engine->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (engine->done_fd < 0)
		return -errno;
	r = sd_event_new(&engine->event);
	if (r < 0)
		return r;
	r = sd_event_add_io(engine->event, NULL, engine->mail_fd, EPOLLIN, on_mail, engine);
	if (r < 0)
		return r;
	options.event = engine->event;
	return manager_new(&options, &engine->manager);
}

int engine_start(struct registry *registry, struct policy *policy, const char *xenctrl,
		 struct engine **ret)
{
	struct engine *engine = calloc(1, sizeof(*engine));
	int r;

	if (!engine)
		return -ENOMEM;
	engine->registry = registry;
	engine->xenctrl = xenctrl;
	engine->ready_fd = -1;
	engine->mail_fd = -1;
	engine->done_fd = -1;
	engine->orders_end = &engine->orders;
	engine->done_end = &engine->done;
	pthread_mutex_init(&engine->lock, NULL);
	pthread_cond_init(&engine->end, NULL);
	r = prepare(engine, policy);
	if (r < 0) {
		engine_free(engine);
		return r;
	}
	r = -pthread_create(&engine->thread, NULL, run, engine);
	if (r < 0) {
		/* on failure the policy stays the caller's */
		engine->manager->policy = NULL;
		engine_free(engine);
		return r;
	}
	*ret = engine;
	return 0;
}

int engine_ready_fd(struct engine *engine)
{
	return engine->ready_fd;
}

int engine_done_fd(struct engine *engine)
{
	return engine->done_fd;
}

void engine_set_policy(struct engine *engine, struct policy *policy)
{
	send_mail(engine, policy, false);
}

int engine_stop(struct engine *engine)
{
	struct timespec deadline;
	int r = 0;

	if (!engine)
		return 0;
	send_mail(engine, NULL, true);
	clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_sec += STOP_SEC;
	pthread_mutex_lock(&engine->lock);
	while (!engine->ended && r == 0)
		r = -pthread_cond_clockwait(&engine->end, &engine->lock, CLOCK_MONOTONIC,
					    &deadline);
	pthread_mutex_unlock(&engine->lock);
	if (r < 0)
		return r;
	pthread_join(engine->thread, NULL);
	engine_free(engine);
	return 0;
}
