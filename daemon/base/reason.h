/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why something was refused. Pure. */
#ifndef ATTACHD_REASON_H
#define ATTACHD_REASON_H

#define REASON_SIZE 512

/* For a person. What a guest wrote stands in it escaped and shortened only. */
struct reason {
	char text[REASON_SIZE];
};

/* Of a setting. Always -EINVAL. */
int reason_invalid(struct reason *reason, const char *key, const char *value,
		   const char *expected);

#endif
