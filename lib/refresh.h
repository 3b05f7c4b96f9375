/*
 * Retry of statements planned with an outdated snapshot: between DDL and the reload of the snapshot
 * that follows it, PostgreSQL may reject a statement for that reason alone.
 */
#ifndef SWM_LIB_REFRESH_H
#define SWM_LIB_REFRESH_H

#include "engine.h"

enum swm_doubt {
	SWM_DOUBT_NONE,      /* the snapshot is not to blame */
	/* nor here, but a prepared statement that the session has not got any more */
	SWM_DOUBT_STATEMENT,
	/* the tables have changed, or the query asks for what its types do not have */
	SWM_DOUBT_MAYBE,
	/* the tables have changed: all that the statement names is in the snapshot */
	SWM_DOUBT_CERTAIN,
};

/* unknown_names: of the plan. */
enum swm_doubt swm_doubt_of(const swm_error *err, bool unknown_names);

/*
 * True if the query may be planned once more, after so many tries: there is another snapshot than
 * `used`, or none is needed. If a reload did not help, such errors cause no other one for some
 * seconds.
 */
bool swm_refresh(swm_engine *engine, const swm_snapshot *used, enum swm_doubt doubt, int tries);

#endif
