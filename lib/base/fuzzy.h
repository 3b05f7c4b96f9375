/*
 * The nearest name, for hints: FuzzySet's way (https://glench.github.io/fuzzyset.js/)
 * with grams of 3, then 2 characters and a least score of 0.33, since those are
 * the hints that PostgREST's clients know.
 *
 * It needs no memory but the struct, and its work is bounded: of the names whose
 * grams have the best cosine similarity, 50 are compared by their edit distance.
 */
#ifndef SWM_BASE_FUZZY_H
#define SWM_BASE_FUZZY_H

#include "base/str.h"

enum {
	SWM_FUZZY_LONGEST = 200, /* bytes; a longer name is near to nothing */
	SWM_FUZZY_COMPARED = 50,
	/* grams of two characters, with a mark at both ends */
	SWM_FUZZY_GRAMS = SWM_FUZZY_LONGEST + 1,
};

/* The number of times each gram occurs in a text, sorted by gram. */
struct swm_fuzzy_grams {
	uint64_t gram[SWM_FUZZY_GRAMS];
	uint16_t times[SWM_FUZZY_GRAMS];
	size_t count;
	uint32_t norm; /* square of the vector's length */
};

struct swm_fuzzy_candidate {
	swm_str name;
	double cosine; /* squared */
};

struct swm_fuzzy_ranking {
	struct swm_fuzzy_candidate best[SWM_FUZZY_COMPARED]; /* the nearest first */
	size_t count;
};

typedef struct swm_fuzzy {
	uint32_t key[SWM_FUZZY_LONGEST]; /* the name in lower case, by code points */
	size_t key_len;
	swm_str exact; /* a name that differs in case only */
	struct swm_fuzzy_grams grams[2];     /* grams of 3, of 2 */
	struct swm_fuzzy_ranking rankings[2];
} swm_fuzzy;

/* Begins the search for the name most similar to name. False when it is too long or not UTF-8. */
bool swm_fuzzy_start(swm_fuzzy *fuzzy, swm_str name);

/* One of the names to choose from; its bytes must stay. Of equals the first one wins. */
void swm_fuzzy_offer(swm_fuzzy *fuzzy, swm_str name);

/* The nearest of the offered names; ptr is NULL when none is near. */
swm_str swm_fuzzy_nearest(const swm_fuzzy *fuzzy);

/* The same with another least score, of 1 for equal names: 0.75 asks for three letters of four. */
swm_str swm_fuzzy_nearest_of(const swm_fuzzy *fuzzy, double least);

#endif
