#include "config.h"

#include "bridge.h"
#include "log.h"
#include "workers.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* The sanitizers' frames are several times as large. */
#ifdef SWM_ARENA_SEPARATE
enum { STACK_SIZE = 2 * 1024 * 1024 };
#else
enum { STACK_SIZE = 256 * 1024 };
#endif

/* How long to leave the queue alone when there is no descriptor for a connection. */
enum { ACCEPT_PAUSE_MS = 100 };

struct workers {
	int listen_fd;
	swm_engine *engine;
	int drain_pipe[2];     /* the end 0 is at its end once the end 1 is closed */
	atomic_bool draining;
	/* Held by the one that waits for a connection, so that one wakes and not all. */
	pthread_mutex_t turn;
	int accept_errno;      /* the last failure that was logged, under turn */
	unsigned started;
	pthread_t threads[];
};

/*
 * Waits until fd is readable or the drain begins, whichever is first, or for a
 * time (-1 for no limit). True when fd is readable.
 */
static bool
wait_readable(const struct workers *workers, int fd, int timeout_ms)
{
	struct pollfd fds[2] = { { fd, POLLIN, 0 }, { workers->drain_pipe[0], POLLIN, 0 } };

	while (poll(fds, 2, timeout_ms) < 0)
		if (errno != EINTR)
			return false;
	return fds[0].revents != 0;
}

/* What a failed accept() asks for: nothing, or a pause in which descriptors or memory become free. */
static void
accept_failed(struct workers *workers, int number)
{
	if (number == EAGAIN || number == EINTR || number == ECONNABORTED)
		return;
	if (number != workers->accept_errno)
		log_errno(SWM_LOG_ERROR, "cannot accept a connection", number);
	workers->accept_errno = number;
	wait_readable(workers, -1, ACCEPT_PAUSE_MS);
}

/* The next connection of the web server; -1 once the drain has begun. */
static int
accept_connection(struct workers *workers)
{
	int fd = -1;

	pthread_mutex_lock(&workers->turn);
	while (fd < 0 && !atomic_load(&workers->draining)) {
		if (!wait_readable(workers, workers->listen_fd, -1))
			continue;
		fd = accept4(workers->listen_fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			accept_failed(workers, errno);
		else
			workers->accept_errno = 0;
	}
	pthread_mutex_unlock(&workers->turn);
	return fd;
}

/*
 * Hands libfcgi a connection as if it had kept it from a request before. It has
 * no listening socket, so that FCGX_Accept_r() returns when the connection ends
 * and never waits for another out of reach of the drain. A detached connection is
 * closed at once; else libfcgi waits up to 2 s for the other side to close, which
 * keeps a TCP reset from swallowing the answer: a unix socket has no such reset.
 */
static void
open_connection(FCGX_Request *fcgi, int fd)
{
	FCGX_InitRequest(fcgi, -1, FCGI_FAIL_ACCEPT_ON_INTR);
	fcgi->ipcFd = fd;
	fcgi->keepConnection = 1;
	FCGX_Detach(fcgi);
}

/* Answers the request that waits on the connection. The connection may be closed afterwards. */
static void
serve_request(struct workers *workers, struct bridge *bridge, FCGX_Request *fcgi)
{
	if (FCGX_Accept_r(fcgi) < 0)
		return;
	if (!bridge_serve(bridge, fcgi)) {
		bridge_abort(fcgi);
		return;
	}
	if (atomic_load(&workers->draining))
		fcgi->keepConnection = 0;
	FCGX_Finish_r(fcgi);
}

static void
serve_connection(struct workers *workers, struct bridge *bridge, int fd)
{
	FCGX_Request fcgi;

	open_connection(&fcgi, fd);
	while (fcgi.ipcFd >= 0 && wait_readable(workers, fcgi.ipcFd, -1))
		serve_request(workers, bridge, &fcgi);
	if (fcgi.ipcFd >= 0)
		FCGX_Free(&fcgi, 1);
}

static void *
run(void *arg)
{
	struct workers *workers = arg;
	struct bridge bridge;
	int fd;

	if (bridge_init(&bridge, workers->engine))
		while ((fd = accept_connection(workers)) >= 0)
			serve_connection(workers, &bridge, fd);
	else
		log_message(SWM_LOG_CRITICAL, "a thread ends: out of memory", SWM_STR(""));
	bridge_dispose(&bridge);
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
		rc = pthread_create(&workers->threads[workers->started], &attributes, run, workers);
		workers->started += rc == 0;
	}
	pthread_attr_destroy(&attributes);
	return rc;
}

static void
dispose(struct workers *workers)
{
	pthread_mutex_destroy(&workers->turn);
	close(workers->drain_pipe[0]);
	free(workers);
}

struct workers *
workers_start(int listen_fd, swm_engine *engine, unsigned count)
{
	struct workers *workers = calloc(1, sizeof(*workers) + count * sizeof(workers->threads[0]));
	int rc;

	if (workers == NULL)
		return NULL;
	workers->listen_fd = listen_fd;
	workers->engine = engine;
	if (pipe2(workers->drain_pipe, O_CLOEXEC) < 0) {
		free(workers);
		return NULL;
	}
	atomic_init(&workers->draining, false);
	pthread_mutex_init(&workers->turn, NULL);
	rc = start_threads(workers, count);
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
	atomic_store(&workers->draining, true);
	close(workers->drain_pipe[1]);
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
