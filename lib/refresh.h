/*
 * What is planned with a snapshot that is older than the tables: in the window between DDL and
 * the reload that follows it PostgreSQL may refuse a statement for that alone.
 */
#ifndef SWM_LIB_REFRESH_H
#define SWM_LIB_REFRESH_H

#include "engine.h"

enum swm_doubt {
	SWM_DOUBT_NONE,      /* the snapshot is not to blame */
	SWM_DOUBT_STATEMENT, /* nor here, but a prepared statement that the session has not got any more */
	SWM_DOUBT_MAYBE,     /* the tables have changed, or the query asks for what its types do not have */
	SWM_DOUBT_CERTAIN,   /* the tables have changed: all that the statement names is in the snapshot */
};

/* unknown_names: of the plan. */
enum swm_doubt swm_doubt_of(const swm_error *err, bool unknown_names);

/*
 * Whether the query may be planned once more, which it has been so often already: there is another
 * snapshot than `used`, or none is needed. When that was of no use, no such doubt costs a load for
 * some seconds.
 */
bool swm_refresh(swm_engine *engine, const swm_snapshot *used, enum swm_doubt doubt, int tries);

#endif
