// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A device that refuses to be frozen once: a suspend of the guest fails after the devices
 * that have come later were frozen, and Linux may resume those as if the guest had been
 * restored, although it is the same domain as before.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/pm.h>

static bool refused;

static int refuse(struct device *dev)
{
	if (refused)
		return 0;
	refused = true;
	return -EBUSY;
}

static const struct dev_pm_ops balky_pm_ops = {
	.freeze = refuse,
};

static struct platform_driver balky_driver = {
	.driver = {
		.name = "balky",
		.pm = &balky_pm_ops,
	},
};

static struct platform_device *balky;

static int __init balky_init(void)
{
	int r = platform_driver_register(&balky_driver);

	if (r)
		return r;
	balky = platform_device_register_simple("balky", -1, NULL, 0);
	if (IS_ERR(balky))
		platform_driver_unregister(&balky_driver);
	return PTR_ERR_OR_ZERO(balky);
}
module_init(balky_init);

static void __exit balky_exit(void)
{
	platform_device_unregister(balky);
	platform_driver_unregister(&balky_driver);
}
module_exit(balky_exit);

MODULE_DESCRIPTION("mydevice tests: a suspend that fails");
MODULE_LICENSE("GPL");
