/*
 * The character at a place and what was expected there, as PostgREST says it: its clients,
 * and their tests, know these words. The scanner notes it while it reads, by the rules of
 * Parsec, the library of parsers that PostgREST is written with: what is further on
 * counts, and what is at one place is gathered.
 */
#ifndef SWM_QUERY_EXPECT_H
#define SWM_QUERY_EXPECT_H

#include "base/buf.h"

enum { SWM_MOST_EXPECTED = 16 };

typedef struct swm_expected {
	size_t at;        /* byte of the text */
	bool known;       /* anything at all: else the rest means nothing */
	bool has_found;
	swm_str found;    /* the character there, empty at the end of the text */
	swm_str refused;  /* a character that must not be there; ptr is NULL when there is none */
	size_t count;
	struct {
		const char *text;
		bool quoted;  /* it is to be there as it is; else text describes it */
	} words[SWM_MOST_EXPECTED];
} swm_expected;

/* Begins anew at a place, unless what is known is there or further on: then it stays. */
bool swm_expected_reach(swm_expected *e, size_t at);

void swm_expected_add(swm_expected *e, const char *text, bool quoted);

/* Adds what is known of the same place, or takes over what is known of one further on. */
void swm_expected_merge(swm_expected *e, const swm_expected *more);

/* "unexpected ... expecting ..." */
void swm_expected_write(swm_buf *to, const swm_expected *e);

#endif
