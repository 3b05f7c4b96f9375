#include "config.h"

#include "bridge.h"
#include "dispatch.h"
#include "exchange.h"
#include "log.h"
#include "workers.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

/* The sanitizers' frames are several times as large. */
#ifdef SWM_ARENA_SEPARATE
enum { STACK_SIZE = 2 * 1024 * 1024 };
#else
enum { STACK_SIZE = 256 * 1024 };
#endif

struct workers {
	struct dispatch *dispatch;
	swm_engine *engine;
	int patience_ms;
	unsigned started;
	pthread_t threads[]; /* the first accepts connections */
};

/* One thread's own. */
struct worker {
	struct dispatch *dispatch;
	struct connection *connection; /* the current one */
	struct bridge bridge;
	struct exchange exchange;
};

/* swm-fcgi's part of bridge.admit. */
static bool
admit_current(void *user)
{
	struct worker *worker = user;

	return dispatch_admit(worker->dispatch, worker->connection);
}

/* The further use of the connection. */
enum outcome { KEEP, CLOSE, PARK };

/* Answers an accepted request. */
static enum outcome
serve_request(struct worker *worker, int64_t waited_ms)
{
	struct exchange *exchange = &worker->exchange;

	switch (bridge_serve(&worker->bridge, exchange, waited_ms)) {
	case BRIDGE_COMPLETE:
		return exchange_finish(exchange) ? KEEP : CLOSE;
	case BRIDGE_PUT_OFF:
		return PARK;
	case BRIDGE_BROKEN:
		break;
	}
	exchange_abort(exchange);
	return CLOSE;
}

/* Reads and answers the requests that have come, the first after waited_ms. */
static enum outcome
serve_accepted(struct worker *worker, int64_t *waited_ms)
{
	enum outcome outcome = serve_request(worker, *waited_ms);

	while (outcome == KEEP && exchange_has_more(&worker->exchange)) {
		*waited_ms = 0;
		outcome = exchange_accept(&worker->exchange) ? serve_request(worker, 0) : CLOSE;
	}
	return outcome;
}

/* Without memory to park it, the request is broken off. */
static void
park(struct worker *worker, int64_t waited_ms)
{
	struct records *parked = exchange_park(&worker->exchange);

	if (parked != NULL) {
		dispatch_park(worker->dispatch, worker->connection, parked, waited_ms);
		return;
	}
	log_message(SWM_LOG_ERROR, "a request is broken off: out of memory", SWM_STR(""));
	exchange_abort(&worker->exchange);
	dispatch_close(worker->dispatch, worker->connection);
}

static void
serve_connection(struct worker *worker, int64_t waited_ms)
{
	struct connection *connection = worker->connection;
	struct records *parked = connection_unpark(connection);
	bool accepted = parked != NULL;

	if (accepted) {
		exchange_resume(&worker->exchange, connection_fd(connection), parked);
	} else {
		exchange_open(&worker->exchange, connection_fd(connection));
		accepted = exchange_accept(&worker->exchange);
	}
	switch (accepted ? serve_accepted(worker, &waited_ms) : CLOSE) {
	case KEEP:
		dispatch_keep(worker->dispatch, connection);
		break;
	case CLOSE:
		dispatch_close(worker->dispatch, connection);
		break;
	case PARK:
		park(worker, waited_ms);
		break;
	}
}

static void
work(struct workers *workers, struct worker *worker)
{
	int64_t waited_ms;

	worker->dispatch = workers->dispatch;
	exchange_init(&worker->exchange, workers->patience_ms);
	if (bridge_init(&worker->bridge, workers->engine, admit_current, worker))
		while ((worker->connection = dispatch_take(worker->dispatch, &waited_ms)) != NULL)
			serve_connection(worker, waited_ms);
	else
		log_message(SWM_LOG_CRITICAL, "a thread ends: out of memory", SWM_STR(""));
	bridge_dispose(&worker->bridge);
	exchange_dispose(&worker->exchange);
}

static void *
run_worker(void *arg)
{
	struct worker *worker = malloc(sizeof(*worker));

	if (worker == NULL)
		log_message(SWM_LOG_CRITICAL, "a thread ends: out of memory", SWM_STR(""));
	else
		work(arg, worker);
	free(worker);
	return NULL;
}

static void *
run_acceptor(void *arg)
{
	struct workers *workers = arg;

	dispatch_run(workers->dispatch);
	return NULL;
}

static int
start_threads(struct workers *workers, unsigned count)
{
	pthread_attr_t attributes;
	int rc = pthread_attr_init(&attributes);

	if (rc != 0)
		return rc;
	rc = pthread_attr_setstacksize(&attributes, STACK_SIZE);
	while (rc == 0 && workers->started < count) {
		rc = pthread_create(&workers->threads[workers->started], &attributes,
		                    workers->started == 0 ? run_acceptor : run_worker, workers);
		workers->started += rc == 0;
	}
	pthread_attr_destroy(&attributes);
	return rc;
}

static void
dispose(struct workers *workers)
{
	dispatch_free(workers->dispatch);
	free(workers);
}

struct workers *
workers_start(int listen_fd, swm_engine *engine, const struct workers_options *options)
{
	unsigned threads = options->threads + 1;
	struct workers *workers = calloc(1, sizeof(*workers)
	                                    + threads * sizeof(workers->threads[0]));
	int rc;

	if (workers == NULL)
		return NULL;
	workers->engine = engine;
	workers->patience_ms = options->patience_ms;
	workers->dispatch = dispatch_new(listen_fd, options->most_anonymous, options->queue_ms);
	if (workers->dispatch == NULL) {
		free(workers);
		return NULL;
	}
	rc = start_threads(workers, threads);
	if (rc == 0)
		return workers;
	workers_drain(workers);
	for (unsigned i = 0; i < workers->started; i++)
		pthread_join(workers->threads[i], NULL);
	dispose(workers);
	errno = rc;
	return NULL;
}

void
workers_drain(struct workers *workers)
{
	dispatch_drain(workers->dispatch);
}

bool
workers_join(struct workers *workers, const struct timespec *deadline)
{
	while (workers->started > 0) {
		if (pthread_timedjoin_np(workers->threads[workers->started - 1], NULL, deadline) != 0)
			return false;
		workers->started--;
	}
	dispose(workers);
	return true;
}
