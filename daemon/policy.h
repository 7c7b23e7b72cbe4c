/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may have which channels. Deciding is pure; policy-file.h reads the files.
 * A policy is a list of sections; each that matches a guest changes the
 * settings it names, in the order they were read, so a drop-in overrides.
 */
#ifndef ATTACHD_POLICY_H
#define ATTACHD_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "request.h"
#include "util.h"

struct policy_settings {
	bool allow;
	const char *channels;		/* globs, separated by spaces */
	unsigned int max_channels;	/* of one guest */
	uint64_t ring_size;		/* bytes, for a guest without a wish */
	uint64_t ring_size_max;		/* bytes */
	enum channel_mode mode;		/* for a guest without a wish */
	unsigned int modes;		/* those it may wish for, 1 << enum channel_mode */
	uint64_t detach_timeout_usec;
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
};

struct policy_section {
	char *guest_glob;		/* NULL: [Defaults], every guest */
	char *uuid;			/* NULL: any */
	unsigned int named;
	struct policy_settings settings;
	char *channels;			/* what settings.channels points at */
};

struct policy {
	struct policy_section *sections;
	size_t n_sections;
};

/* Empty: what applies without any file. */
struct policy *policy_new(void);
/* NULL if out of memory; the new section is the policy's. glob may be NULL. */
struct policy_section *policy_add_section(struct policy *policy, const char *guest_glob);
void policy_free(struct policy *policy);
DEFINE_CLEANUP(struct policy, policy_free)

/* Points into the policy. */
struct policy_settings policy_resolve(const struct policy *policy, const char *guest,
				      const char *uuid);

/* What a request becomes. */
struct policy_grant {
	enum channel_mode mode;
	uint32_t ring_size;		/* bytes */
};

/* 0, or -EACCES and the reason. n_channels: those it has. */
int policy_decide(const struct policy_settings *settings, const struct request *request,
		  unsigned int n_channels, struct policy_grant *ret, struct reason *ret_reason);

#endif
