/*
 * Workers wait in epoll_wait() themselves, so that a request wakes the thread that serves
 * it and no other. While all of them are busy, the accepting thread takes over: it moves
 * what is ready into a queue, with the time, so that a request knows how long it has waited.
 *
 * Each connection is armed for one event (EPOLLONESHOT): whoever gets that event owns it.
 *
 * Anonymous requests may occupy a part of the workers only. A further one is parked, with what was
 * read of it: its connection is nobody's, and not armed. It is resumed, by an event that comes at
 * once, when an anonymous request ends, whose place it takes; when its time is over or its client
 * has gone, so that a worker says so; and when the drain begins.
 */
#include "config.h"

#include "dispatch.h"

#include "clock.h"
#include "log.h"
#include "records.h"

#include <errno.h>
#include <limits.h>
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
	PARKED_CHECK_MS = 200, /* how often parked requests are looked at */
};

struct connection {
	struct connection *next, *prev; /* in the list of all */
	struct connection *behind;      /* in the queue, or among the parked */
	int fd;
	bool armed;       /* in the epoll set, and nobody's */
	bool leaving;     /* shut down by the drain: nothing is read from it any more */
	bool admitted;    /* counts as one of the anonymous that are served */
	int64_t came;     /* when its request was queued */
	struct records *parked; /* the read part of a request that was put off, or NULL */
};

struct queue {
	struct connection *first, *last;
};

struct dispatch {
	int listen_fd;
	int epoll_fd;
	int poke_fd; /* eventfd: wakes the accepting thread */
	int end_fd;  /* eventfd: in the epoll set, for ever readable once the drain has begun */
	int accept_errno; /* the accepting thread's: the last failure that was logged */
	atomic_bool drain_asked;
	int64_t next_check;     /* the accepting thread's: when it looks at the parked again */
	int park_ms;            /* how long a request waits at most */
	atomic_uint most;       /* anonymous requests that are served at once */
	atomic_uint anonymous;  /* that are; rises at any time, falls under the lock */
	atomic_bool any_parked; /* written under the lock */

