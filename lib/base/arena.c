#include "config.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_BLOCK = 8 * 1024, ALIGNMENT = 16 };

struct block {
	struct block *next;
	size_t size;
	size_t used;
	/* the bytes follow, aligned */
};

struct swm_arena {
	struct block *blocks; /* the newest first */
	size_t used;
};

#define HEADER ((sizeof(struct block) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT)

static struct block *
block_new(size_t size)
{
	if (size > SIZE_MAX - HEADER)
		return NULL;
	struct block *b = malloc(HEADER + size);
	if (b == NULL)
		return NULL;
	*b = (struct block){ .size = size };
	return b;
}

swm_arena *
swm_arena_new(void)
{
	return calloc(1, sizeof(swm_arena));
}

static void
free_blocks(struct block *b)
{
	while (b != NULL) {
		struct block *next = b->next;
		free(b);
		b = next;
	}
}

void
swm_arena_free(swm_arena *arena)
{
	if (arena == NULL)
		return;
	free_blocks(arena->blocks);
	free(arena);
}

void
swm_arena_reset(swm_arena *arena)
{
	struct block *keep = arena->blocks;

	arena->used = 0;
	if (keep == NULL)
		return;
	while (keep->next != NULL) { /* the oldest is the one of usual size */
		struct block *next = keep->next;
		free(keep);
		keep = next;
	}
	keep->used = 0;
	arena->blocks = keep;
#ifdef SWM_ARENA_SEPARATE
	free(keep);
	arena->blocks = NULL;
#endif
}

void *
swm_arena_alloc(swm_arena *arena, size_t size)
{
	if (size > SIZE_MAX - ALIGNMENT)
		return NULL;
	struct block *b = arena->blocks;
#ifdef SWM_ARENA_SEPARATE
	b = NULL;
	size_t want = size == 0 ? 1 : size;
	size_t block_size = want;
#else
	size_t want = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	size_t block_size = b == NULL ? FIRST_BLOCK
	                    : b->size < SIZE_MAX / 4 ? b->size * 2
	                    : b->size;
	if (block_size > 256 * 1024)
		block_size = 256 * 1024;
	if (block_size < want)
		block_size = want;
#endif
	if (b == NULL || b->size - b->used < want) {
		b = block_new(block_size);
		if (b == NULL)
			return NULL;
		b->next = arena->blocks;
		arena->blocks = b;
	}
	void *p = (char *)b + HEADER + b->used;
	b->used += want;
	arena->used += want;
	return memset(p, 0, size);
}

void *
swm_arena_array(swm_arena *arena, size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	return swm_arena_alloc(arena, bytes);
}

swm_str
swm_arena_str(swm_arena *arena, swm_str s)
{
	if (s.len == SIZE_MAX)
		return (swm_str){ NULL, 0 };
	char *p = swm_arena_alloc(arena, s.len + 1);
	if (p == NULL)
		return (swm_str){ NULL, 0 };
	if (s.len > 0)
		memcpy(p, s.ptr, s.len);
	return (swm_str){ p, s.len };
}

size_t
swm_arena_used(const swm_arena *arena)
{
	return arena->used;
}
