/* The present activity of the database, for its operators. */
#ifndef SWM_STATUS_H
#define SWM_STATUS_H

#include <swm/config.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Connects as the login role of db-uri, with a connection of its own, and asks what there is. No
 * schema needs to be there, and no engine. *out is a JSON object, NUL-terminated; free it with
 * swm_status_free(). Its members:
 *
 *   server_version, database, login, in_recovery, max_connections
 *   schema_version   of the schema swm (sql/08-version.sql), null where that is not installed
 *   roles            the names of those that the login may take
 *   connections      of this login and application name, without the one that asks: total, active,
 *                    idle, idle_in_transaction, waiting (for locks)
 *   running          what up to five of them do, the oldest first: seconds, state, statement
 *                    (its first 60 characters; values are parameters, which are not in it)
 *   slowest          where pg_stat_statements is installed, up to five statements of this database
 *                    with the longest mean: mean_ms, calls, statement; else null
 *
 * It takes no longer than so many milliseconds, the resolving of a host's name left aside.
 * SWM_ECONFIG, SWM_ESYSTEM: as swm_config_check(). SWM_EUNAVAILABLE: the database cannot be
 * reached, or not in time. SWM_EAUTH: the login was refused. SWM_EDATABASE: it refused to answer.
 * SWM_ENOMEM. Threads: any, if none changes the configuration meanwhile.
 */
SWM_API int swm_status_read(char **out, const swm_config *config, int64_t milliseconds,
                            swm_error *err) SWM_MUST_CHECK;

/* Frees what was read; NULL is allowed. */
SWM_API void swm_status_free(char *status);

#ifdef __cplusplus
}
#endif
#endif