	pthread_mutex_t lock; /* guards the fields below */
	bool draining;
	unsigned idle; /* workers in epoll_wait(); above 0 the queue is empty, but for the drain */
	struct queue queue, parked;
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
arm(struct dispatch *dispatch, struct connection *connection, int operation, uint32_t events)
{
	connection->armed = watch(dispatch, operation, connection->fd,
	                          events | EPOLLRDHUP | EPOLLONESHOT, connection);
	return connection->armed;
}

/*
 * The queue, and the parked, which are nobody's until they are resumed. Locked.
 */

static void
append(struct queue *queue, struct connection *connection)
{
	connection->behind = NULL;
	*(queue->first == NULL ? &queue->first : &queue->last->behind) = connection;
	queue->last = connection;
}

static struct connection *
take_first(struct queue *queue)
{
	struct connection *connection = queue->first;

	if (connection != NULL)
		queue->first = connection->behind;
	return connection;
}

static void
enqueue(struct dispatch *dispatch, struct connection *connection)
{
	if (connection->parked == NULL) /* else it came before it was parked */
		connection->came = clock_ms();
	append(&dispatch->queue, connection);
}

/*
 * Has a worker go on with a parked request. It can be written to, which is an event. No event is
 * waited for in the drain, but by then each worker looks at the queue before it ends.
 */
static void
resume(struct dispatch *dispatch, struct connection *connection)
{
	connection->admitted = true;
	if (dispatch->draining || !arm(dispatch, connection, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT))
		enqueue(dispatch, connection);
}

/* The place of one that was served is the first parked one's, or free. */
static void
give_place(struct dispatch *dispatch, struct connection *connection)
{
	if (!connection->admitted)
		return;
	connection->admitted = false;
	struct connection *next = NULL;
	if (atomic_load(&dispatch->anonymous) <= atomic_load(&dispatch->most))
		next = take_first(&dispatch->parked);
	if (next != NULL)
		resume(dispatch, next);
	else
		atomic_fetch_sub(&dispatch->anonymous, 1);
}

/* Resumes, beyond the bound, those of the parked that are due. */
static void
resume_due(struct dispatch *dispatch,
           bool (*is_due)(const struct dispatch *, const struct connection *))
{
	struct queue parked = dispatch->parked;
	struct connection *connection;

	dispatch->parked = (struct queue){ NULL, NULL };
	while ((connection = take_first(&parked)) != NULL) {
		if (!is_due(dispatch, connection)) {
			append(&dispatch->parked, connection);
			continue;
		}
		atomic_fetch_add(&dispatch->anonymous, 1);
		resume(dispatch, connection);
	}
	atomic_store(&dispatch->any_parked, dispatch->parked.first != NULL);
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
	give_place(dispatch, connection);
	struct connection **at = connection->prev == NULL ? &dispatch->connections
	                                                  : &connection->prev->next;
	*at = connection->next;
	if (connection->next != NULL)
		connection->next->prev = connection->prev;
	pthread_mutex_unlock(&dispatch->lock);
	close(connection->fd);
	if (connection->parked != NULL)
		records_dispose(connection->parked);
	free(connection->parked);
	free(connection);
}

void
dispatch_keep(struct dispatch *dispatch, struct connection *connection)
{
	pthread_mutex_lock(&dispatch->lock);
	give_place(dispatch, connection);
	bool kept = !dispatch->draining && arm(dispatch, connection, EPOLL_CTL_MOD, EPOLLIN);
	pthread_mutex_unlock(&dispatch->lock);
	if (!kept)
		dispatch_close(dispatch, connection);
}

/* True: one more of the anonymous may be served, and counts as such. */
static bool
take_place(struct dispatch *dispatch)
{
	unsigned count = atomic_load(&dispatch->anonymous);

	while (count < atomic_load(&dispatch->most))
		if (atomic_compare_exchange_weak(&dispatch->anonymous, &count, count + 1))
			return true;
	return false;
}

bool
dispatch_admit(struct dispatch *dispatch, struct connection *connection)
{
	connection->admitted = connection->admitted || take_place(dispatch);
	return connection->admitted;
}

void
dispatch_park(struct dispatch *dispatch, struct connection *connection, struct records *parked,
              int64_t waited_ms)
{
	connection->parked = parked;
	connection->came = clock_ms() - waited_ms;
	pthread_mutex_lock(&dispatch->lock);
	bool resumed = take_place(dispatch); /* one has become free */
	bool first = !resumed && !atomic_load(&dispatch->any_parked);
	if (resumed) {
		resume(dispatch, connection);
	} else {
		append(&dispatch->parked, connection);
		atomic_store(&dispatch->any_parked, true);
	}
	pthread_mutex_unlock(&dispatch->lock);
	if (first)
		poke(dispatch);
}

struct records *
connection_unpark(struct connection *connection)
{
	struct records *parked = connection->parked;

	connection->parked = NULL;
	return parked;
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
	bool added = arm(dispatch, connection, EPOLL_CTL_ADD, EPOLLIN);
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
polls(int fd, short events)
{
	struct pollfd one = { fd, events, 0 };

	return poll(&one, 1, 0) != 0;
}

static bool
has_waited_or_gone(const struct dispatch *dispatch, const struct connection *connection)
{
	return clock_ms() - connection->came >= dispatch->park_ms ||
	       polls(connection->fd, POLLRDHUP);
}

/* Now and then, while some are parked. */
static void
check_parked(struct dispatch *dispatch)
{
	int64_t now = clock_ms();

	if (!atomic_load(&dispatch->any_parked) || now < dispatch->next_check)
		return;
	dispatch->next_check = now + PARKED_CHECK_MS;
	pthread_mutex_lock(&dispatch->lock);
	resume_due(dispatch, has_waited_or_gone);
	pthread_mutex_unlock(&dispatch->lock);
}

static bool
is_any(const struct dispatch *dispatch, const struct connection *connection)
{
	(void)dispatch;
	(void)connection;
	return true;
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
	atomic_store(&dispatch->most, UINT_MAX); /* nobody else comes for whom workers are spared */
	resume_due(dispatch, is_any);
	for (struct connection *c = dispatch->connections; c != NULL; c = c->next) {
		if (!c->armed || c->parked != NULL || polls(c->fd, POLLIN | POLLRDHUP))
			continue;
		c->leaving = true;
		shutdown(c->fd, SHUT_RDWR);
	}
	queue_events(dispatch); /* each armed one is ready now: no more will come */
	pthread_mutex_unlock(&dispatch->lock);
	(void)!eventfd_write(dispatch->end_fd, 1);
}

/* The time that the accepting thread may sleep, in milliseconds; -1: until something happens. */
static int
longest_sleep(struct dispatch *dispatch, bool accepts)
{
	if (!accepts)
		return ACCEPT_PAUSE_MS;
	return atomic_load(&dispatch->any_parked) ? PARKED_CHECK_MS : -1;
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

		poll(fds, sizeof(fds) / sizeof(fds[0]), longest_sleep(dispatch, accepts));
		if (eventfd_read(dispatch->poke_fd, &pokes) == 0)
			all_busy = true;
		accepts = !accepts || accept_all(dispatch);
		check_parked(dispatch);
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
	struct connection *connection = take_first(&dispatch->queue);
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
			connection = take_event(dispatch);
			*waited_ms = connection != NULL && connection->parked != NULL
			             ? clock_ms() - connection->came : 0;
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
dispatch_new(int listen_fd, unsigned most_anonymous, int park_ms)
{
	struct dispatch *dispatch = calloc(1, sizeof(*dispatch));

	if (dispatch == NULL)
		return NULL;
	dispatch->listen_fd = listen_fd;
	dispatch->park_ms = park_ms;
	atomic_init(&dispatch->most, most_anonymous);
	atomic_init(&dispatch->anonymous, 0);
	atomic_init(&dispatch->any_parked, false);
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
