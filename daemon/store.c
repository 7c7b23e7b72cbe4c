// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "number.h"
#include "paths.h"
#include "store.h"
#include "table.h"
#include "wire.h"

/* A directory that others change all the time cannot be listed. */
#define LIST_TRIES 16

struct store {
	struct wire *wire;
	struct table watches;		/* serial -> struct store_watch */
	uint64_t last_serial;
};

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
	r = wire_open(&store->wire);
	if (r < 0) {
		free(store);
		return r;
	}
	*ret = store;
	return 0;
}

void store_close(struct store *store)
{
	struct store_watch *watch;
	size_t cursor = 0;

	if (!store)
		return;
	/* closing ends every watch on the other side; their owners still free them */
	while ((watch = table_next(&store->watches, &cursor)))
		watch->store = NULL;
	table_done(&store->watches);
	wire_close(store->wire);
	free(store);
}

int store_fd(struct store *store)
{
	return wire_fd(store->wire);
}

bool store_is_dead(const struct store *store)
{
	return wire_is_dead(store->wire);
}

bool store_has_events(const struct store *store)
{
	return wire_has_event(store->wire);
}

/* A request is a string, and one more thing after its NUL. */
struct request {
	char data[XENSTORE_PAYLOAD_MAX + 1];
	size_t len;			/* more than fits: too long to be sent */
};

static void request_add(struct request *request, const void *data, size_t len)
{
	size_t room = sizeof(request->data) - request->len;

	if (len > room)
		len = room;
	memcpy(request->data + request->len, data, len);
	request->len += len;
}

static void request_add_string(struct request *request, const char *text)
{
	request_add(request, text, strlen(text) + 1);
}

static void post(struct store *store, store_txn txn, enum xsd_sockmsg_type type,
		 const struct request *request, struct wire_answer *answer)
{
	wire_post(store->wire, type, txn, request->data, request->len, answer);
}

/* The data of the answer is the caller's, or NULL. */
static int call(struct store *store, store_txn txn, enum xsd_sockmsg_type type,
		const struct request *request, struct wire_answer *ret)
{
	post(store, txn, type, request, ret);
	wire_settle(store->wire);
	return ret->error;
}

/* For a change: of a transaction it is waited for at its end. */
static int change(struct store *store, store_txn txn, enum xsd_sockmsg_type type,
		  const struct request *request)
{
	struct wire_answer answer;
	int r;

	if (txn) {
		post(store, txn, type, request, NULL);
		return 0;
	}
	r = call(store, 0, type, request, &answer);
	free(answer.data);
	return r;
}

static int call_with_path(struct store *store, store_txn txn, enum xsd_sockmsg_type type,
			  const char *path, struct wire_answer *ret)
{
	struct request request = {};

	request_add_string(&request, path);
	return call(store, txn, type, &request, ret);
}

int store_probe(struct store *store)
{
	int r = store_exists(store, 0, "/");

	return r < 0 ? r : 0;
}

int store_read(struct store *store, store_txn txn, const char *path, char **ret, size_t *ret_len)
{
	struct wire_answer answer;
	int r = call_with_path(store, txn, XS_READ, path, &answer);

	if (r < 0)
		return r;
	*ret = answer.data;
	if (ret_len)
		*ret_len = answer.len;
	return 0;
}

int store_read_all(struct store *store, const struct path paths[], size_t n,
		   struct store_value ret[])
{
	struct wire_answer answers[n];
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		struct request request = {};

		request_add_string(&request, paths[i].text);
		post(store, 0, XS_READ, &request, &answers[i]);
	}
	wire_settle(store->wire);
	for (size_t i = 0; i < n; i++)
		if (answers[i].error && answers[i].error != -ENOENT)
			r = answers[i].error;
	for (size_t i = 0; i < n; i++) {
		ret[i] = (struct store_value){ answers[i].data, answers[i].len };
		if (r < 0)
			store_value_done(&ret[i]);
	}
	return r;
}

