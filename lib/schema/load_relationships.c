#include "config.h"

#include "schema/load.h"

#include <stdlib.h>

/* A showing while their number is not known yet. */
struct draft {
	struct draft *next;
	swm_showing showing;
};

struct connector {
	struct swm_load *load;
	swm_groups linked; /* the tables that take part in foreign keys */
	struct draft *drafts, **end;
	size_t draft_count;
};

/*
 * A column of a table that a view shows, sorted by table, number and place; the column itself
 * sorts before casts of it.
 */
struct shown {
	uint32_t table_oid;
	uint16_t number, column;
	bool is_cast;
};

uint16_t
swm_load_column_number(const struct swm_load *load, const swm_relation *r, size_t column)
{
	const struct swm_load_columns *of =
	    &load->columns[r->kind == 'c' ? SWM_LOAD_ROWS : SWM_LOAD_RELATIONS];
	return of->numbers[(size_t)(r->columns - of->columns) + column];
}

/* Numbers have gaps where columns were dropped. False when there is no such column. */
static bool
index_of(const struct swm_load *load, const swm_relation *r, uint16_t number, uint16_t *index)
{
	size_t low = 0, high = r->column_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (swm_load_column_number(load, r, middle) < number)
			low = middle + 1;
		else
			high = middle;
	}
	*index = (uint16_t)low;
	return low < r->column_count && swm_load_column_number(load, r, low) == number;
}

static bool
is_linked(const struct connector *c, uint32_t table_oid)
{
	size_t count;
	(void)swm_groups_find(&c->linked, table_oid, &count);
	return count > 0;
}

static bool
find_linked(struct connector *c)
{
	const struct swm_load *load = c->load;

	c->linked.count = 2 * load->constraint_count;
	c->linked.entries = swm_arena_array(load->scratch, c->linked.count,
	                                    sizeof *c->linked.entries);
	if (c->linked.entries == NULL)
		return false;
	for (size_t i = 0; i < load->constraint_count; i++) {
		c->linked.entries[2 * i].key = load->constraints[i].table_oid;
		c->linked.entries[2 * i + 1].key = load->constraints[i].target_oid;
	}
	swm_groups_sort(&c->linked);
	return true;
}

/* A showing of count columns, to be filled. NULL when memory ran out. */
static swm_shown_column *
add_showing(struct connector *c, const swm_relation *r, uint32_t table_oid, size_t count)
{
	struct draft *d = swm_arena_alloc(c->load->scratch, sizeof *d);
	swm_shown_column *columns = swm_load_array(c->load, count, sizeof *columns);

	if (d == NULL || columns == NULL)
		return NULL;
	d->showing = (swm_showing){ r, table_oid, columns, count };
	*c->end = d;
	c->end = &d->next;
	c->draft_count++;
	return columns;
}

/* --- tables ------------------------------------------------------------ */

static bool
show_itself(struct connector *c, const swm_relation *r)
{
	if (!is_linked(c, r->oid))
		return true;
	swm_shown_column *columns = add_showing(c, r, r->oid, r->column_count);
	if (columns == NULL)
		return false;
	for (size_t i = 0; i < r->column_count; i++)
		columns[i] = (swm_shown_column){ swm_load_column_number(c->load, r, i),
			                         (uint16_t)i };
	return true;
}

static bool
find_in_table(const struct swm_load *load, const swm_relation *r, const void *shown,
              uint16_t number, swm_str name, uint16_t *column)
{
	(void)shown, (void)name;
	return index_of(load, r, number, column);
}

/* False when memory ran out. */
static bool
take_key(struct swm_load *load, swm_relation *r, const struct swm_load_key *from,
         swm_unique_key *key)
{
	uint16_t *columns = swm_load_array(load, from->count, sizeof *columns);

	if (columns == NULL)
		return false;
	*key = (swm_unique_key){ columns, 0, from->is_primary };
	while (key->count < from->count &&
	       index_of(load, r, from->columns[key->count], &columns[key->count]))
		key->count++;
	if (key->count < from->count)
		key->count = 0;
	if (key->is_primary) {
		r->primary_key = columns;
		r->primary_key_count = key->count;
	}
	return true;
}

static bool
take_keys(struct swm_load *load, swm_relation *r)
{
	size_t count;
	const struct swm_load_key *from = swm_load_keys_of(load, r->oid, &count);

	if (count == 0)
		return true;
	swm_unique_key *keys = swm_load_array(load, count, sizeof *keys);
	if (keys == NULL)
		return false;
	r->unique_keys = keys;
	r->unique_key_count = count;
	for (size_t i = 0; i < count; i++)
		if (!take_key(load, r, &from[i], &keys[i]))
			return false;
	return true;
}

/* --- views ------------------------------------------------------------- */

static int
compare_shown(const void *a, const void *b)
{
	const struct shown *x = a, *y = b;

	if (x->table_oid != y->table_oid)
		return x->table_oid < y->table_oid ? -1 : 1;
	if (x->number != y->number)
		return x->number - y->number;
	return x->is_cast != y->is_cast ? x->is_cast - y->is_cast : x->column - y->column;
}

