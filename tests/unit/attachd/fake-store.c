// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "fake-store.h"
#include "model/paths.h"
#include "store/socket.h"
#include "store/store.h"

#define NODES_MAX 2048

struct node {
	char path[192];
	char value[600];
	unsigned int owner;
	int reader;
};

struct tree {
	size_t n;
	struct node nodes[NODES_MAX];
};

struct change {
	char path[192];
	bool removed;
};

struct store {
	int fd;
};

struct store_watch {
	struct store_watch *next;
	bool ended;			/* with its connection */
	char path[192];
	store_watch_fn fn;
	void *userdata;
};

struct event {
	struct event *next;
	struct store_watch *watch;
	char path[192];
};

static struct tree tree, transaction;
static struct change changes[NODES_MAX];
static size_t n_changes;
static bool introduced[64];
static unsigned int die_at, fail_at, conflicts, n_calls, n_mutations;
static int fail_error, stall_guest;
static bool dead;
static char stalled_at[192];		/* "": it is dead for another reason */
static struct store *connection;
static struct store_watch *watches;
static struct event *events;

static void check(bool condition, const char *what)
{
	if (!condition) {
		fprintf(stderr, "fake XenStore: %s\n", what);
		abort();
	}
}

static struct tree *tree_of(store_txn txn)
{
	return txn ? &transaction : &tree;
}

static struct node *find(struct tree *t, const char *path)
{
	for (size_t i = 0; i < t->n; i++)
		if (!strcmp(t->nodes[i].path, path))
			return &t->nodes[i];
	return NULL;
}

static bool is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return !strncmp(path, dir, len) && (!path[len] || path[len] == '/');
}

static void stall(const char *path)
{
	unsigned int guest;

	if (path_parse_guest(path, &guest) < 0 || (int)guest != stall_guest)
		return;
	dead = true;
	snprintf(stalled_at, sizeof(stalled_at), "%s", path);
}

static void queue_event(struct store_watch *watch, const char *path)
{
	struct event *event = calloc(1, sizeof(*event)), **end;
	uint64_t one = 1;

	for (end = &events; *end; end = &(*end)->next)
		;
	*end = event;
	event->watch = watch;
	snprintf(event->path, sizeof(event->path), "%s", path);
	if (connection)
		check(write(connection->fd, &one, sizeof(one)) == sizeof(one), "eventfd");
}

static void fire(const char *path, bool removed)
{
	for (struct store_watch *watch = watches; watch; watch = watch->next)
		if (is_below(path, watch->path) || (removed && is_below(watch->path, path)))
			queue_event(watch, path);
}

static void note_change(store_txn txn, const char *path, bool removed)
{
	n_mutations++;
	if (!txn) {
		fire(path, removed);
		stall(path);
		return;
	}
	check(n_changes < NODES_MAX, "too many changes");
	snprintf(changes[n_changes].path, sizeof(changes[n_changes].path), "%s", path);
	changes[n_changes++].removed = removed;
}

/* Parents are made as XenStore does it, with the permissions of theirs. */
static struct node *make(struct tree *t, const char *path)
{
	struct node *node = find(t, path), *parent = NULL;
	char above[192];
	char *slash;

	if (node)
		return node;
	check(strlen(path) < sizeof(above) && path[0] == '/', "bad path");
	strcpy(above, path);
	slash = strrchr(above, '/');
	*slash = '\0';
	if (*above)
		parent = make(t, above);
	check(t->n < NODES_MAX, "too many nodes");
	node = &t->nodes[t->n++];
	*node = (struct node){ .reader = -1 };
	strcpy(node->path, path);
	if (parent) {
		node->owner = parent->owner;
		node->reader = parent->reader;
	}
	return node;
}

static bool remove_tree(struct tree *t, const char *path)
{
	size_t kept = 0, n = t->n;

	for (size_t i = 0; i < n; i++)
		if (!is_below(t->nodes[i].path, path))
			t->nodes[kept++] = t->nodes[i];
	t->n = kept;
	return kept < n;
}

void fake_reset(void)
{
	/* a test that failed may have left its daemon behind */
	connection = NULL;
	watches = NULL;
	events = NULL;
	tree.n = 0;
	memset(introduced, 0, sizeof(introduced));
	introduced[0] = true;
	die_at = fail_at = conflicts = n_calls = n_mutations = 0;
	dead = false;
	stall_guest = -1;
	*stalled_at = '\0';
}

void fake_write(const char *path, const char *value)
{
	strcpy(make(&tree, path)->value, value);
	fire(path, false);
}