int store_exists(struct store *store, store_txn txn, const char *path)
{
	_cleanup_free_ char *value = NULL;
	int r = store_read(store, txn, path, &value, NULL);

	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : 1;
}

/* Adds the names in text to what is there; a list is whole if an empty one ends it. */
static int add_part(struct wire_answer *list, const char *part, size_t len, bool *ret_whole)
{
	char *data = realloc(list->data, list->len + len + 1);

	if (!data)
		return -ENOMEM;
	list->data = data;
	memcpy(data + list->len, part, len);
	list->len += len;
	*ret_whole = len <= 1 ? true : !data[list->len - 2];
	if (*ret_whole && len)
		list->len--;
	data[list->len] = '\0';
	return 0;
}

/* What does not fit into one message; begins anew if the directory changes meanwhile. */
static int list_in_parts(struct store *store, const char *path, struct wire_answer *ret)
{
	struct wire_answer list = {};
	char generation[24] = "", offset[24];
	unsigned int tries = LIST_TRIES;
	bool whole = false;
	int r = 0;

	while (!whole && r == 0) {
		struct wire_answer part;
		struct request request = {};
		size_t skip;

		snprintf(offset, sizeof(offset), "%zu", list.len);
		request_add_string(&request, path);
		request_add_string(&request, offset);
		r = call(store, 0, XS_DIRECTORY_PART, &request, &part);
		if (r < 0)
			break;
		skip = strlen(part.data) + 1;
		if (skip > sizeof(generation) || skip > part.len) {
			r = -EIO;
		} else if (list.len && strcmp(part.data, generation) != 0) {
			list.len = 0;
			r = --tries ? 0 : -EAGAIN;
		} else {
			strcpy(generation, part.data);
			r = add_part(&list, part.data + skip, part.len - skip, &whole);
		}
		free(part.data);
	}
	if (r < 0) {
		free(list.data);
		return r;
	}
	*ret = list;
	return 0;
}

/* Names one after the other to an array of them, in one allocation. */
static int split(const struct wire_answer *list, char ***ret, size_t *ret_n)
{
	size_t n = 0, i = 0;
	char **names, *text;

	for (const char *c = list->data; c < list->data + list->len; c++)
		n += !*c;
	names = malloc(n * sizeof(*names) + list->len + 1);
	if (!names)
		return -ENOMEM;
	text = (char *)(names + n);
	memcpy(text, list->data, list->len);
	for (char *c = text; i < n; c += strlen(c) + 1)
		names[i++] = c;
	*ret = names;
	*ret_n = n;
	return 0;
}

int store_list(struct store *store, store_txn txn, const char *path, char ***ret, size_t *ret_n)
{
	struct wire_answer list;
	int r = call_with_path(store, txn, XS_DIRECTORY, path, &list);

	if (r == -E2BIG && !txn)
		r = list_in_parts(store, path, &list);
	if (r < 0)
		/* oxenstored knows no parts */
		return r == -ENOSYS || r == -EIO ? -E2BIG : r;
	r = split(&list, ret, ret_n);
	free(list.data);
	return r;
}

int store_write(struct store *store, store_txn txn, const char *path, const char *value)
{
	struct request request = {};

	request_add_string(&request, path);
	request_add(&request, value, strlen(value));
	return change(store, txn, XS_WRITE, &request);
}

int store_mkdir(struct store *store, store_txn txn, const char *path)
{
	struct request request = {};

	request_add_string(&request, path);
	return change(store, txn, XS_MKDIR, &request);
}

int store_remove(struct store *store, store_txn txn, const char *path)
{
	struct request request = {};
	int r;

	request_add_string(&request, path);
	r = change(store, txn, XS_RM, &request);
	return r == -ENOENT ? 0 : r;
}

int store_own(struct store *store, store_txn txn, const char *path, unsigned int owner, int reader)
{
	struct request request = {};
	char permission[16];

	request_add_string(&request, path);
	snprintf(permission, sizeof(permission), "n%u", owner);
	request_add_string(&request, permission);
	snprintf(permission, sizeof(permission), "r%d", reader);
	if (reader >= 0)
		request_add_string(&request, permission);
	return change(store, txn, XS_SET_PERMS, &request);
}

