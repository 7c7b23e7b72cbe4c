// SPDX-License-Identifier: GPL-2.0
/*
 * probeonlyback: the least that xenbus calls a backend, see front.c.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/module.h>
#include <xen/xen.h>
#include <xen/xenbus.h>

static int back_probe(struct xenbus_device *dev, const struct xenbus_device_id *id)
{
	dev_info(&dev->dev, "probed, the frontend is %s\n", dev->otherend);
	return 0;
}

static const struct xenbus_device_id back_ids[] = {
	{ "probeonly" },
	{ "" }
};

static struct xenbus_driver back_driver = {
	.name = "probeonlyback",
	.ids = back_ids,
	.probe = back_probe,
};

static int __init back_init(void)
{
	if (!xen_domain())
		return -ENODEV;
	return xenbus_register_backend(&back_driver);
}
module_init(back_init);

static void __exit back_exit(void)
{
	xenbus_unregister_driver(&back_driver);
}
module_exit(back_exit);

MODULE_DESCRIPTION("The smallest Xen backend driver");
MODULE_AUTHOR("The mydevice maintainers");
MODULE_LICENSE("GPL");
MODULE_ALIAS("xen-backend:probeonly");
