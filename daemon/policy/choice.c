// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/messages.h"
#include "policy/choice.h"
#include "policy/file.h"
#include "policy/last-good.h"

#define ABOUT(id) (&(struct log_about){ .message_id = (id), .domid = -1, .devid = -1 })

struct faults {
	struct reason first;
	unsigned int n_more;
};

static void take_fault(enum policy_fault fault, const char *file, unsigned int line,
		       const char *message, void *userdata)
{
	struct faults *faults = userdata;
	struct reason reason;

	if (line)
		snprintf(reason.text, sizeof(reason.text), "%s:%u: %s", file, line, message);
	else
		snprintf(reason.text, sizeof(reason.text), "%s: %s", file, message);
	log_about(fault == POLICY_MISTAKE ? LOG_ERR : LOG_WARNING, 0, ABOUT(MSG_BAD_POLICY), "%s",
		  reason.text);
	if (fault == POLICY_DOUBT)
		return;
	if (!*faults->first.text)
		faults->first = reason;
	else
		faults->n_more++;
}

/* 0, or -errno and why the files are refused. */
static int load_files(const char *file, struct policy **ret, struct reason *ret_reason)
{
	_cleanup_(policy_freep) struct policy *policy = NULL;
	struct faults faults = {};
	char more[64] = "";
	int r = policy_load(file, take_fault, &faults, &policy);

	if (r == 0 && policy->n_sources) {
		*ret = steal(&policy);
		return 0;
	}
	if (r == 0) {
		r = -ENOENT;
		snprintf(faults.first.text, sizeof(faults.first.text),
			 "there is no %s, and no drop-in", file);
	} else if (!*faults.first.text) {
		snprintf(faults.first.text, sizeof(faults.first.text), "%s", strerror(-r));
	}
	if (faults.n_more)
		snprintf(more, sizeof(more), " (and %u more)", faults.n_more);
	snprintf(ret_reason->text, sizeof(ret_reason->text), "%.440s%s", faults.first.text, more);
	return r;
}

static bool has_source(const struct policy *policy, const char *file)
{
	for (size_t i = 0; i < policy->n_sources; i++)
		if (!strcmp(policy->sources[i].file, file))
			return true;
	return false;
}

/* Somebody may have deleted what held a guest back. */
static void log_missing_sources(const struct policy_choice *choice, const struct policy *policy)
{
	_cleanup_(policy_freep) struct policy *saved = NULL;
	struct reason reason;
	time_t when;

	if (last_good_load(choice->directory, &saved, &when, &reason) < 0)
		return;
	for (size_t i = 0; i < saved->n_sources; i++)
		if (!has_source(policy, saved->sources[i].file))
			log_notice("%s is gone, which the last good policy had; its settings no "
				   "longer apply", saved->sources[i].file);
}

/* The files are in use. Without a saved copy only the next restart would suffer. */
static void adopt(struct policy_choice *choice, const struct policy *policy)
{
	int r;

	log_missing_sources(choice, policy);
	r = last_good_save(choice->directory, policy);
	choice->status = (struct policy_status){ .source = POLICY_FROM_FILES };
	if (r == 0)
		return;
	snprintf(choice->status.save_error.text, sizeof(choice->status.save_error.text),
		 "cannot write to %.200s: %s", choice->directory, strerror(-r));
	log_about(LOG_WARNING, 0, ABOUT(MSG_POLICY_UNSAVED),
		  "the policy is in use, but not saved: %s; after a restart with a broken policy an "
		  "older one would be used, or none",
		  choice->status.save_error.text);
}

static int choose_saved(struct policy_choice *choice, struct policy **ret)
{
	struct reason reason = {};
	char when[64] = "";
	time_t saved;
	struct tm tm;
	int r = last_good_load(choice->directory, ret, &saved, &reason);

	if (r == 0) {
		choice->status.source = POLICY_SAVED;
		if (localtime_r(&saved, &tm))
			strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S %z", &tm);
		log_about(LOG_ERR, 0, ABOUT(MSG_POLICY_SAVED),
			  "the policy cannot be used: %.200s; using the last good one, saved on %s; "
			  "correct it and run: systemctl reload mydevice-attachd",
			  choice->status.error.text, when);
		return 0;
	}
	if (r == -ENOENT)
		snprintf(reason.text, sizeof(reason.text), "there is none");
	*ret = policy_new();
	if (!*ret)
		return -ENOMEM;
	(*ret)->closed = true;
	choice->status.source = POLICY_NONE;
	log_about(LOG_ERR, 0, ABOUT(MSG_NO_POLICY),
		  "the policy cannot be used: %.200s; nor can the saved one in %.100s: %.200s; guests "
		  "keep the devices that they have and get no new ones; correct it and run: "
		  "systemctl reload mydevice-attachd", choice->status.error.text,
		  choice->directory, reason.text);
	return 0;
}

int policy_choose(struct policy_choice *choice, struct policy **ret)
{
	int r = load_files(choice->file, ret, &choice->status.error);

	if (r < 0)
		return choose_saved(choice, ret);
	adopt(choice, *ret);
	return 0;
}

int policy_choose_again(struct policy_choice *choice, struct policy **ret)
{
	struct reason reason;
	int r = load_files(choice->file, ret, &reason);

	if (r == 0) {
		adopt(choice, *ret);
		return 0;
	}
	choice->status.error = reason;
	if (choice->status.source == POLICY_FROM_FILES)
		choice->status.source = POLICY_OLDER;
	log_about(LOG_WARNING, 0, ABOUT(MSG_BAD_POLICY),
		  "the policy cannot be used: %s; keeping the one in use", reason.text);
	return r;
}
