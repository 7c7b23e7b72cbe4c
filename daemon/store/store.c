// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <xenstore.h>
#include <xenstore_lib.h>

#include "base/number.h"
#include "base/table.h"
#include "store/directory.h"
#include "store/stall.h"
#include "store/store.h"

/* The longest path of ours, cut short, still has its guest. */
#define CHANGED_SIZE 128

struct stashed_event {
	struct stashed_event *next;
	char **vector;
};

/*
 * libxenstore reads answers in a thread of its own as soon as there is a watch, and each of them
 * then wakes up two threads. So what is asked goes over a connection without any.
 */
struct store {
	struct xs_handle *calls;
	struct xs_handle *events;
	struct stall *stall;
	atomic_ullong turns;		/* how often a call began or ended */
	char changed[CHANGED_SIZE];	/* the last path that was, as others see it */
	char uncommitted[CHANGED_SIZE];
	bool dead;
	struct table watches;		/* serial -> struct store_watch */
	uint64_t last_serial;
	/* events met while looking whether the connection is alive, oldest first */
	struct stashed_event *stash, **stash_end;
};

/* Every call is to be seen by store->stall. */
#define ask(store, call) ({		\
	(store)->turns++;		\
	__auto_type answer_ = (call);	\
	(store)->turns++;		\
	answer_;			\
})

struct store_watch {
	struct store *store;
	uint64_t serial;
	store_watch_fn fn;
	void *userdata;
	char path[];
};

int store_open(struct store **ret)
{
	struct store *store = calloc(1, sizeof(*store));
	int r;

	if (!store)
		return -ENOMEM;
	store->stash_end = &store->stash;
	store->calls = xs_open(0);
	r = store->calls ? stall_watch(&store->turns, &store->stall) : -errno;
	if (r == 0) {
		store->events = xs_open(0);
		r = store->events ? 0 : -errno;
	}
	if (r < 0) {
		store_close(store);
		return r;
	}
	*ret = store;
	return 0;
}

static char **stash_take(struct store *store)
{
	struct stashed_event *event = store->stash;
	char **vector;

	if (!event)
		return NULL;
	vector = event->vector;
	store->stash = event->next;
	if (!store->stash)
		store->stash_end = &store->stash;
	free(event);
	return vector;
}

void store_close(struct store *store)
{
	struct store_watch *watch;
	size_t cursor = 0;
	char **vector;

	if (!store)
		return;
	/* closing ends every watch on the other side; their owners still free them */
	while ((watch = table_next(&store->watches, &cursor)))
		watch->store = NULL;
	while ((vector = stash_take(store)))
		free(vector);
	table_done(&store->watches);
	stall_free(store->stall);
	xs_close(store->events);
	xs_close(store->calls);
	free(store);
}

int store_fd(struct store *store)
{
	return xs_fileno(store->events);
}

bool store_is_dead(const struct store *store)
{
	return store->dead;
}

const char *store_stalled_at(const struct store *store)
{
	return store->dead && stall_found(store->stall) ? store->changed : NULL;
}

bool store_has_events(const struct store *store)
{
	return store->stash;
}

/* An event that is met on the way is set aside. Without one a live connection has EAGAIN. */
static bool events_live(struct store *store)
{
	struct stashed_event *event;
	char **vector = xs_check_watch(store->events);

	if (!vector)
		return errno == EAGAIN;
	event = calloc(1, sizeof(*event));
	if (!event) {
		/* an event must not be lost: start over with new connections */
		free(vector);
		return false;
	}
	event->vector = vector;
	*store->stash_end = event;
	store->stash_end = &event->next;
	return true;
}

/* Who lives reads the root. */
static bool calls_live(struct store *store)
{
	_cleanup_free_ char *value = NULL;
	unsigned int len;

	value = ask(store, xs_read(store->calls, XBT_NULL, "/", &len));
	return value;
}

/* Nothing but this tells a lost connection from a call that failed. */
static void look_alive(struct store *store)
{
	store->dead = store->dead || !events_live(store) || !calls_live(store);
}

static int failed(struct store *store)
{
	int r = errno ? -errno : -EIO;

	switch (-r) {
	case ENOENT:
	case EAGAIN:
	case EEXIST:
	case EACCES:
	case EPERM:
	case ENOSPC:
	case EDQUOT:
	case E2BIG:
		return r;
	}
	look_alive(store);
	return store->dead ? -ENOTCONN : r;
}

/*
 * Of one quota only, as the call tells. C xenstored says ENOSPC, for watches
 * E2BIG; oxenstored says EQUOTA, which libxenstore takes for EINVAL.
 */
