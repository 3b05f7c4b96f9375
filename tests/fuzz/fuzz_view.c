/*
 * Trees of views, as pg_rewrite has them: what is found has a place in a view and a
 * table, is no more than there is room for, and does not depend on the room.
 */
#include "config.h"

#include "schema/view_columns.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FEW = 3 };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static swm_view_column columns[SWM_MOST_VIEW_COLUMNS];
	swm_view_column few[FEW];
	swm_str tree = { (const char *)data, size };
	size_t count, few_count;

	bool is_tree = swm_view_columns(tree, columns, SWM_MOST_VIEW_COLUMNS, &count);
	if (count > SWM_MOST_VIEW_COLUMNS || count * sizeof("{TARGETENTRY}") > size)
		abort();
	for (size_t i = 0; i < count; i++)
		if (columns[i].relation == 0 || columns[i].column == 0 || columns[i].number == 0)
			abort();
	if (swm_view_columns(tree, few, FEW, &few_count) != is_tree || few_count != (count < FEW ? count : FEW) ||
	    (few_count > 0 && memcmp(few, columns, few_count * sizeof *few) != 0))
		abort();
	return 0;
}
