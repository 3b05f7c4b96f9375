/*
 * The pool. A connection, or the room for one that is about to be made, is a
 * swm_conn in exactly one list: that of its state. Only change_state() moves it.
 *
 * A borrower waits in the queue and takes what is free first. Connections are made
 * beside that, by threads of the pool. While somebody who may have one waits, none is
 * idle, and one is being made if that is possible: hand_over() sees to that after every
 * change.
 */
#include "config.h"

#include "pool/pool.h"

#include "base/buf.h"
#include "base/clock.h"
#include "pool/connect.h"
#include "pool/reset.h"
#include "pool/prepared.h"
#include "pool/wait.h"

#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	LONGEST_PAUSE = 32,  /* seconds between the pool's own attempts to connect */
	TRUST_MS = 500,      /* unused for so long, a connection is looked at before it is lent */
	GROW_PAUSE_MS = 1000, /* after the database refused one connection while it keeps others */
	CLIENT_CHECK_MS = 200, /* how often a waiter looks whether its client is still there */
	DRAIN_READS = 8,
	THREAD_STACK = 256 * 1024,
	MOST_CONNECTORS = 4,  /* connections that are made at the same time */
	THREADS = 2 + MOST_CONNECTORS,
};

/* PLANNED: room, for which a thread is about to connect. */
enum state { NOWHERE, IDLE, PLANNED, CONNECTING, BUSY, CANCELLING, CLOSING, STATE_COUNT };

struct swm_conn {
	struct swm_conn *next, *prev; /* of the list of its state */
	enum state state;
	swm_pool *pool;
	PGconn *pg; /* NULL while there is only room for one */
	PGcancel *cancel;
	struct swm_prepared_cache *statements;
	uint64_t reported;  /* what reported_settings() gave when it was new */
	int64_t born, idle_since; /* swm_clock_ms() */
	uint64_t schema;    /* the pool's number when its statements were looked at */
	bool fresh, bloated;
	bool reset_prepared;
	bool resetting;     /* results of a reset are still to be read */
	bool unclean;       /* the reset could not be sent */
	bool ended; /* the server has said goodbye; the socket may not show it yet */
	bool doubtful; /* look whether it lives before it is used */
	bool anonymous; /* lent to such a borrower */
};

struct list {
	struct swm_conn *first, *last;
	int count;
};

/* In the queue until given or result are set; its thread goes on when wake is posted. */
struct waiter {
	struct waiter *next; /* in the queue, then among those to wake */
	sem_t wake;          /* no condition: who wakes from one needs the lock again */
	bool anonymous;
	swm_conn *given;
	int result;
};

struct swm_pool {
	const swm_settings *settings;
	swm_log_function *log;
	void *log_user;
	pthread_condattr_t monotonic;
	pthread_t threads[THREADS];
	int thread_count;
	int stop_pipe[2]; /* its writing end is closed to end attempts to connect */
	atomic_uint_fast64_t schema; /* counts what makes prepared statements void */

	pthread_mutex_t lock; /* of all that follows */
	struct list lists[STATE_COUNT];
	struct waiter *first_waiter, *last_waiter;
	struct waiter *to_wake; /* empty but for while the lock is held */
	int waiting_anonymous, busy_anonymous;
	pthread_cond_t keeper_wake, canceller_wake, connector_wake;
	int64_t keeper_wakes_at;
	bool stopping;
	int64_t grow_after;
	int64_t lost_at; /* when a connection was last found lost */
	/* the database is away: no connection lives and the last attempt failed */
	bool away;
	int pause;            /* seconds before the next attempt of the keeper */
	int64_t next_attempt;
	swm_buf failure;      /* why the last attempt failed */
	struct swm_pool_stats stats;
};

static void
log_line(const swm_pool *pool, enum swm_log_level level, const char *line)
{
	if (pool->log != NULL)
		pool->log(pool->log_user, level, swm_cstr(line));
}

static void
log_words(const swm_pool *pool, enum swm_log_level level, const char *what, const char *words)
{
	swm_buf line = SWM_BUF_INIT;

	swm_buf_printf(&line, "%s: %s", what, words);
	if (!line.failed)
		log_line(pool, level, swm_buf_text(&line));
	swm_buf_dispose(&line);
}

/* Wakes outside the lock: who is woken often runs at once, and others need the lock. */
static void
unlock(swm_pool *pool)
{
	struct waiter *waiter = pool->to_wake, *next;

	pool->to_wake = NULL;
	pthread_mutex_unlock(&pool->lock);
	for (; waiter != NULL; waiter = next) {
		next = waiter->next; /* it is gone after the post */
		sem_post(&waiter->wake);
	}
}

/*
 * States. All functions up to the next headline need the lock.
 */

static int
total(const swm_pool *pool)
{
	int n = 0;

	for (int s = IDLE; s < STATE_COUNT; s++)
		n += pool->lists[s].count;
	return n;
}

