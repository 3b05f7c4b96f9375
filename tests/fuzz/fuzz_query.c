/* The query string's parser: pairs, select, filters, trees, order; and the percent-decoding before it. */
#include "config.h"

#include "query/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	swm_query *query;
	swm_error *err = swm_error_new();

	if (swm_query_parse(&query, (swm_str){ (const char *)data, size }, err) == SWM_OK)
		swm_query_free(query);
	swm_error_free(err);
	return 0;
}