void fake_remove(const char *path)
{
	if (remove_tree(&tree, path))
		fire(path, true);
}

const char *fake_read(const char *path)
{
	struct node *node = find(&tree, path);

	return node ? node->value : NULL;
}

const char *fake_permissions(const char *path)
{
	static char text[32];
	struct node *node = find(&tree, path);

	if (!node)
		return NULL;
	if (node->reader < 0)
		snprintf(text, sizeof(text), "n%u", node->owner);
	else
		snprintf(text, sizeof(text), "n%u,r%d", node->owner, node->reader);
	return text;
}

static int compare_nodes(const void *a, const void *b)
{
	return strcmp(((const struct node *)a)->path, ((const struct node *)b)->path);
}

const char *fake_dump(void)
{
	static char text[1 << 16];
	struct tree *sorted = malloc(sizeof(*sorted));
	size_t len = 0;

	*sorted = tree;
	qsort(sorted->nodes, sorted->n, sizeof(sorted->nodes[0]), compare_nodes);
	*text = '\0';
	for (size_t i = 0; i < sorted->n && len < sizeof(text) - 1024; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s=%s (%s)\n",
					sorted->nodes[i].path, sorted->nodes[i].value,
					fake_permissions(sorted->nodes[i].path));
	free(sorted);
	return text;
}

void fake_introduce(unsigned int domid, bool now)
{
	introduced[domid] = now;
	fire(now ? "@introduceDomain" : "@releaseDomain", false);
}

void fake_die_at(unsigned int call)
{
	die_at = call ? n_calls + call : 0;
}

bool fake_is_dead(void)
{
	return dead;
}

void fake_revive(void)
{
	dead = false;
	die_at = 0;
}

void fake_fail_at(unsigned int call, int error)
{
	fail_at = call ? n_calls + call : 0;
	fail_error = error;
}

bool fake_has_failed(void)
{
	return fail_at && n_calls >= fail_at;
}

void fake_stall(int guest)
{
	stall_guest = guest;
}

void fake_conflicts(unsigned int commits)
{
	conflicts = commits;
}

unsigned int fake_calls(void)
{
	return n_calls;
}

unsigned int fake_changes(void)
{
	return n_mutations;
}

unsigned int fake_watches(void)
{
	unsigned int n = 0;

	for (struct store_watch *watch = watches; watch; watch = watch->next)
		n++;
	return n;
}

/* Every call of store.h begins with this. */
static int begin_call(void)
{
	n_calls++;
	if (die_at && n_calls >= die_at)
		dead = true;
	if (n_calls == fail_at)
		return fail_error;
	return dead ? -ENOTCONN : 0;
}

int store_open(struct store **ret)
{
	int r;

	dead = dead && !*stalled_at;
	*stalled_at = '\0';
	r = begin_call();
	if (r < 0)
		return r;
	check(!connection, "opened twice");
	connection = calloc(1, sizeof(*connection));
	connection->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	*ret = connection;
	return 0;
}

const char *store_socket(void)
{
	return "";
}

static void drop_events(const struct store_watch *watch)
{
	struct event **link = &events;

	while (*link) {
		struct event *event = *link;

		if (event->watch != watch) {
			link = &event->next;
			continue;
		}
		*link = event->next;
		free(event);
	}
}

void store_close(struct store *store)
{
	if (!store)
		return;
	while (watches) {
		struct store_watch *watch = watches;

		watches = watch->next;
		watch->ended = true;
		drop_events(watch);
	}
	close(store->fd);
	free(store);
	connection = NULL;
}

int store_fd(struct store *store)
{
	return store->fd;
}

bool store_is_dead(const struct store *store)
{
	return dead;
}

const char *store_stalled_at(const struct store *store)
{
	return dead && *stalled_at ? stalled_at : NULL;
}

bool store_has_events(const struct store *store)
{
	return false;
}

int store_probe(struct store *store)
{
	return begin_call();
}

int store_sync(struct store *store)
{
	return begin_call();
}

int store_read(struct store *store, store_txn txn, const char *path, char **ret, size_t *ret_len)
{
	struct node *node;
	int r = begin_call();

	if (r < 0)
		return r;
	node = find(tree_of(txn), path);
	if (!node)
		return -ENOENT;
	*ret = strdup(node->value);
	if (ret_len)
		*ret_len = strlen(node->value);
	return 0;
}

