/* The engine's members, for the files at the root of lib/. */
#ifndef SWM_LIB_ENGINE_H
#define SWM_LIB_ENGINE_H

#include "auth/auth.h"
#include "base/buf.h"
#include "config/settings.h"
#include "pool/pool.h"
#include "schema/schema.h"

#include <pthread.h>
#include <swm/engine.h>

struct swm_engine {
	const swm_settings *settings;
	swm_auth *auth;
	swm_pool *pool;
	swm_log_function *log; /* NULL for none */
	void *log_user;

	pthread_mutex_t lock;     /* of what follows; never held across I/O */
	pthread_cond_t loaded;    /* a load has ended */
	bool loading;
	uint64_t loads;           /* that have begun */
	swm_error *load_error;    /* of the last that ended; clear when it went well */
	/* not before that for a request, while a schema is missing; else 0 */
	int64_t next_load;
	int64_t no_refresh[2];    /* until then; by what swm_engine_refresh() is told */
	/* NULL until the database was reached, and had all of db-schemas */
	swm_snapshot *snapshot;

	swm_buf told;             /* of the thread that loads: what was last said to be wrong */
};

/*
 * The snapshot to answer from, with a reference for the caller; reads it first
 * when there is none yet. NO_SCHEMA_SNAPSHOT, or what stopped the load.
 */
int swm_engine_snapshot(swm_snapshot **out, swm_engine *engine, int abort_fd, swm_error *err);

/*
 * PostgreSQL has refused what was planned with a snapshot: it is read anew, unless somebody has
 * done so meanwhile. sure: only a change of the tables can be why; else the query may be, which
 * must not cost a load each time. False when there is no other snapshot than before.
 */
bool swm_engine_refresh(swm_engine *engine, const swm_snapshot *used, bool sure);

/* The reload did not help: for some seconds no other is tried. */
void swm_engine_stop_refreshing(swm_engine *engine, bool sure);

#endif
