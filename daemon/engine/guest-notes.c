// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "engine/device.h"
#include "engine/device-attach.h"
#include "engine/guest.h"
#include "engine/guest-log.h"
#include "engine/guest-notes.h"
#include "engine/host.h"
#include "notes/kept.h"
#include "notes/withheld.h"

/* In memory first, where it holds whatever XenStore refuses. */
static int withhold(struct domain *domain, const char *class, const char *name)
{
	struct note note = {};
	int r;

	strcpy(note.class, class);
	strcpy(note.record.name, name);
	strcpy(note.record.uuid, domain->uuid);
	r = note_list_set(&domain->withheld, &note);
	return r < 0 ? r : withheld_note(domain->manager->store, domain->domid, &note);
}

static const char *why_unnoted(int error)
{
	return error == -ENOSPC ? "too much is noted already" : store_strerror(error);
}

static bool is_here(const char *uuid, void *userdata)
{
	const struct manager *manager = userdata;
	const struct domain *domain;
	size_t cursor = 0;

	while ((domain = table_next(&manager->domains, &cursor)))
		if (!domain->dead && !strcmp(domain->uuid, uuid))
			return true;
	return false;
}

static int note_kept(struct domain *domain, const struct note *kept)
{
	int r = kept_note(domain->manager->store, domain->uuid, kept, is_here, domain->manager);

	if (r == 0)
		domain->manager->keeps = true;
	return r;
}

static void forget_kept(struct domain *domain, const char *class, const char *name)
{
	note_list_drop(&domain->kept, class, name);
	domain->next_kept = 0;
}

static int remember_kept(struct domain *domain, const struct note *kept)
{
	domain->next_kept = 0;
	return note_list_set(&domain->kept, kept);
}

/* It could not be noted: a later turn of the guest does, see guest_notes_save(). */
static void save_later(struct domain *domain)
{
	domain->unnoted = true;
	domain_retry(domain);
}

int guest_notes_recall(struct domain *domain)
{
	struct note_list withheld;
	int r = withheld_load(domain->manager->store, domain->domid, domain->uuid, &withheld);

	if (r < 0)
		return r;
	note_list_done(&domain->withheld);
	domain->withheld = withheld;
	return 0;
}

int guest_notes_recall_kept(struct domain *domain)
{
	struct note_list kept;
	int r;

	if (!domain->manager->keeps || !*domain->uuid)
		return 0;
	r = domain_has_twin(domain);
	if (r)
		return r < 0 ? r : 0;
	r = kept_load(domain->manager->store, domain->uuid, &kept);
	if (r < 0)
		return r;
	note_list_done(&domain->kept);
	domain->kept = kept;
	return 0;
}

/* What is kept of a guest is of no use where it may be another's. */
void guest_notes_keep(struct domain *domain, const struct device_plan *plan)
{
	struct note kept = {
		.devid = plan->devid,
		.record = {
			.origin = plan->origin,
			.mode = plan->grant.mode,
			.ring_size = plan->grant.ring_size,
			.requested_usec = realtime_usec(),
		},
	};
	int twin = *domain->uuid ? domain_has_twin(domain) : 0, r = twin;

	strcpy(kept.class, plan->class);
	strcpy(kept.record.uuid, domain->uuid);
	strcpy(kept.record.name, plan->name);
	if (!twin && *domain->uuid)
		r = note_kept(domain, &kept);
	if (r == 0)
		r = remember_kept(domain, &kept);
	if (r)
		domain_log(domain, NULL, LOG_WARNING, NULL,
			   "%s is not kept for when it comes back: %s", plan->name,
			   r > 0 ? "another domain has the same UUID" : why_unnoted(r));
}

int guest_notes_find_kept(const struct domain *domain, const char *class, const char *name,
			  struct kept_before *ret)
{
	const struct note *memory = note_list_find(&domain->kept, class, name);
	int r;

