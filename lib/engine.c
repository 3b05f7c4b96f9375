/*
 * The engine's life: settings, keys, pool, snapshot. How a request is answered
 * stands in serve.c; how rows are read, in session.c.
 */
#include "config.h"

#include "engine.h"

#include "base/buf.h"
#include "base/clock.h"
#include "pool/connect.h"
#include "schema/check.h"

#include <stdlib.h>

const char *
swm_version(void)
{
	return PACKAGE_VERSION;
}

static void
log_line(swm_engine *e, enum swm_log_level level, swm_buf *line)
{
	if (e->log != NULL && !line->failed)
		e->log(e->log_user, level, swm_buf_view(line));
	swm_buf_dispose(line);
}

static void
log_loaded(swm_engine *e, const swm_snapshot *snapshot)
{
	swm_buf line = SWM_BUF_INIT;
	size_t relations;

	swm_snapshot_relations(snapshot, &relations);
	swm_buf_printf(&line, "schema loaded: %zu relations, %zu foreign keys, PostgreSQL %d",
	               relations, swm_snapshot_foreign_key_count(snapshot),
	               swm_snapshot_server_version(snapshot));
	log_line(e, SWM_LOG_INFO, &line);
}

/* Puts a new snapshot in the old one's place; what runs keeps its own reference. */
static void
replace_snapshot(swm_engine *e, swm_snapshot *snapshot)
{
	pthread_mutex_lock(&e->lock);
	swm_snapshot *old = e->snapshot;
	e->snapshot = snapshot;
	pthread_mutex_unlock(&e->lock);
	swm_snapshot_unref(old);
}

static int
read_snapshot(swm_snapshot **out, swm_engine *e, int abort_fd, swm_error *err)
{
	swm_conn *conn;
	int rc = swm_pool_acquire(&conn, e->pool, abort_fd, err);

	if (rc != SWM_OK)
		return rc;
	rc = swm_snapshot_load(out, swm_conn_pg(conn), e->settings, err);
	swm_pool_release(conn);
	return rc;
}

/* The first problem and the others, a line each. */
static void
join_problems(const struct swm_problems *problems, swm_buf *to)
{
	swm_buf_str(to, swm_buf_view(&problems->first));
	if (problems->rest.len > 0)
		swm_buf_char(to, '\n');
	swm_buf_str(to, swm_buf_view(&problems->rest));
}

/* Logs what is wrong, unless that is what was wrong before. */
static void
tell_problems(swm_engine *e, swm_buf *lines)
{
	swm_str rest = swm_buf_view(lines), line;
	bool news = !swm_str_eq(rest, swm_buf_view(&e->told));

	while (news && rest.len > 0 && swm_str_cut(&rest, '\n', &line)) {
		swm_buf copy = SWM_BUF_INIT;
		swm_buf_str(&copy, line);
		log_line(e, SWM_LOG_ERROR, &copy);
	}
	swm_buf_clear(&e->told);
	swm_buf_str(&e->told, swm_buf_view(lines));
}

static int
fail_no_snapshot(swm_error *err)
{
	int rc = swm_fail(err, SWM_ERR_NO_SCHEMA_SNAPSHOT);

	swm_error_set_retry_after(err, 1);
	return rc;
}

/* Reports names in the settings that do not exist; without a schema nothing can be answered. */
static int
check_snapshot(swm_engine *e, const swm_snapshot *snapshot, swm_error *err)
{
	struct swm_problems problems = SWM_PROBLEMS_INIT;
	swm_buf lines = SWM_BUF_INIT;
	int rc = SWM_OK;

	swm_check_schemas(&problems, snapshot, e->settings);
	bool complete = problems.count == 0;
	swm_check_names(&problems, snapshot, e->settings);
	join_problems(&problems, &lines);
	tell_problems(e, &lines);
	if (!complete) {
		rc = fail_no_snapshot(err);
		swm_error_set_details(err, swm_buf_view(&lines));
	}
	swm_buf_dispose(&lines);
	swm_problems_end(&problems, NULL);
	return rc;
}

static void
log_recovered(swm_engine *e)
{
	swm_buf line = SWM_BUF_INIT;

	swm_buf_cstr(&line, "the database has all of db-schemas; requests are answered");
	log_line(e, SWM_LOG_CRITICAL, &line);
}

