// SPDX-License-Identifier: GPL-2.0
/*
 * mydevice: the channel core. Knows rings, sessions and files, nothing of Xen.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/module.h>

#include "channel.h"

static int __init myd_init(void)
{
	return myd_node_init();
}
module_init(myd_init);

static void __exit myd_exit(void)
{
	myd_node_exit();
}
module_exit(myd_exit);

MODULE_DESCRIPTION("mydevice: a byte channel between two Xen domains, core");
MODULE_AUTHOR("The mydevice maintainers");
MODULE_LICENSE("GPL");
MODULE_VERSION(MYDEVICE_VERSION);
