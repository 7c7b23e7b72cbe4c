// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/name.h"
#include "nodes/kinds.h"
#include "nodes/nodes.h"
#include "nodes/parents.h"
#include "notes/notes.h"
#include "store/values.h"

#define STATE_INITIALISING "1"
#define STATE_CLOSING "5"

/* Enough for chance and for oxenstored's test-eagain. */
#define TRIES 16
/* What a guest can make fail at will. */
#define ANSWER_TRIES 4

static int write_child(struct store *store, store_txn txn, const struct path *dir,
		       const char *node, const char *value)
{
	struct path path = path_child(dir, node);

	return store_write(store, txn, path.text, value);
}

static int write_child_number(struct store *store, store_txn txn, const struct path *dir,
			      const char *node, unsigned int value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	return write_child(store, txn, dir, node, text);
}

/* An empty directory that owner may do all with and reader may read, whatever was there. */
static int make_dir(struct store *store, store_txn txn, const struct path *dir,
		    unsigned int owner, int reader)
{
	int r;

	r = store_remove(store, txn, dir->text);
	if (r < 0)
		return r;
	r = store_mkdir(store, txn, dir->text);
	if (r < 0)
		return r;
	return store_own(store, txn, dir->text, owner, reader);
}

/*
 * XenStore makes missing parents by itself: writing below a guest that was
 * destroyed meanwhile would leave a ghost of it.
 */
static int domain_is_there(struct store *store, store_txn txn, unsigned int domid, int otherwise)
{
	struct path home = path_domain(domid);
	int r = store_exists(store, txn, home.text);

	return r == 0 ? otherwise : r;
}

struct attach {
	struct kind_plan plan;
	const struct kind *kind;
};

/* The directory that a kind of devices has nodes for. */
struct dir {
	struct store *store;
	store_txn txn;
	struct path path;
};

/* A kind_add_fn. */
static int add_node(const char *name, const char *value, void *userdata)
{
	const struct dir *dir = userdata;

	return write_child(dir->store, dir->txn, &dir->path, name, value);
}

static int write_nodes_of_kind(struct store *store, store_txn txn, const struct attach *attach,
			       const struct path *path, bool backend)
{
	const struct kind *kind = attach->kind;
	struct dir dir = { store, txn, *path };
	int r = 0;

	if (kind->identity)
		r = kind->identity(attach->plan.record, attach->plan.settings->live[LIVE_DIRECTION],
				   backend, add_node, &dir);
	if (r == 0 && !backend && kind->frontend)
		r = kind->frontend(&attach->plan, add_node, &dir);
	if (r == 0 && backend && kind->backend)
		r = kind->backend(&attach->plan, add_node, &dir);
	return r;
}

static int write_frontend(struct store *store, store_txn txn, const struct attach *attach)
{
	const struct device_key *key = attach->plan.key;
	struct path frontend = path_frontend(key), backend = path_backend(key);
	int r;

	r = make_dir(store, txn, &frontend, key->guest, (int)key->backend);
	if (r < 0)
		return r;
	r = parents_own(store, txn, key);
	if (r < 0)
		return r;
	r = write_child(store, txn, &frontend, "backend", backend.text);
	if (r < 0)
		return r;
	r = write_child_number(store, txn, &frontend, "backend-id", key->backend);
	if (r < 0)
		return r;
	r = write_nodes_of_kind(store, txn, attach, &frontend, false);
	if (r < 0)
		return r;
	return write_child(store, txn, &frontend, "state", STATE_INITIALISING);
}

/*
 * hotplug-status tells udev that the script is ours to run, and the backend's
 * driver that it has to wait.
 */
static int write_script(struct store *store, store_txn txn, const struct attach *attach,
			const struct path *backend)
{
	int r;

	if (!attach->plan.record->scripted)
		return 0;
	r = write_child(store, txn, backend, "script", attach->plan.settings->script);
	if (r < 0)
		return r;
	return write_child(store, txn, backend, "hotplug-status", hotplug_name(HOTPLUG_WAITING));
}