static void
change_state(swm_conn *conn, enum state to)
{
	struct list *list = &conn->pool->lists[conn->state];

	if (conn->state == BUSY)
		conn->pool->busy_anonymous -= conn->anonymous;
	if (conn->state != NOWHERE) {
		*(conn->prev == NULL ? &list->first : &conn->prev->next) = conn->next;
		*(conn->next == NULL ? &list->last : &conn->next->prev) = conn->prev;
		list->count--;
	}
	conn->state = to;
	conn->next = conn->prev = NULL;
	if (to == NOWHERE)
		return;
	list = &conn->pool->lists[to];
	list->count++;
	if (to == IDLE) { /* the last used is the first lent, so that those in excess grow old */
		conn->next = list->first;
		*(list->first == NULL ? &list->last : &list->first->prev) = conn;
		list->first = conn;
	} else {
		conn->prev = list->last;
		*(list->last == NULL ? &list->first : &list->last->next) = conn;
		list->last = conn;
	}
}

static bool
lives(const swm_pool *pool)
{
	return pool->lists[IDLE].count + pool->lists[BUSY].count > 0;
}

/* Connections that are being made, or will be at once. */
static int
attempts(const swm_pool *pool)
{
	return pool->lists[PLANNED].count + pool->lists[CONNECTING].count;
}

static bool
may_grow(const swm_pool *pool)
{
	if (total(pool) >= pool->settings->db_pool)
		return false;
	if (pool->away)
		return attempts(pool) == 0;
	return !lives(pool) || swm_clock_ms() >= pool->grow_after;
}

/* True if a borrower would have to wait for the session to be reset, which can take long. */
static bool
is_still_reset(swm_conn *conn)
{
	return conn->resetting && PQisBusy(conn->pg) && !swm_pool_readable(PQsocket(conn->pg));
}

static swm_conn *
lend_idle(swm_pool *pool, bool anonymous)
{
	swm_conn *conn = pool->lists[IDLE].first;

	while (conn != NULL && is_still_reset(conn))
		conn = conn->next;
	if (conn == NULL)
		conn = pool->lists[IDLE].first;
	if (conn == NULL)
		return NULL;
	change_state(conn, BUSY);
	conn->anonymous = anonymous;
	pool->busy_anonymous += anonymous;
	conn->doubtful = conn->idle_since <= pool->lost_at ||
	                 swm_clock_ms() - conn->idle_since > TRUST_MS;
	return conn;
}

/* Room for a connection that somebody is about to make; NULL when memory ran out. */
static swm_conn *
make_room(swm_pool *pool, enum state state)
{
	swm_conn *conn = calloc(1, sizeof *conn);

	if (conn == NULL)
		return NULL;
	conn->pool = pool;
	change_state(conn, state);
	return conn;
}

static void
enqueue(swm_pool *pool, struct waiter *waiter)
{
	*(pool->first_waiter == NULL ? &pool->first_waiter : &pool->last_waiter->next) = waiter;
	pool->last_waiter = waiter;
	pool->stats.waiting++;
	pool->waiting_anonymous += waiter->anonymous;
}

static void
dequeue(swm_pool *pool, const struct waiter *waiter)
{
	struct waiter *before = NULL, **at = &pool->first_waiter;

	while (*at != waiter) {
		before = *at;
		at = &before->next;
	}
	*at = waiter->next;
	if (pool->last_waiter == waiter)
		pool->last_waiter = before;
	pool->stats.waiting--;
	pool->waiting_anonymous -= waiter->anonymous;
}

static void
answer(swm_pool *pool, struct waiter *waiter, swm_conn *given, int result)
{
	dequeue(pool, waiter);
	waiter->given = given;
	waiter->result = result;
	waiter->next = pool->to_wake;
	pool->to_wake = waiter;
}

static void
answer_all(swm_pool *pool, int result)
{
	while (pool->first_waiter != NULL)
		answer(pool, pool->first_waiter, NULL, result);
}

/* How many more connections the anonymous may have. */
static int
left_for_anonymous(const swm_pool *pool)
{
	const swm_settings *s = pool->settings;
	int64_t spared = s->db_pool < 8 ? s->db_pool > 1 : s->db_pool / 4;
	int64_t most = s->db_pool_anonymous > 0 ? s->db_pool_anonymous : s->db_pool - spared;

	return most > pool->busy_anonymous ? (int)(most - pool->busy_anonymous) : 0;
}

/* The first who may have a connection. */
static struct waiter *
first_entitled(const swm_pool *pool)
{
	struct waiter *waiter = pool->first_waiter;

	if (left_for_anonymous(pool) == 0)
		while (waiter != NULL && waiter->anonymous)
			waiter = waiter->next;
	return waiter;
}

