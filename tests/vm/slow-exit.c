// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * To be preloaded: a program takes a second to exit, as on a machine that is busy. A
 * signal that arrives meanwhile finds what the program has left of its state.
 */

#include <unistd.h>

__attribute__((destructor)) static void slow_exit(void)
{
	sleep(1);
}