static int write_backend(struct store *store, store_txn txn, const struct attach *attach)
{
	const struct device_key *key = attach->plan.key;
	struct path frontend = path_frontend(key), backend = path_backend(key);
	int r;

	r = make_dir(store, txn, &backend, key->backend, (int)key->guest);
	if (r < 0)
		return r;
	r = write_child(store, txn, &backend, "frontend", frontend.text);
	if (r < 0)
		return r;
	r = write_child_number(store, txn, &backend, "frontend-id", key->guest);
	if (r < 0)
		return r;
	r = write_child(store, txn, &backend, "online", "1");
	if (r < 0)
		return r;
	r = write_nodes_of_kind(store, txn, attach, &backend, true);
	if (r < 0)
		return r;
	r = write_script(store, txn, attach, &backend);
	if (r < 0)
		return r;
	return write_child(store, txn, &backend, "state", STATE_INITIALISING);
}

static int write_record(struct store *store, store_txn txn, const struct device_key *key,
			const struct record *record)
{
	struct path path = path_record(key, record->name);
	char text[NOTE_SIZE];

	note_format(NOTE_DEVICE, key->devid, record, text);
	return store_write(store, txn, path.text, text);
}

/* Nothing that a guest wrote is read here: it could make the commit fail at will. */
static int attach_body(struct store *store, store_txn txn, void *userdata)
{
	const struct attach *attach = userdata;
	int r;

	r = domain_is_there(store, txn, attach->plan.key->guest, -ESRCH);
	if (r < 0)
		return r;
	/* this runs in domain 0 */
	if (attach->plan.key->backend) {
		r = domain_is_there(store, txn, attach->plan.key->backend, -EHOSTUNREACH);
		if (r < 0)
			return r;
	}
	r = write_record(store, txn, attach->plan.key, attach->plan.record);
	if (r < 0)
		return r;
	r = write_frontend(store, txn, attach);
	if (r < 0)
		return r;
	return write_backend(store, txn, attach);
}

int nodes_attach(struct store *store, const struct device_key *key, const char *link_guest,
		 const struct policy_settings *settings, uint64_t began_usec,
		 struct record *record)
{
	struct record written = *record;
	struct attach attach = {
		.plan = {
			.key = key,
			.link_guest = link_guest,
			.settings = settings,
			.record = record,
		},
		.kind = kind_of(key->class, record->mode),
	};
	int r;

	r = store_transaction(store, TRIES, attach_body, &attach);
	if (r < 0)
		return r;
	written.written_usec = monotonic_usec() - began_usec;
	*record = written;
	return 0;
}

/* The guest cannot write here; a backend domain could, and has its own retries. */
static int close_body(struct store *store, store_txn txn, void *userdata)
{
	const struct device_key *key = userdata;
	struct path backend = path_backend(key), state = path_child(&backend, "state");
	_cleanup_free_ char *value = NULL;
	enum end_state end;
	size_t len;
	int r;

	r = store_read(store, txn, state.text, &value, &len);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	r = write_child(store, txn, &backend, "online", "0");
	if (r < 0)
		return r;
	/* its driver will not write Closed twice */
	end = end_state_parse(value, len);
	if (end == END_CLOSING || end == END_CLOSED)
		return 0;
	return store_write(store, txn, state.text, STATE_CLOSING);
}

int nodes_close(struct store *store, const struct device_key *key)
{
	return store_transaction(store, TRIES, close_body, (void *)key);
}

static int put_offline_body(struct store *store, store_txn txn, void *userdata)
{
	const struct device_key *key = userdata;
	struct path backend = path_backend(key), state = path_child(&backend, "state");
	int r = store_exists(store, txn, state.text);

	return r > 0 ? write_child(store, txn, &backend, "online", "0") : r;
}

/* Then its driver is done with it as soon as it sees that the frontend is gone. */
int nodes_unplug(struct store *store, const struct device_key *key)
{
	struct path frontend = path_frontend(key);
	int r = store_transaction(store, TRIES, put_offline_body, (void *)key);

	return r < 0 ? r : store_remove(store, 0, frontend.text);
}

