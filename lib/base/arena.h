/* Memory of one owner (a request, a snapshot): allocated in pieces, freed at once. */
#ifndef SWM_BASE_ARENA_H
#define SWM_BASE_ARENA_H

#include <swm/types.h>

typedef struct swm_arena swm_arena;

/* NULL when memory ran out. */
swm_arena *swm_arena_new(void);
void swm_arena_free(swm_arena *arena);

/* Gives everything back but the first block, for the next request. */
void swm_arena_reset(swm_arena *arena);

/* Zeroed, aligned for any type; NULL when memory ran out. Lives as long as the arena. */
void *swm_arena_alloc(swm_arena *arena, size_t size);

/* count things of size each; NULL also when the product overflows. */
void *swm_arena_array(swm_arena *arena, size_t count, size_t size);

/* A copy, NUL-terminated; ptr is NULL when memory ran out. */
swm_str swm_arena_str(swm_arena *arena, swm_str s);

/* Bytes that were handed out, for tests and statistics. */
size_t swm_arena_used(const swm_arena *arena);

#endif
