#include "config.h"

#include "schema/snapshot.h"

#include <stdlib.h>

swm_snapshot *
swm_snapshot_new(void)
{
	swm_snapshot *s = calloc(1, sizeof *s);
	if (s == NULL)
		return NULL;
	s->arena = swm_arena_new();
	if (s->arena == NULL) {
		free(s);
		return NULL;
	}
	atomic_init(&s->references, 1);
	return s;
}

swm_snapshot *
swm_snapshot_ref(swm_snapshot *snapshot)
{
	atomic_fetch_add_explicit(&snapshot->references, 1, memory_order_relaxed);
	return snapshot;
}

void
swm_snapshot_unref(swm_snapshot *snapshot)
{
	if (snapshot == NULL ||
	    atomic_fetch_sub_explicit(&snapshot->references, 1, memory_order_acq_rel) > 1)
		return;
	swm_arena_free(snapshot->arena);
	free(snapshot);
}

const swm_relation *
swm_snapshot_relation(const swm_snapshot *snapshot, swm_str schema, swm_str name)
{
	uint64_t hash = swm_index_hash_name(schema, name);
	size_t at;

	for (size_t cursor = 0; swm_index_next(&snapshot->relations_by_name, hash, &cursor, &at);) {
		const swm_relation *r = &snapshot->relations[at];
		if (swm_str_eq(r->name, name) && swm_str_eq(r->schema, schema))
			return r;
	}
	return NULL;
}

const swm_relation *
swm_snapshot_relation_by_oid(const swm_snapshot *snapshot, uint32_t oid)
{
	uint64_t hash = swm_index_hash_oid(oid);
	size_t at;

	for (size_t cursor = 0; swm_index_next(&snapshot->relations_by_oid, hash, &cursor, &at);)
		if (snapshot->relations[at].oid == oid)
			return &snapshot->relations[at];
	return NULL;
}

const swm_type *
swm_snapshot_type(const swm_snapshot *snapshot, uint32_t oid)
{
	uint64_t hash = swm_index_hash_oid(oid);
	size_t at;

	for (size_t cursor = 0; swm_index_next(&snapshot->types_by_oid, hash, &cursor, &at);)
		if (snapshot->types[at].oid == oid)
			return &snapshot->types[at];
	return NULL;
}

/* The role's position, or role_count. */
static size_t
find_role(const swm_snapshot *snapshot, swm_str name)
{
	uint64_t hash = swm_index_hash_name(SWM_STR(""), name);
	size_t at;

	for (size_t cursor = 0; swm_index_next(&snapshot->roles_by_name, hash, &cursor, &at);)
		if (swm_str_eq(snapshot->roles[at].name, name))
			return at;
	return snapshot->role_count;
}

const swm_role *
swm_snapshot_role(const swm_snapshot *snapshot, swm_str name)
{
	size_t at = find_role(snapshot, name);
	return at == snapshot->role_count ? NULL : &snapshot->roles[at];
}

const swm_column *
swm_relation_column(const swm_relation *relation, swm_str name)
{
	for (size_t i = 0; i < relation->column_count; i++)
		if (swm_str_eq(relation->columns[i].name, name))
			return &relation->columns[i];
	return NULL;
}

const swm_function *
swm_relation_computed(const swm_relation *relation, swm_str name)
{
	for (size_t i = 0; i < relation->computed_count; i++)
		if (!relation->computed[i]->returns_set &&
		    swm_str_eq(relation->computed[i]->name, name))
			return relation->computed[i];
	return NULL;
}

static bool
is_named(const swm_function *f, swm_str schema, swm_str name)
{
	return swm_str_eq(f->name, name) && swm_str_eq(f->schema, schema);
}

const swm_function *const *
swm_snapshot_functions(const swm_snapshot *snapshot, swm_str schema, swm_str name, size_t *count)
{
	uint64_t hash = swm_index_hash_name(schema, name);
	size_t at;

	*count = 0;
	for (size_t cursor = 0; swm_index_next(&snapshot->callable_by_name, hash, &cursor, &at);) {
		if (!is_named(snapshot->callable[at], schema, name))
			continue;
		size_t end = at;
		while (end < snapshot->callable_count &&
		       is_named(snapshot->callable[end], schema, name))
			end++;
		*count = end - at;
		return &snapshot->callable[at];
	}
	return NULL;
}