static int start_again_body(struct store *store, store_txn txn, void *userdata)
{
	struct path frontend = path_frontend(userdata), state = path_child(&frontend, "state");
	int r = store_exists(store, txn, state.text);

	return r > 0 ? store_write(store, txn, state.text, STATE_INITIALISING) : r;
}

/* As if the frontend had: then the backend goes to InitWait, and the frontend follows. */
int nodes_start_again(struct store *store, const struct device_key *key)
{
	return store_transaction(store, TRIES, start_again_body, (void *)key);
}

int nodes_remove_backend(struct store *store, const struct device_key *key)
{
	struct path backend = path_backend(key);
	int r = store_remove(store, 0, backend.text);

	return r < 0 ? r : parents_prune_backends(store, key, COMPANY_UNKNOWN);
}

/*
 * Not in a transaction: the guest could make it fail for ever. The record goes
 * last, so that whatever interrupts this, it is done again after a restart.
 */
int nodes_remove(struct store *store, const struct device_key *key, const struct path *note,
		 enum company company)
{
	struct path frontend = path_frontend(key), backend = path_backend(key);
	int r;

	r = store_remove(store, 0, backend.text);
	if (r < 0)
		return r;
	r = store_remove(store, 0, frontend.text);
	if (r < 0)
		return r;
	r = parents_prune(store, key, company);
	if (r < 0)
		return r;
	if (note)
		r = store_remove(store, 0, note->text);
	if (r < 0 || company == COMPANY_OF_GUEST)
		return r;
	return notes_prune(store, key->guest);
}

/* Nobody else writes or deletes it. */
int nodes_update_record(struct store *store, const struct device_key *key,
			const struct record *record)
{
	return write_record(store, 0, key, record);
}

int nodes_read_states(struct store *store, const struct device_key *key,
		      enum end_state *ret_frontend, enum end_state *ret_backend)
{
	struct path frontend = path_frontend(key), backend = path_backend(key);
	const struct path paths[] = {
		path_child(&frontend, "state"), path_child(&backend, "state"),
	};
	struct value values[ARRAY_SIZE(paths)];
	int r = values_read(store, paths, ARRAY_SIZE(paths), values);

	if (r < 0)
		return r;
	*ret_frontend = end_state_parse(values[0].data, values[0].len);
	*ret_backend = end_state_parse(values[1].data, values[1].len);
	value_done(&values[0]);
	value_done(&values[1]);
	return 0;
}

int nodes_read_hotplug(struct store *store, const struct device_key *key, enum hotplug *ret,
		       struct escaped *ret_error)
{
	struct path backend = path_backend(key), status = path_child(&backend, "hotplug-status");
	struct path error = path_child(&backend, "hotplug-error");
	_cleanup_free_ char *value = NULL, *text = NULL;
	enum hotplug hotplug;
	size_t len = 0;
	int r;