/* Has connections made for those who wait and may have one. */
static void
grow(swm_pool *pool)
{
	int left = left_for_anonymous(pool), anonymous = pool->waiting_anonymous;
	int entitled = pool->stats.waiting - anonymous + (anonymous < left ? anonymous : left);

	while (attempts(pool) < entitled && may_grow(pool)) {
		if (make_room(pool, PLANNED) == NULL) {
			if (total(pool) == 0) /* nobody else would answer them */
				answer_all(pool, SWM_ENOMEM);
			return;
		}
		pthread_cond_signal(&pool->connector_wake);
	}
}

/* Gives what has become free to those who wait, in their order. */
static void
hand_over(swm_pool *pool)
{
	struct waiter *waiter;

	while (pool->lists[IDLE].first != NULL && (waiter = first_entitled(pool)) != NULL)
		answer(pool, waiter, lend_idle(pool, waiter->anonymous), SWM_OK);
	grow(pool);
}

/* A connection is closed, or was never made. */
static void
give_up_room(swm_conn *conn)
{
	swm_pool *pool = conn->pool;

	change_state(conn, NOWHERE);
	free(conn);
	hand_over(pool);
}

static int64_t
expiry(const swm_conn *conn)
{
	const swm_settings *s = conn->pool->settings;
	int64_t idle = conn->idle_since + s->db_pool_max_idletime * 1000;
	int64_t life = conn->born + s->db_pool_max_lifetime * 1000;

	return idle < life ? idle : life;
}

static void
wake_keeper_by(swm_pool *pool, int64_t when)
{
	if (when < pool->keeper_wakes_at)
		pthread_cond_signal(&pool->keeper_wake);
}

static void
put_idle(swm_conn *conn)
{
	conn->idle_since = swm_clock_ms();
	change_state(conn, IDLE);
	hand_over(conn->pool);
	wake_keeper_by(conn->pool, conn->state == IDLE ? expiry(conn) : INT64_MAX);
}

/*
 * Closing. Without the lock.
 */

static void
close_conn(swm_conn *conn)
{
	PQfreeCancel(conn->cancel);
	PQfinish(conn->pg);
	swm_prepared_cache_free(conn->statements);
	conn->pg = NULL;
}

static void
close_and_give_up(swm_conn *conn)
{
	swm_pool *pool = conn->pool;

	close_conn(conn);
	pthread_mutex_lock(&pool->lock);
	give_up_room(conn);
	unlock(pool);
}

static bool
is_lost(const swm_conn *conn)
{
	return conn->ended || PQstatus(conn->pg) != CONNECTION_OK;
}

static void
retire(swm_conn *conn, const char *reason)
{
	swm_pool *pool = conn->pool;
	bool lost = is_lost(conn);

	pthread_mutex_lock(&pool->lock);
	change_state(conn, CLOSING);
	if (lost)
		pool->lost_at = swm_clock_ms();
	unlock(pool);
	if (lost) {
		swm_buf words = SWM_BUF_INIT;
		swm_connect_add_message(&words, PQerrorMessage(conn->pg), PQpass(conn->pg));
		log_words(pool, SWM_LOG_ERROR, "lost a connection to the database",
		          swm_buf_text(&words));
		swm_buf_dispose(&words);
	} else {
		log_words(pool, SWM_LOG_DEBUG, "closing a connection to the database", reason);
	}
	close_and_give_up(conn);
}

/*
 * Connecting.
 */

/*
 * A hash of the settings whose values the server reports of itself
 * (https://www.postgresql.org/docs/15/protocol-flow.html#PROTOCOL-ASYNC). A
 * transaction's own settings are gone when it is over, so a change lingers.
 */
static uint64_t
reported_settings(const PGconn *pg)
{
	static const char *const names[] = {
		"session_authorization", "is_superuser", "DateStyle", "IntervalStyle", "TimeZone",
		"client_encoding", "standard_conforming_strings", "default_transaction_read_only",
		"application_name",
	};
	uint64_t hash = 0;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		hash = hash * 31 + swm_str_hash(swm_cstr(PQparameterStatus(pg, names[i])));
	return hash;
}

static bool
is_goodbye(const PGresult *result)
{
	const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

	return severity != NULL &&
	       (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0);
}

/* libpq passes anything that arrives while no query runs as a notice, even an error. */
static void
hear_notice(void *arg, const PGresult *result)
{
	swm_conn *conn = arg;

	if (is_goodbye(result))
		conn->ended = true;
}

static int
open_conn(swm_conn *conn, int64_t deadline, int abort_fd, swm_buf *why)
{
	int result = swm_connect(&conn->pg, conn->pool->settings, deadline, abort_fd, why);

	if (result != SWM_OK)
		return result;
	conn->cancel = PQgetCancel(conn->pg);
	conn->statements = swm_prepared_cache_new();
	if (conn->cancel == NULL || conn->statements == NULL ||
	    PQsetnonblocking(conn->pg, 1) != 0) {
		close_conn(conn);
		return SWM_ENOMEM;
	}
	PQsetNoticeReceiver(conn->pg, hear_notice, conn);
	conn->reported = reported_settings(conn->pg);
	conn->born = swm_clock_ms();
	conn->fresh = true;
	return SWM_OK;
}

