#include "config.h"

#include "plan/plan.h"

#include "base/buf.h"
#include "base/fuzzy.h"
#include "json/escape.h"

#include <stdlib.h>

struct wanted {
	swm_arena *arena;
	const swm_snapshot *snapshot;
	const swm_relation *origin;
	swm_str origin_name; /* as errors call it */
	swm_str schema, role, target, hint;
	swm_error *err;
};

/* --- choosing ---------------------------------------------------------- */

/* True if the foreign key is the origin's, and not the target's. */
static bool
is_outgoing(const swm_relationship *r)
{
	return r->key != NULL && r->origin_columns == r->key->columns;
}

static bool
is_column(const swm_relation *relation, const uint16_t *columns, size_t count, swm_str name)
{
	return count == 1 && swm_str_eq(relation->columns[columns[0]].name, name);
}

static bool
is_constraint(const swm_relationship *r, swm_str name)
{
	return r->key != NULL && swm_str_eq(r->key->name, name);
}

static bool
is_view(const swm_relation *relation)
{
	return relation->kind == 'v' || relation->kind == 'm';
}

/*
 * One foreign key of a relation on itself is two relationships: the relation's name
 * means the rows that refer to this one, the column's name the row that it refers to.
 */
static bool
fits_self(const struct wanted *w, const swm_relationship *r)
{
	if (r->key == NULL)
		return false;
	if (w->hint.len == 0 && is_outgoing(r))
		return is_column(r->origin, r->origin_columns, r->count, w->target);
	return swm_str_eq(w->target, r->target->name) && !is_outgoing(r) &&
	       (w->hint.len == 0 || is_constraint(r, w->hint) ||
	        is_column(r->target, r->target_columns, r->count, w->hint));
}

static bool
fits_hint(const struct wanted *w, const swm_relationship *r)
{
	if (r->junction != NULL)
		return swm_str_eq(r->junction->name, w->hint);
	return is_constraint(r, w->hint) ||
	       is_column(r->origin, r->origin_columns, r->count, w->hint) ||
	       is_column(r->target, r->target_columns, r->count, w->hint);
}

/*
 * The names that a target and a hint can be; a key's own names mean its tables, not the views of
 * them.
 */
static bool
fits(const struct wanted *w, const swm_relationship *r)
{
	if (r->computed != NULL)
		return swm_str_eq(r->computed->name, w->target);
	if (r->origin == r->target)
		return fits_self(w, r);
	if (swm_str_eq(r->target->name, w->target))
		return w->hint.len == 0 || fits_hint(w, r);
	return w->hint.len == 0 && !is_view(r->target) &&
	       (is_constraint(r, w->target) ||
	        is_column(r->origin, r->origin_columns, r->count, w->target));
}

/* Found only by the origin's column that the target refers to. */
static bool
is_by_referred_column(const struct wanted *w, const swm_relationship *r)
{
	return r->key != NULL && !is_outgoing(r) && !swm_str_eq(r->target->name, w->target) &&
	       !is_constraint(r, w->target);
}

/* A column that refers to one relation, and that others refer to, means the one. */
static size_t
drop_referred(const struct wanted *w, swm_relationship *candidates, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (!is_by_referred_column(w, &candidates[i]))
			candidates[kept++] = candidates[i];
	return kept;
}

static size_t
count_others(const struct wanted *w, const swm_relationship *candidates, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		n += !is_by_referred_column(w, &candidates[i]);
	return n;
}

/* All that the target and the hint can mean, *count of *out. */
static int
find_candidates(const struct wanted *w, swm_relationship **out, size_t *count)
{
	const swm_relationship *named;
	size_t n, fitting = 0;

	if (swm_snapshot_relationships_named(&named, &n, w->arena, w->snapshot, w->origin,
	                                     w->schema, w->target, w->err) != SWM_OK)
		return SWM_ENOMEM;
	swm_relationship *candidates = swm_arena_array(w->arena, n, sizeof *candidates);
	if (candidates == NULL)
		return swm_fail_memory(w->err);
	for (size_t i = 0; i < n; i++)
		if (fits(w, &named[i]))
			candidates[fitting++] = named[i];
	bool keep_all = count_others(w, candidates, fitting) == 0;
	*count = keep_all ? fitting : drop_referred(w, candidates, fitting);
	*out = candidates;
	return SWM_OK;
}