/* A cast of a column counts only where the column itself is not shown. */
static size_t
drop_casts(struct shown *all, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		const struct shown *last = kept == 0 ? NULL : &all[kept - 1];
		if (last == NULL || last->table_oid != all[i].table_oid ||
		    last->number != all[i].number || last->is_cast == all[i].is_cast)
			all[kept++] = all[i];
	}
	return kept;
}

/* The columns that the view shows, sorted: *count of at most its columns. */
static struct shown *
collect_shown(const struct connector *c, const swm_relation *r, const struct swm_load_view *v,
              size_t *count)
{
	struct shown *all = swm_arena_array(c->load->scratch, v->count, sizeof *all);

	*count = 0;
	if (all == NULL)
		return NULL;
	for (size_t i = 0; i < v->count; i++) {
		const swm_view_column *from = &v->columns[i];
		struct shown s = { from->relation, from->column, 0, from->is_cast };
		if (from->relation != 0 && index_of(c->load, r, from->number, &s.column))
			all[(*count)++] = s;
	}
	if (*count > 1)
		qsort(all, *count, sizeof *all, compare_shown);
	*count = drop_casts(all, *count);
	return all;
}

/* The first place where a table's column is shown; false when it is not. */
static bool
first_shown(const struct shown *shown, size_t count, uint16_t number, uint16_t *column)
{
	for (size_t i = 0; i < count; i++) {
		if (shown[i].number == number) {
			*column = shown[i].column;
			return true;
		}
	}
	return false;
}

/* Adds the table's primary key to that of the view, if the view shows all of it. There is room. */
static void
add_primary_key(const struct swm_load *load, swm_relation *r, uint16_t *columns,
                const struct shown *shown, size_t count)
{
	size_t key_count, found = 0;
	const struct swm_load_key *key = swm_load_keys_of(load, shown->table_oid, &key_count);

	if (key_count == 0 || !key->is_primary) /* it would be the first */
		return;
	while (found < key->count && first_shown(shown, count, key->columns[found],
	                                         &columns[r->primary_key_count + found]))
		found++;
	if (found == key->count)
		r->primary_key_count += found;
}

/* The keys of the table that the view shows in full; the view's rows must be the table's. */
static bool
take_shown_keys(struct swm_load *load, swm_relation *r, const struct shown *shown, size_t count)
{
	size_t key_count;
	const struct swm_load_key *from = swm_load_keys_of(load, shown->table_oid, &key_count);
	swm_unique_key *keys = swm_load_array(load, key_count, sizeof *keys);

	r->unique_keys = keys;
	for (size_t i = 0; i < key_count && keys != NULL; i++) {
		uint16_t *columns = swm_load_array(load, from[i].count, sizeof *columns);
		size_t found = 0;
		while (columns != NULL && found < from[i].count &&
		       first_shown(shown, count, from[i].columns[found], &columns[found]))
			found++;
		if (found == from[i].count)
			keys[r->unique_key_count++] = (swm_unique_key){ columns, found,
				                                        from[i].is_primary };
	}
	return !load->no_memory;
}

/* The columns of one table that a view shows. */
struct shown_table {
	const struct shown *columns;
	size_t count;
};

/* A column with its own name comes before others; a cast of it is another value. */
static bool
find_in_view(const struct swm_load *load, const swm_relation *r, const void *shown, uint16_t number,
             swm_str name, uint16_t *column)
{
	const struct shown_table *t = shown;
	bool found = false;

	(void)load;
	for (size_t i = 0; i < t->count; i++) {
		bool same_name = swm_str_eq(r->columns[t->columns[i].column].name, name);
		if (t->columns[i].number != number || t->columns[i].is_cast ||
		    (found && !same_name))
			continue;
		found = true;
		*column = t->columns[i].column;
	}
	return found;
}

static bool
take_shown_indexes(struct swm_load *load, swm_relation *r, const struct shown *shown, size_t count)
{
	const struct shown_table table = { shown, count };

	return swm_load_take_indexes(load, r, shown->table_oid, find_in_view, &table);
}