/* The rest of the pool learns that the database is there. Locked. */
static void
note_success(swm_conn *conn)
{
	swm_pool *pool = conn->pool;

	pool->stats.connects++;
	pool->away = false;
	pool->grow_after = 0;
	put_idle(conn);
	conn->fresh = conn->state == BUSY; /* lent at once */
}

/* Keeps the error, and answers the waiters with it if no other attempt is under way. Locked. */
static void
note_away(swm_pool *pool, int result, const swm_buf *why)
{
	if (!pool->away) {
		pool->away = true;
		pool->pause = 1;
		pool->next_attempt = swm_clock_ms() + 1000;
		wake_keeper_by(pool, pool->next_attempt);
	}
	swm_buf_clear(&pool->failure);
	swm_buf_str(&pool->failure, swm_buf_view(why));
	if (attempts(pool) == 0)
		answer_all(pool, result);
}

/* Makes no connections for a while; those for waiters are considered again afterwards. */
static void
pause_growth(swm_pool *pool)
{
	pool->grow_after = swm_clock_ms() + GROW_PAUSE_MS;
	wake_keeper_by(pool, pool->grow_after);
}

/*
 * After a failed attempt. While others live (the server may have no room for more), those
 * who wait had better wait for one of them. Locked.
 */
static void
note_failure(swm_conn *conn, int result, const swm_buf *why)
{
	swm_pool *pool = conn->pool;
	bool unreachable = result == SWM_EUNAVAILABLE || result == SWM_EAUTH;

	change_state(conn, NOWHERE);
	free(conn);
	if (lives(pool))
		pause_growth(pool);
	else if (unreachable)
		note_away(pool, result, why);
	else if (attempts(pool) == 0)
		answer_all(pool, result);
	hand_over(pool);
}

/* Fills err for a borrower. Locked. */
static int
fail_borrower(swm_pool *pool, int result, swm_error *err)
{
	int64_t left = (pool->next_attempt - swm_clock_ms() + 999) / 1000;

	if (result == SWM_ECANCELED)
		return swm_fail(err, SWM_ERR_CANCELED);
	if (result == SWM_ENOMEM)
		return swm_fail_memory(err);
	if (result == SWM_ETIMEDOUT) {
		pool->stats.timeouts++;
		return swm_fail(err, SWM_ERR_POOL_TIMEOUT);
	}
	result = swm_fail(err, result == SWM_EAUTH ? SWM_ERR_LOGIN_REFUSED : SWM_ERR_CONNECT);
	if (!pool->failure.failed)
		swm_error_set_details(err, swm_buf_view(&pool->failure));
	swm_error_set_retry_after(err, left < 1               ? 1
	                               : left > LONGEST_PAUSE ? LONGEST_PAUSE
	                                                      : (int)left);
	return result;
}

static void
log_connected(const swm_pool *pool, const swm_conn *conn, bool was_away)
{
	const char *host = PQhost(conn->pg);

	log_words(pool, SWM_LOG_DEBUG, "connected to the database", host == NULL ? "" : host);
	if (was_away)
		log_line(pool, SWM_LOG_CRITICAL, "the database can be reached again");
}

static void
log_attempt(const swm_pool *pool, int result, bool news, const swm_buf *why)
{
	if (result == SWM_ECANCELED || result == SWM_ENOMEM)
		return;
	log_words(pool, news ? SWM_LOG_CRITICAL : SWM_LOG_WARNING, "cannot connect to the database",
	          swm_buf_text(why));
}

/*
 * Connects, and says so before anybody has the connection, or is told why there is none.
 * Without the lock.
 */
static int
attempt(swm_conn *conn, bool for_waiters, swm_buf *why)
{
	swm_pool *pool = conn->pool;
	int64_t deadline = swm_clock_ms() + pool->settings->db_pool_acquisition_timeout * 1000;
	int result = open_conn(conn, deadline, pool->stop_pipe[0], why);

	pthread_mutex_lock(&pool->lock);
	bool was_away = pool->away, alone = !lives(pool);
	unlock(pool);
	if (result == SWM_OK)
		log_connected(pool, conn, was_away);
	else if (for_waiters)
		log_attempt(pool, result, alone && !was_away, why);
	pthread_mutex_lock(&pool->lock);
	if (result == SWM_OK)
		note_success(conn);
	else
		note_failure(conn, result, why);
	unlock(pool);
	return result;
}

/*
 * Borrowing.
 */

static struct timespec
timespec_of(int64_t when)
{
	return (struct timespec){ .tv_sec = when / 1000, .tv_nsec = when % 1000 * 1000000 };
}

