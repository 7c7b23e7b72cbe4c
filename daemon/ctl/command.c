// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/diagnosis.h"
#include "base/util.h"
#include "ctl/command.h"

int command_failed(int error, const char *why)
{
	static const struct {
		int error, status;
		const char *before, *after;
	} failures[] = {
		{ -EHOSTDOWN, EXIT_NO_DAEMON, "cannot ask mydevice-attachd: ", "" },
		{ -ENOENT, EXIT_NOT_FOUND, "", "; see: mydevicectl list" },
		{ -EINVAL, EXIT_USAGE, "", "" },
		{ -ETIMEDOUT, EXIT_TIMED_OUT, "mydevice-attachd does not answer: ", "" },
		{ -EACCES, EXIT_NOT_ALLOWED, "not allowed: ", "" },
		{ -ENOTUNIQ, EXIT_AMBIGUOUS, "", "; use a domid or a UUID" },
		{ -EEXIST, EXIT_EXISTS, "", "" },
		{ -EBUSY, EXIT_BUSY, "busy, try again later: ", "" },
		{ -ENOTCONN, EXIT_NO_XENSTORE, "no connection to XenStore: ", "" },
		{ -EHOSTUNREACH, EXIT_NO_BACKEND, "no backend domain: ", "" },
		{ -ENOSPC, EXIT_NO_SPACE, "no space in XenStore: ", "" },
		{ -EUSERS, EXIT_LIMIT, "too many requests: ", "" },
		{ -EOPNOTSUPP, EXIT_NOT_SUPPORTED, "not supported: ", "" },
		{ -EUNATCH, EXIT_NO_DRIVER, "", "" },
		{ -EUCLEAN, EXIT_BAD_POLICY, "the policy is refused: ",
		  "; the one in use stays; see: mydevice-attachd --check" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(failures); i++)
		if (failures[i].error == error) {
			fprintf(stderr, "mydevicectl: %s%s%s\n", failures[i].before, why,
				failures[i].after);
			if (error == -EHOSTDOWN)
				fprintf(stderr, "mydevicectl: %s\n",
					diagnose_daemon(diagnose_role(HOST_SYSFS)));
			return failures[i].status;
		}
	fprintf(stderr, "mydevicectl: failed: %s\n", why);
	return EXIT_FAILURE;
}
