// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model/paths.h"
#include "model/record.h"
#include "nodes/parents.h"
#include "notes/withheld-note.h"

#define NODE "withheld"
#define TRIES 16

static struct path node(unsigned int guest, unsigned int n)
{
	struct path path = path_withheld(guest);
	size_t len = strlen(path.text);

	if (n)
		snprintf(path.text + len, sizeof(path.text) - len, "@%u", n);
	return path;
}

bool withheld_is_note(const char *name)
{
	size_t len = strlen(NODE);

	return !strncmp(name, NODE, len) && (!name[len] || name[len] == '@');
}

struct note {
	unsigned int guest, n_before, n;
	const char *uuid, *words;
};

static int write_body(struct store *store, store_txn txn, void *userdata)
{
	struct note *note = userdata;
	const char *words = note->words;
	unsigned int n;
	int r = 0;

	for (n = 0; r == 0 && *words; n++) {
		char text[UUID_SIZE + WITHHELD_SIZE];
		struct path path = node(note->guest, n);
		size_t len = withheld_part(words);

		snprintf(text, sizeof(text), "%s%.*s", note->uuid, (int)len, words);
		r = store_write(store, txn, path.text, text);
		words += len;
	}
	note->n = n;
	for (; r == 0 && n < note->n_before; n++) {
		struct path path = node(note->guest, n);

		r = store_remove(store, txn, path.text);
	}
	return r;
}

int withheld_note(struct store *store, unsigned int guest, const char *uuid,
		  struct withheld *withheld)
{
	struct note note = {
		.guest = guest,
		.n_before = withheld->n_nodes ?: 1,
		.uuid = uuid,
		.words = withheld_words(withheld),
	};
	bool one = note.n_before == 1 && !note.words[withheld_part(note.words)];
	int r = one ? write_body(store, 0, &note) :
		      store_transaction(store, TRIES, write_body, &note);

	if (r < 0)
		return r;
	withheld->n_nodes = note.n;
	return note.n ? 0 : parents_prune_records(store, guest);
}

int withheld_recall(struct store *store, unsigned int guest, const char *uuid,
		    struct withheld *withheld)
{
	for (unsigned int n = 0;; n++) {
		struct path path = node(guest, n);
		_cleanup_free_ char *text = NULL;
		int r = store_read(store, 0, path.text, &text, NULL);

		if (r == -ENOENT)
			return 0;
		if (r < 0)
			return r;
		r = withheld_parse(withheld, uuid, text);
		if (r == -EBADMSG)
			r = store_remove(store, 0, path.text);
		else if (r == 0)
			withheld->n_nodes = n + 1;
		if (r < 0)
			return r;
	}
}