static void
wait_until(pthread_cond_t *wake, pthread_mutex_t *lock, int64_t when)
{
	struct timespec t = timespec_of(when);

	if (when == INT64_MAX)
		pthread_cond_wait(wake, lock);
	else
		pthread_cond_timedwait(wake, lock, &t);
}

/* Waits for a post, true, no longer than until when. */
static bool
wait_for_post(sem_t *wake, int64_t when)
{
#ifdef SWM_THREAD_SANITIZER
	/* it does not know sem_clockwait(), and would see no order between a post and its waiter */
	struct timespec now, until;

	clock_gettime(CLOCK_REALTIME, &now);
	until = timespec_of(now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000 +
	                    swm_clock_left(when));
	return sem_timedwait(wake, &until) == 0;
#else
	struct timespec until = timespec_of(when);

	return sem_clockwait(wake, CLOCK_MONOTONIC, &until) == 0;
#endif
}

/* Waits until answered, true, or a while, after which the client may be gone or the time over. */
static bool
wait_a_while(struct waiter *self, int64_t deadline, int abort_fd)
{
	int64_t check = swm_clock_ms() + CLIENT_CHECK_MS;

	return wait_for_post(&self->wake, abort_fd >= 0 && check < deadline ? check : deadline);
}

/* The error for a waiter that timed out. Locked. */
static int
judge_timeout(swm_pool *pool)
{
	if (lives(pool) || attempts(pool) == 0)
		return SWM_ETIMEDOUT;
	swm_buf_clear(&pool->failure);
	swm_buf_str(&pool->failure, SWM_STR("timeout expired")); /* as libpq says it */
	return SWM_EUNAVAILABLE;
}

/* Leaves the queue with a result. False when the answer has just come: it is about to be woken. */
static bool
leave_queue(swm_pool *pool, struct waiter *self, int result)
{
	pthread_mutex_lock(&pool->lock);
	bool leaves = self->given == NULL && self->result == SWM_OK;
	if (leaves) {
		dequeue(pool, self);
		self->result = result == SWM_ETIMEDOUT ? judge_timeout(pool) : result;
	}
	unlock(pool);
	return leaves;
}

/* For a waiter in the queue, who is out of it afterwards. Without the lock. */
static int
wait_turn(swm_conn **out, swm_pool *pool, struct waiter *self, int64_t deadline, int abort_fd)
{
	bool waits = true;

	while (waits && !wait_a_while(self, deadline, abort_fd)) {
		int result = swm_pool_hung_up(abort_fd)       ? SWM_ECANCELED
		             : swm_clock_left(deadline) == 0 ? SWM_ETIMEDOUT
		                                             : SWM_OK;
		waits = result == SWM_OK || !leave_queue(pool, self, result);
	}
	*out = self->given;
	return self->result;
}

static int
obtain(swm_conn **out, swm_pool *pool, const swm_borrower *borrower, int64_t deadline,
       swm_error *err)
{
	struct waiter self = { .result = SWM_OK, .anonymous = borrower->anonymous };

	sem_init(&self.wake, 0, 0);
	pthread_mutex_lock(&pool->lock);
	enqueue(pool, &self);
	hand_over(pool);
	unlock(pool);
	int result = wait_turn(out, pool, &self, deadline, borrower->abort_fd);
	sem_destroy(&self.wake);
	if (result == SWM_OK)
		return SWM_OK;
	pthread_mutex_lock(&pool->lock);
	fail_borrower(pool, result, err);
	unlock(pool);
	return result;
}

/*
 * The server says nothing on an idle connection but goodbye, or that a setting was
 * reloaded. What it said is read here, so that a lost connection is noticed before
 * a request is sent over it.
 */
bool
swm_conn_is_alive(swm_conn *conn)
{
	for (int i = 0; i < DRAIN_READS; i++) {
		if (!swm_pool_readable(PQsocket(conn->pg)))
			return true;
		if (!PQconsumeInput(conn->pg))
			return false;
		(void)PQisBusy(conn->pg); /* takes in what has come */
		if (is_lost(conn))
			return false;
	}
	return false;
}

int
swm_pool_borrow(swm_conn **out, swm_pool *pool, const swm_borrower *borrower, swm_error *err)
{
	int64_t timeout = pool->settings->db_pool_acquisition_timeout * 1000;
	int64_t deadline = swm_clock_ms() + timeout - borrower->waited_ms;

	*out = NULL;
	for (;;) {
		swm_conn *conn;
		int result = obtain(&conn, pool, borrower, deadline, err);
		if (result != SWM_OK)
			return result;
		if (conn->resetting && !swm_conn_finish_reset(conn, deadline)) {
			retire(conn, "its session could not be reset");
		} else if (conn->doubtful && !swm_conn_is_alive(conn)) {
			retire(conn, "it seems lost");
		} else {
			*out = conn;
			return SWM_OK;
		}
	}
}