/* --- none -------------------------------------------------------------- */

/* Offers the names; false when the name itself is among them, so that no other is to be told. */
static bool
offer(swm_fuzzy *fuzzy, swm_str name, swm_str offered)
{
	swm_fuzzy_offer(fuzzy, offered);
	return !swm_str_eq(name, offered);
}

/* A composite type is the row of a function: there is no relation that could be hidden. */
static bool
may_see(const struct wanted *w, const swm_relation *relation)
{
	return relation->kind == 'c' || swm_snapshot_may_see(w->snapshot, w->role, relation);
}

/* True if the role may see everything that a message about the relationship would name. */
static bool
may_be_told(const struct wanted *w, const swm_relationship *r)
{
	if (r->computed != NULL && !swm_snapshot_may_execute(w->snapshot, w->role, r->computed))
		return false;
	return may_see(w, r->origin) && may_see(w, r->target) &&
	       (r->junction == NULL || may_see(w, r->junction));
}

/* The related relation whose name is most similar to the target's. */
static swm_str
nearest_target(const struct wanted *w, const swm_relationship *all, size_t count)
{
	swm_fuzzy fuzzy;
	bool unknown = true;

	if (!swm_fuzzy_start(&fuzzy, w->target))
		return (swm_str){ NULL, 0 };
	for (size_t i = 0; i < count; i++)
		if (may_be_told(w, &all[i]))
			unknown &= offer(&fuzzy, w->target,
			                 all[i].computed != NULL ? all[i].computed->name
			                                         : all[i].target->name);
	return unknown ? swm_fuzzy_nearest(&fuzzy) : (swm_str){ NULL, 0 };
}

static void
set_no_hint(const struct wanted *w)
{
	const swm_relationship *all;
	size_t count;

	if (swm_snapshot_relationships(&all, &count, w->arena, w->snapshot, w->origin, w->schema,
	                               NULL) != SWM_OK)
		return;
	swm_str near = nearest_target(w, all, count);
	if (near.len == 0)
		return;
	swm_error_format_hint(w->err, "Perhaps you meant '%.*s' instead of '%.*s'.",
	                      SWM_PRINTED(near), SWM_PRINTED(w->target));
}

static int
fail_none(const struct wanted *w)
{
	int rc = swm_fail(w->err, SWM_ERR_NO_RELATIONSHIP, w->origin_name, w->target);

	swm_error_format_details(
		w->err,
		"Searched for a foreign key relationship between '%.*s' and '%.*s%s%.*s' in the "
		"schema '%.*s', but no matches were found.",
		SWM_PRINTED(w->origin_name), SWM_PRINTED(w->target),
		w->hint.len > 0 ? "' using the hint '" : "", SWM_PRINTED(w->hint),
		SWM_PRINTED(w->schema));
	set_no_hint(w);
	return rc;
}

/* --- more than one ----------------------------------------------------- */

static const char *
cardinality_name(enum swm_cardinality cardinality)
{
	switch (cardinality) {
	case SWM_MANY_TO_ONE:
		return "many-to-one";
	case SWM_ONE_TO_MANY:
		return "one-to-many";
	case SWM_ONE_TO_ONE:
		return "one-to-one";
	default:
		return "many-to-many";
	}
}

static void
add_columns(swm_buf *text, const swm_relation *relation, const uint16_t *columns, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		swm_buf_cstr(text, i == 0 ? "(" : ", ");
		swm_buf_str(text, relation->columns[columns[i]].name);
	}
	swm_buf_char(text, ')');
}

