/* The threads that speak FastCGI. */
#ifndef SWM_CGI_WORKERS_H
#define SWM_CGI_WORKERS_H

#include <swm.h>
#include <time.h>

struct workers;

struct workers_options {
	unsigned threads;
	unsigned most_anonymous; /* threads that anonymous requests occupy; UINT_MAX: any number */
	int patience_ms;         /* bounds the waits for the web server */
	int queue_ms;            /* bounds the time for which one of them waits for its turn */
};

/*
 * Starts the threads that take connections from a listening socket and serve their requests, and
 * one that accepts connections. The engine and the socket must outlive them. NULL, with errno
 * set, when they cannot be started.
 */
struct workers *workers_start(int listen_fd, swm_engine *engine,
                              const struct workers_options *options);

/*
 * Tells them to end: no new connection is taken, a request that has arrived is
 * still answered, and a kept connection is closed when it is idle. Returns at once.
 */
void workers_drain(struct workers *workers);

/*
 * Waits until all have ended, no longer than until a time of CLOCK_REALTIME; then
 * frees them and returns true. False: some still run, and nothing was freed.
 */
bool workers_join(struct workers *workers, const struct timespec *deadline);

#endif
