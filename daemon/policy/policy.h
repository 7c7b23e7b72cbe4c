/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may have, or is given, which devices. Deciding is pure; file.h
 * reads the files. A policy is a list of sections; each that matches changes
 * the settings it names: what holds for everybody first, then what holds for
 * a guest, then what holds for one device, and among these in the order in
 * which they were read, so that a drop-in overrides.
 */
#ifndef ATTACHD_POLICY_H
#define ATTACHD_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"
#include "model/live.h"
#include "model/request.h"

/* A node that a device of another class gets on one of its ends. */
struct policy_node {
	bool backend;
	char *name, *value;
};

struct policy_settings {
	bool allow;
	bool closed;			/* there is no valid policy */
	bool always;			/* given without being asked for */
	bool handshake;			/* the drivers reach Connected, and answer Closing */
	const char *channels;		/* globs, separated by spaces */
	unsigned int max_channels;	/* of one guest */
	uint64_t ring_size;		/* bytes, for a guest without a wish */
	uint64_t ring_size_max;		/* bytes */
	enum channel_mode mode;		/* for a guest without a wish */
	unsigned int modes;		/* those it may wish for, 1 << enum channel_mode */
	uint64_t detach_timeout_usec;
	unsigned int rate_burst;	/* turns of one guest in rate_interval_usec; 0: no limit */
	uint64_t rate_interval_usec;
	unsigned int devid;		/* of a device of another class */
	const char *backend;		/* name of the domain that serves it; NULL: this one */
	const char *live[LIVE_MAX];	/* what it begins with; NULL or "": the default */
	const char *script;		/* hotplug script; NULL: none */
	const struct policy_node *nodes;
	size_t n_nodes;
};

/* Which settings a section names. */
enum {
	POLICY_ALLOW = 1 << 0,
	POLICY_CHANNELS = 1 << 1,
	POLICY_MAX_CHANNELS = 1 << 2,
	POLICY_RING_SIZE = 1 << 3,
	POLICY_RING_SIZE_MAX = 1 << 4,
	POLICY_DETACH_TIMEOUT = 1 << 5,
	POLICY_MODE = 1 << 6,
	POLICY_ALWAYS = 1 << 7,
	POLICY_HANDSHAKE = 1 << 8,
	POLICY_DEVID = 1 << 9,
	POLICY_RATE_BURST = 1 << 10,
	POLICY_RATE_INTERVAL = 1 << 11,
};

enum policy_scope {
	SCOPE_DEFAULTS,			/* every guest */
	SCOPE_GUEST,			/* guests by name */
	SCOPE_DEVICE,			/* channels by name */
	SCOPE_CLASS,			/* another class of devices */
	SCOPE_MAX,
};

/* Settings that are text, and what else narrows a section. NULL where not named. */
enum policy_text {
	TEXT_CHANNELS,
	TEXT_BACKEND,
	TEXT_SCRIPT,
	TEXT_LIVE,			/* and those after it, by enum live_key */
	TEXT_LIVE_LAST = TEXT_LIVE + LIVE_MAX - 1,
	TEXT_GUESTS,			/* globs; of a device or a class */
	TEXT_UUID,			/* a glob, in lower case */
	TEXT_MAX,
};

struct policy_section {
	enum policy_scope scope;
	char *name;			/* glob of guests or channels, or the class */
	unsigned int named;
	struct policy_settings settings;
	char *texts[TEXT_MAX];
	struct policy_node *nodes;
	size_t n_nodes;
	char *file;			/* where it begins; NULL: not known */
	unsigned int line;
};

/* A file that it was read from. */
struct policy_file_text {
	char *file, *text;
	size_t len;
};

struct policy {
	struct policy_section *sections;
	size_t n_sections;
	struct policy_file_text *sources;	/* in the order of their sections */
	size_t n_sources;
	bool closed;			/* there is no valid policy: nothing new is given */
};

/* Which device of which guest. */
struct policy_subject {
	const char *guest, *uuid;
	const char *class, *name;
};

/* Empty: what applies without any file. */
struct policy *policy_new(void);
/* NULL if out of memory; the new section is the policy's. name is NULL for SCOPE_DEFAULTS. */
struct policy_section *policy_add_section(struct policy *policy, enum policy_scope scope,
					  const char *name);
/* Where it begins. 0 or -ENOMEM. */
int policy_section_place(struct policy_section *section, const char *file, unsigned int line);
/* Copies the text. 0 or -ENOMEM. */
int policy_add_source(struct policy *policy, const char *file, const char *text, size_t len);
void policy_free(struct policy *policy);
DEFINE_CLEANUP(struct policy, policy_free)

/* Is the section about this guest? */
bool policy_guest_matches(const struct policy_section *section, const char *guest,
			  const char *uuid);
/* Is it about this device of a guest that it is about? */
bool policy_device_matches(const struct policy_section *section, const char *class,
			   const char *name);

/* Points into the policy. */
struct policy_settings policy_resolve(const struct policy *policy,
				      const struct policy_subject *subject);

/* A device that a guest is given. */
struct policy_gift {
	const char *class, *name;	/* point into the policy */
	struct policy_settings settings;
};

/* The next of a guest's, beginning with *cursor 0; false if there is none left. May repeat. */
bool policy_next_gift(const struct policy *policy, const char *guest, const char *uuid,
		      size_t *cursor, struct policy_gift *ret);

/* What a request becomes. */
struct policy_grant {
	enum channel_mode mode;
	uint32_t ring_size;		/* bytes */
};

/* 0, or -EACCES and the reason. n_channels: those it has. */
int policy_decide(const struct policy_settings *settings, const struct request *request,
		  unsigned int n_channels, struct policy_grant *ret, struct reason *ret_reason);

/* What a device is that nobody has wishes for. */
struct policy_grant policy_gift_grant(const struct policy_settings *settings);

/* Whether a device of this class can be attached. */
bool policy_knows_class(const struct policy *policy, const char *class);

/* A text that is matched literally only. */
bool policy_is_plain(const char *glob);

#endif
