/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the modules' sources need of the kernel, in a program with one thread: a
 * lock that is taken twice, or given back without having been taken, ends it.
 * Interrupts, page faults, signals and other threads come as the input says.
 * fuzz.mk makes a header of each name that the sources include, with nothing
 * but this one in it.
 */
#ifndef SHIM_SHIM_H
#define SHIM_SHIM_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/types.h>

#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/string.h>
#include <linux/types.h>

#define min(a, b) ({ __auto_type a_ = (a); __auto_type b_ = (b); a_ < b_ ? a_ : b_; })
#define max(a, b) ({ __auto_type a_ = (a); __auto_type b_ = (b); a_ > b_ ? a_ : b_; })
#define min3(a, b, c) min(min(a, b), c)
#define min_t(type, a, b) min((type)(a), (type)(b))
#define clamp(v, low, high) min(max(v, low), high)
#define container_of(p, type, member) ((type *)((char *)(p) - offsetof(type, member)))
#define ERR_PTR(error) ((void *)(intptr_t)(error))
#define EXPORT_SYMBOL_GPL(symbol) _Static_assert(1, #symbol)
#define module_param(name, type, mode) _Static_assert(1, #name)
#define MODULE_PARM_DESC(name, text) _Static_assert(1, text)

/* Memory, of which now and then there is none. */
#define GFP_KERNEL 0

/* What is called here may take long. */
void shim_may_sleep(void);

static inline void *kvmalloc(size_t size, int flags)
{
	shim_may_sleep();
	return hostile_byte() == 0xff ? NULL : malloc(size);
}

#define kvmalloc_array(n, size, flags) kvmalloc((n) * (size), flags)
#define kzalloc(size, flags) calloc(1, size)
#define BUILD_BUG_ON(condition) _Static_assert(!(condition), #condition)
#define kfree free
#define kvfree free

/* Other threads, and interrupts, when nothing keeps them off. */
void shim_interrupt(void);
bool shim_sleep(void);

/* Another thread holds a mutex, for a chunk. */
void shim_may_wait(void);

/* Locks: whether they are held, and how often they were. */
struct mutex {
	bool held;
	unsigned int taken;
};

typedef struct mutex spinlock_t;

static inline void shim_take(struct mutex *lock)
{
	hostile_assert(!lock->held);
	lock->held = true;
	lock->taken++;
}

static inline void shim_give(struct mutex *lock)
{
	hostile_assert(lock->held);
	lock->held = false;
}

#define mutex_init(m) ((m)->held = false)
#define mutex_lock(m) (shim_may_wait(), shim_take(m))
/* Another thread may hold it. */
#define mutex_trylock(m) (hostile_byte() != 0xff && (shim_take(m), true))
#define mutex_unlock shim_give
#define spin_lock_init(l) ((l)->held = false)
#define spin_lock_irq shim_take
#define spin_unlock_irq(l) (shim_give(l), shim_interrupt())
#define spin_lock_irqsave(l, flags) ((flags) = 0, shim_take(l))
#define spin_unlock_irqrestore(l, flags) ((void)(flags), shim_give(l))

#define lockdep_assert_held(l) hostile_assert((l)->held)

/* Programs that wait; they are woken whenever anything happens. */
typedef struct {
	bool unused;
} wait_queue_head_t;

struct fasync_struct;

#define ERESTARTSYS 512

struct sighand_struct {
	struct mutex siglock;
};

struct task {
	struct sighand_struct *sighand;
};

#define rcu_dereference_protected(pointer, condition) (pointer)

extern struct task *current;
#define init_waitqueue_head(q) ((void)(q))
#define wake_up_interruptible(q) ((void)(q))
#define wake_up_interruptible_poll(q, events) ((void)(q))
#define kill_fasync(queue, signal, band) ((void)(queue))
#define waitqueue_active(q) (hostile_byte() % 2)
#define signal_pending(task) (hostile_byte() == 0xff)
#define fatal_signal_pending signal_pending
#define wait_event_freezable_timeout(q, condition, timeout) ({ \
	long wait_r_ = (timeout); \
	while (!(condition) && wait_r_ > 0) \
		wait_r_ = shim_sleep() ? wait_r_ : -ERESTARTSYS; \
	wait_r_; \
})

/* A signal may have been the freezer's. */
#define MAX_SCHEDULE_TIMEOUT LONG_MAX
#define try_to_freeze() (hostile_more() && hostile_byte() == 0xff)
#define recalc_sigpending() ((void)0)

#define set_bit(bit, word) ((void)(*(word) |= 1ul << (bit)))
#define test_bit(bit, word) (*(word) >> (bit) & 1)
#define test_and_clear_bit(bit, word) ({ \
	bool bit_was_ = test_bit(bit, word); \
	*(word) &= ~(1ul << (bit)); \
	bit_was_; \
})
#define smp_mb() __sync_synchronize()
#define smp_mb__after_atomic() ((void)0)

