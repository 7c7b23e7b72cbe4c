// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include <xen/io/mydevice.h>

#include "nodes/kinds.h"

/* The first that fits. class NULL: each; mode MODE_ANY: each. */
static const struct {
	const char *class;
	enum channel_mode mode;
	const struct kind *kind;
} kinds[] = {
	{ MYDEVICE_CLASS, MODE_ANY, &kind_channel },
	{ NULL, MODE_ANY, &kind_other },
};

const struct kind *kind_of(const char *class, enum channel_mode mode)
{
	size_t i = 0;

	while ((kinds[i].class && strcmp(kinds[i].class, class)) ||
	       (kinds[i].mode != MODE_ANY && kinds[i].mode != mode))
		i++;
	return kinds[i].kind;
}