const swm_function *const *
swm_snapshot_all_functions(const swm_snapshot *snapshot, size_t *count)
{
	*count = snapshot->callable_count;
	return snapshot->callable;
}

swm_str
swm_snapshot_schema_comment(const swm_snapshot *snapshot, swm_str schema)
{
	for (size_t i = 0; i < snapshot->comment_count; i++)
		if (swm_str_eq(snapshot->comments[i].schema, schema))
			return snapshot->comments[i].comment;
	return SWM_STR("");
}

const swm_relation *const *
swm_snapshot_relations(const swm_snapshot *snapshot, size_t *count)
{
	*count = snapshot->relation_count;
	return snapshot->relation_list;
}

size_t
swm_snapshot_foreign_key_count(const swm_snapshot *snapshot)
{
	return snapshot->constraint_count;
}

uint32_t
swm_snapshot_name_key(swm_str name)
{
	return (uint32_t)swm_str_hash(name);
}

static uint32_t
privilege_of(char letter)
{
	switch (letter) {
	case 'r':
		return SWM_MAY_SELECT;
	case 'a':
		return SWM_MAY_INSERT;
	case 'w':
		return SWM_MAY_UPDATE;
	case 'd':
		return SWM_MAY_DELETE;
	default:
		return 0;
	}
}

static bool
uses_grants_of(const swm_rights *rights, uint32_t grantee)
{
	if (grantee == 0)
		return true;
	for (size_t i = 0; i < rights->grantee_count; i++)
		if (rights->grantees[i] == grantee)
			return true;
	return false;
}

/* True when the role has been granted the privilege. */
static bool
may(const swm_snapshot *snapshot, swm_str role, const swm_grants *grants, uint32_t wanted)
{
	size_t at = find_role(snapshot, role);

	if (at == snapshot->role_count || wanted == 0)
		return false;
	const swm_rights *rights = &snapshot->rights[at];
	if (rights->is_superuser || (rights->everywhere & wanted) != 0)
		return true;
	for (size_t i = 0; i < grants->count; i++)
		if ((grants->entries[i].privileges & wanted) != 0 &&
		    uses_grants_of(rights, grants->entries[i].grantee))
			return true;
	return false;
}

bool
swm_snapshot_may_use(const swm_snapshot *snapshot, swm_str role, swm_str schema)
{
	static const swm_grants none = { NULL, 0 };
	const swm_grants *grants = &none;

	for (size_t i = 0; i < snapshot->schema_grant_count; i++)
		if (swm_str_eq(snapshot->schema_grants[i].schema, schema))
			grants = &snapshot->schema_grants[i].grants;
	return may(snapshot, role, grants, SWM_MAY_USE);
}

/* Without USAGE on a schema its objects are inaccessible, whatever is granted on them. */
static bool
may_on_relation(const swm_snapshot *snapshot, swm_str role, const swm_relation *r, uint32_t wanted)
{
	return r->kind != 'c' &&
	       may(snapshot, role, &snapshot->grants[r - snapshot->relations], wanted) &&
	       swm_snapshot_may_use(snapshot, role, r->schema);
}

bool
swm_snapshot_may(const swm_snapshot *snapshot, swm_str role, const swm_relation *relation,
                 char privilege)
{
	return may_on_relation(snapshot, role, relation, privilege_of(privilege));
}

bool
swm_snapshot_may_see(const swm_snapshot *snapshot, swm_str role, const swm_relation *relation)
{
	uint32_t any = SWM_MAY_SELECT | SWM_MAY_INSERT | SWM_MAY_UPDATE | SWM_MAY_DELETE;

	return may_on_relation(snapshot, role, relation, any);
}

static bool
may_see_table(const swm_snapshot *snapshot, swm_str role, uint32_t table_oid)
{
	size_t n;
	const swm_group_entry *e = swm_groups_find(&snapshot->showings_of_table, table_oid, &n);

	for (; n > 0; e++, n--)
		if (swm_snapshot_may_see(snapshot, role, snapshot->showings[e->position].relation))
			return true;
	return false;
}

