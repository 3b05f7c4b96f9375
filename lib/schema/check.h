/* Objects named in the settings that the database lacks. No I/O. */
#ifndef SWM_SCHEMA_CHECK_H
#define SWM_SCHEMA_CHECK_H

#include "config/problems.h"
#include "schema/snapshot.h"

/* Schemas of db-schemas that are not there: nothing can be answered without them. */
void swm_check_schemas(struct swm_problems *problems, const swm_snapshot *snapshot,
                       const swm_settings *settings);

/*
 * The other names: db-extra-search-path, db-anon-role, db-pre-request, db-root-spec,
 * db-idempotency-table.
 */
void swm_check_names(struct swm_problems *problems, const swm_snapshot *snapshot,
                     const swm_settings *settings);

#endif