static bool
show_table(struct connector *c, const swm_relation *r, const struct shown *shown, size_t count)
{
	if (!is_linked(c, shown->table_oid))
		return true;
	swm_shown_column *columns = add_showing(c, r, shown->table_oid, count);
	if (columns == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		columns[i] = (swm_shown_column){ shown[i].number, shown[i].column };
	return true;
}

/*
 * A view shows tables, and has their primary keys one after the other: the keys of
 * all that it joins tell its rows apart.
 */
static bool
show_view(struct connector *c, swm_relation *r, const struct swm_load_view *v, bool of_one_table)
{
	size_t count, end;
	const struct shown *shown = collect_shown(c, r, v, &count);
	uint16_t *key = swm_load_array(c->load, count, sizeof *key);

	if (shown == NULL || key == NULL)
		return false;
	r->primary_key = key;
	for (size_t i = 0; i < count; i = end) {
		for (end = i + 1; end < count && shown[end].table_oid == shown[i].table_oid;)
			end++;
		add_primary_key(c->load, r, key, shown + i, end - i);
		if (of_one_table && !(take_shown_keys(c->load, r, shown + i, end - i) &&
		                      take_shown_indexes(c->load, r, shown + i, end - i)))
			return false;
		if (!show_table(c, r, shown + i, end - i))
			return false;
	}
	return true;
}

/* --- all --------------------------------------------------------------- */

static bool
show_relations(struct connector *c)
{
	swm_snapshot *s = c->load->snapshot;

	for (size_t i = 0; i < s->relation_count; i++) {
		swm_relation *r = &s->relations[i];
		const struct swm_load_view *v = swm_load_view_of(c->load, r->oid);
		if (v != NULL ? !show_view(c, r, v, c->load->of_one_table[i])
		              : !(take_keys(c->load, r) &&
		                  swm_load_take_indexes(c->load, r, r->oid, find_in_table, NULL) &&
		                  show_itself(c, r)))
			return false;
	}
	for (size_t i = 0; i < s->row_count; i++) { /* a function may return a row twice: no keys */
		swm_relation *r = &s->rows[i];
		const struct swm_load_view *v = swm_load_view_of(c->load, r->oid);
		if (v != NULL ? !show_view(c, r, v, false) : !show_itself(c, r))
			return false;
		r->primary_key_count = 0;
	}
	return true;
}

static bool
make_groups(struct swm_load *load, swm_groups *groups, size_t count)
{
	groups->entries = swm_load_array(load, count, sizeof *groups->entries);
	groups->count = count;
	return groups->entries != NULL;
}

static bool
store_showings(struct connector *c)
{
	swm_snapshot *s = c->load->snapshot;
	size_t i = 0;

	s->showings = swm_load_array(c->load, c->draft_count, sizeof *s->showings);
	if (s->showings == NULL ||
	    !make_groups(c->load, &s->showings_of_relation, c->draft_count) ||
	    !make_groups(c->load, &s->showings_of_table, c->draft_count))
		return false;
	for (const struct draft *d = c->drafts; d != NULL; d = d->next, i++) {
		s->showings[i] = d->showing;
		s->showings_of_relation.entries[i] = (swm_group_entry){ d->showing.relation->oid,
			                                                (uint32_t)i };
		s->showings_of_table.entries[i] = (swm_group_entry){ d->showing.table_oid,
			                                             (uint32_t)i };
	}
	s->showing_count = c->draft_count;
	swm_groups_sort(&s->showings_of_relation);
	swm_groups_sort(&s->showings_of_table);
	return true;
}

static bool
is_shown(const swm_snapshot *s, uint32_t table_oid)
{
	size_t count;
	(void)swm_groups_find(&s->showings_of_table, table_oid, &count);
	return count > 0;
}

/* The scratch memory's constraint, copied. */
static bool
keep_constraint(struct swm_load *load, const swm_constraint *from, swm_constraint *to)
{
	uint16_t *columns = swm_load_array(load, 2 * from->count, sizeof *columns);

	*to = *from;
	to->name = swm_arena_str(load->arena, from->name);
	if (columns == NULL || to->name.ptr == NULL)
		return false;
	memcpy(columns, from->columns, from->count * sizeof *columns);
	memcpy(columns + from->count, from->target_columns, from->count * sizeof *columns);
	to->columns = columns;
	to->target_columns = columns + from->count;
	return true;
}

/* Foreign keys between tables of which nothing is exposed are left out. */
static bool
store_constraints(struct swm_load *load)
{
	swm_snapshot *s = load->snapshot;
	size_t count = 0;

	for (size_t i = 0; i < load->constraint_count; i++)
		if (is_shown(s, load->constraints[i].table_oid) &&
		    is_shown(s, load->constraints[i].target_oid))
			load->constraints[count++] = load->constraints[i];
	s->constraints = swm_load_array(load, count, sizeof *s->constraints);
	if (s->constraints == NULL || !make_groups(load, &s->constraints_of_table, count) ||
	    !make_groups(load, &s->constraints_on_table, count) ||
	    !make_groups(load, &s->constraints_by_name, count))
		return false;
	for (size_t i = 0; i < count; i++) {
		swm_constraint *k = &s->constraints[i];
		if (!keep_constraint(load, &load->constraints[i], k))
			return false;
		s->constraints_of_table.entries[i] = (swm_group_entry){ k->table_oid, (uint32_t)i };
		s->constraints_on_table.entries[i] = (swm_group_entry){ k->target_oid,
			                                                (uint32_t)i };
		s->constraints_by_name.entries[i] =
		    (swm_group_entry){ swm_snapshot_name_key(k->name), (uint32_t)i };
	}
	s->constraint_count = count;
	swm_groups_sort(&s->constraints_of_table);
	swm_groups_sort(&s->constraints_on_table);
	swm_groups_sort(&s->constraints_by_name);
	return true;
}

int
swm_load_relationships(struct swm_load *load)
{
	struct connector c = { .load = load, .end = &c.drafts };

	if (swm_load_follow_views(load) != SWM_OK || !find_linked(&c) || !show_relations(&c) ||
	    !store_showings(&c) || !store_constraints(load))
		return SWM_ENOMEM;
	return SWM_OK;
}