static void
add_path(const struct wanted *w, swm_buf *text, const swm_relationship *r)
{
	if (r->junction != NULL) {
		const swm_foreign_key *one = r->junction_origin, *two = r->junction_target;
		swm_buf_str(text, r->junction->name);
		swm_buf_cstr(text, " using ");
		swm_buf_str(text, one->name);
		add_columns(text, r->junction, one->columns, one->count);
		swm_buf_cstr(text, " and ");
		swm_buf_str(text, two->name);
		add_columns(text, r->junction, two->columns, two->count);
		return;
	}
	swm_buf_str(text, r->key->name);
	swm_buf_cstr(text, " using ");
	swm_buf_str(text, w->origin_name);
	add_columns(text, r->origin, r->origin_columns, r->count);
	swm_buf_cstr(text, " and ");
	swm_buf_str(text, r->target->name);
	add_columns(text, r->target, r->target_columns, r->count);
}

static void
add_candidate(const struct wanted *w, swm_buf *json, swm_buf *text, const swm_relationship *r)
{
	swm_buf_cstr(json, json->len == 1 ? "{\"cardinality\":" : ",{\"cardinality\":");
	swm_json_quote(json, swm_cstr(cardinality_name(r->cardinality)));
	swm_buf_cstr(json, ",\"embedding\":");
	swm_buf_clear(text);
	swm_buf_str(text, w->origin_name);
	swm_buf_cstr(text, " with ");
	swm_buf_str(text, r->target->name);
	swm_json_quote(json, swm_buf_view(text));
	swm_buf_cstr(json, ",\"relationship\":");
	swm_buf_clear(text);
	add_path(w, text, r);
	swm_json_quote(json, swm_buf_view(text));
	swm_buf_char(json, '}');
}

static int
compare_names(const swm_relation *relation, const uint16_t *x, const uint16_t *y, size_t count)
{
	int order = 0;

	for (size_t i = 0; i < count && order == 0; i++)
		order = swm_str_cmp(relation->columns[x[i]].name, relation->columns[y[i]].name);
	return order;
}

static int
compare_junctions(const swm_relationship *x, const swm_relationship *y)
{
	int order = swm_str_cmp(x->junction->name, y->junction->name);

	if (order == 0)
		order = swm_str_cmp(x->junction_origin->name, y->junction_origin->name);
	return order != 0 ? order : swm_str_cmp(x->junction_target->name, y->junction_target->name);
}

/* A view may show a key's columns more than once. */
static int
compare_keys(const swm_relationship *x, const swm_relationship *y)
{
	int order = swm_str_cmp(x->key->name, y->key->name);

	if (order != 0 || x->origin != y->origin || x->target != y->target || x->count != y->count)
		return order;
	order = compare_names(x->origin, x->origin_columns, y->origin_columns, x->count);
	return order != 0
	               ? order
	               : compare_names(x->target, x->target_columns, y->target_columns, x->count);
}

/* one-to-many, many-to-one, one-to-one, many-to-many; then by the name that tells them apart */
static int
compare_candidates(const void *a, const void *b)
{
	static const int places[] = {
		[SWM_ONE_TO_MANY] = 0,
		[SWM_MANY_TO_ONE] = 1,
		[SWM_ONE_TO_ONE] = 2,
		[SWM_MANY_TO_MANY] = 3,
	};
	const swm_relationship *x = a, *y = b;
	int order = swm_str_cmp(x->target->name, y->target->name);

	if (order == 0)
		order = places[x->cardinality] - places[y->cardinality];
	if (order != 0)
		return order;
	return x->junction != NULL ? compare_junctions(x, y) : compare_keys(x, y);
}

/* True if target!hint identifies this relationship and no other. */
static bool
leads_to(const struct wanted *w, const swm_relationship *r, swm_str target, swm_str hint)
{
	struct wanted asked = *w;
	swm_relationship *found;
	size_t count;

	asked.target = target;
	asked.hint = hint;
	asked.err = NULL;
	if (find_candidates(&asked, &found, &count) != SWM_OK)
		return false;
	return count == 1 && compare_candidates(found, r) == 0;
}

static swm_str
single_column(const swm_relation *relation, const uint16_t *columns, size_t count)
{
	return count == 1 ? relation->columns[columns[0]].name : (swm_str){ NULL, 0 };
}

