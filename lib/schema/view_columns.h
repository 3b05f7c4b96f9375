/*
 * Finds the columns of a view in the rule that defines it: pg_rewrite.ev_action, a query's tree as
 * text. PostgreSQL records in it for each column of the result its table or view and column, also
 * through joins, subqueries and WITH (resorigtbl and resorigcol of a TargetEntry). A cast hides
 * that; casts that leave the value as it is are followed here: relabelled types, domains, and
 * integers of another size.
 */
#ifndef SWM_SCHEMA_VIEW_COLUMNS_H
#define SWM_SCHEMA_VIEW_COLUMNS_H

#include "base/arena.h"
#include "base/str.h"

enum { SWM_MOST_VIEW_COLUMNS = 1664 }; /* MaxTupleAttributeNumber */

typedef struct swm_view_column {
	uint32_t relation; /* the table or view that it is a column of */
	uint16_t column;   /* its number there (attnum) */
	uint16_t number;   /* its number in the view */
	bool is_cast;      /* to another type */
} swm_view_column;

/*
 * The columns of the tree's outermost query that are a column of something, *count
 * of them, room at most; the arena is for the work. SWM_EPARSE when the text is no such
 * tree, and SWM_ENOMEM; there are no columns then.
 */
int swm_view_columns(swm_str tree, swm_arena *arena, swm_view_column *columns, size_t room,
                     size_t *count);

#endif
