/* Foreign keys of one column, for the notes at a relation's columns. */
#include "config.h"

#include "openapi/document.h"

static bool
is_view(const swm_relation *r)
{
	return r->kind == 'v' || r->kind == 'm';
}

/* A relationship by a key that the relation itself has, and not one that points to it. */
static bool
is_noted(const struct swm_openapi *doc, const swm_relationship *r)
{
	return r->key != NULL && r->count == 1 && r->key->relation_oid == r->origin->oid &&
	       r->origin_columns == r->key->columns && swm_openapi_shown(doc, r->target) != 0;
}

/* A column may have several: the first to a table counts, else the first to a view of one. */
static void
note(struct swm_openapi *doc, const swm_relationship *r)
{
	struct swm_openapi_key *k = &doc->keys[r->origin_columns[0]];

	if (k->target == NULL || (is_view(k->target) && !is_view(r->target)))
		*k = (struct swm_openapi_key){ r->target,
			                       &r->target->columns[r->target_columns[0]] };
}

void
swm_openapi_find_keys(struct swm_openapi *doc, const swm_relation *r)
{
	const swm_relationship *all;
	size_t count;

	swm_arena_reset(doc->scratch);
	doc->keys = swm_arena_array(doc->scratch, r->column_count, sizeof doc->keys[0]);
	/* keys between schemas are left out, as a note names a table without its schema */
	if (doc->keys == NULL ||
	    swm_snapshot_relationships(&all, &count, doc->scratch, doc->request->snapshot, r,
	                               r->schema, NULL) != SWM_OK) {
		doc->no_memory = true;
		return;
	}
	for (size_t i = 0; i < count; i++)
		if (is_noted(doc, &all[i]))
			note(doc, &all[i]);
}
