/*
 * Keyset pagination: the rows after a given one in the order. For (a, b, c) they are
 *
 *	a = va AND b = vb AND c > vc,  then  a = va AND b > vb,  then  a > va
 *
 * with < where the order descends. Neighbours that go the same way and are never null
 * are one row comparison, (a, b, c) > (va, vb, vc), which an index takes whole
 * (https://www.postgresql.org/docs/15/functions-comparisons.html#ROW-WISE-COMPARISON).
 * Nulls are a range of their own, after or before all others.
 */
#include "config.h"

#include "sql/read.h"

/* Terms that are compared at once. */
struct segment {
	const swm_plan_order *terms;
	const swm_position *values;
	size_t count;
};

enum part { BEHIND, NULLS };

/* One range: equal in all segments before this one, and after the position in this one. */
struct range {
	struct segment segment;
	enum part part;
};

static bool
is_never_null(const swm_plan_order *o, const swm_position *value)
{
	return !value->is_null && o->field.path == NULL && o->field.column != NULL &&
	       !o->field.column->nullable;
}

static bool
are_nulls_first(const swm_plan_order *o)
{
	return o->nulls == SWM_NULLS_FIRST ||
	       (o->nulls == SWM_NULLS_DEFAULT && o->direction == SWM_DESCENDING);
}

static bool
descends(const swm_plan_order *o)
{
	return o->direction == SWM_DESCENDING;
}

/* Takes the next segment off the terms and values; false at the end. */
static bool
cut_segment(const swm_plan_order **terms, const swm_position **values, struct segment *out)
{
	const swm_plan_order *o = *terms;
	const swm_position *v = *values;

	if (o == NULL || v == NULL)
		return false;
	*out = (struct segment){ o, v, 0 };
	do {
		out->count++;
		o = o->next;
		v = v->next;
	} while (o != NULL && v != NULL && is_never_null(out->terms, out->values) &&
	         is_never_null(o, v) && descends(o) == descends(out->terms));
	*terms = o;
	*values = v;
	return true;
}

static bool
has_part(const struct segment *s, enum part part)
{
	bool nulls_first = are_nulls_first(s->terms);

	if (part == BEHIND)
		return !s->values->is_null || nulls_first;
	return !s->values->is_null && !nulls_first && !is_never_null(s->terms, s->values);
}

/* The range of a number; false when there are not so many. */
static bool
find_range(const swm_plan_node *node, size_t number, struct range *out)
{
	const swm_plan_order *terms = node->order;
	const swm_position *values = node->after;

	while (cut_segment(&terms, &values, &out->segment)) {
		for (out->part = BEHIND; out->part <= NULLS; out->part++)
			if (has_part(&out->segment, out->part) && number-- == 0)
				return true;
	}
	return false;
}

size_t
swm_position_ranges(const swm_plan_node *node)
{
	struct range r;
	size_t count = 0;

	while (find_range(node, count, &r))
		count++;
	return count;
}

static void
put_equal(swm_writer *w, const swm_plan_node *node, const struct segment *s)
{
	const swm_plan_order *o = s->terms;
	const swm_position *v = s->values;

	for (size_t i = 0; i < s->count; i++, o = o->next, v = v->next) {
		swm_put_field(w, node, &o->field);
		if (v->is_null) {
			swm_put(w, " IS NULL");
		} else {
			swm_put(w, " = ");
			swm_put_param(w, v->value);
		}
		swm_put(w, " AND ");
	}
}

static void
put_behind(swm_writer *w, const swm_plan_node *node, const struct segment *s)
{
	const swm_plan_order *o = s->terms;
	const swm_position *v = s->values;
	bool many = s->count > 1;

	swm_put(w, many ? "(" : "");
	for (size_t i = 0; i < s->count; i++, o = o->next) {
		swm_put(w, i == 0 ? "" : ", ");
		swm_put_field(w, node, &o->field);
	}
	if (s->values->is_null) {
		swm_put(w, " IS NOT NULL");
		return;
	}
	swm_put(w, many ? ") " : " ");
	swm_put(w, descends(s->terms) ? "< " : "> ");
	swm_put(w, many ? "(" : "");
	for (size_t i = 0; i < s->count; i++, v = v->next) {
		swm_put(w, i == 0 ? "" : ", ");
		swm_put_param(w, v->value);
	}
	swm_put(w, many ? ")" : "");
}

void
swm_put_position_range(swm_writer *w, const swm_plan_node *node, size_t index)
{
	const swm_plan_order *terms = node->order;
	const swm_position *values = node->after;
	struct segment before;
	struct range r;

	if (!find_range(node, index, &r))
		return;
	while (cut_segment(&terms, &values, &before) && before.terms != r.segment.terms)
		put_equal(w, node, &before);
	if (r.part == BEHIND) {
		put_behind(w, node, &r.segment);
	} else {
		swm_put_field(w, node, &r.segment.terms->field);
		swm_put(w, " IS NULL");
	}
}

void
swm_put_behind_position(swm_writer *w, const swm_plan_node *node)
{
	size_t count = swm_position_ranges(node);

	swm_put(w, count == 0 ? "FALSE" : count > 1 ? "(" : "");
	for (size_t i = 0; i < count; i++) {
		swm_put(w, i == 0 ? "" : " OR ");
		swm_put_position_range(w, node, i);
	}
	swm_put(w, count > 1 ? ")" : "");
}
