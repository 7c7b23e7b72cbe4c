/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guarded way to XenStore, over a connection for calls and one for events.
 * Calls block until xenstored answers, so one thread only, and none with other
 * duties, uses it. All return 0 or -errno. When either connection has gone they
 * fail, and store_is_dead() tells that from any other failure; it is then only
 * good for store_close().
 */
#ifndef ATTACHD_STORE_H
#define ATTACHD_STORE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"

struct store;
struct store_watch;

/* What the calls fail with when a quota is used up, whichever xenstored it is. */
#define STORE_QUOTA_NODES EDQUOT
#define STORE_QUOTA_SIZE E2BIG
#define STORE_QUOTA_WATCHES EMLINK
#define STORE_QUOTA_TRANSACTIONS EUSERS

#define STORE_PERMS_SIZE 48

/* xs_transaction_t; 0 is none */
typedef uint32_t store_txn;

typedef void (*store_watch_fn)(const char *path, void *userdata);

/* -EACCES: this user may not use xenstored's socket, see socket.h. */
int store_open(struct store **ret);
/* Its watches end; each is still to be freed by store_unwatch(). */
void store_close(struct store *store);
DEFINE_CLEANUP(struct store, store_close)

/* Readable when events wait. Never when xenstored has gone: see store_probe(). */
int store_fd(struct store *store);
bool store_is_dead(const struct store *store);
/*
 * Is it dead because it was served no more, though others were? Then what was
 * changed last: whoever watches that reads no events. Else NULL.
 */
const char *store_stalled_at(const struct store *store);
/* Events that were met by a call wait for store_dispatch(), and do not show there. */
bool store_has_events(const struct store *store);
/* A round trip. -ENOTCONN if xenstored has gone. */
int store_probe(struct store *store);

/*
 * Returns when the events of all changes that were made before this call have arrived, so that
 * store_dispatch() delivers them. 0 or -errno.
 */
int store_sync(struct store *store);

/* The value gets a NUL after it, and may hold others. ret_len may be NULL. */
int store_read(struct store *store, store_txn txn, const char *path, char **ret, size_t *ret_len);
/* 1, 0 or -errno */
int store_exists(struct store *store, store_txn txn, const char *path);
/* Names of the children; the array and they are one allocation. See directory.h. */
int store_list(struct store *store, const char *path, char ***ret, size_t *ret_n);
int store_write(struct store *store, store_txn txn, const char *path, const char *value);
int store_mkdir(struct store *store, store_txn txn, const char *path);
/* Nothing there to remove is success. */
int store_remove(struct store *store, store_txn txn, const char *path);
/* owner may do all, reader read (none if -1), everybody else nothing. */
int store_own(struct store *store, store_txn txn, const char *path, unsigned int owner, int reader);

/*
 * Are the permissions of this node those that store_own() gives? 1, 0 or -errno.
 * ret_found: what they are, as in "n7,r0"; what does not fit is left out.
 */
int store_is_owned(struct store *store, const char *path, unsigned int owner, int reader,
		   char ret_found[static STORE_PERMS_SIZE]);

/*
 * Runs body in a transaction and commits if it returns 0. Begins anew when
 * others were in the way, so many tries in all: then -EAGAIN.
 */
int store_transaction(struct store *store, unsigned int tries,
		      int (*body)(struct store *store, store_txn txn, void *userdata),
		      void *userdata);

/* 1, 0 or -errno: does xenstored serve this domain? */
int store_is_introduced(struct store *store, unsigned int domid);

/* The callback comes from store_dispatch() only, and once soon after this. */
int store_watch(struct store *store, const char *path, store_watch_fn fn, void *userdata,
		struct store_watch **ret);
/* No callback comes any more, whatever is still on its way. NULL is fine. */
void store_unwatch(struct store_watch *watch);

/* Calls the callbacks of so many waiting events at most; how many there were. */
unsigned int store_dispatch(struct store *store, unsigned int max);

/* For a person, with what the quotas of both xenstoreds report. */
const char *store_strerror(int error);

#endif
