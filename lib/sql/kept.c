/*
 * Answers that are kept for their Idempotency-Key, in the table that db-idempotency-table
 * names (sql/04-idempotency.sql has its columns).
 */
#include "config.h"

#include "sql/writer.h"

static void
put_of_key(swm_writer *w, const swm_kept_key *key)
{
	swm_put(w, " WHERE \"scope\" = ");
	swm_put_param(w, key->scope);
	swm_put(w, " AND \"key\" = ");
	swm_put_param(w, key->key);
}

/*
 * Deletes a few expired records at a time, so that no cleanup job is needed, and skips those
 * locked by others.
 */
int
swm_sql_kept_expire(swm_statement *out, swm_arena *arena, swm_str table, swm_error *err)
{
	swm_writer w = { .arena = arena };

	swm_put(&w, "DELETE FROM ");
	swm_put_name(&w, table);
	swm_put(&w, " WHERE ctid = ANY (ARRAY(SELECT ctid FROM ");
	swm_put_name(&w, table);
	swm_put(&w,
	        " WHERE \"expires\" <= now() ORDER BY \"expires\" LIMIT 16 FOR UPDATE SKIP LOCKED))");
	return swm_writer_finish(&w, out, err);
}

int
swm_sql_kept_take(swm_statement *out, swm_arena *arena, swm_str table, const swm_kept_key *key,
                  int64_t lifetime, swm_error *err)
{
	swm_writer w = { .arena = arena };

	swm_put(&w, "INSERT INTO ");
	swm_put_name(&w, table);
	swm_put(&w, " AS \"k\"(\"scope\", \"key\", \"expires\") VALUES (");
	swm_put_param(&w, key->scope);
	swm_put(&w, ", ");
	swm_put_param(&w, key->key);
	swm_put(&w, ", now() + pg_catalog.make_interval(secs => ");
	swm_put_int_param(&w, lifetime);
	swm_put(&w,
	        ")) ON CONFLICT (\"scope\", \"key\") DO UPDATE SET \"expires\" = EXCLUDED.\"expires\""
	        " WHERE \"k\".\"expires\" <= now() RETURNING 1");
	return swm_writer_finish(&w, out, err);
}

int
swm_sql_kept_answer(swm_statement *out, swm_arena *arena, swm_str table, const swm_kept_key *key,
                    swm_error *err)
{
	swm_writer w = { .arena = arena };

	swm_put(&w, "SELECT \"headers\", \"status\", \"body\", \"request\" FROM ");
	swm_put_name(&w, table);
	put_of_key(&w, key);
	return swm_writer_finish(&w, out, err);
}

int
swm_sql_kept_keep(swm_statement *out, swm_arena *arena, swm_str table, const swm_kept_key *key,
                  const swm_kept_answer *answer, swm_error *err)
{
	swm_writer w = { .arena = arena };

	swm_put(&w, "UPDATE ");
	swm_put_name(&w, table);
	swm_put(&w, " SET \"request\" = ");
	swm_put_param(&w, answer->request);
	swm_put(&w, ", \"status\" = ");
	swm_put_int_param(&w, answer->status);
	swm_put(&w, ", \"headers\" = ");
	swm_put_param(&w, answer->headers);
	swm_put(&w, ", \"body\" = ");
	swm_put_body_param(&w, answer->body);
	put_of_key(&w, key);
	return swm_writer_finish(&w, out, err);
}
