/*
 * Snapshots without a database, for tests: a schema written in SQL is read, and what it
 * creates becomes rows as the loader's queries give them. It is PostgreSQL's own SQL, so
 * that the same text makes the same schema in a database.
 */
#ifndef SCHEMA_TEXT_H
#define SCHEMA_TEXT_H

#include "schema/schema.h"

/*
 * The snapshot of a text of CREATE TABLE, UNIQUE INDEX, VIEW, TYPE, DOMAIN and FUNCTION; other
 * statements are passed over. The columns of a view are columns of what it reads, or
 * expressions that end in ::type AS name. There is one role, "postgres", which may
 * everything. What cannot be read ends the program.
 */
swm_snapshot *schema_text_load(swm_str text, const swm_settings *settings);

/* The same of a file. */
swm_snapshot *schema_file_load(const char *name, const swm_settings *settings);

#endif
