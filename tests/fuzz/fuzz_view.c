/*
 * Trees of views, as pg_rewrite has them: what is found has a place in a view and a
 * table, is no more than there is room for, and does not depend on the room.
 */
#include "config.h"

#include "schema/view_columns.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FEW = 3 };

static bool
same(const swm_view_column *a, const swm_view_column *b, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (a[i].relation != b[i].relation || a[i].column != b[i].column || a[i].number != b[i].number ||
		    a[i].is_cast != b[i].is_cast)
			return false;
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static swm_view_column columns[SWM_MOST_VIEW_COLUMNS];
	swm_view_column few[FEW];
	swm_str tree = { (const char *)data, size };
	swm_arena *arena = swm_arena_new();
	size_t count, few_count;

	if (arena == NULL)
		abort();
	int rc = swm_view_columns(tree, arena, columns, SWM_MOST_VIEW_COLUMNS, &count);
	if ((rc != SWM_OK && rc != SWM_EPARSE) || (rc != SWM_OK && count > 0) ||
	    count > SWM_MOST_VIEW_COLUMNS || count > size)
		abort();
	for (size_t i = 0; i < count; i++)
		if (columns[i].relation == 0 || columns[i].column == 0 || columns[i].number == 0)
			abort();
	if (swm_view_columns(tree, arena, few, FEW, &few_count) != rc || few_count != (count < FEW ? count : FEW) ||
	    (few_count > 0 && !same(few, columns, few_count)))
		abort();
	swm_arena_free(arena);
	return 0;
}
