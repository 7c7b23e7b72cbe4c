/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A XenStore in memory behind the functions of store.h, with the powers a test
 * needs: to look at it, to write as others do, and to fail at any call.
 */
#ifndef TESTS_UNIT_ATTACHD_FAKE_STORE_H
#define TESTS_UNIT_ATTACHD_FAKE_STORE_H

#include <stdbool.h>

/* Empty, nobody introduced, nothing to fail. */
void fake_reset(void);

/* As a toolstack or a guest; missing parents are made. Watches fire. */
void fake_write(const char *path, const char *value);
void fake_remove(const char *path);
/* NULL if there is none; good until the next change. */
const char *fake_read(const char *path);
/* "n7,r0", "n0", or NULL if there is no such node */
const char *fake_permissions(const char *path);
/* All nodes, one a line, with values and permissions; good until the next call. */
const char *fake_dump(void);

/* Fires @introduceDomain or @releaseDomain. */
void fake_introduce(unsigned int domid, bool introduced);

/* The n-th call from now finds xenstored gone, and so do all later ones; 0: never. */
void fake_die_at(unsigned int call);
bool fake_is_dead(void);
void fake_revive(void);
/* The n-th call from now fails with this error, and no other; 0: none. */
void fake_fail_at(unsigned int call, int error);
/* Did it? */
bool fake_has_failed(void);
/* So many commits from now on fail with EAGAIN. */
void fake_conflicts(unsigned int commits);
/*
 * Whoever changes something for this guest is not served any more, until a new
 * connection; -1: for none.
 */
void fake_stall(int guest);
/* Calls of store.h since the last reset, and those of them that change something. */
unsigned int fake_calls(void);
unsigned int fake_changes(void);
unsigned int fake_watches(void);

#endif