static int failed_by_quota(struct store *store, int quota)
{
	int r = failed(store);

	return r == -ENOSPC || r == -E2BIG || r == -EINVAL ? -quota : r;
}

/* What is too long for a node has an error of its own, on both. */
static int failed_to_make(struct store *store)
{
	return errno == E2BIG ? -STORE_QUOTA_SIZE : failed_by_quota(store, STORE_QUOTA_NODES);
}

int store_probe(struct store *store)
{
	look_alive(store);
	stall_postpone(store->stall);
	return store->dead ? -ENOTCONN : 0;
}

/* On one connection xenstored sends events and answers in the order in which they arise. */
int store_sync(struct store *store)
{
	_cleanup_free_ char *value = NULL;
	unsigned int len;

	value = ask(store, xs_read(store->events, XBT_NULL, "/", &len));
	return value ? 0 : failed(store);
}

int store_read(struct store *store, store_txn txn, const char *path, char **ret, size_t *ret_len)
{
	unsigned int len;
	char *value;

	value = ask(store, xs_read(store->calls, txn, path, &len));
	if (!value)
		return failed(store);
	*ret = value;
	if (ret_len)
		*ret_len = len;
	return 0;
}

int store_exists(struct store *store, store_txn txn, const char *path)
{
	_cleanup_free_ char *value = NULL;
	int r = store_read(store, txn, path, &value, NULL);

	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : 1;
}

static int list_in_parts(struct store *store, const char *path, char ***ret, size_t *ret_n)
{
	unsigned int n;
	char **names;

	names = ask(store, xs_directory(store->calls, XBT_NULL, path, &n));
	if (!names)
		return failed(store);
	*ret = names;
	*ret_n = n;
	return 0;
}

int store_list(struct store *store, const char *path, char ***ret, size_t *ret_n)
{
	int r = directory_list(path, ret, ret_n);

	switch (r) {
	case 0:
	case -ENOENT:
	case -ENOMEM:
	case -EMSGSIZE:
		return r;
	case -E2BIG:
	case -ECONNREFUSED:
		return list_in_parts(store, path, ret, ret_n);
	}
	look_alive(store);
	return store->dead ? -ENOTCONN : r;
}

/* Whoever watches it is told now, or at the commit. */
static int note_change(struct store *store, store_txn txn, const char *path)
{
	char *noted = txn ? store->uncommitted : store->changed;

	if (!memccpy(noted, path, '\0', CHANGED_SIZE))
		noted[CHANGED_SIZE - 1] = '\0';
	return 0;
}

int store_write(struct store *store, store_txn txn, const char *path, const char *value)
{
	if (!ask(store, xs_write(store->calls, txn, path, value, (unsigned int)strlen(value))))
		return failed_to_make(store);
	return note_change(store, txn, path);
}

int store_mkdir(struct store *store, store_txn txn, const char *path)
{
	if (!ask(store, xs_mkdir(store->calls, txn, path)))
		return failed_to_make(store);
	return note_change(store, txn, path);
}

int store_remove(struct store *store, store_txn txn, const char *path)
{
	int r;

	if (ask(store, xs_rm(store->calls, txn, path)))
		return note_change(store, txn, path);
	r = failed(store);
	return r == -ENOENT ? 0 : r;
}

int store_own(struct store *store, store_txn txn, const char *path, unsigned int owner, int reader)
{
	struct xs_permissions perms[] = {
		{ .id = owner, .perms = XS_PERM_NONE },
		{ .id = (unsigned int)reader, .perms = XS_PERM_READ },
	};

	if (!ask(store, xs_set_permissions(store->calls, txn, path, perms, reader < 0 ? 1 : 2)))
		return failed_to_make(store);
	return note_change(store, txn, path);
}

static void format_perms(const struct xs_permissions *perms, unsigned int n,
			 char text[static STORE_PERMS_SIZE])
{
	static const char letters[] = "nrwb";
	size_t len = 0;

	*text = '\0';
	for (unsigned int i = 0; i < n && len < STORE_PERMS_SIZE; i++)
		len += (size_t)snprintf(text + len, STORE_PERMS_SIZE - len, "%s%c%u",
					i ? "," : "", letters[perms[i].perms & 3],
					perms[i].id);
}

int store_is_owned(struct store *store, const char *path, unsigned int owner, int reader,
		   char ret_found[static STORE_PERMS_SIZE])
{
	_cleanup_free_ struct xs_permissions *perms = NULL;
	unsigned int n;

	perms = ask(store, xs_get_permissions(store->calls, XBT_NULL, path, &n));
	if (!perms)
		return failed(store);
	format_perms(perms, n, ret_found);
	return n == (reader < 0 ? 1 : 2) &&
	       perms[0].id == owner && perms[0].perms == XS_PERM_NONE &&
	       (n == 1 || (perms[1].id == (unsigned int)reader && perms[1].perms == XS_PERM_READ));
}