	*ret = (struct kept_before){ .remembered = memory };
	if (memory)
		ret->memory = *memory;
	if (!domain->manager->keeps || !*domain->uuid)
		return 0;
	r = kept_read(domain->manager->store, domain->uuid, class, name, &ret->note);
	ret->noted = r > 0;
	return r < 0 ? r : 0;
}

void guest_notes_restore_kept(struct domain *domain, const char *class, const char *name,
			      const struct kept_before *before)
{
	int r = *domain->uuid ? domain_has_twin(domain) : 1, remembered = 0;

	if (before->remembered)
		remembered = remember_kept(domain, &before->memory);
	else
		forget_kept(domain, class, name);
	if (r == 0 && before->noted)
		r = note_kept(domain, &before->note);
	else if (r == 0)
		r = kept_drop(domain->manager->store, domain->uuid, class, name);
	if (r >= 0)
		r = remembered;
	if (r < 0)
		domain_log(domain, NULL, LOG_WARNING, NULL,
			   "cannot restore the note about %s: %s", name, why_unnoted(r));
}

static int stop_keeping(struct domain *domain, const char *class, const char *name)
{
	int r = *domain->uuid ? domain_has_twin(domain) : 1;

	if (r == 0)
		r = kept_drop(domain->manager->store, domain->uuid, class, name);
	if (r >= 0)
		forget_kept(domain, class, name);
	return r < 0 ? r : 0;
}

int guest_notes_save(struct domain *domain)
{
	int twin = *domain->uuid ? domain_has_twin(domain) : 1, r = twin < 0 ? twin : 0;

	for (size_t i = 0; r == 0 && i < domain->withheld.n; i++)
		r = withheld_note(domain->manager->store, domain->domid,
				  &domain->withheld.list[i]);
	for (size_t i = 0; r == 0 && !twin && i < domain->kept.n; ) {
		const struct note kept = domain->kept.list[i];

		if (!note_list_find(&domain->withheld, kept.class, kept.record.name)) {
			i++;
			continue;
		}
		r = kept_drop(domain->manager->store, domain->uuid, kept.class, kept.record.name);
		if (r == 0)
			forget_kept(domain, kept.class, kept.record.name);
	}
	domain->unnoted = r < 0;
	return r;
}

int guest_notes_resume(struct domain *domain)
{
	struct device *device;

	for (device = domain->devices; device; device = device->next) {
		int r;

		if (!note_list_find(&domain->withheld, device->key.class, device->record.name))
			continue;
		r = stop_keeping(domain, device->key.class, device->record.name);
		if (r < 0)
			return r;
		domain_log(domain, device, LOG_NOTICE, NULL,
			   "to be detached, as was ordered before this daemon began");
		device_withdraw(device);
	}
	return 0;
}

void guest_notes_withhold(struct domain *domain, const char *class, const char *name)
{
	if (withhold(domain, class, name) < 0)
		save_later(domain);
}

int guest_notes_allow(struct domain *domain, const char *class, const char *name)
{
	const struct note_list *withheld = &domain->withheld;
	int r;

	if (!note_list_find(withheld, class, name))
		return 0;
	r = withheld_drop(domain->manager->store, domain->domid, class, name,
			  withheld->n > 1 || withheld->later);
	if (r < 0)
		return r;
	note_list_drop(&domain->withheld, class, name);
	return 1;
}

int guest_notes_detach(struct domain *domain, const struct device *device)
{
	int r = withhold(domain, device->key.class, device->record.name);

	if (r < 0 && !note_list_find(&domain->withheld, device->key.class, device->record.name))
		return r;
	if (r == 0)
		r = stop_keeping(domain, device->key.class, device->record.name);
	if (r == 0 || r == -ENOTCONN)
		return r;
	domain_log(domain, device, LOG_WARNING, NULL,
		   "cannot note that it is to stay away: %s; detaching it, and trying again to "
		   "note that", store_strerror(r));
	save_later(domain);
	return 0;
}
