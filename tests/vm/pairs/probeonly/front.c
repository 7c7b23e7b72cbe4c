// SPDX-License-Identifier: GPL-2.0
/*
 * probeonlyfront: the least that xenbus calls a frontend. It is probed and does
 * nothing else: its state stays Initialising, and it does not hear Closing.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/module.h>
#include <xen/platform_pci.h>
#include <xen/xen.h>

#include "compat.h"

static int front_probe(struct xenbus_device *dev, const struct xenbus_device_id *id)
{
	dev_info(&dev->dev, "probed, the backend is %s\n", dev->otherend);
	return 0;
}

static const struct xenbus_device_id front_ids[] = {
	{ "probeonly" },
	{ "" }
};

static struct xenbus_driver front_driver = {
	.name = "probeonlyfront",
	.ids = front_ids,
	MYD_NOT_ESSENTIAL
	.probe = front_probe,
};

static int __init front_init(void)
{
	if (!xen_domain() || !xen_has_pv_devices())
		return -ENODEV;
	return xenbus_register_frontend(&front_driver);
}
module_init(front_init);

static void __exit front_exit(void)
{
	xenbus_unregister_driver(&front_driver);
}
module_exit(front_exit);

MODULE_DESCRIPTION("The smallest Xen frontend driver");
MODULE_AUTHOR("The mydevice maintainers");
MODULE_LICENSE("GPL");
MODULE_ALIAS("xen:probeonly");
