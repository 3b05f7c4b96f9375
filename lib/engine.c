/*
 * The engine's life: settings, keys, pool, snapshot. How a request is answered
 * stands in serve.c; how rows are read, in session.c.
 */
#include "config.h"

#include "engine.h"

#include "base/buf.h"
#include "pool/connect.h"

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
	size_t relations, keys;

	swm_snapshot_relations(snapshot, &relations);
	swm_snapshot_foreign_keys(snapshot, &keys);
	swm_buf_printf(&line, "schema loaded: %zu relations, %zu foreign keys, PostgreSQL %d",
	               relations, keys, swm_snapshot_server_version(snapshot));
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
load_snapshot(swm_engine *e, int abort_fd, swm_error *err)
{
	swm_conn *conn;
	swm_snapshot *snapshot;
	int rc = swm_pool_acquire(&conn, e->pool, abort_fd, err);

	if (rc != SWM_OK)
		return rc;
	rc = swm_snapshot_load(&snapshot, swm_conn_pg(conn), e->settings, err);
	swm_pool_release(conn);
	if (rc != SWM_OK)
		return rc;
	log_loaded(e, snapshot);
	replace_snapshot(e, snapshot);
	return SWM_OK;
}

/* One load at a time: who comes during one waits for its end, and loads again if it must be newer. */
static void
begin_load(swm_engine *e)
{
	pthread_mutex_lock(&e->lock);
	while (e->loading)
		pthread_cond_wait(&e->loaded, &e->lock);
	e->loading = true;
	pthread_mutex_unlock(&e->lock);
}

static void
end_load(swm_engine *e)
{
	pthread_mutex_lock(&e->lock);
	e->loading = false;
	pthread_cond_broadcast(&e->loaded);
	pthread_mutex_unlock(&e->lock);
}

static swm_snapshot *
current_snapshot(swm_engine *e)
{
	pthread_mutex_lock(&e->lock);
	swm_snapshot *s = e->snapshot == NULL ? NULL : swm_snapshot_ref(e->snapshot);
	pthread_mutex_unlock(&e->lock);
	return s;
}

int
swm_engine_snapshot(swm_snapshot **out, swm_engine *engine, int abort_fd, swm_error *err)
{
	int rc = SWM_OK;

	*out = current_snapshot(engine);
	if (*out != NULL)
		return SWM_OK;
	begin_load(engine);
	*out = current_snapshot(engine); /* perhaps the one waited for has it */
	if (*out == NULL) {
		rc = load_snapshot(engine, abort_fd, err);
		if (rc == SWM_OK)
			*out = current_snapshot(engine);
	}
	end_load(engine);
	return rc;
}

int
swm_engine_reload_schema(swm_engine *engine, swm_error *err)
{
	swm_error_clear(err);
	begin_load(engine);
	int rc = load_snapshot(engine, -1, err);
	end_load(engine);
	return rc;
}

/* The settings, and what only their users can say of them: keys, claim paths, the connection string. */
static int
resolve(const swm_settings **settings, swm_auth **auth, const swm_config *config, swm_error *err)
{
	int rc = swm_settings_resolve(settings, config, err);

	if (rc == SWM_OK)
		rc = swm_auth_new(auth, *settings, err);
	return rc != SWM_OK ? rc : swm_connect_check(*settings, err);
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
	return rc;
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
	rc = load_snapshot(e, -1, err);
	bool offline = rc == SWM_EUNAVAILABLE || rc == SWM_ETIMEDOUT;
	if (offline && options != NULL && options->allow_offline) {
		swm_error_clear(err);
		return SWM_OK;
	}
	return rc;
}

int
swm_engine_open(swm_engine **out, const swm_config *config, const swm_engine_options *options,
                swm_error *err)
{
	swm_error_clear(err);
	if (options != NULL && options->size != sizeof *options)
		return swm_fail(err, SWM_ERR_ARGUMENT, SWM_STR("the options are of another version of libswm"));
	swm_engine *e = calloc(1, sizeof *e);
	if (e == NULL)
		return swm_fail_memory(err);
	pthread_mutex_init(&e->lock, NULL);
	pthread_cond_init(&e->loaded, NULL);
	int rc = init(e, config, options, err);
	if (rc == SWM_OK)
		*out = e;
	else
		swm_engine_close(e);
	return rc;
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
	pthread_cond_destroy(&engine->loaded);
	pthread_mutex_destroy(&engine->lock);
	free(engine);
}
