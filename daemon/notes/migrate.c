// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/name.h"
#include "base/util.h"
#include "notes/migrate.h"
#include "notes/notes.h"

#define OLD_VERSION "v1 "
#define NAME_WORD " name="
#define TRIES 16

struct old_note {
	bool found;			/* and not damaged */
	bool by_devid;			/* its node has to go */
	struct note note;
};

/* One directory. */
struct migration {
	struct path dir;
	const struct path *withheld;	/* NULL: of kept devices */
	char **names;
	size_t n_names;
	struct old_note *notes;		/* as many, and the same order */
	bool changed;
};

static bool parse_name(const char *text, char ret[static MYDEVICE_NAME_MAX + 1])
{
	const char *word = strstr(text, NAME_WORD);
	size_t len;

	if (!word)
		return false;
	word += strlen(NAME_WORD);
	len = strcspn(word, " ");
	if (!name_is_safe(word, len))
		return false;
	memcpy(ret, word, len);
	ret[len] = '\0';
	return true;
}

static bool parse_key(const char *node, const char *text, size_t len, struct old_note *ret)
{
	char name[MYDEVICE_NAME_MAX + 1];
	struct device_key key = {};

	if (!parse_name(text, ret->note.record.name))
		return false;
	if (path_parse_note(node, ret->note.class, name) == 0)
		return !strcmp(name, ret->note.record.name) &&
		       note_parse_devid(text, len, &ret->note.devid) == 0;
	if (path_parse_record(node, &key) < 0)
		return false;
	ret->by_devid = true;
	strcpy(ret->note.class, key.class);
	ret->note.devid = key.devid;
	return true;
}

static int read_old(struct store *store, store_txn txn, const struct path *dir, const char *node,
		    struct old_note *ret)
{
	struct path path = path_child(dir, node);
	size_t len, version = strlen(OLD_VERSION);
	_cleanup_free_ char *text = NULL;
	struct old_note old = {};
	struct reason reason;
	int r = store_read(store, txn, path.text, &text, &len);

	*ret = old;
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (len < version || memcmp(text, OLD_VERSION, version) ||
	    note_parse_words(NOTE_WITHHELD, text + version, len - version, &old.note,
			     &reason) < 0 ||
	    !parse_key(node, text, len, &old))
		return 0;
	old.found = true;
	*ret = old;
	return 0;
}

/* Does another note by the same name hold? Earlier releases could have kept two, by two ids. */
static bool is_superseded(const struct migration *migration, size_t i)
{
	const struct old_note *one = &migration->notes[i];

	for (size_t j = 0; j < migration->n_names; j++) {
		const struct old_note *other = &migration->notes[j];
		uint64_t usec = one->note.record.requested_usec;
		uint64_t other_usec = other->note.record.requested_usec;

		if (i == j || !other->found || strcmp(one->note.class, other->note.class) ||
		    strcmp(one->note.record.name, other->note.record.name))
			continue;
		if (one->by_devid != other->by_devid ? one->by_devid :
		    other_usec != usec ? other_usec > usec : j < i)
			return true;
	}
	return false;
}

static int migrate_note(struct store *store, store_txn txn, const struct migration *migration,
			size_t i)
{
	const struct path old = path_child(&migration->dir, migration->names[i]);
	bool superseded = is_superseded(migration, i);
	int r = 0;

	if (!superseded)
		r = notes_write(store, txn, &migration->dir, NOTE_DEVICE,
				&migration->notes[i].note);
	/* one of two devices by the same name is not known any more: its nodes have to go, too */
	if (r < 0 || !migration->notes[i].by_devid || (superseded && migration->withheld))
		return r;
	return store_remove(store, txn, old.text);
}

/*
 * An earlier release has run after this one, did not know this device, and gave its id to
 * another one.
 */
static int drop_outdated(struct store *store, store_txn txn, const struct migration *migration,
			 const char *node)
{
	const struct path path = path_child(&migration->dir, node);
	struct note note;
	char class[MYDEVICE_NAME_MAX + 1], name[MYDEVICE_NAME_MAX + 1];
	int r;

	if (path_parse_note(node, class, name) < 0)
		return 0;
	r = notes_read(store, txn, &path, NOTE_DEVICE, &note);
	if (r == -EBADMSG || r == -EPROTONOSUPPORT)
		return 0;
	for (size_t i = 0; r == 0 && i < migration->n_names; i++) {
		const struct note *other = &migration->notes[i].note;

		if (migration->notes[i].found && other->devid == note.devid &&
		    !strcmp(other->class, class) && strcmp(other->record.name, name))
			return store_remove(store, txn, path.text);
	}
	return r;
}

