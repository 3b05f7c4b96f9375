/*
 * Connections of the web server, and which of them has a request for a worker thread.
 * A kept connection without a request costs no thread, and one that the web server
 * opens is accepted at once, however many requests run.
 */
#ifndef SWM_CGI_DISPATCH_H
#define SWM_CGI_DISPATCH_H

#include <stdbool.h>
#include <stdint.h>

/* Threads: shared by all, but for dispatch_free(). */
struct dispatch;

/* A connection belongs to the worker that took it, until it is kept or closed. */
struct connection;

struct records;

/*
 * most_anonymous: how many such requests are served at once (UINT_MAX: any number). park_ms: how
 * long a further one is parked at most. The listening socket must outlive it. NULL, with errno
 * set, when it cannot be made.
 */
struct dispatch *dispatch_new(int listen_fd, unsigned most_anonymous, int park_ms);

/* Closes all connections. No other thread may use it any more. */
void dispatch_free(struct dispatch *dispatch);

/* Accepts connections until the drain begins. Needs a thread of its own. */
void dispatch_run(struct dispatch *dispatch);

/*
 * Waits for a connection on which a request has begun to come; the first that came is
 * the first that is taken. *waited_ms: how long it waited for a worker. NULL: the drain has
 * begun, and no request is left.
 */
struct connection *dispatch_take(struct dispatch *dispatch, int64_t *waited_ms);

int connection_fd(const struct connection *connection);

/*
 * True: the anonymous request that has come on a connection may be served now, and counts as
 * served until the connection is kept or closed.
 */
bool dispatch_admit(struct dispatch *dispatch, struct connection *connection);

/*
 * Gives back a connection whose request may not be served now. dispatch_take() returns it when
 * it may, when park_ms are over, waited_ms included, or when its client has gone.
 */
void dispatch_park(struct dispatch *dispatch, struct connection *connection, struct records *parked,
                   int64_t waited_ms);

/* The read part of the parked request of a connection that was taken, now the caller's; or NULL. */
struct records *connection_unpark(struct connection *connection);

/* Gives it back, for its next request. */
void dispatch_keep(struct dispatch *dispatch, struct connection *connection);

void dispatch_close(struct dispatch *dispatch, struct connection *connection);

/*
 * No new connection is accepted, those without a request are closed, and a request that
 * has come is still taken. Returns at once.
 */
void dispatch_drain(struct dispatch *dispatch);

#endif
