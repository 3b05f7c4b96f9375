/*
 * Relationships are computed on demand: with views, their number grows with the product of the
 * relations that show either side of a foreign key, and few are ever used.
 */
#include "config.h"

#include "schema/snapshot.h"

/* The maximum number of ways in which a view's columns can stand for those of one key. */
enum { MOST_WAYS = 64 };

struct finder {
	const swm_snapshot *snapshot;
	swm_arena *arena;
	const swm_relation *origin;
	swm_str schema;
	const swm_relation *only; /* the target, or NULL for any but this: */
	const swm_relation *but;
	bool with_computed; /* they stand before those that are found */
	swm_relationship *list;
	size_t count, room;
	bool no_memory;
};

/* Columns of a relation that stand for those of a key: count columns in each way. */
struct ways {
	const uint16_t *columns;
	size_t count, ways;
};

static swm_relationship *
add(struct finder *f)
{
	if (f->count == f->room) {
		size_t room = f->room == 0 ? 8 : f->room * 2;
		swm_relationship *list = swm_arena_array(f->arena, room, sizeof *list);
		if (list == NULL) {
			f->no_memory = true;
			return NULL;
		}
		if (f->count > 0)
			memcpy(list, f->list, f->count * sizeof *list);
		f->list = list;
		f->room = room;
	}
	return &f->list[f->count++];
}

/* --- what a relation shows --------------------------------------------- */

/* The shown columns that are the table's of this number, *count of them. */
static const swm_shown_column *
find_shown(const swm_showing *s, uint16_t number, size_t *count)
{
	size_t low = 0, high = s->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (s->columns[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	*count = 0;
	while (low + *count < s->count && s->columns[low + *count].number == number)
		++*count;
	return s->columns + low;
}

static size_t
count_ways(const swm_showing *s, const uint16_t *numbers, size_t count)
{
	size_t ways = 1, n;

	for (size_t i = 0; i < count && ways > 0; i++) {
		(void)find_shown(s, numbers[i], &n);
		ways *= n;
		ways = ways > MOST_WAYS ? MOST_WAYS : ways;
	}
	return ways;
}

/* No ways when a column is not shown, or memory ran out. */
static struct ways
find_ways(struct finder *f, const swm_showing *s, const uint16_t *numbers, size_t count)
{
	struct ways w = { NULL, count, count_ways(s, numbers, count) };
	uint16_t *columns = w.ways == 0
	                        ? NULL
	                        : swm_arena_array(f->arena, w.ways * count, sizeof *columns);

	if (columns == NULL) {
		f->no_memory |= w.ways > 0;
		w.ways = 0;
		return w;
	}
	for (size_t way = 0; way < w.ways; way++) {
		size_t rest = way, n;
		for (size_t i = 0; i < count; i++) { /* the digits of a number of mixed base */
			const swm_shown_column *shown = find_shown(s, numbers[i], &n);
			columns[way * count + i] = shown[rest % n].column;
			rest /= n;
		}
	}
	w.columns = columns;
	return w;
}

static const uint16_t *
way_of(const struct ways *w, size_t way)
{
	return w->columns + way * w->count;
}

/* Those of functions' rows are an origin only. */
static bool
is_exposed(const swm_snapshot *s, const swm_relation *r)
{
	return r >= s->relations && r < s->relations + s->relation_count;
}

static bool
is_overridden(const struct finder *f, const swm_relation *target)
{
	for (size_t i = 0; f->with_computed && i < f->count && f->list[i].computed != NULL; i++)
		if (swm_str_eq(f->list[i].computed->name, target->name))
			return true;
	return false;
}

static bool
is_target(const struct finder *f, const swm_relation *r)
{
	if (f->only != NULL)
		return r == f->only;
	return r != f->but && is_exposed(f->snapshot, r) && swm_str_eq(r->schema, f->schema) &&
	       !is_overridden(f, r);
}

static const swm_showing *
showing_at(const struct finder *f, const swm_group_entry *entry)
{
	return &f->snapshot->showings[entry->position];
}

static const swm_constraint *
constraint_at(const struct finder *f, const swm_group_entry *entry)
{
	return &f->snapshot->constraints[entry->position];
}

/* --- one foreign key --------------------------------------------------- */

static const swm_foreign_key *
make_key(struct finder *f, const swm_constraint *k, const swm_relation *r, const uint16_t *columns,
         const swm_relation *target, const uint16_t *target_columns)
{
	swm_foreign_key *key = swm_arena_alloc(f->arena, sizeof *key);

	if (key == NULL)
		f->no_memory = true;
	else
		*key = (swm_foreign_key){ k->name, r->oid, target->oid, columns, target_columns,
		                          k->count, k->is_unique };
	return key;
}

/*
 * The relationship that a foreign key makes between a relation showing its table and one showing
 * its target.
 */
static void
relate_by(struct finder *f, const swm_constraint *k, const swm_showing *own,
          const swm_showing *target, bool from_target)
{
	struct ways here = find_ways(f, own, k->columns, k->count);
	struct ways there = find_ways(f, target, k->target_columns, k->count);

	for (size_t i = 0; i < here.ways * there.ways && !f->no_memory; i++) {
		const uint16_t *columns = way_of(&here, i / there.ways);
		const uint16_t *target_columns = way_of(&there, i % there.ways);
		const swm_foreign_key *key =
			make_key(f, k, own->relation, columns, target->relation, target_columns);
		swm_relationship *r = add(f);
		if (r == NULL || key == NULL)
			return;
		*r = (swm_relationship){ .key = key, .count = k->count };
		r->cardinality = k->is_unique ? SWM_ONE_TO_ONE
		                 : from_target ? SWM_ONE_TO_MANY
		                 : SWM_MANY_TO_ONE;
		r->origin = from_target ? target->relation : own->relation;
		r->target = from_target ? own->relation : target->relation;
		r->origin_columns = from_target ? target_columns : columns;
		r->target_columns = from_target ? columns : target_columns;
	}
}

static void
relate_to_targets(struct finder *f, const swm_constraint *k, const swm_showing *own)
{
	size_t n;
	const swm_group_entry *e = swm_groups_find(&f->snapshot->showings_of_table, k->target_oid,
	                                           &n);

	for (; n > 0; e++, n--)
		if (is_target(f, showing_at(f, e)->relation))
			relate_by(f, k, own, showing_at(f, e), false);
}

static void
relate_to_owners(struct finder *f, const swm_constraint *k, const swm_showing *target)
{
	size_t n;
	const swm_group_entry *e = swm_groups_find(&f->snapshot->showings_of_table, k->table_oid,
	                                           &n);

	for (; n > 0; e++, n--)
		if (is_target(f, showing_at(f, e)->relation))
			relate_by(f, k, showing_at(f, e), target, true);
}

/* --- two foreign keys of a junction ------------------------------------ */

static bool
in_primary_key(const swm_relation *r, const uint16_t *columns, size_t count)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < r->primary_key_count; k++)
			if (r->primary_key[k] == columns[i]) {
				found++;
				break;
			}
	return found == count;
}

