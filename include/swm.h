/*
 * libswm: connection, authentication and table queries on PostgreSQL.
 *
 * Two levels: rows (session.h, query.h, rows.h, insert.h) for a program that wants data,
 * requests (request.h) for one that answers the web.
 *
 * Conventions. A function that can fail returns 0 or a negative enum swm_result.
 * Out-parameters come first, the swm_error comes last and may be NULL. What comes
 * through a `**out` is owned by the caller; what is returned as a view (swm_str,
 * const char *) is borrowed. _free and _close accept NULL. The library never
 * exits, prints, reads the environment, changes the locale or touches signals
 * (one exception stands at swm_config_load_file(): $(NAME) in a file).
 */
#ifndef SWM_H
#define SWM_H

#include <swm/config.h>
#include <swm/engine.h>
#include <swm/error.h>
#include <swm/insert.h>
#include <swm/query.h>
#include <swm/request.h>
#include <swm/rows.h>
#include <swm/session.h>
#include <swm/status.h>
#include <swm/token.h>
#include <swm/types.h>

#endif