static int commit(struct store *store, store_txn txn)
{
	if (!ask(store, xs_transaction_end(store->calls, txn, false)))
		return failed_by_quota(store, STORE_QUOTA_NODES);
	return *store->uncommitted ? note_change(store, XBT_NULL, store->uncommitted) : 0;
}

int store_transaction(struct store *store, unsigned int tries,
		      int (*body)(struct store *store, store_txn txn, void *userdata),
		      void *userdata)
{
	int r = -EAGAIN;

	for (unsigned int try = 0; try < tries && r == -EAGAIN; try++) {
		store_txn txn = ask(store, xs_transaction_start(store->calls));

		if (txn == XBT_NULL) {
			r = failed_by_quota(store, STORE_QUOTA_TRANSACTIONS);
			continue;
		}
		*store->uncommitted = '\0';
		r = body(store, txn, userdata);
		if (r < 0)
			ask(store, xs_transaction_end(store->calls, txn, true));
		else
			r = commit(store, txn);
	}
	return r;
}

int store_is_introduced(struct store *store, unsigned int domid)
{
	errno = 0;
	if (ask(store, xs_is_domain_introduced(store->calls, domid)))
		return 1;
	/* false is also how a failure looks */
	if (errno)
		look_alive(store);
	return store->dead ? -ENOTCONN : 0;
}

int store_watch(struct store *store, const char *path, store_watch_fn fn, void *userdata,
		struct store_watch **ret)
{
	size_t size = strlen(path) + 1;
	struct store_watch *watch;
	char token[24];
	int r;

	watch = malloc(sizeof(*watch) + size);
	if (!watch)
		return -ENOMEM;
	*watch = (struct store_watch){
		.store = store,
		.serial = ++store->last_serial,
		.fn = fn,
		.userdata = userdata,
	};
	memcpy(watch->path, path, size);
	r = table_add(&store->watches, watch->serial, watch);
	if (r < 0) {
		free(watch);
		return r;
	}
	snprintf(token, sizeof(token), "%llu", (unsigned long long)watch->serial);
	if (!xs_watch(store->events, path, token)) {
		r = failed_by_quota(store, STORE_QUOTA_WATCHES);
		table_remove(&store->watches, watch->serial);
		free(watch);
		return r;
	}
	*ret = watch;
	return 0;
}

void store_unwatch(struct store_watch *watch)
{
	char token[24];

	if (!watch)
		return;
	if (watch->store) {
		table_remove(&watch->store->watches, watch->serial);
		snprintf(token, sizeof(token), "%llu", (unsigned long long)watch->serial);
		if (!watch->store->dead && !xs_unwatch(watch->store->events, watch->path, token))
			failed(watch->store);
	}
	free(watch);
}

unsigned int store_dispatch(struct store *store, unsigned int max)
{
	unsigned int n;

	for (n = 0; n < max; n++) {
		_cleanup_free_ char **vector = stash_take(store);
		const struct store_watch *watch;
		const char *token;
		uint64_t serial;

		if (!vector)
			vector = xs_check_watch(store->events);
		if (!vector) {
			if (errno != EAGAIN)
				store->dead = true;
			break;
		}
		token = vector[XS_WATCH_TOKEN];
		if (number_decimal(token, strlen(token), UINT64_MAX, &serial) < 0)
			continue;
		/* a watch that is gone may still have had events on their way */
		watch = table_get(&store->watches, serial);
		if (watch)
			watch->fn(vector[XS_WATCH_PATH], watch->userdata);
	}
	return n;
}

const char *store_strerror(int error)
{
	switch (error < 0 ? -error : error) {
	case STORE_QUOTA_NODES:
		return "the guest's quota of XenStore nodes is used up";
	case STORE_QUOTA_SIZE:
		return "it is more than XenStore takes: the quota of a node's size, or 4096 bytes";
	case STORE_QUOTA_WATCHES:
		return "the quota of XenStore watches is used up";
	case STORE_QUOTA_TRANSACTIONS:
		return "the quota of XenStore transactions is used up";
	case EMSGSIZE:
		return "there are more names in the directory than any use has";
	case EAGAIN:
		return "XenStore stayed busy with other transactions";
	case ENOTCONN:
		return "xenstored has gone";
	}
	return strerror(error < 0 ? -error : error);
}