static void
add_through(struct finder *f, const swm_relation *junction, const swm_relation *target,
            const swm_foreign_key *to_origin, const swm_foreign_key *to_target)
{
	swm_relationship *r = to_origin == NULL || to_target == NULL ? NULL : add(f);

	if (r != NULL)
		*r = (swm_relationship){
			.cardinality = SWM_MANY_TO_MANY,
			.origin = f->origin,
			.target = target,
			.junction = junction,
			.junction_origin = to_origin,
			.junction_target = to_target,
		};
}

/* k1 leads from the junction to the origin, k2 to the target. */
static void
relate_through(struct finder *f, const swm_showing *junction, const swm_constraint *k1,
               const swm_showing *origin, const swm_constraint *k2, const swm_showing *target)
{
	const swm_relation *j = junction->relation, *t = target->relation;
	struct ways own1 = find_ways(f, junction, k1->columns, k1->count);
	struct ways own2 = find_ways(f, junction, k2->columns, k2->count);
	struct ways there1 = find_ways(f, origin, k1->target_columns, k1->count);
	struct ways there2 = find_ways(f, target, k2->target_columns, k2->count);

	for (size_t a = 0; a < own1.ways; a++)
		for (size_t b = 0; b < own2.ways && in_primary_key(j, way_of(&own1, a), k1->count);
		     b++)
			for (size_t c = 0;
			     c < there1.ways && in_primary_key(j, way_of(&own2, b), k2->count); c++)
				for (size_t d = 0; d < there2.ways && !f->no_memory; d++)
					add_through(f, j, t,
					            make_key(f, k1, j, way_of(&own1, a), f->origin,
					                     way_of(&there1, c)),
					            make_key(f, k2, j, way_of(&own2, b), t,
					                     way_of(&there2, d)));
}

/*
 * Looks at all relations that show the junction's table. Those in the requested schema come before
 * other schemas, where the same tables may be shown again.
 */
