#include "config.h"

#include "pool/statements.h"

#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>

enum { BUCKETS = 128 }; /* a power of two */

enum progress { NEW, SENT, PREPARED };

struct swm_statement {
	struct swm_statement *newer, *older; /* by last use; dropped ones use older alone */
	struct swm_statement *chain;         /* of the bucket */
	uint64_t hash;
	uint64_t batch; /* the last that asked for it */
	enum progress progress;
	char name[SWM_STATEMENT_NAME];
	size_t len;
	char sql[];
};

struct swm_statements {
	struct swm_statement *newest, *oldest;
	struct swm_statement *dropped;
	struct swm_statement *buckets[BUCKETS];
	size_t count, text;
	uint64_t batch;
	uint32_t named; /* names are never used again on a connection */
};

swm_statements *
swm_statements_new(void)
{
	return calloc(1, sizeof(swm_statements));
}

static void
free_list(struct swm_statement *one)
{
	while (one != NULL) {
		struct swm_statement *older = one->older;
		free(one);
		one = older;
	}
}

void
swm_statements_free(swm_statements *all)
{
	if (all == NULL)
		return;
	free_list(all->newest);
	free_list(all->dropped);
	free(all);
}

static void
unlink_use(swm_statements *all, struct swm_statement *one)
{
	*(one->newer == NULL ? &all->newest : &one->newer->older) = one->older;
	*(one->older == NULL ? &all->oldest : &one->older->newer) = one->newer;
}

static void
link_newest(swm_statements *all, struct swm_statement *one)
{
	one->newer = NULL;
	one->older = all->newest;
	*(all->newest == NULL ? &all->oldest : &all->newest->newer) = one;
	all->newest = one;
}

static struct swm_statement **
bucket_of(swm_statements *all, uint64_t hash)
{
	return &all->buckets[(hash ^ hash >> 32) & (BUCKETS - 1)];
}

static void
unlink_bucket(swm_statements *all, const struct swm_statement *one)
{
	struct swm_statement **at = bucket_of(all, one->hash);

	while (*at != one)
		at = &(*at)->chain;
	*at = one->chain;
}

static void
forget(swm_statements *all, struct swm_statement *one)
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
swm_statements_begin(swm_statements *all)
{
	all->batch++;
}

/* The newest are those of the batch, so the first that is not ends the search. */
void
swm_statements_end(swm_statements *all)
{
	struct swm_statement *older;

	for (struct swm_statement *one = all->newest; one != NULL && one->batch == all->batch; one = older) {
		older = one->older;
		if (one->progress != PREPARED)
			forget(all, one);
	}
}

void
swm_statements_forget_all(swm_statements *all)
{
	while (all->newest != NULL)
		forget(all, all->newest);
}

static bool
make_room(swm_statements *all, size_t len)
{
	while (all->count >= SWM_STATEMENTS_COUNT || all->text + len > SWM_STATEMENTS_TEXT) {
		if (all->oldest == NULL || all->oldest->batch == all->batch)
			return false;
		forget(all, all->oldest);
	}
	return true;
}

static struct swm_statement *
add(swm_statements *all, swm_str sql, uint64_t hash)
{
	if (sql.len > SWM_STATEMENT_LONGEST || !make_room(all, sql.len))
		return NULL;
	struct swm_statement *one = calloc(1, sizeof *one + sql.len);
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

static struct swm_statement *
find(swm_statements *all, swm_str sql, uint64_t hash)
{
	for (struct swm_statement *one = *bucket_of(all, hash); one != NULL; one = one->chain)
		if (one->hash == hash && swm_str_eq((swm_str){ one->sql, one->len }, sql))
			return one;
	return NULL;
}

swm_statement *
swm_statements_get(swm_statements *all, swm_str sql)
{
	uint64_t hash = swm_str_hash(sql);
	struct swm_statement *one = find(all, sql, hash);

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
swm_statement_name(const swm_statement *one)
{
	return one->name;
}

bool
swm_statement_is_sent(const swm_statement *one)
{
	return one->progress != NEW;
}

void
swm_statement_set_sent(swm_statement *one)
{
	one->progress = SENT;
}

void
swm_statement_set_prepared(swm_statement *one)
{
	one->progress = PREPARED;
}

bool
swm_statements_take_dropped(swm_statements *all, char name[SWM_STATEMENT_NAME])
{
	struct swm_statement *one = all->dropped;

	if (one == NULL)
		return false;
	memcpy(name, one->name, SWM_STATEMENT_NAME);
	all->dropped = one->older;
	free(one);
	return true;
}

size_t
swm_statements_count(const swm_statements *all)
{
	return all->count;
}
