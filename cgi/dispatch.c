/*
 * Workers wait in epoll_wait() themselves, so that a request wakes the thread that serves
 * it and no other. While all of them are busy, the accepting thread takes over: it moves
 * what is ready into a queue, with the time, so that a request knows how long it has waited.
 *
 * Each connection is armed for one event (EPOLLONESHOT): whoever gets that event owns it.
 */
#include "config.h"

#include "dispatch.h"

#include "clock.h"
#include "log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	ACCEPT_PAUSE_MS = 100, /* when there is no descriptor or memory for a connection */
	QUEUED_AT_ONCE = 64,
};

struct connection {
	struct connection *next, *prev; /* of all */
	struct connection *behind;      /* in the queue */
	int fd;
	bool armed;       /* in the epoll set, and nobody's */
	bool leaving;     /* shut down by the drain: nothing is read from it any more */
	int64_t came;     /* when it was queued */
};

struct dispatch {
	int listen_fd;
	int epoll_fd;
	int poke_fd; /* eventfd: wakes the accepting thread */
	int end_fd;  /* eventfd: in the epoll set, for ever readable once the drain has begun */
	int accept_errno; /* the accepting thread's: the last failure that was logged */
	atomic_bool drain_asked;

	pthread_mutex_t lock; /* of what follows */
	bool draining;
	unsigned idle; /* workers in epoll_wait(); above 0 the queue is empty, but for the drain */
	struct connection *first, *last;   /* the queue */
	struct connection *connections;    /* all */
};

static void
poke(struct dispatch *dispatch)
{
	(void)!eventfd_write(dispatch->poke_fd, 1);
}

static bool
watch(struct dispatch *dispatch, int operation, int fd, uint32_t events, void *ptr)
{
	struct epoll_event event = { .events = events, .data.ptr = ptr };

	return epoll_ctl(dispatch->epoll_fd, operation, fd, &event) == 0;
}

/* Waits for its next event. Locked. */
static bool
arm(struct dispatch *dispatch, struct connection *connection, int operation)
{
	connection->armed = true;
	return watch(dispatch, operation, connection->fd, EPOLLIN | EPOLLRDHUP | EPOLLONESHOT,
	             connection);
}

/*
 * The queue. Locked.
 */

static void
enqueue(struct dispatch *dispatch, struct connection *connection)
{
	connection->came = clock_ms();
	connection->behind = NULL;
	*(dispatch->first == NULL ? &dispatch->first : &dispatch->last->behind) = connection;
	dispatch->last = connection;
}

static struct connection *
dequeue(struct dispatch *dispatch)
{
	struct connection *connection = dispatch->first;

	if (connection != NULL)
		dispatch->first = connection->behind;
	return connection;
}

/*
 * Connections.
 */

int
connection_fd(const struct connection *connection)
{
	return connection->fd;
}

void
dispatch_close(struct dispatch *dispatch, struct connection *connection)
{
	pthread_mutex_lock(&dispatch->lock);
	struct connection **at = connection->prev == NULL ? &dispatch->connections
	                                                  : &connection->prev->next;
	*at = connection->next;
	if (connection->next != NULL)
		connection->next->prev = connection->prev;
	pthread_mutex_unlock(&dispatch->lock);
	close(connection->fd);
	free(connection);
}

void
dispatch_keep(struct dispatch *dispatch, struct connection *connection)
{
	pthread_mutex_lock(&dispatch->lock);
	bool kept = !dispatch->draining && arm(dispatch, connection, EPOLL_CTL_MOD);
	pthread_mutex_unlock(&dispatch->lock);
	if (!kept)
		dispatch_close(dispatch, connection);
}

/* False when there is no memory for it. */
static bool
add_connection(struct dispatch *dispatch, int fd)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (connection == NULL)
		return false;
	connection->fd = fd;
	pthread_mutex_lock(&dispatch->lock);
	connection->next = dispatch->connections;
	if (connection->next != NULL)
		connection->next->prev = connection;
	dispatch->connections = connection;
	bool added = arm(dispatch, connection, EPOLL_CTL_ADD);
	pthread_mutex_unlock(&dispatch->lock);
	if (!added)
		dispatch_close(dispatch, connection);
	return true;
}

/*
 * The accepting thread.
 */

/* A failed accept() may need a pause, in which descriptors or memory become free. */
static bool
needs_pause(struct dispatch *dispatch, int number)
{
	if (number == EAGAIN || number == EWOULDBLOCK || number == EINTR || number == ECONNABORTED)
		return false;
	if (number != dispatch->accept_errno)
		log_errno(SWM_LOG_ERROR, "cannot accept a connection", number);
	dispatch->accept_errno = number;
	return true;
}