static void
relate_by_junctions(struct finder *f, const swm_constraint *k1, const swm_showing *origin,
                    const swm_constraint *k2, const swm_showing *target)
{
	size_t before = f->count, n;
	const swm_group_entry *e = swm_groups_find(&f->snapshot->showings_of_table, k1->table_oid,
	                                           &n);

	if (k1 == k2 || k1->is_unique || k2->is_unique)
		return;
	for (int other = 0; other < 2 && f->count == before; other++) {
		for (size_t i = 0; i < n; i++) {
			const swm_showing *j = showing_at(f, &e[i]);
			if (is_exposed(f->snapshot, j->relation) &&
			    swm_str_eq(j->relation->schema, f->schema) == (other == 0))
				relate_through(f, j, k1, origin, k2, target);
		}
	}
}

/* k1 is a foreign key of a table that the origin shows. */
static void
relate_by_table(struct finder *f, const swm_constraint *k1, const swm_showing *origin)
{
	const swm_snapshot *s = f->snapshot;
	size_t key_count, n;
	const swm_group_entry *e = swm_groups_find(&s->constraints_of_table, k1->table_oid,
	                                           &key_count);

	for (; key_count > 0; e++, key_count--) {
		const swm_constraint *k2 = constraint_at(f, e);
		const swm_group_entry *t = swm_groups_find(&s->showings_of_table, k2->target_oid,
		                                           &n);
		for (; n > 0; t++, n--)
			if (is_target(f, showing_at(f, t)->relation))
				relate_by_junctions(f, k1, origin, k2, showing_at(f, t));
	}
}

/* --- all --------------------------------------------------------------- */

static bool
is_added(const struct finder *f, swm_str computed)
{
	for (size_t i = 0; i < f->count; i++)
		if (swm_str_eq(f->list[i].computed->name, computed))
			return true;
	return false;
}

/*
 * Functions of the origin's row that return rows of an exposed relation; of one name the first on
 * the search path.
 */
static void
relate_by_functions(struct finder *f, const swm_str *name)
{
	for (size_t i = 0; i < f->origin->computed_count; i++) {
		const swm_function *function = f->origin->computed[i];
		const swm_relation *target = function->row;
		if (target == NULL || !is_exposed(f->snapshot, target) ||
		    (name != NULL && !swm_str_eq(function->name, *name)) ||
		    is_added(f, function->name))
			continue;
		swm_relationship *r = add(f);
		if (r == NULL)
			return;
		*r = (swm_relationship){ .origin = f->origin, .target = target,
		                         .computed = function };
		r->cardinality = function->returns_set && !function->single_row ? SWM_ONE_TO_MANY
		                                                                : SWM_MANY_TO_ONE;
	}
}

static void
relate_showing(struct finder *f, const swm_showing *origin)
{
	size_t n;
	const swm_group_entry *e = swm_groups_find(&f->snapshot->constraints_of_table,
	                                           origin->table_oid, &n);

	for (; n > 0; e++, n--)
		relate_to_targets(f, constraint_at(f, e), origin);
	e = swm_groups_find(&f->snapshot->constraints_on_table, origin->table_oid, &n);
	for (; n > 0; e++, n--) {
		relate_to_owners(f, constraint_at(f, e), origin);
		relate_by_table(f, constraint_at(f, e), origin);
	}
}

static int
finish(struct finder *f, const swm_relationship **out, size_t *count, swm_error *err)
{
	*out = f->list;
	*count = f->count;
	return f->no_memory ? swm_fail_memory(err) : SWM_OK;
}

int
swm_snapshot_relationships(const swm_relationship **out, size_t *count, swm_arena *arena,
                           const swm_snapshot *snapshot, const swm_relation *origin, swm_str schema,
                           swm_error *err)
{
	struct finder f = {
		.snapshot = snapshot, .arena = arena, .origin = origin, .schema = schema
	};
	size_t n;
	const swm_group_entry *e = swm_groups_find(&snapshot->showings_of_relation, origin->oid,
	                                           &n);

	relate_by_functions(&f, NULL);
	f.with_computed = true;
	for (; n > 0 && !f.no_memory; e++, n--)
		relate_showing(&f, showing_at(&f, e));
	return finish(&f, out, count, err);
}

/* --- those of one name ------------------------------------------------- */

/*
 * Junctions are searched from the side with fewer foreign keys on it: many tables may refer to the
 * other.
 */