int
swm_pool_acquire(swm_conn **out, swm_pool *pool, int abort_fd, swm_error *err)
{
	return swm_pool_borrow(out, pool, &(swm_borrower){ .abort_fd = abort_fd }, err);
}

/*
 * Giving back.
 */

static bool
has_pending_result(const swm_conn *conn)
{
	return !conn->resetting && PQtransactionStatus(conn->pg) == PQTRANS_ACTIVE;
}

static bool
is_in_transaction(const swm_conn *conn)
{
	return !conn->resetting && PQtransactionStatus(conn->pg) != PQTRANS_IDLE;
}

static bool
is_aborted_pipeline(const swm_conn *conn)
{
	return PQpipelineStatus(conn->pg) == PQ_PIPELINE_ABORTED;
}

static bool
has_unsent(const swm_conn *conn)
{
	return PQflush(conn->pg) != 0;
}

static bool
has_lingering_setting(const swm_conn *conn)
{
	return reported_settings(conn->pg) != conn->reported;
}

static bool
is_unclean(const swm_conn *conn)
{
	return conn->unclean;
}

static bool
is_over(const swm_conn *conn)
{
	return swm_clock_ms() - conn->born >= conn->pool->settings->db_pool_max_lifetime * 1000;
}

static bool
is_bloated(const swm_conn *conn)
{
	return conn->bloated;
}

/* Why a connection is not lent again; the first that holds is logged. */
static const struct {
	const char *name;
	bool (*holds)(const swm_conn *conn);
} reasons[] = {
	{ "it was lost", is_lost },
	{ "a result is pending", has_pending_result },
	{ "a transaction is open", is_in_transaction },
	{ "its pipeline is aborted", is_aborted_pipeline },
	{ "something is still to be sent", has_unsent },
	{ "a role or setting lingers", has_lingering_setting },
	{ "its session cannot be reset", is_unclean },
	{ "its time is over", is_over },
	{ "its buffers have grown", is_bloated },
};

static const char *
reason_not_to_reuse(const swm_conn *conn)
{
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (reasons[i].holds(conn))
			return reasons[i].name;
	return NULL;
}

void
swm_pool_release(swm_conn *conn)
{
	swm_pool *pool = conn->pool;
	const char *reason = reason_not_to_reuse(conn);

	if (reason != NULL && has_pending_result(conn)) {
		swm_pool_discard(conn, true);
		return;
	}
	if (reason != NULL) {
		retire(conn, reason);
		return;
	}
	conn->fresh = false;
	pthread_mutex_lock(&pool->lock);
	put_idle(conn);
	unlock(pool);
}

void
swm_pool_discard(swm_conn *conn, bool cancel)
{
	swm_pool *pool = conn->pool;

	if (!cancel || is_lost(conn)) {
		retire(conn, "its use was given up");
		return;
	}
	pthread_mutex_lock(&pool->lock);
	change_state(conn, CANCELLING);
	pthread_cond_signal(&pool->canceller_wake);
	unlock(pool);
}

/*
 * The pool's own threads. The canceller is apart from the keeper because
 * PQcancel() blocks, and a dead host may keep it for long.
 */

static void
cancel_and_close(swm_conn *conn)
{
	char message[256] = "";

	if (!PQcancel(conn->cancel, message, sizeof message))
		log_words(conn->pool, SWM_LOG_WARNING, "cannot cancel a query", message);
	else
		log_line(conn->pool, SWM_LOG_DEBUG, "cancelled a query whose client has gone");
	close_and_give_up(conn);
}

static void *
run_canceller(void *arg)
{
	swm_pool *pool = arg;

	pthread_mutex_lock(&pool->lock);
	for (;;) {
		swm_conn *conn = pool->lists[CANCELLING].first;
		if (conn == NULL && pool->stopping)
			break;
		if (conn == NULL) {
			pthread_cond_wait(&pool->canceller_wake, &pool->lock);
			continue;
		}
		change_state(conn, CLOSING);
		unlock(pool);
		cancel_and_close(conn);
		pthread_mutex_lock(&pool->lock);
	}
	unlock(pool);
	return NULL;
}

/*
 * An idle connection whose time is over, now being closed, or NULL. *due: when the next one's is.
 * Locked.
 */
static swm_conn *
take_expired(swm_pool *pool, int64_t *due)
{
	int64_t now = swm_clock_ms();

	for (swm_conn *conn = pool->lists[IDLE].first; conn != NULL; conn = conn->next) {
		int64_t when = expiry(conn);
		if (when <= now) {
			change_state(conn, CLOSING);
			return conn;
		}
		if (when < *due)
			*due = when;
	}
	return NULL;
}

