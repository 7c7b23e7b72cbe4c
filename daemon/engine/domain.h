/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest: what it asks for, and the devices it has. Events only mark what is
 * to be looked at; the looking is done one piece a turn, guest after guest, so
 * that no guest can make the others wait for more than one piece of its own.
 */
#ifndef ATTACHD_DOMAIN_H
#define ATTACHD_DOMAIN_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include <xen/io/mydevice.h>

#include "base/backoff.h"
#include "base/log.h"
#include "base/memo.h"
#include "base/rate.h"
#include "model/paths.h"
#include "model/record.h"
#include "notes/withheld.h"
#include "store/store.h"

struct awaited_backend;
struct device;
struct kept;
struct manager;

#define DOMAIN_NAME_SIZE 128
#define DEVID_WORDS ((MYDEVICE_DEVID_MAX + 1) / 64)

struct domain {
	struct manager *manager;
	unsigned int domid;
	uint64_t generation;		/* which of all the domains ever met this is */
	char uuid[UUID_SIZE];
	char name[DOMAIN_NAME_SIZE];	/* "" while not known: not served */
	struct device *devices;
	struct withheld withheld;
	bool unnoted;			/* some of it could not be noted yet */
	struct kept *kept;		/* what an operator attached, now or in an earlier life */
	size_t n_kept;

	bool dead;			/* only its devices are left to remove */
	bool reborn;			/* dead, and its domid is in use again */
	bool leaving;			/* it migrates away, and its copy has its name */
	bool mentioned;			/* by the last list of domains */

	/* what the next turns have to look at */
	bool unidentified;		/* its name */
	bool unscanned;			/* all of its requests and devices */
	bool ungiven;			/* what it is given without asking */
	size_t next_gift;		/* in the policy */
	size_t next_kept;
	uint64_t changed[DEVID_WORDS];	/* requests, by devid */
	unsigned int n_changed;
	unsigned int next_changed;	/* where to look on */
	uint64_t changed_since_usec;	/* monotonic, the earliest of them */
	char misnamed[64];		/* a request whose directory is no devid */
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
	struct log_limit log_limit;

	/* owned by queue.c */
	struct domain *queue_prev, *queue_next;
	bool queued;
};

struct domain *domain_new(struct manager *manager, unsigned int domid, const char *uuid);
/* Leaves XenStore as it is. */
void domain_free(struct domain *domain);

/* Name and UUID, and the watches that these call for. 0 or -errno. */
int domain_identify(struct domain *domain);

/* Reads its name again if an event says that it may have changed. 0 or -errno, also logged. */
int domain_update_identity(struct domain *domain);

/*
 * Is there another living domain with its UUID? Then none of them can be told
 * from an earlier life of the other. 1, 0 or -errno.
 */
int domain_has_twin(const struct domain *domain);

/* Something of it is to be looked at. */
void domain_enqueue(struct domain *domain);
void domain_rescan(struct domain *domain);
/* The same, but only after a while: something did not work that may work later. */
void domain_retry(struct domain *domain);
/* The policy is another one. */
void domain_reconsider(struct domain *domain);
/* It has shut down, crashed or been destroyed. */
void domain_bury(struct domain *domain);

/* XenStore stood still because of it: it is left alone from the next connection on. */
void domain_shun(struct domain *domain);
/* Is that time not over yet? To be asked before anything is written for it. 1, 0 or -errno. */
int domain_stay_away(struct domain *domain);

bool domain_is_shunned(const struct domain *domain);

/* What it has could not be read, for this reason: it alone is not served until that works. */
void domain_set_aside(struct domain *domain, int error);

/* It has to wait for something that it wants of the daemon. */
void domain_count_pause(struct domain *domain);

/* Those counters that it has, for who monitors it. */
void domain_publish_counts(const struct domain *domain);

/* Does one piece of work. False if there was none: nothing more to be done now. */
bool domain_turn(struct domain *domain);

/* A line about the guest, and a device of it unless NULL; so many and no more. */
void domain_log(struct domain *domain, const struct device *device, int level,
		const char *message_id, const char *format, ...) _printf_(5, 6);

#endif
