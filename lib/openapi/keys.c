/* Foreign keys of one column, for the notes at a relation's columns. */
#include "config.h"

#include "openapi/document.h"

static bool
is_view(const swm_relation *r)
{
	return r->kind == 'v' || r->kind == 'm';
}

/* Keys between schemas are left out, as a note names a table without its schema. */
static bool
is_noted(const struct swm_openapi *doc, const swm_foreign_key *key, const swm_relation *origin,
         const swm_relation *target)
{
	return key->relation_oid == origin->oid && key->count == 1 && target != NULL &&
	       swm_openapi_shown(doc, target) != 0;
}

/* A column may have several: the first to a table counts, else the first to a view of one. */
static void
note(struct swm_openapi *doc, const swm_foreign_key *key, const swm_relation *target)
{
	struct swm_openapi_key *k = &doc->keys[key->columns[0]];

	if (k->target == NULL || (is_view(k->target) && !is_view(target)))
		*k = (struct swm_openapi_key){ target, &target->columns[key->target_columns[0]] };
}

void
swm_openapi_find_keys(struct swm_openapi *doc, const swm_relation *r)
{
	size_t count;
	const swm_foreign_key *all = swm_snapshot_foreign_keys(doc->request->snapshot, &count);

	swm_arena_reset(doc->scratch);
	doc->keys = swm_arena_array(doc->scratch, r->column_count, sizeof doc->keys[0]);
	doc->no_memory |= doc->keys == NULL;
	for (size_t i = 0; i < count && doc->keys != NULL; i++) {
		const swm_relation *target = swm_snapshot_relation_by_oid(doc->request->snapshot, all[i].target_oid);
		if (is_noted(doc, &all[i], r, target))
			note(doc, &all[i], target);
	}
}
