#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Prints the -D flags that tell compat.h which of several kernel interfaces the
# headers in $1 (the source tree) offer. Version numbers would not do:
# distributions move interfaces between their kernels.

include=$1/include

has() { # FLAG HEADER REGEX
	[ -f "$include/$2" ] || return 0
	if tr -s '\n\t ' '   ' <"$include/$2" | grep -Eq "$3"; then
		printf -- '-D%s ' "$1"
	fi
}

has MYD_HAVE_REMOVE_VOID xen/xenbus.h 'void \(\*remove\)\(struct xenbus_device'
has MYD_HAVE_NOT_ESSENTIAL xen/xenbus.h 'bool not_essential;'
has MYD_HAVE_VANISHED xen/xenbus.h 'bool vanished;'
has MYD_HAVE_END_ACCESS_PAGE xen/grant_table.h \
	'gnttab_end_foreign_access\(grant_ref_t ref, struct page'
has MYD_HAVE_END_ACCESS_READONLY xen/grant_table.h \
	'gnttab_end_foreign_access\(grant_ref_t ref, int readonly'
has MYD_HAVE_LATEEOI_DEVICE xen/events.h \
	'bind_interdomain_evtchn_to_irqhandler_lateeoi\( ?struct xenbus_device'
has MYD_HAVE_COPY_SPLICE_READ linux/fs.h 'copy_splice_read\('
has MYD_HAVE_FAULT_IN_WRITEABLE linux/uio.h 'fault_in_iov_iter_writeable\('
has MYD_HAVE_EPOLL_LINKS linux/fs.h 'struct list_head f_ep_links;'
has MYD_HAVE_USER_BACKED_ITER linux/uio.h 'user_backed_iter\('
has MYD_HAVE_UEVENT_CONST linux/device/class.h '\(\*dev_uevent\)\(const struct device'
has MYD_HAVE_CLASS_CONST linux/device/class.h '\(\*class_release\)\(const struct class'
