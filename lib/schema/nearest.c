#include "config.h"

#include "schema/snapshot.h"

#include "base/fuzzy.h"

/* PostgREST's least score for names of tables and functions. */
static const double least = 0.75;

swm_str
swm_snapshot_nearest_relation(const swm_snapshot *snapshot, swm_str schema, swm_str role,
                              swm_str name)
{
	swm_fuzzy fuzzy;

	if (!swm_fuzzy_start(&fuzzy, name))
		return (swm_str){ NULL, 0 };
	for (size_t i = 0; i < snapshot->relation_count; i++) {
		const swm_relation *r = &snapshot->relations[i];
		if (swm_str_eq(r->schema, schema) && swm_snapshot_may_see(snapshot, role, r))
			swm_fuzzy_offer(&fuzzy, r->name);
	}
	return swm_fuzzy_nearest_of(&fuzzy, least);
}

swm_str
swm_snapshot_nearest_function(const swm_snapshot *snapshot, swm_str schema, swm_str role,
                              swm_str name)
{
	swm_fuzzy fuzzy;

	if (!swm_fuzzy_start(&fuzzy, name))
		return (swm_str){ NULL, 0 };
	for (size_t i = 0; i < snapshot->callable_count; i++) {
		const swm_function *f = snapshot->callable[i];
		if (swm_str_eq(f->schema, schema) && swm_snapshot_may_execute(snapshot, role, f))
			swm_fuzzy_offer(&fuzzy, f->name);
	}
	return swm_fuzzy_nearest_of(&fuzzy, least);
}