/* Time, of which a look at the clock takes some. */
#define HZ 250
#define NSEC_PER_USEC 1000u
#define NSEC_PER_SEC 1000000000u

extern unsigned long jiffies;

u64 local_clock(void);

#define ktime_get_ns local_clock
#define nsecs_to_jiffies(ns) ((ns) / (NSEC_PER_SEC / HZ))

#define time_after(a, b) ((long)((b) - (a)) < 0)
#define cond_resched() ((void)0)
#define need_resched() false
#define unlikely(condition) (condition)
#define likely(condition) (condition)
#define cpu_relax() ((void)0)

/* Files, and a program's buffers: one piece, of which pages may be missing. */
#define IOCB_NOWAIT 1

typedef unsigned int fmode_t;

#define FMODE_READ 1
#define FMODE_WRITE 2

struct file {
	void *private_data;
	unsigned int f_flags;
	unsigned int f_mode;
	bool in_epoll;
};

#define myd_file_in_epoll(file) ((file)->in_epoll)

struct kiocb {
	struct file *ki_filp;
	int ki_flags;
};

#ifndef __user
#define __user
#endif
#define put_user(value, p) (*(p) = (value), 0)

struct iov_iter {
	u8 *at;
	size_t count;
};

/* Splices and programs: the size tells them apart as well as anything. */
#define myd_iter_is_user(iter) ((iter)->count % 2)
#define iov_iter_count(iter) ((iter)->count)
#define pagefault_disable() ((void)0)
#define pagefault_enable() ((void)0)
#define memalloc_noio_save() 0
#define memalloc_noio_restore(flags) ((void)(flags))

size_t myd_fault_in_readable(const struct iov_iter *iter, size_t len);
size_t myd_fault_in_writeable(const struct iov_iter *iter, size_t len);
size_t copy_to_iter(const void *from, size_t len, struct iov_iter *iter);
size_t copy_from_iter(void *to, size_t len, struct iov_iter *iter);

static inline void iov_iter_revert(struct iov_iter *iter, size_t len)
{
	iter->at -= len;
	iter->count += len;
}

static inline void iov_iter_advance(struct iov_iter *iter, size_t len)
{
	iter->at += len;
	iter->count -= len;
}

/* Devices. */
struct cdev {
	bool unused;
};

struct device {
	unsigned int holders;
	void (*release)(struct device *dev);
};

struct attribute_group;
struct file_operations;

#define device_initialize(dev) ((dev)->holders = 1)
#define get_device(dev) ((dev)->holders++)
#define put_device(dev) (--(dev)->holders ? (void)0 : (dev)->release(dev))

/* Tracepoints: calls with their arguments checked, to nothing. */
#define TP_PROTO(...) __VA_ARGS__
#define TP_ARGS(...)
#define TRACE_EVENT(name, proto, ...) DEFINE_EVENT(, name, TP_PROTO(proto), )
#define DECLARE_EVENT_CLASS(...)
#define DEFINE_EVENT(class, name, proto, args) \
	static inline void trace_##name(proto) { }

/* Xen. */
typedef u32 grant_ref_t;
typedef int irqreturn_t;
struct work_struct {
	void (*func)(struct work_struct *work);
};

/* It is done when the input says so. */
struct delayed_work {
	struct work_struct work;
	bool pending;
};

#define INIT_DELAYED_WORK(delayed, f) ((delayed)->work.func = (f), (delayed)->pending = false)
#define to_delayed_work(w) container_of(w, struct delayed_work, work)
#define schedule_delayed_work(delayed, delay) ((void)(delay), (delayed)->pending = true)
#define cancel_delayed_work(delayed) ((delayed)->pending = false)
#define cancel_delayed_work_sync cancel_delayed_work

struct xenbus_device {
	const char *otherend;
};

struct xenbus_watch {
	const char *node;
};

struct ratelimit_state {
	int burst;
};

#define IRQ_HANDLED 1
#define XEN_EOI_FLAG_SPURIOUS 1
#define XBT_NIL 0

void notify_remote_via_irq(int irq);
void unbind_from_irqhandler(int irq, void *data);
void xen_irq_lateeoi(unsigned int irq, unsigned int flags);
int xenbus_scanf(int transaction, const char *dir, const char *node, const char *format, ...);
int xenbus_map_ring_valloc(struct xenbus_device *dev, grant_ref_t *grefs, unsigned int count,
			   void **ret_address);
int xenbus_unmap_ring_vfree(struct xenbus_device *dev, void *address);

#endif