/* Takes all connections that are in the socket's queue. False when that needs a pause. */
static bool
accept_all(struct dispatch *dispatch)
{
	for (;;) {
		int fd = accept4(dispatch->listen_fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			return !needs_pause(dispatch, errno);
		dispatch->accept_errno = 0;
		if (!add_connection(dispatch, fd))
			close(fd);
	}
}

/* Moves what is ready to the queue. Locked. */
static void
queue_events(struct dispatch *dispatch)
{
	struct epoll_event events[QUEUED_AT_ONCE];
	int count = epoll_wait(dispatch->epoll_fd, events, QUEUED_AT_ONCE, 0);

	for (; count > 0; count = epoll_wait(dispatch->epoll_fd, events, QUEUED_AT_ONCE, 0))
		for (int i = 0; i < count; i++) {
			struct connection *connection = events[i].data.ptr;
			connection->armed = false;
			enqueue(dispatch, connection);
		}
}

/* Queues what is ready while no worker waits for it; false when one does. */
static bool
queue_ready(struct dispatch *dispatch)
{
	pthread_mutex_lock(&dispatch->lock);
	bool all_busy = dispatch->idle == 0;
	if (all_busy)
		queue_events(dispatch);
	pthread_mutex_unlock(&dispatch->lock);
	return all_busy;
}

static bool
is_readable(int fd)
{
	struct pollfd one = { fd, POLLIN | POLLRDHUP, 0 };

	return poll(&one, 1, 0) != 0;
}

/*
 * Ends the connections that have no request. They are only shut down here: that is an
 * event, whose owner closes them. A request that comes at the same moment is not read, so
 * that nothing is done for a web server that was told otherwise.
 */
static void
begin_drain(struct dispatch *dispatch)
{
	pthread_mutex_lock(&dispatch->lock);
	dispatch->draining = true;
	for (struct connection *c = dispatch->connections; c != NULL; c = c->next) {
		if (!c->armed || is_readable(c->fd))
			continue;
		c->leaving = true;
		shutdown(c->fd, SHUT_RDWR);
	}
	queue_events(dispatch); /* each armed one is ready now: no more will come */
	pthread_mutex_unlock(&dispatch->lock);
	(void)!eventfd_write(dispatch->end_fd, 1);
}

void
dispatch_run(struct dispatch *dispatch)
{
	bool accepts = true, all_busy = false;
	eventfd_t pokes;

	while (!atomic_load(&dispatch->drain_asked)) {
		struct pollfd fds[] = {
			{ dispatch->poke_fd, POLLIN, 0 },
			{ accepts ? dispatch->listen_fd : -1, POLLIN, 0 },
			{ all_busy ? dispatch->epoll_fd : -1, POLLIN, 0 },
		};

		poll(fds, sizeof(fds) / sizeof(fds[0]), accepts ? -1 : ACCEPT_PAUSE_MS);
		if (eventfd_read(dispatch->poke_fd, &pokes) == 0)
			all_busy = true;
		accepts = !accepts || accept_all(dispatch);
		all_busy = all_busy && queue_ready(dispatch);
	}
	begin_drain(dispatch);
}

void
dispatch_drain(struct dispatch *dispatch)
{
	atomic_store(&dispatch->drain_asked, true);
	poke(dispatch);
}

/*
 * Workers.
 */

/* The first of the queue. Without one the worker counts as idle, or no more will come. */
static struct connection *
take_queued(struct dispatch *dispatch, int64_t *waited_ms, bool *over)
{
	pthread_mutex_lock(&dispatch->lock);
	struct connection *connection = dequeue(dispatch);
	*over = connection == NULL && dispatch->draining;
	dispatch->idle += connection == NULL && !dispatch->draining;
	pthread_mutex_unlock(&dispatch->lock);
	if (connection != NULL)
		*waited_ms = clock_ms() - connection->came;
	return connection;
}

/* Waits for an event, as one of the idle workers until then. NULL: it is none of a connection. */
static struct connection *
take_event(struct dispatch *dispatch)
{
	struct connection *connection = NULL;
	struct epoll_event event;

	if (epoll_wait(dispatch->epoll_fd, &event, 1, -1) == 1)
		connection = event.data.ptr;
	pthread_mutex_lock(&dispatch->lock);
	bool all_busy = --dispatch->idle == 0;
	if (connection != NULL)
		connection->armed = false;
	pthread_mutex_unlock(&dispatch->lock);
	if (all_busy)
		poke(dispatch);
	return connection;
}

struct connection *
dispatch_take(struct dispatch *dispatch, int64_t *waited_ms)
{
	for (;;) {
		bool over;
		struct connection *connection = take_queued(dispatch, waited_ms, &over);

		if (over)
			return NULL;
		if (connection == NULL) {
			*waited_ms = 0;
			connection = take_event(dispatch);
		}
		if (connection != NULL && !connection->leaving)
			return connection;
		if (connection != NULL)
			dispatch_close(dispatch, connection);
	}
}

/*
 * The whole.
 */

struct dispatch *
dispatch_new(int listen_fd)
{
	struct dispatch *dispatch = calloc(1, sizeof(*dispatch));

	if (dispatch == NULL)
		return NULL;
	dispatch->listen_fd = listen_fd;
	pthread_mutex_init(&dispatch->lock, NULL);
	atomic_init(&dispatch->drain_asked, false);
	dispatch->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	dispatch->poke_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	dispatch->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (dispatch->epoll_fd >= 0 && dispatch->poke_fd >= 0 && dispatch->end_fd >= 0
	    && watch(dispatch, EPOLL_CTL_ADD, dispatch->end_fd, EPOLLIN, NULL))
		return dispatch;
	int number = errno;
	dispatch_free(dispatch);
	errno = number;
	return NULL;
}

static void
close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

void
dispatch_free(struct dispatch *dispatch)
{
	while (dispatch->connections != NULL)
		dispatch_close(dispatch, dispatch->connections);
	close_if_open(dispatch->end_fd);
	close_if_open(dispatch->poke_fd);
	close_if_open(dispatch->epoll_fd);
	pthread_mutex_destroy(&dispatch->lock);
	free(dispatch);
}