/* Room for an attempt of the keeper, or NULL. *due: when it may be time for one. Locked. */
static swm_conn *
take_recovery(swm_pool *pool, int64_t *due)
{
	if (!pool->away || !pool->settings->db_pool_automatic_recovery)
		return NULL;
	if (swm_clock_ms() < pool->next_attempt) {
		if (pool->next_attempt < *due)
			*due = pool->next_attempt;
		return NULL;
	}
	swm_conn *conn = may_grow(pool) ? make_room(pool, CONNECTING) : NULL;
	if (conn != NULL)
		return conn;
	int64_t soon = swm_clock_ms() + 1000; /* another attempt runs */
	if (soon < *due)
		*due = soon;
	return NULL;
}

static void
log_recovery(const swm_pool *pool, int pause, const swm_buf *why)
{
	swm_buf line = SWM_BUF_INIT;

	swm_buf_printf(&line, "cannot connect to the database, the next attempt is in %d s: %s",
	               pause, swm_buf_text(why));
	if (!line.failed)
		log_line(pool, SWM_LOG_CRITICAL, swm_buf_text(&line));
	swm_buf_dispose(&line);
}

static void
attempt_recovery(swm_conn *conn)
{
	swm_pool *pool = conn->pool;
	swm_buf why = SWM_BUF_INIT;
	int result = attempt(conn, false, &why);

	pthread_mutex_lock(&pool->lock);
	pool->pause = pool->pause * 2 < LONGEST_PAUSE ? pool->pause * 2 : LONGEST_PAUSE;
	pool->next_attempt = swm_clock_ms() + pool->pause * 1000;
	int pause = pool->pause;
	unlock(pool);
	if (result != SWM_OK && result != SWM_ECANCELED)
		log_recovery(pool, pause, &why);
	swm_buf_dispose(&why);
}

/* Does one thing that is due; false: nothing is before *due. Locked, but for the doing. */
static bool
keep_once(swm_pool *pool, int64_t *due)
{
	/*
	 * A connection that is lent now cannot expire before this. Without a time limit here, each
	 * connection that is given back would wake this thread.
	 */
	*due = total(pool) == 0 ? INT64_MAX
	                        : swm_clock_ms() + pool->settings->db_pool_max_idletime * 1000;
	hand_over(pool);
	if (pool->first_waiter != NULL && pool->grow_after > swm_clock_ms() &&
	    pool->grow_after < *due)
		*due = pool->grow_after;
	swm_conn *expired = take_expired(pool, due);
	swm_conn *room = expired == NULL ? take_recovery(pool, due) : NULL;

	if (expired == NULL && room == NULL)
		return false;
	unlock(pool);
	if (expired != NULL)
		close_and_give_up(expired);
	else
		attempt_recovery(room);
	pthread_mutex_lock(&pool->lock);
	return true;
}

static void *
run_keeper(void *arg)
{
	swm_pool *pool = arg;

	pthread_mutex_lock(&pool->lock);
	while (!pool->stopping) {
		int64_t due;
		if (keep_once(pool, &due))
			continue;
		pool->keeper_wakes_at = due;
		wait_until(&pool->keeper_wake, &pool->lock, due);
		pool->keeper_wakes_at = INT64_MIN; /* awake: it looks itself */
	}
	unlock(pool);
	return NULL;
}

static void
attempt_for_waiters(swm_conn *conn)
{
	swm_buf why = SWM_BUF_INIT;

	attempt(conn, true, &why);
	swm_buf_dispose(&why);
}

static void *
run_connector(void *arg)
{
	swm_pool *pool = arg;

	pthread_mutex_lock(&pool->lock);
	while (!pool->stopping) {
		swm_conn *conn = pool->lists[PLANNED].first;
		if (conn == NULL) {
			pthread_cond_wait(&pool->connector_wake, &pool->lock);
			continue;
		}
		change_state(conn, CONNECTING);
		unlock(pool);
		attempt_for_waiters(conn);
		pthread_mutex_lock(&pool->lock);
	}
	unlock(pool);
	return NULL;
}

/*
 * The pool itself.
 */

/* Signals are the program's: our threads never take one. */
static int
start_thread(pthread_t *thread, void *(*run)(void *), void *arg)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int error = pthread_attr_init(&attr);

	if (error != 0)
		return error;
	sigfillset(&all);
	pthread_attr_setstacksize(&attr, THREAD_STACK);
	error = pthread_sigmask(SIG_SETMASK, &all, &before);
	if (error == 0) {
		error = pthread_create(thread, &attr, run, arg);
		pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	pthread_attr_destroy(&attr);
	return error;
}

static void
stop_threads(swm_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->stopping = true;
	pthread_cond_signal(&pool->keeper_wake);
	pthread_cond_signal(&pool->canceller_wake);
	pthread_cond_broadcast(&pool->connector_wake);
	unlock(pool);
	close(pool->stop_pipe[1]);
	while (pool->thread_count > 0)
		pthread_join(pool->threads[--pool->thread_count], NULL);
	close(pool->stop_pipe[0]);
}

