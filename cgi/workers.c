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

/* What a thread works with. */
struct worker {
	struct bridge bridge;
	struct exchange exchange;
};

/* Answers a request that has begun to come. True: the connection may be kept. */
static bool
serve_request(struct worker *worker, int64_t waited_ms)
{
	struct exchange *exchange = &worker->exchange;

	if (!exchange_accept(exchange))
		return false;
	if (bridge_serve(&worker->bridge, exchange, waited_ms))
		return exchange_finish(exchange);
	exchange_abort(exchange);
	return false;
}

static void
serve_connection(struct workers *workers, struct worker *worker, struct connection *connection,
                 int64_t waited_ms)
{
	bool kept;

	exchange_open(&worker->exchange, connection_fd(connection));
	do {
		kept = serve_request(worker, waited_ms);
		waited_ms = 0;
	} while (kept && exchange_has_more(&worker->exchange));
	(kept ? dispatch_keep : dispatch_close)(workers->dispatch, connection);
}

static void
work(struct workers *workers, struct worker *worker)
{
	struct connection *connection;
	int64_t waited_ms;

	exchange_init(&worker->exchange, workers->patience_ms);
	if (bridge_init(&worker->bridge, workers->engine))
		while ((connection = dispatch_take(workers->dispatch, &waited_ms)) != NULL)
			serve_connection(workers, worker, connection, waited_ms);
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
workers_start(int listen_fd, swm_engine *engine, unsigned count, int patience_ms)
{
	unsigned threads = count + 1;
	struct workers *workers = calloc(1, sizeof(*workers)
	                                    + threads * sizeof(workers->threads[0]));
	int rc;

	if (workers == NULL)
		return NULL;
	workers->engine = engine;
	workers->patience_ms = patience_ms;
	workers->dispatch = dispatch_new(listen_fd);
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
