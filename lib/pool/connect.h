/* Makes one connection, within a time limit and while somebody waits for it. */
#ifndef SWM_POOL_CONNECT_H
#define SWM_POOL_CONNECT_H

#include "base/buf.h"
#include "config/settings.h"
#include "error/error.h"

struct pg_conn; /* PGconn of libpq */

/* Checks that db-uri can be parsed. SWM_ECONFIG, SWM_ENOMEM. */
int swm_connect_check(const swm_settings *settings, swm_error *err);

/*
 * A connection to the first host of db-uri that answers. SWM_EUNAVAILABLE; SWM_EAUTH
 * when the login was refused; SWM_ECANCELED when abort_fd (or -1) was hung up;
 * SWM_ENOMEM. For the first two *why has libpq's words, in one line, without the
 * password.
 */
int swm_connect(struct pg_conn **out, const swm_settings *settings, int64_t deadline, int abort_fd,
                swm_buf *why);

/*
 * Adds a message of libpq in one line. The secret (or NULL) is replaced by asterisks where
 * the message quotes it or has it as a word of its own; so is the rest of a URI.
 */
void swm_connect_add_message(swm_buf *to, const char *message, const char *secret);

#endif
