/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of a guest, and what is still to be done for it. Whoever finds
 * something to do says so here; its turns do it, see guest-turn.h.
 */
#ifndef ATTACHD_GUEST_H
#define ATTACHD_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include <xen/io/mydevice.h>

#include "base/backoff.h"
#include "base/log.h"
#include "base/memo.h"
#include "base/rate.h"
#include "engine/queue.h"
#include "model/paths.h"
#include "model/record.h"
#include "notes/notes.h"
#include "store/store.h"

struct awaited_backend;
struct device;
struct manager;
struct request_entry;

#define DOMAIN_NAME_SIZE 128
#define DEVID_WORDS ((MYDEVICE_DEVID_MAX + 1) / 64)

/* How many events it causes, see throttle.h. */
struct throttle {
	/* the events that it causes */
	unsigned int n_events;
	struct rate rate;
	sd_event_source *over;		/* it is over its share until then */

	/* the watches for it that were removed */
	bool requests;
	bool devices;			/* of some, see device.throttled */
	sd_event_source *restore;	/* when they are set again */
};

struct domain {
	struct manager *manager;
	unsigned int domid;
	uint64_t generation;		/* which of all the domains ever met this is */
	char uuid[UUID_SIZE];
	char name[DOMAIN_NAME_SIZE];	/* "" while not known: not served */
	struct device *devices;
	struct note_list withheld;	/* what an operator has detached */
	bool unnoted;			/* some of it could not be noted yet */
	struct note_list kept;		/* what an operator attached, now or in an earlier life */

	bool dead;			/* only its devices are left to remove */
	bool reborn;			/* dead, and its domid is in use again */
	bool leaving;			/* it migrates away, and its copy has its name */
	bool mentioned;			/* by the last list of domains */

	/* what the next turns have to look at */
	bool unidentified;		/* its name */
	bool misread;			/* its name may be another: it could not be read */
	bool unscanned;			/* all of its requests and devices */
	bool waits;			/* operators see that none is looked at, perhaps */
	bool ungiven;			/* what it is given without asking */
	size_t next_gift;		/* in the policy */
	size_t next_kept;
	uint64_t changed[DEVID_WORDS];	/* requests, by devid */
	unsigned int n_changed;
	unsigned int next_changed;	/* where to look on */
	uint64_t changed_since_usec;	/* monotonic, the earliest of them */
	char misnamed[64];		/* a request whose directory is no devid */
	char **suspects;		/* directories that may be the same: a scan found them */
	size_t n_suspects;
	struct memo refusals;		/* by devid: the last answer, if it was not "attached" */

	struct rate rate;
	unsigned int rate_burst;	/* by the policy in force */
	uint64_t rate_interval_usec;
	sd_event_source *pause;		/* the end of a time without turns: it had its share */
	bool unreconciled;		/* what it has was not read */
	struct rate pause_log;
	uint64_t n_requests, n_refused, n_pauses;
	struct backoff vanishings;	/* of devices that it has removed itself */
	struct backoff retries;
	struct awaited_backend *awaited_backends; /* that are to serve it and are not there */
	struct memo gift_errors;	/* what was logged of each gift, see gifts.c */
	sd_event_source *retry;
	struct path requests;
	struct store_watch *requests_watch, *name_watch;
	struct throttle throttle;
	struct log_limit log_limit;

	struct queue_place place;	/* in the order of turns */
};

static inline struct domain *domain_of_place(struct queue_place *place)
{
	return (struct domain *)((char *)place - offsetof(struct domain, place));
}

/* Something of it is to be looked at. */
void domain_enqueue(struct domain *domain);
void domain_rescan(struct domain *domain);
/* The same, but only after a while: something did not work that may work later. */
void domain_retry(struct domain *domain);
/* No turn for so long. 0 or -errno. */
int domain_pause(struct domain *domain, uint64_t usec);
/* It has to wait for something that it wants of the daemon. */
void domain_count_pause(struct domain *domain);
/* The same, for it used up its share; logged once for each storm. */
void domain_note_throttled(struct domain *domain);

/* Those counters that it has, for who monitors it. */
void domain_publish_counts(const struct domain *domain);

/* For operators: a request of it was not granted. */
void domain_note_request(const struct domain *domain, const struct request_entry *entry);
/* The same of all its requests, until domain_note_served(). */
void domain_note_waiting(struct domain *domain, const char *reason);
void domain_note_served(struct domain *domain);

/* It may have been renamed: it has no turn in which its name is read. */
bool domain_name_is_stale(const struct domain *domain);
/* The name is read for it if need be, but not kept. False also if it cannot be read. */
bool domain_has_name(const struct domain *domain, const char *name);

/* A node of its home directory; NULL if there is none. 0 or -errno. */
int domain_read(const struct domain *domain, const char *node, char **ret);

/*
 * Is there another living domain with its UUID? Then none of them can be told
 * from an earlier life of the other. 1, 0 or -errno.
 */
int domain_has_twin(const struct domain *domain);

#endif
