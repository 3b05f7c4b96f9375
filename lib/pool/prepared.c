#include "config.h"

#include "pool/prepared.h"

#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>

enum { BUCKETS = 128 }; /* a power of two */

enum progress { NEW, SENT, PREPARED };

struct swm_prepared {
	struct swm_prepared *newer, *older; /* by last use; dropped ones use older alone */
	struct swm_prepared *chain;         /* of the bucket */
	uint64_t hash;
	uint64_t batch; /* the last that asked for it */
	enum progress progress;
	char name[SWM_PREPARED_NAME];
	size_t len;
	char sql[];
};

struct swm_prepared_cache {
	struct swm_prepared *newest, *oldest;
	struct swm_prepared *dropped;
	struct swm_prepared *buckets[BUCKETS];
	size_t count, text;
	uint64_t batch;
	uint32_t named; /* names are never used again on a connection */
};

swm_prepared_cache *
swm_prepared_cache_new(void)
{
	return calloc(1, sizeof(swm_prepared_cache));
}

static void
free_list(struct swm_prepared *one)
{
	while (one != NULL) {
		struct swm_prepared *older = one->older;
		free(one);
		one = older;
	}
}

void
swm_prepared_cache_free(swm_prepared_cache *all)
{
	if (all == NULL)
		return;
	free_list(all->newest);
	free_list(all->dropped);
	free(all);
}

static void
unlink_use(swm_prepared_cache *all, struct swm_prepared *one)
{
	*(one->newer == NULL ? &all->newest : &one->newer->older) = one->older;
	*(one->older == NULL ? &all->oldest : &one->older->newer) = one->newer;
}

static void
link_newest(swm_prepared_cache *all, struct swm_prepared *one)
{
	one->newer = NULL;
	one->older = all->newest;
	*(all->newest == NULL ? &all->oldest : &all->newest->newer) = one;
	all->newest = one;
}

static struct swm_prepared **
bucket_of(swm_prepared_cache *all, uint64_t hash)
{
	return &all->buckets[(hash ^ hash >> 32) & (BUCKETS - 1)];
}

static void
unlink_bucket(swm_prepared_cache *all, const struct swm_prepared *one)
{
	struct swm_prepared **at = bucket_of(all, one->hash);

	while (*at != one)
		at = &(*at)->chain;
	*at = one->chain;
}

static void
forget(swm_prepared_cache *all, struct swm_prepared *one)
{
	unlink_use(all, one);
	unlink_bucket(all, one);
	all->count--;
	all->text -= one->len;
	if (one->progress != PREPARED) {
		free(one);
		return;
	}
	one->older = all->dropped;
	all->dropped = one;
}

void
swm_prepared_cache_begin(swm_prepared_cache *all)
{
	all->batch++;
}

/* The newest are those of the batch, so the first that is not ends the search. */
void
swm_prepared_cache_end(swm_prepared_cache *all)
{
	struct swm_prepared *older;

	for (struct swm_prepared *one = all->newest; one != NULL && one->batch == all->batch;
	     one = older) {
		older = one->older;
		if (one->progress != PREPARED)
			forget(all, one);
	}
}

void
swm_prepared_cache_forget(swm_prepared_cache *all)
{
	while (all->newest != NULL)
		forget(all, all->newest);
}

static bool
make_room(swm_prepared_cache *all, size_t len)
{
	while (all->count >= SWM_PREPARED_COUNT || all->text + len > SWM_PREPARED_TEXT) {
		if (all->oldest == NULL || all->oldest->batch == all->batch)
			return false;
		forget(all, all->oldest);
	}
	return true;
}

static struct swm_prepared *
add(swm_prepared_cache *all, swm_str sql, uint64_t hash)
{
	if (sql.len > SWM_PREPARED_LONGEST || !make_room(all, sql.len))
		return NULL;
	struct swm_prepared *one = calloc(1, sizeof *one + sql.len);
	if (one == NULL)
		return NULL;
	memcpy(one->sql, sql.ptr, sql.len);
	one->len = sql.len;
	one->hash = hash;
	snprintf(one->name, sizeof one->name, "s%lu", (unsigned long)++all->named);
	one->chain = *bucket_of(all, hash);
	*bucket_of(all, hash) = one;
	all->count++;
	all->text += sql.len;
	return one;
}

static struct swm_prepared *
find(swm_prepared_cache *all, swm_str sql, uint64_t hash)
{
	for (struct swm_prepared *one = *bucket_of(all, hash); one != NULL; one = one->chain)
		if (one->hash == hash && swm_str_eq((swm_str){ one->sql, one->len }, sql))
			return one;
	return NULL;
}

swm_prepared *
swm_prepared_cache_get(swm_prepared_cache *all, swm_str sql)
{
	uint64_t hash = swm_str_hash(sql);
	struct swm_prepared *one = find(all, sql, hash);

	if (one != NULL)
		unlink_use(all, one);
	else
		one = add(all, sql, hash);
	if (one == NULL)
		return NULL;
	link_newest(all, one);
	one->batch = all->batch;
	return one;
}

const char *
swm_prepared_name(const swm_prepared *one)
{
	return one->name;
}

bool
swm_prepared_is_sent(const swm_prepared *one)
{
	return one->progress != NEW;
}

void
swm_prepared_set_sent(swm_prepared *one)
{
	one->progress = SENT;
}

void
swm_prepared_set_parsed(swm_prepared *one)
{
	one->progress = PREPARED;
}

bool
swm_prepared_cache_take_dropped(swm_prepared_cache *all, char name[SWM_PREPARED_NAME])
{
	struct swm_prepared *one = all->dropped;

	if (one == NULL)
		return false;
	memcpy(name, one->name, SWM_PREPARED_NAME);
	all->dropped = one->older;
	free(one);
	return true;
}

size_t
swm_prepared_cache_count(const swm_prepared_cache *all)
{
	return all->count;
}
