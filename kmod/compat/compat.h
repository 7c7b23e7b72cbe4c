/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one home of differences between kernels' interfaces. The MYD_HAVE_*
 * flags come from probe.sh; the rest of the code is written for the newest.
 *
 * Copyright (C) 2026 The mydevice maintainers
 */
#ifndef MYD_COMPAT_H
#define MYD_COMPAT_H

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/pagemap.h>
#include <linux/splice.h>
#include <linux/uio.h>
#include <xen/events.h>
#include <xen/grant_table.h>
#include <xen/xenbus.h>

#ifdef MYD_HAVE_UEVENT_CONST
#define MYD_UEVENT_DEVICE const struct device
#else
#define MYD_UEVENT_DEVICE struct device
#endif

#ifdef MYD_HAVE_CLASS_CONST
#define MYD_CLASS const struct class
#else
#define MYD_CLASS struct class
#endif

#ifdef MYD_HAVE_COPY_SPLICE_READ
#define myd_splice_read copy_splice_read
#else
#define myd_splice_read generic_file_splice_read
#endif

/* Is the file registered with an epoll instance? */
static inline bool myd_file_in_epoll(struct file *file)
{
#if !defined(CONFIG_EPOLL)
	return false;
#elif defined(MYD_HAVE_EPOLL_LINKS)
	return !list_empty_careful(&file->f_ep_links);
#else
	return READ_ONCE(file->f_ep);
#endif
}

static inline bool myd_iter_is_user(const struct iov_iter *iter)
{
#ifdef MYD_HAVE_USER_BACKED_ITER
	return user_backed_iter(iter);
#else
	return iter_is_iovec(iter);
#endif
}

#ifndef MYD_HAVE_FAULT_IN_WRITEABLE
/*
 * Makes the page of a buffer writable without writing to it, as newer kernels do.
 * fault_in_pages_writeable() writes a zero: a read may return fewer bytes than it
 * was asked for, and the zero would stay in a byte that is not the read's.
 */
static inline int myd_fault_in_page_writeable(void __user *address)
{
	struct mm_struct *mm = current->mm;
	bool unlocked = false;
	int r;

	mmap_read_lock(mm);
	r = fixup_user_fault(mm, (unsigned long)untagged_addr(address), FAULT_FLAG_WRITE,
			     &unlocked);
	mmap_read_unlock(mm);
	return r;
}

static inline size_t myd_fault_in_iovec(const struct iov_iter *iter, size_t len, bool writeable)
{
	const struct iovec *iov = iter->iov;
	size_t skip = iter->iov_offset, n;

	for (; len; len -= n, skip += n) {
		void __user *start;

		for (; skip == iov->iov_len; skip = 0)
			iov++;
		start = iov->iov_base + skip;
		n = min3(len, iov->iov_len - skip, PAGE_SIZE - offset_in_page(start));
		if (writeable ? myd_fault_in_page_writeable(start) :
				fault_in_pages_readable(start, n))
			break;
	}
	return len;
}
#endif

/*
 * Fault in the start of a program's buffer, to be written to or read from.
 * Return: how many of @len bytes, at most all of the buffer, are missing still;
 * all, if it is not a program's.
 */
static inline size_t myd_fault_in_writeable(const struct iov_iter *iter, size_t len)
{
	if (!myd_iter_is_user(iter))
		return len;
#ifdef MYD_HAVE_FAULT_IN_WRITEABLE
	return fault_in_iov_iter_writeable(iter, len);
#else
	return myd_fault_in_iovec(iter, len, true);
#endif
}

static inline size_t myd_fault_in_readable(const struct iov_iter *iter, size_t len)
{
	if (!myd_iter_is_user(iter))
		return len;
#ifdef MYD_HAVE_FAULT_IN_WRITEABLE
	return fault_in_iov_iter_readable(iter, len);
#else
	return myd_fault_in_iovec(iter, len, false);
#endif
}

/* Revokes a grant and frees its page, at once or when the peer has let go of it. */
static inline void myd_end_foreign_access(grant_ref_t gref, struct page *page)
{
#if defined(MYD_HAVE_END_ACCESS_PAGE)
	gnttab_end_foreign_access(gref, page);
#elif defined(MYD_HAVE_END_ACCESS_READONLY)
	gnttab_end_foreign_access(gref, 0, (unsigned long)page_address(page));
#else
	gnttab_end_foreign_access(gref, (unsigned long)page_address(page));
#endif
}

static inline int myd_bind_interdomain(struct xenbus_device *dev, evtchn_port_t port,
				       irq_handler_t handler, const char *name, void *data)
{
#ifdef MYD_HAVE_LATEEOI_DEVICE
	return bind_interdomain_evtchn_to_irqhandler_lateeoi(dev, port, handler, 0, name, data);
#else
	return bind_interdomain_evtchn_to_irqhandler_lateeoi(dev->otherend_id, port, handler, 0,
							     name, data);
#endif
}

/* .remove of a xenbus driver returned an int once, which nobody looked at. */
#ifdef MYD_HAVE_REMOVE_VOID
#define MYD_REMOVE	void
#define MYD_REMOVED
#else
#define MYD_REMOVE	int
#define MYD_REMOVED	0
#endif

/* Has another device taken this one's place in XenStore? Its nodes are not ours any more. */
static inline bool myd_has_vanished(const struct xenbus_device *dev)
{
#ifdef MYD_HAVE_VANISHED
	return dev->vanished;
#else
	return false;
#endif
}

#ifdef MYD_HAVE_NOT_ESSENTIAL
#define MYD_NOT_ESSENTIAL	.not_essential = true,
#else
#define MYD_NOT_ESSENTIAL
#endif

#endif /* MYD_COMPAT_H */
