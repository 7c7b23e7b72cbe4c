/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A directory of XenStore with more names in it than a message holds. libxenstore
 * hangs up on such an answer, and oxenstored gives it: a guest with some long
 * names could cut the daemon off. So this asks over a connection of its own.
 */
#ifndef ATTACHD_DIRECTORY_H
#define ATTACHD_DIRECTORY_H

#include <stddef.h>

/*
 * The array and the names are one allocation. 0 or -errno: -E2BIG if xenstored
 * wants to be asked for parts, -ECONNREFUSED if it has no socket here, and
 * -EMSGSIZE if there are more names than anybody needs.
 */
int directory_list(const char *path, char ***ret, size_t *ret_n);

#endif
