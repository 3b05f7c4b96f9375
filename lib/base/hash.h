/*
 * A hash of 128 bits to tell texts apart. It is not cryptographic: collisions can be constructed.
 */
#ifndef SWM_BASE_HASH_H
#define SWM_BASE_HASH_H

#include <swm/types.h>

typedef struct swm_hash128 {
	uint64_t high, low;
} swm_hash128;

/* The hash of bytes, begun with another hash (zeros for none), so that several texts make one. */
swm_hash128 swm_hash(swm_hash128 begin, swm_str bytes);

#endif
