/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one format of whatever outlives this process, which XenStore keeps for it
 * until the host ends. Pure.
 *
 *	/mydevice/G/CLASS@NAME			a device of domain G
 *	/mydevice/G/withheld/CLASS@NAME		a device that an operator took from domain G
 *	/mydevice/kept/UUID/CLASS@NAME		a device that an operator gave to a guest: it
 *						gets the device again as another domain
 *
 * The key is the class and the name, which no two devices of a guest share: a
 * device gets a name only when no other device of its guest and class has it, and
 * keeps it until it is removed. A node has no "." in its name: there it is "@",
 * which neither a class nor a name contains.
 *
 * The value is a version and "key=value" words, separated by single spaces: "v2
 * uuid=U" of a withheld device, and all words of a device. A release that adds words
 * keeps the version, since unknown words are ignored; one that changes what a word
 * means raises it. A note of a later version is left as it is while its guest
 * lives. See migrate.h for earlier ones.
 */
#ifndef ATTACHD_NOTE_H
#define ATTACHD_NOTE_H

#include <stddef.h>

#include "base/reason.h"
#include "model/paths.h"
#include "model/record.h"

#define NOTE_VERSION 2
#define NOTE_SIZE 512

enum note_kind {
	NOTE_DEVICE,		/* on its guest, or kept for it */
	NOTE_WITHHELD,		/* of the record only the UUID and the name */
};

struct note {
	char class[MYDEVICE_NAME_MAX + 1];
	unsigned int devid;
	struct record record;
};

/* The value; the name is not in it. */
void note_format(enum note_kind kind, unsigned int devid, const struct record *record,
		 char ret[static NOTE_SIZE]);

/*
 * node: the name of the node, which is the key. 0; -EBADMSG and the reason if the
 * note is damaged; -EPROTONOSUPPORT if a later release wrote it.
 */
int note_parse(enum note_kind kind, const char *node, const char *text, size_t len,
	       struct note *ret, struct reason *ret_reason);

/* The words after the version, of whichever it is. 0, or -EBADMSG and the reason. */
int note_parse_words(enum note_kind kind, const char *words, size_t len, struct note *ret,
		     struct reason *ret_reason);

/* The device id, also of a note that is damaged otherwise. 0 or -EBADMSG */
int note_parse_devid(const char *text, size_t len, unsigned int *ret);

#endif