static int
load_snapshot(swm_engine *e, int abort_fd, swm_error *err)
{
	swm_snapshot *snapshot;
	int rc = read_snapshot(&snapshot, e, abort_fd, err);

	if (rc != SWM_OK)
		return rc;
	rc = check_snapshot(e, snapshot, err);
	if (rc != SWM_OK) {
		swm_snapshot_unref(snapshot);
		return rc;
	}
	if (e->next_load > 0) /* written by who loads alone */
		log_recovered(e);
	log_loaded(e, snapshot);
	swm_pool_void_prepared(e->pool);
	replace_snapshot(e, snapshot);
	return SWM_OK;
}

/*
 * True if the load failed because a schema is missing, and not because the database was
 * unreachable.
 */
static bool
lacks_schema(int rc, const swm_error *err)
{
	return rc == SWM_EUNAVAILABLE && swm_str_eq(swm_error_code(err), SWM_STR("PGRST002"));
}

/* Waits for the end of a load, no longer than for a connection. Locked. */
static bool
wait_for_load(swm_engine *e, int64_t deadline)
{
	struct timespec until = { .tv_sec = deadline / 1000, .tv_nsec = deadline % 1000 * 1000000 };

	return pthread_cond_timedwait(&e->loaded, &e->lock, &until) == 0;
}

/*
 * The outcome of a load that began no earlier than the one numbered `wanted`: of
 * one that somebody else began, or of our own. One runs at a time.
 */
static int
load(swm_engine *e, uint64_t wanted, int abort_fd, swm_error *err)
{
	int64_t deadline = swm_clock_ms() + e->settings->db_pool_acquisition_timeout * 1000;
	bool in_time = true;

	pthread_mutex_lock(&e->lock);
	while (e->loading && in_time)
		in_time = wait_for_load(e, deadline);
	if (e->loading || e->loads >= wanted) {
		int rc = e->loading ? fail_no_snapshot(err) : swm_error_result(e->load_error);
		if (!e->loading)
			swm_error_copy(err, e->load_error);
		pthread_mutex_unlock(&e->lock);
		return rc;
	}
	e->loading = true;
	e->loads++;
	pthread_mutex_unlock(&e->lock);

	swm_error *own = swm_error_new();
	int rc = own == NULL ? SWM_ENOMEM : load_snapshot(e, abort_fd, own);
	pthread_mutex_lock(&e->lock);
	swm_error_copy(e->load_error, own);
	if (own == NULL)
		swm_fail_memory(e->load_error);
	/* a client that went away says nothing about the database */
	e->loads -= rc == SWM_ECANCELED;
	e->next_load = lacks_schema(rc, own) ? swm_clock_ms() + 1000 : 0;
	e->loading = false;
	pthread_cond_broadcast(&e->loaded);
	pthread_mutex_unlock(&e->lock);
	if (own == NULL)
		swm_fail_memory(err);
	else
		swm_error_copy(err, own);
	swm_error_free(own);
	return swm_error_settle(err, rc);
}

/*
 * The snapshot with a reference for the caller, or NULL and the number of the load to ask
 * for: the last one, while it is too early for another.
 */
static swm_snapshot *
current_snapshot(swm_engine *e, uint64_t *wanted)
{
	pthread_mutex_lock(&e->lock);
	swm_snapshot *s = e->snapshot == NULL ? NULL : swm_snapshot_ref(e->snapshot);
	bool early = e->next_load > 0 && swm_clock_ms() < e->next_load;
	*wanted = e->loads + (!e->loading && !early);
	pthread_mutex_unlock(&e->lock);
	return s;
}

/* The details are for the operator, who finds them in the log. */
static int
fail_load(int rc, swm_error *err)
{
	if (!lacks_schema(rc, err))
		return rc;
	swm_error_clear(err);
	return fail_no_snapshot(err);
}

int
swm_engine_snapshot(swm_snapshot **out, swm_engine *engine, int abort_fd, swm_error *err)
{
	uint64_t wanted;

	*out = current_snapshot(engine, &wanted);
	if (*out != NULL)
		return SWM_OK;
	int rc = load(engine, wanted, abort_fd, err);
	if (rc == SWM_OK)
		*out = current_snapshot(engine, &wanted);
	return rc == SWM_OK && *out == NULL ? fail_no_snapshot(err) : fail_load(rc, err);
}

int
swm_engine_check(swm_engine *engine, swm_error *err)
{
	struct swm_problems problems = SWM_PROBLEMS_INIT;
	swm_snapshot *snapshot;

	swm_error_clear(err);
	int rc = read_snapshot(&snapshot, engine, -1, err);
	if (rc != SWM_OK)
		return rc;
	swm_check_schemas(&problems, snapshot, engine->settings);
	swm_check_names(&problems, snapshot, engine->settings);
	swm_snapshot_unref(snapshot);
	return swm_problems_end(&problems, err);
}