	r = store_read(store, 0, status.text, &value, &len);
	if (r < 0 && r != -ENOENT)
		return r;
	hotplug = hotplug_parse(value, len);
	if (hotplug == HOTPLUG_ERROR) {
		r = store_read(store, 0, error.text, &text, NULL);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	*ret = hotplug;
	*ret_error = escape(text ?: "");
	return 0;
}

struct change {
	const struct device_key *key;
	enum channel_mode mode;
	const struct live *live;
	unsigned int named;
};

/*
 * A driver that has told its features, and not this one, would take no notice. One that is
 * bound later refuses the mode if it cannot enforce the direction.
 */
static int set_direction(struct store *store, store_txn txn, const struct change *change,
			 const struct path *backend)
{
	const char *direction = change->live->value[LIVE_DIRECTION];
	struct path speaks = path_child(backend, "max-protocol");
	struct path enforces = path_child(backend, "feature-direction");
	int r = *direction ? store_exists(store, txn, speaks.text) : 0;

	if (r > 0)
		r = store_exists(store, txn, enforces.text) ?: -EOPNOTSUPP;
	if (r < 0)
		return r;
	return write_child(store, txn, backend, "mode",
			   channel_mode_of_backend(change->mode, direction));
}

static int set_live_body(struct store *store, store_txn txn, void *userdata)
{
	const struct change *change = userdata;
	struct path backend = path_backend(change->key), state = path_child(&backend, "state");
	int r = store_exists(store, txn, state.text);

	if (r <= 0)
		return r < 0 ? r : -ESRCH;
	if (change->named & 1u << LIVE_DIRECTION) {
		r = set_direction(store, txn, change, &backend);
		if (r < 0)
			return r;
	}
	for (enum live_key key = 0; key < LIVE_MAX; key++) {
		const char *value = change->live->value[key];
		struct path path = path_child(&backend, live_name(key));

		if (!(change->named & 1u << key))
			continue;
		r = *value ? store_write(store, txn, path.text, value) :
			     store_remove(store, txn, path.text);
		if (r < 0)
			return r;
	}
	return 0;
}

int nodes_set_live(struct store *store, const struct device_key *key, enum channel_mode mode,
		   const struct live *live, unsigned int named)
{
	struct change change = { .key = key, .mode = mode, .live = live, .named = named };

	return store_transaction(store, TRIES, set_live_body, &change);
}

int nodes_read_live(struct store *store, const struct device_key *key, struct live *ret)
{
	struct value values[LIVE_MAX];
	struct path backend = path_backend(key), paths[LIVE_MAX];
	struct live live = {};
	int r;

	for (enum live_key i = 0; i < LIVE_MAX; i++)
		paths[i] = path_child(&backend, live_name(i));
	r = values_read(store, paths, LIVE_MAX, values);
	if (r < 0)
		return r;
	for (enum live_key i = 0; i < LIVE_MAX; i++) {
		/* a backend domain may have written anything there */
		if (values[i].data)
			live_parse(i, values[i].data, live.value[i]);
		value_done(&values[i]);
	}
	*ret = live;
	return 0;
}

static int points_at(struct store *store, const struct path *from, const char *node,
		     const struct path *to)
{
	struct path path = path_child(from, node);
	_cleanup_free_ char *value = NULL;
	int r = store_read(store, 0, path.text, &value, NULL);

	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : !strcmp(value, to->text);
}

int nodes_have_domain(struct store *store, unsigned int domid)
{
	struct path home = path_domain(domid);

	return store_exists(store, 0, home.text);
}

int nodes_have_frontend(struct store *store, const struct device_key *key)
{
	struct path frontend = path_frontend(key), backend = path_backend(key);

	return points_at(store, &frontend, "backend", &backend);
}

int nodes_are_whole(struct store *store, const struct device_key *key)
{
	struct path frontend = path_frontend(key), backend = path_backend(key);
	int r = nodes_have_frontend(store, key);

	return r > 0 ? points_at(store, &backend, "frontend", &frontend) : r;
}

int nodes_is_online(struct store *store, const struct device_key *key)
{
	struct path backend = path_backend(key), online = path_child(&backend, "online");
	_cleanup_free_ char *value = NULL;
	int r = store_read(store, 0, online.text, &value, NULL);

	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : !strcmp(value, "1");
}

struct answer {
	const struct path *request;
	const char *status;
};

/*
 * A guest may take its request back at any moment. Writing would then make the
 * directory again, with an answer in it that its next request would find. So
 * the request is read here though the guest can make that fail: it only loses
 * its own answer by it, after few tries.
 */
static int answer_body(struct store *store, store_txn txn, void *userdata)
{
	const struct answer *answer = userdata;
	struct path request = path_child(answer->request, "request");
	int r = store_exists(store, txn, request.text);

	if (r <= 0)
		return r < 0 ? r : -ESRCH;
	return write_child(store, txn, answer->request, "status", answer->status);
}

int nodes_answer(struct store *store, const struct path *request, const char *status)
{
	struct answer answer = { .request = request, .status = status };

	return store_transaction(store, ANSWER_TRIES, answer_body, &answer);
}
