#include "config.h"

#include "auth/cache.h"

#include <pthread.h>
#include <stdlib.h>

/* With the default of 1000 entries the cache then never exceeds some 8 MiB. */
enum { LONGEST_CLAIMS = 8 * 1024 };

struct entry {
	struct entry *next;          /* in its bucket */
	struct entry *newer, *older; /* in the queue */
	bool visited;
	swm_token_digest digest;
	swm_claims claims; /* its views are of bytes */
	char bytes[];
};

struct swm_token_cache {
	pthread_mutex_t lock;
	size_t capacity, count, bucket_count; /* bucket_count is a power of two */
	struct entry **buckets;
	struct entry *newest, *oldest;
	struct entry *hand; /* next candidate of the search for a victim; NULL: the oldest */
};

swm_token_cache *
swm_token_cache_new(size_t entries)
{
	swm_token_cache *cache = calloc(1, sizeof *cache);
	if (cache == NULL)
		return NULL;
	cache->capacity = entries;
	cache->bucket_count = 1;
	while (cache->bucket_count < entries)
		cache->bucket_count *= 2;
	cache->buckets = calloc(cache->bucket_count, sizeof(struct entry *));
	if (cache->buckets == NULL || pthread_mutex_init(&cache->lock, NULL) != 0) {
		free(cache->buckets);
		free(cache);
		return NULL;
	}
	return cache;
}

void
swm_token_cache_free(swm_token_cache *cache)
{
	if (cache == NULL)
		return;
	for (struct entry *e = cache->newest; e != NULL;) {
		struct entry *older = e->older;
		free(e);
		e = older;
	}
	pthread_mutex_destroy(&cache->lock);
	free(cache->buckets);
	free(cache);
}

/*
 * Only tokens with a valid signature are added, so no client can choose a bucket: the digest is
 * its own hash.
 */
static struct entry **
bucket_of(swm_token_cache *cache, const swm_token_digest *digest)
{
	size_t hash;
	memcpy(&hash, digest->bytes, sizeof hash);
	return &cache->buckets[hash & (cache->bucket_count - 1)];
}

static struct entry *
find(swm_token_cache *cache, const swm_token_digest *digest)
{
	struct entry *e = *bucket_of(cache, digest);

	while (e != NULL && memcmp(&e->digest, digest, sizeof *digest) != 0)
		e = e->next;
	return e;
}

static bool
copy_out(swm_claims *out, swm_arena *arena, const swm_claims *claims)
{
	*out = *claims;
	if (claims->text.ptr != NULL)
		out->text = swm_arena_str(arena, claims->text);
	if (claims->role.ptr != NULL)
		out->role = swm_arena_str(arena, claims->role);
	return (claims->text.ptr == NULL || out->text.ptr != NULL) &&
	       (claims->role.ptr == NULL || out->role.ptr != NULL);
}

bool
swm_token_cache_get(swm_token_cache *cache, const swm_token_digest *digest, swm_arena *arena,
                    swm_claims *out)
{
	pthread_mutex_lock(&cache->lock);
	struct entry *e = find(cache, digest);
	if (e != NULL)
		e->visited = true;
	bool found = e != NULL && copy_out(out, arena, &e->claims);
	pthread_mutex_unlock(&cache->lock);
	return found;
}

static struct entry *
entry_new(const swm_token_digest *digest, const swm_claims *claims)
{
	struct entry *e = malloc(sizeof *e + claims->text.len + claims->role.len);
	if (e == NULL)
		return NULL;
	*e = (struct entry){ .digest = *digest, .claims = *claims };
	if (claims->text.ptr != NULL)
		e->claims.text.ptr = memcpy(e->bytes, claims->text.ptr, claims->text.len);
	if (claims->role.ptr != NULL)
		e->claims.role.ptr = memcpy(e->bytes + claims->text.len, claims->role.ptr,
		                            claims->role.len);
	return e;
}

static void
link_entry(swm_token_cache *cache, struct entry *e)
{
	struct entry **bucket = bucket_of(cache, &e->digest);

	e->next = *bucket;
	*bucket = e;
	e->older = cache->newest;
	if (cache->newest != NULL)
		cache->newest->newer = e;
	else
		cache->oldest = e;
	cache->newest = e;
	cache->count++;
}

static void
unlink_entry(swm_token_cache *cache, struct entry *e)
{
	struct entry **at = bucket_of(cache, &e->digest);

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	*(e->newer != NULL ? &e->newer->older : &cache->newest) = e->older;
	*(e->older != NULL ? &e->older->newer : &cache->oldest) = e->newer;
	cache->count--;
}

/*
 * SIEVE, from the oldest to the newest: an entry that was used loses its mark and stays, the first
 * one without a mark is evicted.
 */
static struct entry *
evict(swm_token_cache *cache)
{
	struct entry *e = cache->hand != NULL ? cache->hand : cache->oldest;

	while (e->visited) {
		e->visited = false;
		e = e->newer != NULL ? e->newer : cache->oldest;
	}
	cache->hand = e->newer;
	unlink_entry(cache, e);
	return e;
}

void
swm_token_cache_put(swm_token_cache *cache, const swm_token_digest *digest,
                    const swm_claims *claims)
{
	if (claims->text.len > LONGEST_CLAIMS)
		return;
	struct entry *made = entry_new(digest, claims), *spare = made;
	if (made == NULL)
		return;
	pthread_mutex_lock(&cache->lock);
	if (find(cache, digest) == NULL) { /* another thread may have been faster */
		spare = cache->count == cache->capacity ? evict(cache) : NULL;
		link_entry(cache, made);
	}
	pthread_mutex_unlock(&cache->lock);
	free(spare);
}
