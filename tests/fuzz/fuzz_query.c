/*
 * The query string's parser: pairs, select, filters, trees, order; and the percent-decoding
 * before it. Written with other percent-encoding, it is parsed as well.
 */
#include "config.h"

#include "http/url.h"
#include "query/query.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool so)
{
	if (!so)
		abort();
}

/* The canonical form of a query string; empty when it is none. */
static swm_str
canonical(swm_arena *arena, swm_str query)
{
	swm_buf text = SWM_BUF_INIT;
	swm_str kept = { NULL, 0 };
	swm_pair *pairs;
	size_t count;

	if (swm_url_pairs(&pairs, &count, arena, query, 0, NULL) == SWM_OK) {
		must(swm_url_canonical(&text, arena, pairs, count, NULL) == SWM_OK && !text.failed);
		kept = swm_arena_str(arena, swm_buf_view(&text));
	}
	swm_buf_dispose(&text);
	return kept;
}

static void
parse_canonical(swm_str text, bool was_parsed)
{
	swm_arena *arena = swm_arena_new();
	swm_query *query;

	must(arena != NULL);
	swm_str once = canonical(arena, swm_str_from(text, swm_str_find(text, '?') + 1));
	must(swm_str_eq(once, canonical(arena, once)));
	swm_buf all = SWM_BUF_INIT;
	swm_buf_cstr(&all, swm_str_starts(text, SWM_STR("rpc/")) ? "rpc/f?" : "relation?"); /* what is a filter in one is an argument in the other */
	swm_buf_str(&all, once);
	if (was_parsed) {
		must(swm_query_parse(&query, swm_buf_view(&all), NULL) == SWM_OK);
		swm_query_free(query);
	}
	swm_buf_dispose(&all);
	swm_arena_free(arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	swm_str text = { (const char *)data, size };
	swm_error *err = swm_error_new();
	swm_query *query;

	must(err != NULL);
	int rc = swm_query_parse(&query, text, err);
	must(rc == SWM_OK || rc == SWM_EPARSE);
	must(rc == SWM_OK || (swm_error_code(err).len > 0 && swm_error_message(err).len > 0));
	parse_canonical(text, rc == SWM_OK);
	if (rc == SWM_OK)
		swm_query_free(query);
	swm_error_free(err);
	return 0;
}
