/* What an engine is made of, for the files at the root of lib/. */
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
	int64_t next_load;        /* not before that for a request, while a schema is missing; else 0 */
	swm_snapshot *snapshot;   /* NULL until the database was reached, and had all of db-schemas */

	swm_buf told;             /* of the thread that loads: what was last said to be wrong */
};

/*
 * The snapshot to answer from, with a reference for the caller; reads it first
 * when there is none yet. NO_SCHEMA_SNAPSHOT, or what stopped the load.
 */
int swm_engine_snapshot(swm_snapshot **out, swm_engine *engine, int abort_fd, swm_error *err);

#endif