static int
start_threads(swm_pool *pool)
{
	void *(*const mains[THREADS])(void *) = { run_keeper, run_canceller };
	int64_t size = pool->settings->db_pool;
	int wanted = size < MOST_CONNECTORS ? 2 + (int)size : THREADS;
	int error = 0;

	if (pipe2(pool->stop_pipe, O_CLOEXEC) != 0)
		return errno;
	while (error == 0 && pool->thread_count < wanted) {
		int i = pool->thread_count;
		error = start_thread(&pool->threads[i], mains[i] != NULL ? mains[i] : run_connector,
		                     pool);
		pool->thread_count += error == 0;
	}
	if (error != 0)
		stop_threads(pool);
	return error;
}

/* On Linux these do not fail with the attributes used here. */
static void
init_locks(swm_pool *pool)
{
	pthread_condattr_init(&pool->monotonic);
	pthread_condattr_setclock(&pool->monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->keeper_wake, &pool->monotonic);
	pthread_cond_init(&pool->canceller_wake, &pool->monotonic);
	pthread_cond_init(&pool->connector_wake, &pool->monotonic);
}

static void
free_pool(swm_pool *pool)
{
	pthread_cond_destroy(&pool->connector_wake);
	pthread_cond_destroy(&pool->canceller_wake);
	pthread_cond_destroy(&pool->keeper_wake);
	pthread_mutex_destroy(&pool->lock);
	pthread_condattr_destroy(&pool->monotonic);
	swm_buf_dispose(&pool->failure);
	swm_settings_unref(pool->settings);
	free(pool);
}

int
swm_pool_new(swm_pool **out, const swm_settings *settings, swm_log_function *log, void *log_user,
             swm_error *err)
{
	*out = NULL;
	int result = swm_connect_check(settings, err);
	if (result != SWM_OK)
		return result;
	swm_pool *pool = calloc(1, sizeof *pool);
	if (pool == NULL)
		return swm_fail_memory(err);
	pool->settings = swm_settings_ref(settings);
	pool->log = log;
	pool->log_user = log_user;
	pool->lost_at = INT64_MIN;
	pool->keeper_wakes_at = INT64_MIN;
	init_locks(pool);
	int error = start_threads(pool);
	if (error != 0) {
		free_pool(pool);
		return swm_fail_errno(err, SWM_STR("cannot start a thread of the pool"), error);
	}
	*out = pool;
	return SWM_OK;
}

void
swm_pool_free(swm_pool *pool)
{
	if (pool == NULL)
		return;
	stop_threads(pool);
	for (swm_conn *conn; (conn = pool->lists[PLANNED].first) != NULL;) {
		change_state(conn, NOWHERE);
		free(conn);
	}
	for (swm_conn *conn; (conn = pool->lists[IDLE].first) != NULL;) {
		change_state(conn, CLOSING);
		close_and_give_up(conn);
	}
	free_pool(pool);
}

void
swm_pool_stats(swm_pool *pool, struct swm_pool_stats *out)
{
	pthread_mutex_lock(&pool->lock);
	*out = pool->stats;
	out->size = total(pool);
	out->idle = pool->lists[IDLE].count;
	out->busy = pool->lists[BUSY].count;
	unlock(pool);
}

PGconn *
swm_conn_pg(const swm_conn *conn)
{
	return conn->pg;
}

bool
swm_conn_is_fresh(const swm_conn *conn)
{
	return conn->fresh;
}

int64_t
swm_conn_silence(const swm_conn *conn)
{
	return conn->pool->settings->db_answer_timeout * 1000;
}

void
swm_conn_set_bloated(swm_conn *conn)
{
	conn->bloated = true;
}

void
swm_conn_set_lost(swm_conn *conn)
{
	conn->ended = true;
}

struct swm_prepared_cache *
swm_conn_prepared(swm_conn *conn)
{
	return conn->statements;
}

void
swm_conn_begin_prepared(swm_conn *conn)
{
	uint64_t schema = atomic_load(&conn->pool->schema);

	if (conn->schema != schema)
		swm_prepared_cache_forget(conn->statements);
	conn->schema = schema;
	swm_prepared_cache_begin(conn->statements);
}

void
swm_pool_void_prepared(swm_pool *pool)
{
	atomic_fetch_add(&pool->schema, 1);
}

void
swm_conn_send_reset(swm_conn *conn)
{
	bool prepare = conn->pool->settings->db_prepared_statements;

	conn->resetting = true;
	conn->unclean = !swm_reset_send(conn->pg, prepare ? &conn->reset_prepared : NULL);
}

bool
swm_conn_finish_reset(swm_conn *conn, int64_t deadline)
{
	conn->resetting = false;
	return !conn->unclean && swm_reset_finish(conn->pg, deadline);
}
