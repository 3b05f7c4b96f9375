#include "config.h"

#include "schema/load.h"

/* One view: its tree may be large, so that the rows of this query come one by one. */
static int
take_view(struct swm_load *load, const PGresult *rows, int row, swm_arena *work)
{
	swm_view_column columns[SWM_MOST_VIEW_COLUMNS];
	struct swm_load_view *v = swm_arena_alloc(load->scratch, sizeof *v);

	/* trees in the format of a later PostgreSQL are not understood */
	if (v == NULL || swm_view_columns(swm_load_cell(rows, row, 1), work, columns,
	                                  SWM_MOST_VIEW_COLUMNS, &v->count) == SWM_ENOMEM)
		return SWM_ENOMEM;
	v->oid = swm_load_oid(rows, row, 0);
	v->columns = swm_arena_array(load->scratch, v->count, sizeof *columns);
	if (v->columns == NULL)
		return SWM_ENOMEM;
	if (v->count > 0)
		memcpy(v->columns, columns, v->count * sizeof *columns);
	v->next = load->views;
	load->views = v;
	load->view_count++;
	return SWM_OK;
}

int
swm_load_view(struct swm_load *load, const PGresult *rows)
{
	swm_arena *work = swm_arena_new();
	int rc = work == NULL ? SWM_ENOMEM : SWM_OK;

	for (int row = 0; row < PQntuples(rows) && rc == SWM_OK; row++)
		rc = take_view(load, rows, row, work);
	swm_arena_free(work);
	return rc;
}

const struct swm_load_view *
swm_load_view_of(const struct swm_load *load, uint32_t oid)
{
	uint64_t hash = swm_index_hash_oid(oid);
	size_t at;

	for (size_t cursor = 0; swm_index_next(&load->views_by_oid, hash, &cursor, &at);)
		if (load->view_list[at]->oid == oid)
			return load->view_list[at];
	return NULL;
}

static const swm_view_column *
find_column(const struct swm_load_view *v, uint16_t number)
{
	for (size_t i = 0; i < v->count; i++)
		if (v->columns[i].number == number)
			return &v->columns[i];
	return NULL;
}

/*
 * Follows a column of a view, which may come from another view, to its table. Views that were
 * replaced can refer to each other in a circle; the column then has no table.
 */
static void
follow(const struct swm_load *load, swm_view_column *c)
{
	const struct swm_load_view *v;

	for (size_t hops = 0; c->relation != 0 && (v = swm_load_view_of(load, c->relation)) != NULL;
	     hops++) {
		const swm_view_column *behind = hops > load->view_count ? NULL
		                                                        : find_column(v, c->column);
		c->column = behind == NULL ? 0 : behind->column;
		c->relation = behind == NULL ? 0 : behind->relation;
		c->is_cast |= behind != NULL && behind->is_cast;
	}
}

int
swm_load_follow_views(struct swm_load *load)
{
	size_t count = 0;

	load->view_list = swm_arena_array(load->scratch, load->view_count,
	                                  sizeof(struct swm_load_view *));
	if (load->view_list == NULL ||
	    !swm_index_init(&load->views_by_oid, load->scratch, load->view_count))
		return SWM_ENOMEM;
	for (struct swm_load_view *v = load->views; v != NULL; v = v->next) {
		swm_index_put(&load->views_by_oid, swm_index_hash_oid(v->oid), count);
		load->view_list[count++] = v;
	}
	for (struct swm_load_view *v = load->views; v != NULL; v = v->next)
		for (size_t i = 0; i < v->count; i++)
			/* store the result, which shortens the next search */
			follow(load, &v->columns[i]);
	return SWM_OK;
}