static void
relate_pair_by_tables(struct finder *f, const swm_showing *origin, const swm_showing *target)
{
	const swm_groups *of = &f->snapshot->constraints_of_table,
			 *on = &f->snapshot->constraints_on_table;
	size_t n, m, others;
	const swm_group_entry *e = swm_groups_find(on, origin->table_oid, &n);
	const swm_group_entry *t = swm_groups_find(on, target->table_oid, &m);
	bool from_target = m < n;

	if (from_target) {
		e = t;
		n = m;
	}
	for (; n > 0; e++, n--) {
		const swm_constraint *k = constraint_at(f, e);
		const swm_group_entry *o = swm_groups_find(of, k->table_oid, &others);
		for (; others > 0; o++, others--) {
			const swm_constraint *k1 = from_target ? constraint_at(f, o) : k;
			const swm_constraint *k2 = from_target ? k : constraint_at(f, o);
			if (k1->target_oid == origin->table_oid &&
			    k2->target_oid == target->table_oid)
				relate_by_junctions(f, k1, origin, k2, target);
		}
	}
}

static void
relate_pair(struct finder *f, const swm_showing *origin, const swm_showing *target)
{
	const swm_groups *of = &f->snapshot->constraints_of_table;
	size_t n;
	const swm_group_entry *e = swm_groups_find(of, origin->table_oid, &n);

	for (; n > 0; e++, n--)
		if (constraint_at(f, e)->target_oid == target->table_oid)
			relate_by(f, constraint_at(f, e), origin, target, false);
	e = swm_groups_find(of, target->table_oid, &n);
	for (; n > 0; e++, n--)
		if (constraint_at(f, e)->target_oid == origin->table_oid)
			relate_by(f, constraint_at(f, e), target, origin, true);
	relate_pair_by_tables(f, origin, target);
}

static void
relate_to_relation(struct finder *f, const swm_showing *origin, const swm_relation *target)
{
	size_t n;
	const swm_group_entry *e = swm_groups_find(&f->snapshot->showings_of_relation, target->oid,
	                                           &n);

	f->only = target;
	for (; n > 0; e++, n--)
		/* excludes a function's row of the same type */
		if (showing_at(f, e)->relation == target)
			relate_pair(f, origin, showing_at(f, e));
	f->only = NULL;
}

/* True when a key's columns on the side of `own` are a single one of that name. */
static bool
is_single_column(const swm_constraint *k, const swm_showing *own, bool referred, swm_str name)
{
	size_t n = 0;
	const swm_shown_column *c = NULL;

	if (k->count == 1)
		c = find_shown(own, referred ? k->target_columns[0] : k->columns[0], &n);

	for (; n > 0; c++, n--)
		if (swm_str_eq(own->relation->columns[c->column].name, name))
			return true;
	return false;
}

static void
relate_by_key_name(struct finder *f, const swm_showing *origin, swm_str name)
{
	const swm_snapshot *s = f->snapshot;
	size_t n;
	const swm_group_entry *e = swm_groups_find(&s->constraints_of_table, origin->table_oid, &n);

	for (; n > 0; e++, n--)
		if (swm_str_eq(constraint_at(f, e)->name, name) ||
		    is_single_column(constraint_at(f, e), origin, false, name))
			relate_to_targets(f, constraint_at(f, e), origin);
	e = swm_groups_find(&s->constraints_by_name, swm_snapshot_name_key(name), &n);
	for (; n > 0; e++, n--)
		if (constraint_at(f, e)->target_oid == origin->table_oid &&
		    swm_str_eq(constraint_at(f, e)->name, name))
			relate_to_owners(f, constraint_at(f, e), origin);
	e = swm_groups_find(&s->constraints_on_table, origin->table_oid, &n);
	for (; n > 0; e++, n--)
		if (!swm_str_eq(constraint_at(f, e)->name, name) &&
		    is_single_column(constraint_at(f, e), origin, true, name))
			relate_to_owners(f, constraint_at(f, e), origin);
}

int
swm_snapshot_relationships_named(const swm_relationship **out, size_t *count, swm_arena *arena,
                                 const swm_snapshot *snapshot, const swm_relation *origin,
                                 swm_str schema, swm_str name, swm_error *err)
{
	struct finder f = {
		.snapshot = snapshot, .arena = arena, .origin = origin, .schema = schema
	};
	size_t n;
	const swm_group_entry *e = swm_groups_find(&snapshot->showings_of_relation, origin->oid,
	                                           &n);

	relate_by_functions(&f, &name);
	if (f.count > 0 || f.no_memory)
		return finish(&f, out, count, err);
	f.but = swm_snapshot_relation(snapshot, schema, name);
	for (; n > 0 && !f.no_memory; e++, n--) {
		if (f.but != NULL)
			relate_to_relation(&f, showing_at(&f, e), f.but);
		relate_by_key_name(&f, showing_at(&f, e), name);
	}
	return finish(&f, out, count, err);
}
