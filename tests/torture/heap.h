/*
 * The heap of the program under torture: malloc() and its relatives of everything that is
 * linked into it, libpq and libcrypto too. An allocation of the calling thread can be made to
 * fail, and blocks that nobody gives back are found.
 */
#ifndef SWM_TESTS_HEAP_H
#define SWM_TESTS_HEAP_H

#include <stdbool.h>
#include <stddef.h>

enum heap_mode {
	HEAP_ONCE, /* one allocation fails */
	HEAP_ON,   /* it, and all later ones */
};

enum { HEAP_FRAMES = 24, HEAP_BLOCK_FRAMES = 8 };

/* Return addresses, the innermost first. */
struct heap_trace {
	int count;
	void *frames[HEAP_FRAMES];
};

/* Once, before the first thread: finds out what is excluded, and readies what traces need. */
void heap_init(void);

/*
 * Allocations of this thread are counted from 1 on, and fail from the one numbered nth;
 * 0: none does. Where it failed first is written to trace.
 */
void heap_arm(long nth, enum heap_mode mode, struct heap_trace *trace);

/* Ends that. Returns how many allocations were asked for. */
long heap_disarm(void);

/* Once: blocks are remembered from now on until they are freed, and where they were made. */
void heap_watch(bool traces);

/* How many of them are there still, and of one of these where it was made. */
size_t heap_leaked(struct heap_trace *trace);

#endif
