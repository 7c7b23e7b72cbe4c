/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One question to xenstored over a connection that is there for nothing else,
 * where libxenstore is of no use: see directory.h and stall.h.
 */
#ifndef ATTACHD_WIRE_H
#define ATTACHD_WIRE_H

#include <stddef.h>
#include <stdint.h>

/*
 * type: XS_DIRECTORY and the like; text: its argument. ret, which is to be freed, has the
 * answer, and a NUL after it. timeout_usec: for each part of the answer; 0: none. 0 or
 * -errno: -ECONNREFUSED if there is no socket, -EMSGSIZE for more than 256 KiB, -EAGAIN after
 * the timeout, and what xenstored itself says, of which -ENOENT and -E2BIG are told from -EIO.
 */
int wire_ask(uint32_t type, const char *text, uint64_t timeout_usec, char **ret, size_t *ret_len);

#endif