bool
swm_snapshot_may_see_key(const swm_snapshot *snapshot, swm_str role, swm_str name)
{
	size_t n;
	const swm_group_entry *e = swm_groups_find(&snapshot->constraints_by_name,
	                                           swm_snapshot_name_key(name), &n);
	bool may = true;

	for (; n > 0 && may; e++, n--) {
		const swm_constraint *key = &snapshot->constraints[e->position];
		if (swm_str_eq(key->name, name))
			may = may_see_table(snapshot, role, key->table_oid) &&
			      may_see_table(snapshot, role, key->target_oid);
	}
	return may;
}

bool
swm_snapshot_may_execute(const swm_snapshot *snapshot, swm_str role, const swm_function *function)
{
	return may(snapshot, role, &snapshot->function_grants[function - snapshot->functions],
	           SWM_MAY_EXECUTE) &&
	       swm_snapshot_may_use(snapshot, role, function->schema);
}

const swm_media_handler *
swm_snapshot_media_handlers(const swm_snapshot *snapshot, const swm_relation *relation,
                            size_t *count)
{
	uint32_t oid = relation == NULL ? 0 : relation->oid;
	size_t first = 0;

	*count = 0;
	if (relation != NULL && oid == 0) /* the row of a function */
		return NULL;
	while (first < snapshot->media_handler_count &&
	       snapshot->media_handlers[first].relation_oid < oid)
		first++;
	while (first + *count < snapshot->media_handler_count &&
	       snapshot->media_handlers[first + *count].relation_oid == oid)
		++*count;
	return snapshot->media_handlers + first;
}

static const swm_media_handler *
find_handler(const swm_snapshot *snapshot, const swm_relation *relation, swm_str media_type)
{
	size_t count;
	const swm_media_handler *h = swm_snapshot_media_handlers(snapshot, relation, &count);

	for (; count > 0; h++, count--)
		if (swm_str_eq(h->media_type, media_type))
			return h;
	return NULL;
}

const swm_media_handler *
swm_snapshot_media_handler(const swm_snapshot *snapshot, const swm_relation *relation,
                           swm_str media_type)
{
	const swm_media_handler *own = relation == NULL
	                                   ? NULL
	                                   : find_handler(snapshot, relation, media_type);

	return own != NULL ? own : find_handler(snapshot, NULL, media_type);
}

swm_str
swm_snapshot_geojson_schema(const swm_snapshot *snapshot)
{
	return snapshot->geojson_schema;
}

/*
 * A DateStyle has an output form (ISO, Postgres, SQL, German) and an order of
 * fields (DMY, MDY, YMD), both optional, in any order; each alone leaves the
 * other as it is. "default" stands for the session's.
 * https://www.postgresql.org/docs/current/datatype-datetime.html#DATATYPE-DATETIME-OUTPUT
 */
bool
swm_snapshot_datestyle_is_iso(swm_str datestyle, bool fallback)
{
	swm_str word;

	while (swm_str_cut(&datestyle, ',', &word)) {
		word = swm_str_trim(word);
		if (swm_str_caseeq(word, SWM_STR("iso")))
			return true;
		/* PostgreSQL knows "postgres" by its first eight letters */
		if (swm_str_caseeq(word, SWM_STR("sql")) ||
		    swm_str_caseeq(word, SWM_STR("german")) ||
		    (word.len >= 8 &&
		     swm_str_caseeq((swm_str){ word.ptr, 8 }, SWM_STR("postgres"))))
			return false;
	}
	return fallback;
}

bool
swm_snapshot_iso_dates(const swm_snapshot *snapshot, swm_str role)
{
	size_t at = find_role(snapshot, role);
	return at == snapshot->role_count ? snapshot->iso_dates : snapshot->rights[at].iso_dates;
}

bool
swm_snapshot_has_user_operators(const swm_snapshot *snapshot)
{
	return snapshot->has_user_operators;
}

int
swm_snapshot_server_version(const swm_snapshot *snapshot)
{
	return snapshot->server_version;
}