/* Finds a target and hint that identify this relationship alone; false when there are none. */
static bool
find_way_out(const struct wanted *w, const swm_relationship *r, swm_str *target, swm_str *hint)
{
	swm_str key = r->junction != NULL ? r->junction->name : r->key->name;
	const swm_str hints[] = { key, single_column(r->origin, r->origin_columns, r->count),
		single_column(r->target, r->target_columns, r->count) };

	*target = r->target->name;
	for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
		*hint = hints[i];
		if (hint->len > 0 && leads_to(w, r, *target, *hint))
			return true;
	}
	*hint = (swm_str){ NULL, 0 };
	*target = hints[1]; /* one of a relation with itself goes by its column alone */
	return target->len > 0 && leads_to(w, r, *target, *hint);
}

static void
add_way_out(const struct wanted *w, swm_buf *hints, const swm_relationship *r)
{
	swm_str target, hint;

	if (!find_way_out(w, r, &target, &hint))
		return;
	swm_buf_cstr(hints, hints->len == 0 ? "'" : ", '");
	swm_buf_str(hints, target);
	if (hint.len > 0)
		swm_buf_char(hints, '!');
	swm_buf_str(hints, hint);
	swm_buf_char(hints, '\'');
}

static void
set_ambiguous_hint(const struct wanted *w, const swm_relationship *candidates, size_t count)
{
	swm_buf hint = SWM_BUF_INIT, ways = SWM_BUF_INIT;

	for (size_t i = 0; i < count; i++)
		add_way_out(w, &ways, &candidates[i]);
	if (ways.len > 0) {
		swm_buf_cstr(&hint, "Try changing '");
		swm_buf_str(&hint, w->target);
		swm_buf_cstr(&hint, "' to one of the following: ");
		swm_buf_str(&hint, swm_buf_view(&ways));
		swm_buf_cstr(&hint, ". Find the desired relationship in the 'details' key.");
	} else {
		swm_buf_cstr(&hint, "No hint tells these relationships apart: define a computed "
		                    "relationship for the one that is meant.");
	}
	if (!hint.failed && !ways.failed)
		swm_error_set_hint(w->err, swm_buf_view(&hint));
	swm_buf_dispose(&hint);
	swm_buf_dispose(&ways);
}

static size_t
keep_told(const struct wanted *w, swm_relationship *candidates, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (may_be_told(w, &candidates[i]))
			candidates[kept++] = candidates[i];
	return kept;
}

static int
fail_ambiguous(const struct wanted *w, swm_relationship *candidates, size_t count)
{
	swm_buf json = SWM_BUF_INIT, text = SWM_BUF_INIT;
	int rc = swm_fail(w->err, SWM_ERR_AMBIGUOUS_RELATIONSHIP, w->origin_name, w->target);

	count = keep_told(w, candidates, count);
	if (count == 0)
		return rc;
	qsort(candidates, count, sizeof *candidates, compare_candidates);
	swm_buf_char(&json, '[');
	for (size_t i = 0; i < count; i++)
		add_candidate(w, &json, &text, &candidates[i]);
	swm_buf_char(&json, ']');
	if (!json.failed && !text.failed)
		swm_error_set_details_json(w->err, swm_buf_view(&json));
	set_ambiguous_hint(w, candidates, count);
	swm_buf_dispose(&json);
	swm_buf_dispose(&text);
	return rc;
}

int
swm_plan_relationship(const swm_relationship **out, swm_arena *arena, const swm_snapshot *snapshot,
                      const swm_embed_request *request, swm_error *err)
{
	bool told = swm_snapshot_may_see(snapshot, request->role, request->origin);
	const struct wanted w = { .arena = arena,
		                  .snapshot = snapshot,
		                  .origin = request->origin,
		                  .origin_name = told ? request->origin->name
		                                      : request->origin_name,
		                  .schema = request->schema,
		                  .role = request->role,
		                  .target = request->target,
		                  .hint = request->hint,
		                  .err = err };
	swm_relationship *candidates;
	size_t count;

	if (find_candidates(&w, &candidates, &count) != SWM_OK)
		return SWM_ENOMEM;
	*out = candidates;
	if (count == 0)
		return fail_none(&w);
	return count == 1 ? SWM_OK : fail_ambiguous(&w, candidates, count);
}