int
swm_engine_reload_schema(swm_engine *engine, swm_error *err)
{
	swm_error_clear(err);
	pthread_mutex_lock(&engine->lock);
	uint64_t wanted = engine->loads + 1; /* one under way may have read the old tables */
	pthread_mutex_unlock(&engine->lock);
	return load(engine, wanted, -1, err);
}

bool
swm_engine_refresh(swm_engine *engine, const swm_snapshot *used, bool sure)
{
	pthread_mutex_lock(&engine->lock);
	bool changed = engine->snapshot != used, barred = swm_clock_ms() < engine->no_refresh[sure];
	uint64_t wanted = engine->loads + 1; /* one under way may have read the old tables */
	pthread_mutex_unlock(&engine->lock);
	return changed || (!barred && load(engine, wanted, -1, NULL) == SWM_OK);
}

void
swm_engine_stop_refreshing(swm_engine *engine, bool sure)
{
	enum { PAUSE_MS = 10000 };

	pthread_mutex_lock(&engine->lock);
	engine->no_refresh[sure] = swm_clock_ms() + PAUSE_MS;
	pthread_mutex_unlock(&engine->lock);
}

/*
 * The connection string is read even when something else is wrong: all problems are told at once.
 */
static int
check_connection(const swm_settings *settings, int before, swm_error *err)
{
	if (before == SWM_OK)
		return swm_connect_check(settings, err);
	if (before != SWM_ECONFIG)
		return before;
	swm_error *more = swm_error_new();
	if (swm_connect_check(settings, more) == SWM_ECONFIG)
		swm_error_append(err, more);
	swm_error_free(more);
	return before;
}

/*
 * The settings, and what only their users can say of them: keys, claim paths, the connection
 * string.
 */
static int
resolve(const swm_settings **settings, swm_auth **auth, const swm_config *config, swm_error *err)
{
	int rc = swm_settings_resolve(settings, config, err);

	if (rc != SWM_OK)
		return rc;
	return check_connection(*settings, swm_auth_new(auth, *settings, err), err);
}

int
swm_config_check(const swm_config *config, swm_error *err)
{
	const swm_settings *settings = NULL;
	swm_auth *auth = NULL;

	swm_error_clear(err);
	int rc = resolve(&settings, &auth, config, err);
	swm_auth_free(auth);
	swm_settings_unref(settings);
	return swm_error_settle(err, rc);
}

static int
init(swm_engine *e, const swm_config *config, const swm_engine_options *options, swm_error *err)
{
	if (options != NULL) {
		e->log = options->log;
		e->log_user = options->log_user;
	}
	int rc = resolve(&e->settings, &e->auth, config, err);
	if (rc == SWM_OK)
		rc = swm_pool_new(&e->pool, e->settings, e->log, e->log_user, err);
	if (rc != SWM_OK)
		return rc;
	rc = swm_engine_reload_schema(e, err);
	bool offline = rc == SWM_EUNAVAILABLE || rc == SWM_ETIMEDOUT;
	if (offline && options != NULL && options->allow_offline) {
		swm_error_clear(err);
		return SWM_OK;
	}
	return rc;
}

static void
init_lock(swm_engine *e)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&e->lock, NULL);
	pthread_cond_init(&e->loaded, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

int
swm_engine_open(swm_engine **out, const swm_config *config, const swm_engine_options *options,
                swm_error *err)
{
	swm_error_clear(err);
	if (options != NULL && options->size != sizeof *options)
		return swm_fail(err, SWM_ERR_ARGUMENT,
		                SWM_STR("the options are of another version of libswm"));
	swm_engine *e = calloc(1, sizeof *e);
	if (e == NULL)
		return swm_fail_memory(err);
	init_lock(e);
	e->load_error = swm_error_new();
	int rc = e->load_error == NULL ? swm_fail_memory(err) : init(e, config, options, err);
	if (rc == SWM_OK)
		*out = e;
	else
		swm_engine_close(e);
	return swm_error_settle(err, rc);
}

void
swm_engine_close(swm_engine *engine)
{
	if (engine == NULL)
		return;
	swm_snapshot_unref(engine->snapshot);
	swm_pool_free(engine->pool);
	swm_auth_free(engine->auth);
	swm_settings_unref(engine->settings);
	swm_error_free(engine->load_error);
	swm_buf_dispose(&engine->told);
	pthread_cond_destroy(&engine->loaded);
	pthread_mutex_destroy(&engine->lock);
	free(engine);
}
