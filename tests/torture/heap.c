/*
 * glibc calls the malloc() that a program defines, wherever the call comes from
 * (https://www.gnu.org/software/libc/manual/html_node/Replacing-malloc.html).
 */
#include "config.h"

#include "heap.h"

#include <errno.h>
#include <execinfo.h>
#include <link.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default"), noinline))

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void __libc_free(void *block);

enum {
	SLOTS = 1 << 16, /* a power of two, for more blocks than are ever alive */
	MOST_EXCLUDED = 8,
	FRESH = 0xa5,
	FREED = 0xdd,
	FILLED_MOST = 4096, /* bytes of a block that get one of these values */
};

/* What this thread's allocations meet. */
static _Thread_local struct {
	bool armed, failed, tracing;
	enum heap_mode mode;
	long nth, count;
	struct heap_trace *trace;
} torture;

/* A block that lives. */
struct slot {
	void *block;
	int count;
	void *frames[HEAP_BLOCK_FRAMES];
};

static struct slot slots[SLOTS];
static atomic_flag slots_lock = ATOMIC_FLAG_INIT;
static atomic_bool watching;
static bool with_traces;

/*
 * libcrypto keeps what it has once allocated (its queue of errors, names, methods) until the
 * process ends, and is not made for failing allocations: its own are left alone.
 */
static struct range {
	uintptr_t from, to;
} excluded[MOST_EXCLUDED];
static int excluded_count;

static int
exclude_library(struct dl_phdr_info *info, size_t size, void *user)
{
	(void)size;
	(void)user;
	if (strstr(info->dlpi_name, "libcrypto.") == NULL &&
	    strstr(info->dlpi_name, "libssl.") == NULL)
		return 0;
	for (int i = 0; i < info->dlpi_phnum && excluded_count < MOST_EXCLUDED; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		uintptr_t from = info->dlpi_addr + header->p_vaddr;
		if (header->p_type == PT_LOAD && (header->p_flags & PF_X) != 0)
			excluded[excluded_count++] = (struct range){ from, from + header->p_memsz };
	}
	return 0;
}

static bool
is_excluded(const void *caller)
{
	for (int i = 0; i < excluded_count; i++)
		if ((uintptr_t)caller >= excluded[i].from && (uintptr_t)caller < excluded[i].to)
			return true;
	return false;
}

void
heap_init(void)
{
	void *frames[2];

	backtrace(frames, 2); /* its first call loads a library */
	dl_iterate_phdr(exclude_library, NULL);
}

static int
take_trace(void **frames, int room)
{
	enum { OWN_FRAMES = 3 };
	void *all[HEAP_FRAMES + OWN_FRAMES];

	torture.tracing = true;
	int count = backtrace(all, room + OWN_FRAMES) - OWN_FRAMES;
	torture.tracing = false;
	count = count < 0 ? 0 : count;
	memcpy(frames, all + OWN_FRAMES, (size_t)count * sizeof *frames);
	return count;
}

void
heap_arm(long nth, enum heap_mode mode, struct heap_trace *trace)
{
	torture.nth = nth;
	torture.mode = mode;
	torture.trace = trace;
	torture.count = 0;
	torture.failed = false;
	torture.armed = true;
}

long
heap_disarm(void)
{
	torture.armed = false;
	return torture.count;
}

/* Whether the allocation that is asked for fails. */
static __attribute__((noinline)) bool
must_fail(const void *caller)
{
	if (!torture.armed || torture.tracing || is_excluded(caller))
		return false;
	torture.count++;
	if (torture.nth == 0 || torture.count < torture.nth ||
	    (torture.mode == HEAP_ONCE && torture.count > torture.nth))
		return false;
	if (!torture.failed && torture.trace != NULL)
		torture.trace->count = take_trace(torture.trace->frames, HEAP_FRAMES);
	torture.failed = true;
	errno = ENOMEM;
	return true;
}

/*
 * The table of blocks: open addressing, and a removal moves up what stands behind it.
 */

static void
lock_slots(void)
{
	while (atomic_flag_test_and_set_explicit(&slots_lock, memory_order_acquire))
		;
}

static void
unlock_slots(void)
{
	atomic_flag_clear_explicit(&slots_lock, memory_order_release);
}

static size_t
home(const void *block)
{
	return ((uintptr_t)block >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 40 & (SLOTS - 1);
}

static size_t
slot_of(const void *block)
{
	size_t i = home(block);

	while (slots[i].block != NULL && slots[i].block != block)
		i = (i + 1) & (SLOTS - 1);
	return i;
}

static __attribute__((noinline)) void
remember(void *block, void *caller)
{
	struct slot new = { .block = block, .count = 1, .frames = { caller } };

	if (block == NULL || !atomic_load(&watching) || torture.tracing || is_excluded(caller))
		return;
	if (with_traces)
		new.count = take_trace(new.frames, HEAP_BLOCK_FRAMES);
	lock_slots();
	slots[slot_of(block)] = new;
	unlock_slots();
}

static void
close_gap(size_t gap)
{
	for (size_t i = (gap + 1) & (SLOTS - 1); slots[i].block != NULL;
	     i = (i + 1) & (SLOTS - 1)) {
		size_t behind = (i - home(slots[i].block)) & (SLOTS - 1);
		if (behind >= ((i - gap) & (SLOTS - 1))) {
			slots[gap] = slots[i];
			gap = i;
		}
	}
	slots[gap].block = NULL;
}

/* Returns whether it was known. */
static bool
forget(const void *block)
{
	if (block == NULL || !atomic_load(&watching))
		return false;
	lock_slots();
	size_t i = slot_of(block);
	bool known = slots[i].block != NULL;
	if (known)
		close_gap(i);
	unlock_slots();
	return known;
}

void
heap_watch(bool traces)
{
	with_traces = traces;
	atomic_store(&watching, true);
}

size_t
heap_leaked(struct heap_trace *trace)
{
	size_t leaked = 0;

	atomic_store(&watching, false);
	for (size_t i = 0; i < SLOTS; i++) {
		if (slots[i].block == NULL)
			continue;
		leaked++;
		trace->count = slots[i].count;
		memcpy(trace->frames, slots[i].frames, sizeof slots[i].frames);
	}
	return leaked;
}

/*
 * What everybody calls. Fresh memory and freed memory hold no zeros, so that who relies on
 * either falls.
 */

static void
fill(void *block, int value)
{
	size_t size = malloc_usable_size(block);

	memset(block, value, size < FILLED_MOST ? size : FILLED_MOST);
}

EXPORT void *
malloc(size_t size)
{
	void *caller = __builtin_return_address(0);

	if (must_fail(caller))
		return NULL;
	void *block = __libc_malloc(size);
	if (block != NULL)
		fill(block, FRESH);
	remember(block, caller);
	return block;
}

EXPORT void *
calloc(size_t count, size_t size)
{
	void *caller = __builtin_return_address(0);

	if (must_fail(caller))
		return NULL;
	void *block = __libc_calloc(count, size);
	remember(block, caller);
	return block;
}

EXPORT void
free(void *block)
{
	if (block == NULL)
		return;
	forget(block);
	fill(block, FREED);
	__libc_free(block);
}

EXPORT void *
realloc(void *old, size_t size)
{
	void *caller = __builtin_return_address(0);

	if (old != NULL && size == 0) {
		free(old);
		return NULL;
	}
	if (must_fail(caller))
		return NULL;
	bool known = forget(old);
	void *block = __libc_realloc(old, size);
	/* one that is older than the watch stays unknown */
	if (known || old == NULL)
		remember(block == NULL ? old : block, caller);
	return block;
}