static int begin(struct store *store, store_txn *ret)
{
	static const struct request nothing = { .len = 1 };
	struct wire_answer answer;
	uint64_t txn;
	int r;

	r = call(store, 0, XS_TRANSACTION_START, &nothing, &answer);
	if (r < 0)
		return r;
	r = number_decimal(answer.data, strlen(answer.data), UINT32_MAX, &txn);
	free(answer.data);
	if (r < 0)
		return -EIO;
	*ret = (store_txn)txn;
	return 0;
}

static int end(struct store *store, store_txn txn, bool commit)
{
	struct request request = {};
	struct wire_answer answer;
	int r;

	request_add_string(&request, commit ? "T" : "F");
	r = call(store, txn, XS_TRANSACTION_END, &request, &answer);
	free(answer.data);
	return r;
}

int store_transaction(struct store *store, unsigned int tries,
		      int (*body)(struct store *store, store_txn txn, void *userdata),
		      void *userdata)
{
	int r = -EAGAIN;

	for (unsigned int try = 0; try < tries && r == -EAGAIN; try++) {
		store_txn txn;
		int failure;

		r = begin(store, &txn);
		if (r < 0)
			continue;
		r = body(store, txn, userdata);
		wire_settle(store->wire);
		failure = wire_take_failure(store->wire);
		r = r < 0 ? r : failure;
		if (r < 0)
			end(store, txn, false);
		else
			r = end(store, txn, true);
	}
	return r;
}

int store_is_introduced(struct store *store, unsigned int domid)
{
	struct wire_answer answer;
	char text[16];
	int r;

	snprintf(text, sizeof(text), "%u", domid);
	r = call_with_path(store, 0, XS_IS_DOMAIN_INTRODUCED, text, &answer);
	if (r < 0)
		return r;
	r = *answer.data == 'T';
	free(answer.data);
	return r;
}

/* Of a watch and of its end. */
static int tell_watch(const struct store_watch *watch, enum xsd_sockmsg_type type)
{
	struct request request = {};
	char token[24];

	snprintf(token, sizeof(token), "%llu", (unsigned long long)watch->serial);
	request_add_string(&request, watch->path);
	request_add_string(&request, token);
	return change(watch->store, 0, type, &request);
}

int store_watch(struct store *store, const char *path, store_watch_fn fn, void *userdata,
		struct store_watch **ret)
{
	size_t size = strlen(path) + 1;
	struct store_watch *watch;
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
	r = tell_watch(watch, XS_WATCH);
	if (r < 0) {
		table_remove(&store->watches, watch->serial);
		free(watch);
		return r;
	}
	*ret = watch;
	return 0;
}

void store_unwatch(struct store_watch *watch)
{
	if (!watch)
		return;
	if (watch->store) {
		table_remove(&watch->store->watches, watch->serial);
		if (!store_is_dead(watch->store))
			tell_watch(watch, XS_UNWATCH);
	}
	free(watch);
}

unsigned int store_dispatch(struct store *store, unsigned int max)
{
	unsigned int n;

	for (n = 0; n < max; n++) {
		_cleanup_free_ char *path = wire_take_event(store->wire);
		const struct store_watch *watch;
		const char *token;
		uint64_t serial;

		if (!path)
			break;
		token = path + strlen(path) + 1;
		if (number_decimal(token, strlen(token), UINT64_MAX, &serial) < 0)
			continue;
		/* a watch that is gone may still have had events on their way */
		watch = table_get(&store->watches, serial);
		if (watch)
			watch->fn(path, watch->userdata);
	}
	return n;
}

const char *store_strerror(int error)
{
	switch (error < 0 ? -error : error) {
	case ENOSPC:
	case EDQUOT:
		return "the guest's XenStore quota is used up (its nodes, or their size)";
	case EAGAIN:
		return "XenStore stayed busy with other transactions";
	case ENOTCONN:
		return "xenstored has gone";
	}
	return strerror(error < 0 ? -error : error);
}