int store_exists(struct store *store, store_txn txn, const char *path)
{
	int r = begin_call();

	return r < 0 ? r : find(tree_of(txn), path) != NULL;
}

int store_list(struct store *store, const char *path, char ***ret, size_t *ret_n)
{
	struct tree *t = &tree;
	size_t prefix = strlen(path), n = 0;
	char **names, *text;
	int r = begin_call();

	if (r < 0)
		return r;
	if (!find(t, path))
		return -ENOENT;
	names = malloc((t->n + 1) * (sizeof(*names) + sizeof(t->nodes[0].path)));
	text = (char *)(names + t->n + 1);
	for (size_t i = 0; i < t->n; i++) {
		const char *child = t->nodes[i].path + prefix + 1;

		if (!is_below(t->nodes[i].path, path) || !t->nodes[i].path[prefix] ||
		    strchr(child, '/'))
			continue;
		names[n++] = strcpy(text, child);
		text += strlen(child) + 1;
	}
	*ret = names;
	*ret_n = n;
	return 0;
}

int store_write(struct store *store, store_txn txn, const char *path, const char *value)
{
	int r = begin_call();

	if (r < 0)
		return r;
	check(strlen(value) < sizeof(tree.nodes[0].value), "value too long");
	strcpy(make(tree_of(txn), path)->value, value);
	note_change(txn, path, false);
	return 0;
}

int store_mkdir(struct store *store, store_txn txn, const char *path)
{
	int r = begin_call();

	if (r < 0)
		return r;
	make(tree_of(txn), path);
	note_change(txn, path, false);
	return 0;
}

int store_remove(struct store *store, store_txn txn, const char *path)
{
	int r = begin_call();

	if (r < 0)
		return r;
	if (remove_tree(tree_of(txn), path))
		note_change(txn, path, true);
	return 0;
}

int store_own(struct store *store, store_txn txn, const char *path, unsigned int owner, int reader)
{
	struct node *node;
	int r = begin_call();

	if (r < 0)
		return r;
	node = find(tree_of(txn), path);
	if (!node)
		return -ENOENT;
	node->owner = owner;
	node->reader = reader;
	note_change(txn, path, false);
	return 0;
}

static int commit(void)
{
	int r = begin_call();

	if (r < 0)
		return r;
	if (conflicts) {
		conflicts--;
		return -EAGAIN;
	}
	tree = transaction;
	for (size_t i = 0; i < n_changes; i++) {
		fire(changes[i].path, changes[i].removed);
		stall(changes[i].path);
	}
	return 0;
}

int store_transaction(struct store *store, unsigned int tries,
		      int (*body)(struct store *store, store_txn txn, void *userdata),
		      void *userdata)
{
	int r = -EAGAIN;

	for (unsigned int try = 0; try < tries && r == -EAGAIN; try++) {
		r = begin_call();
		if (r < 0)
			break;
		transaction = tree;
		n_changes = 0;
		r = body(store, 1, userdata);
		if (r == 0)
			r = commit();
	}
	return r;
}

int store_is_introduced(struct store *store, unsigned int domid)
{
	int r = begin_call();

	return r < 0 ? r : introduced[domid];
}

int store_watch(struct store *store, const char *path, store_watch_fn fn, void *userdata,
		struct store_watch **ret)
{
	struct store_watch *watch;
	int r = begin_call();

	if (r < 0)
		return r;
	watch = calloc(1, sizeof(*watch));
	*watch = (struct store_watch){ .next = watches, .fn = fn, .userdata = userdata };
	snprintf(watch->path, sizeof(watch->path), "%s", path);
	watches = watch;
	queue_event(watch, path);
	*ret = watch;
	return 0;
}

void store_unwatch(struct store_watch *watch)
{
	struct store_watch **link;

	if (!watch)
		return;
	if (watch->ended) {
		free(watch);
		return;
	}
	begin_call();
	for (link = &watches; *link != watch; link = &(*link)->next)
		;
	*link = watch->next;
	drop_events(watch);
	free(watch);
}

unsigned int store_dispatch(struct store *store, unsigned int max)
{
	unsigned int n;
	uint64_t count;

	if (dead)
		return 0;
	for (n = 0; n < max && events; n++) {
		struct event *event = events;

		events = event->next;
		event->watch->fn(event->path, event->watch->userdata);
		free(event);
	}
	if (!events && read(store->fd, &count, sizeof(count)) < 0)
		check(errno == EAGAIN, "eventfd");
	return n;
}

const char *store_strerror(int error)
{
	return strerror(-error);
}
