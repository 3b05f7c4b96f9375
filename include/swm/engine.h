/* The engine: a pool of connections, the schema snapshot and the configuration, for all threads. */
#ifndef SWM_ENGINE_H
#define SWM_ENGINE_H

#include <swm/config.h>
#include <swm/error.h>
#include <swm/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * An engine. Several in one process do not know of each other.
 * Threads: all its functions may be called by any thread at any time, except
 * swm_engine_close(), which must be the last.
 */
typedef struct swm_engine swm_engine;

enum swm_log_level {
	SWM_LOG_CRITICAL = 0,
	SWM_LOG_ERROR = 1,
	SWM_LOG_WARNING = 2,
	SWM_LOG_INFO = 3,
	SWM_LOG_DEBUG = 4,
};

/*
 * Receives log lines (one line, no newline at its end; the view lives for the
 * call alone). Called from any thread, several at once; must not call the engine.
 * No secret is ever in a line.
 */
typedef void swm_log_function(void *user, enum swm_log_level level, swm_str line);

/* Choices at opening. Begin with SWM_ENGINE_OPTIONS_INIT; a field that is zero has its default. */
typedef struct swm_engine_options {
	size_t size; /* sizeof(swm_engine_options) */
	swm_log_function *log;
	void *log_user;
	/*
	 * Open even if the database cannot be reached now, or lacks one of db-schemas:
	 * requests answer 503 until it can, and has them all. A refused login is an error all the
	 * same, as waiting does not mend it.
	 */
	bool allow_offline;
} swm_engine_options;

#define SWM_ENGINE_OPTIONS_INIT { sizeof(swm_engine_options), NULL, NULL, false }

/*
 * Opens an engine with a copy of the configuration; options may be NULL. Connects,
 * and reads the schema. *out is owned by the caller.
 *
 * SWM_ECONFIG, SWM_ESYSTEM: as swm_config_check(). SWM_EUNAVAILABLE: the database
 * cannot be reached, is in trouble, or lacks one of db-schemas. SWM_EAUTH: the login was
 * refused. SWM_EDATABASE: the schema cannot be read. SWM_ENOMEM. SWM_EINVAL: options->size is
 * not one of this library's.
 */
SWM_API int swm_engine_open(swm_engine **out, const swm_config *config,
                            const swm_engine_options *options, swm_error *err) SWM_MUST_CHECK;

/*
 * Closes the engine: ends its connections and frees it. Every session, result
 * and running request of it must have ended. NULL is allowed.
 */
SWM_API void swm_engine_close(swm_engine *engine);

/*
 * Reads the schema anew. What runs goes on with the old snapshot, which also
 * stays when this fails. SWM_EUNAVAILABLE, SWM_EAUTH, SWM_ETIMEDOUT, SWM_EDATABASE, SWM_ENOMEM.
 */
SWM_API int swm_engine_reload_schema(swm_engine *engine, swm_error *err) SWM_MUST_CHECK;

/*
 * Checks that the database has what the configuration names: schemas, the anonymous role
 * (which the login role must be allowed to take), functions, the table of kept answers.
 * Reads the schema anew for that, and leaves the engine as it is. SWM_ECONFIG: it lacks
 * something, with further problems in the details, one a line; SWM_EUNAVAILABLE, SWM_EAUTH,
 * SWM_ETIMEDOUT, SWM_EDATABASE, SWM_ENOMEM.
 */
SWM_API int swm_engine_check(swm_engine *engine, swm_error *err) SWM_MUST_CHECK;

/* The version of the library that is running, "0.1.0". Lives for ever. */
SWM_API const char *swm_version(void);

#ifdef __cplusplus
}
#endif
#endif
