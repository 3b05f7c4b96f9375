/*
 * The statements that a connection keeps prepared: a bounded number, the one not
 * used for the longest time goes first. Pure bookkeeping; exec does the talking.
 *
 * The protocol of libpq 15 cannot close a statement, so a name that is given up
 * is kept until a DEALLOCATE could be sent for it.
 */
#ifndef SWM_POOL_PREPARED_H
#define SWM_POOL_PREPARED_H

#include <swm/types.h>

enum {
	SWM_PREPARED_COUNT = 100,
	SWM_PREPARED_TEXT = 256 * 1024, /* bytes of SQL together */
	SWM_PREPARED_LONGEST = 32 * 1024, /* bytes of SQL of one */
	SWM_PREPARED_NAME = 16, /* room for a name and its NUL */
};

typedef struct swm_prepared_cache swm_prepared_cache;
typedef struct swm_prepared swm_prepared;

/* NULL when memory ran out. */
swm_prepared_cache *swm_prepared_cache_new(void);
void swm_prepared_cache_free(swm_prepared_cache *all); /* NULL is allowed */

/* Begins a batch: what it asks for stays until the next one begins. */
void swm_prepared_cache_begin(swm_prepared_cache *all);

/*
 * The statement for a text, perhaps a new one, which its user must prepare.
 * NULL: it is too long, there is no room beside the batch's others, or memory ran
 * out; it is then run without being kept.
 */
swm_prepared *swm_prepared_cache_get(swm_prepared_cache *all, swm_str sql);

const char *swm_prepared_name(const swm_prepared *one);

/* True if a Parse was sent for the prepared statement; it may still fail. */
bool swm_prepared_is_sent(const swm_prepared *one);
void swm_prepared_set_sent(swm_prepared *one);

/* The server has answered the Parse. */
void swm_prepared_set_parsed(swm_prepared *one);

/* Ends a batch: what was sent and never answered is forgotten, as the server has not got it. */
void swm_prepared_cache_end(swm_prepared_cache *all);

/* Forgets all of them: the server has not got them any more, or in a form of no use. */
void swm_prepared_cache_forget(swm_prepared_cache *all);

/* Takes a name for which a DEALLOCATE must be sent. False when there is none. */
bool swm_prepared_cache_take_dropped(swm_prepared_cache *all, char name[SWM_PREPARED_NAME]);

/* For tests: how many are kept. */
size_t swm_prepared_cache_count(const swm_prepared_cache *all);

#endif
