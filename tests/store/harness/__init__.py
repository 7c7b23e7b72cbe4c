# SPDX-License-Identifier: GPL-2.0-or-later
"""A Xen host without a hypervisor, for tests of mydevice-attachd."""