static bool is_old_withheld(const char *node)
{
	size_t len = strlen(PATH_WITHHELD);

	return !strncmp(node, PATH_WITHHELD, len) && (!node[len] || node[len] == '@');
}

/* " CLASS/NAME". What is no such word never was a device. */
static int migrate_word(struct store *store, store_txn txn, const struct path *dir,
			const char *word, size_t len, struct note *note)
{
	const char *slash = memchr(word, '/', len);
	size_t class = slash ? (size_t)(slash - word) : 0, name = len - class - 1;

	if (!slash || !name_is_safe(word, class) || !name_is_safe(slash + 1, name))
		return 0;
	memcpy(note->class, word, class);
	note->class[class] = '\0';
	memcpy(note->record.name, slash + 1, name);
	note->record.name[name] = '\0';
	return notes_write(store, txn, dir, NOTE_WITHHELD, note);
}

/* The first of these nodes becomes the directory. */
static int migrate_withheld(struct store *store, store_txn txn,
			    const struct migration *migration, const char *node)
{
	const struct path path = path_child(&migration->dir, node);
	_cleanup_free_ char *text = NULL;
	struct note note = {};
	size_t uuid;
	int r = store_read(store, txn, path.text, &text, NULL);

	if (r < 0 || !*text)
		return r == -ENOENT ? 0 : r;
	r = strcmp(node, PATH_WITHHELD) ? store_remove(store, txn, path.text) :
				     store_write(store, txn, path.text, "");
	uuid = strcspn(text, " ");
	if (r < 0 || (uuid && uuid_parse(text, uuid, note.record.uuid) < 0))
		return r;
	for (const char *word = text + uuid; r == 0 && *word; ) {
		size_t len = strcspn(++word, " ");

		r = migrate_word(store, txn, migration->withheld, word, len, &note);
		word += len;
	}
	return r;
}

static int migrate_body(struct store *store, store_txn txn, void *userdata)
{
	struct migration *migration = userdata;
	int r = 0;

	for (size_t i = 0; r == 0 && i < migration->n_names; i++)
		r = read_old(store, txn, &migration->dir, migration->names[i],
			     &migration->notes[i]);
	for (size_t i = 0; r == 0 && i < migration->n_names; i++) {
		bool withheld = migration->withheld && is_old_withheld(migration->names[i]);

		migration->changed |= withheld || migration->notes[i].found;
		if (migration->notes[i].found)
			r = migrate_note(store, txn, migration, i);
		else if (withheld)
			r = migrate_withheld(store, txn, migration, migration->names[i]);
		else if (migration->withheld)
			r = drop_outdated(store, txn, migration, migration->names[i]);
	}
	return r;
}

static int migrate(struct store *store, struct migration *migration)
{
	_cleanup_free_ struct old_note *notes = calloc(migration->n_names, sizeof(*notes));
	int r;

	if (!notes)
		return -ENOMEM;
	migration->notes = notes;
	r = store_transaction(store, TRIES, migrate_body, migration);
	if (r == 0 && migration->changed)
		log_info("converted the notes below %s to the format of this release",
			 migration->dir.text);
	return r;
}

/* 1, 0 or -errno */
static int is_old(struct store *store, const struct path *dir, const char *node)
{
	_cleanup_free_ char *text = NULL;
	struct device_key key;
	struct path path;
	int r;

	if (path_parse_record(node, &key) == 0)
		return 1;
	if (!is_old_withheld(node))
		return 0;
	path = path_child(dir, node);
	r = store_read(store, 0, path.text, &text, NULL);
	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : *text;
}

int migrate_guest(struct store *store, unsigned int guest, char **names, size_t n_names)
{
	const struct path withheld = path_withheld(guest);
	struct migration migration = {
		.dir = path_guest_notes(guest),
		.withheld = &withheld,
		.names = names,
		.n_names = n_names,
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < n_names; i++)
		r = is_old(store, &migration.dir, names[i]);
	if (r > 0)
		r = migrate(store, &migration);
	else
		return r;
	return r < 0 ? r : 1;
}

int migrate_kept(struct store *store, const char *uuid)
{
	struct migration migration = { .dir = path_kept(uuid) };
	_cleanup_free_ char **names = NULL;
	struct old_note old = {};
	size_t n = 0;
	int r = store_list(store, migration.dir.text, &names, &n);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	migration.names = names;
	migration.n_names = n;
	for (size_t i = 0; r == 0 && !old.found && i < n; i++)
		r = read_old(store, 0, &migration.dir, names[i], &old);
	return r < 0 || !old.found ? r : migrate(store, &migration);
}
