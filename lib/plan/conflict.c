#include "config.h"

#include "plan/conflict.h"

#include "base/buf.h"

/* Columns of a relation, by their indexes. */
struct key {
	const uint16_t *columns;
	size_t count;
};

/* --- names ------------------------------------------------------------- */

static bool
has_column(const swm_columns *columns, const swm_column *column)
{
	for (size_t i = 0; i < columns->count; i++)
		if (columns->items[i] == column)
			return true;
	return false;
}

/* A name that is not a column is left to PostgreSQL to reject. NULL when memory ran out. */
static const swm_column *
new_unknown(swm_planner *p, swm_str name)
{
	swm_column *unknown = swm_arena_alloc(p->arena, sizeof *unknown);

	if (unknown != NULL)
		unknown->name = name;
	p->unknown_names = true;
	return unknown;
}

static int
plan_names(swm_planner *p, const swm_relation *relation, const swm_value *names, swm_columns *out)
{
	size_t count = 0;

	for (const swm_value *v = names; v != NULL; v = v->next)
		count++;
	out->items = swm_arena_array(p->arena, count, sizeof(const swm_column *));
	if (out->items == NULL)
		return swm_fail_memory(p->err);
	for (; names != NULL; names = names->next) {
		const swm_column *column = swm_relation_column(relation, names->text);
		/* a longer one would be cut, and then mean another */
		if (column == NULL && names->text.len > SWM_LONGEST_NAME)
			return swm_plan_fail_no_column(p, relation->name, names->text);
		if (column == NULL)
			column = new_unknown(p, names->text);
		if (column == NULL)
			return swm_fail_memory(p->err);
		if (!has_column(out, column))
			out->items[out->count++] = column;
	}
	return SWM_OK;
}

/* --- the key that they mean -------------------------------------------- */

static bool
is_same(const swm_relation *r, struct key key, const swm_columns *named)
{
	for (size_t i = 0; i < key.count; i++)
		if (!has_column(named, &r->columns[key.columns[i]]))
			return false;
	return key.count > 0 && key.count == named->count;
}

static bool
is_whole(const swm_unique_index *index)
{
	return index->expressions.len == 0 && index->predicate.len == 0;
}

/* A key of all rows, which needs no more than its columns' names. */
static bool
is_whole_key(const swm_relation *r, const swm_columns *named)
{
	for (size_t i = 0; i < r->unique_key_count; i++)
		if (is_same(r, (struct key){ r->unique_keys[i].columns, r->unique_keys[i].count },
		            named))
			return true;
	for (size_t i = 0; i < r->unique_index_count; i++) {
		const swm_unique_index *index = &r->unique_indexes[i];
		if (is_whole(index) &&
		    is_same(r, (struct key){ index->columns, index->count }, named))
			return true;
	}
	return false;
}

/* The only partial index of these columns, or of expressions of them; *others: there are more. */
static const swm_unique_index *
find_only(const swm_relation *r, const swm_columns *named, bool of_expressions, bool *others)
{
	const swm_unique_index *found = NULL;

	*others = false;
	for (size_t i = 0; i < r->unique_index_count; i++) {
		const swm_unique_index *index = &r->unique_indexes[i];
		if (is_whole(index) || (index->expressions.len > 0) != of_expressions ||
		    !is_same(r, (struct key){ index->columns, index->count }, named))
			continue;
		*others |= found != NULL;
		found = index;
	}
	return *others ? NULL : found;
}

/* True if the columns are those of exactly one key; *index is NULL if it is one of all rows. */
static bool
find_key(const swm_relation *r, const swm_columns *named, const swm_unique_index **index)
{
	bool others;

	*index = NULL;
	if (is_whole_key(r, named))
		return true;
	*index = find_only(r, named, false, &others);
	if (*index == NULL && !others)
		*index = find_only(r, named, true, &others);
	return *index != NULL;
}

int
swm_plan_conflict(swm_planner *p, const swm_value *names, swm_write_plan *plan)
{
	const swm_relation *r = plan->target->relation;
	int rc = plan_names(p, r, names, &plan->conflict);

	if (rc == SWM_OK)
		plan->conflict_is_known = find_key(r, &plan->conflict, &plan->conflict_index);
	return rc;
}

bool
swm_plan_key_is_of_all_rows(const swm_write_plan *plan)
{
	return plan->conflict_index == NULL || plan->conflict_index->predicate.len == 0;
}

/* --- the hint ---------------------------------------------------------- */

enum { MOST_COLUMNS = 32 }; /* INDEX_MAX_KEYS */

/* Adds the key's columns, if naming them would do. */
static void
offer(swm_buf *hint, const swm_relation *r, struct key key)
{
	const swm_column *items[MOST_COLUMNS];
	const swm_columns named = { items, key.count };
	const swm_unique_index *index;

	if (key.count == 0 || key.count > MOST_COLUMNS)
		return;
	for (size_t i = 0; i < key.count; i++)
		items[i] = &r->columns[key.columns[i]];
	if (!find_key(r, &named, &index))
		return;
	if (hint->len == 0) {
		swm_buf_cstr(hint, "Unique keys of '");
		swm_buf_str(hint, r->name);
		swm_buf_cstr(hint, "' to name instead: ");
	} else {
		swm_buf_cstr(hint, ", ");
	}
	for (size_t i = 0; i < key.count; i++) {
		swm_buf_char(hint, i == 0 ? '(' : ',');
		swm_buf_str(hint, items[i]->name);
	}
	swm_buf_char(hint, ')');
}

void
swm_plan_explain_conflict(const swm_write_plan *plan, const swm_snapshot *snapshot, swm_str role,
                          swm_error *err)
{
	const swm_relation *r = plan->target->relation;
	swm_buf hint = SWM_BUF_INIT;
	bool is_meant = swm_str_eq(swm_error_code(err), SWM_STR("42P10")) &&
	                !swm_error_has_hint(err) && plan->resolution != SWM_RESOLUTION_NONE &&
	                !plan->conflict_is_known;

	if (!is_meant || !swm_snapshot_may_see(snapshot, role, r))
		return;
	for (size_t i = 0; i < r->unique_key_count; i++)
		offer(&hint, r, (struct key){ r->unique_keys[i].columns, r->unique_keys[i].count });
	for (size_t i = 0; i < r->unique_index_count; i++)
		offer(&hint, r,
		      (struct key){ r->unique_indexes[i].columns, r->unique_indexes[i].count });
	if (hint.len > 0)
		swm_error_set_hint(err, swm_buf_view(&hint));
	swm_buf_dispose(&hint);
}
