#include "config.h"

#include "session.h"

#include "base/clock.h"

#include <stdlib.h>

static swm_session *
session_new(swm_engine *engine)
{
	swm_session *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->engine = engine;
	s->arena = swm_arena_new();
	if (s->arena == NULL) {
		free(s);
		return NULL;
	}
	return s;
}

static int
session_done(swm_session **out, swm_session *s, int rc, swm_error *err)
{
	if (rc == SWM_OK)
		*out = s;
	else
		swm_session_free(s);
	return swm_error_settle(err, rc);
}

int
swm_session_new(swm_session **out, swm_engine *engine, const char *role, swm_error *err)
{
	swm_error_clear(err);
	swm_session *s = session_new(engine);
	if (s == NULL)
		return swm_fail_memory(err);
	int rc = role == NULL
	                 ? swm_auth_anonymous(engine->auth, s->arena, &s->identity, err)
	                 : swm_auth_role(engine->auth, s->arena, swm_cstr(role), &s->identity, err);
	return session_done(out, s, rc, err);
}

int
swm_session_new_token(swm_session **out, swm_engine *engine, swm_str token, swm_error *err)
{
	swm_error_clear(err);
	swm_session *s = session_new(engine);
	if (s == NULL)
		return swm_fail_memory(err);
	int rc = swm_auth_token(engine->auth, s->arena, token, swm_clock_unix(), &s->identity, err);
	return session_done(out, s, rc, err);
}

swm_str
swm_session_role(const swm_session *session)
{
	return session->identity.role;
}

void
swm_session_free(swm_session *session)
{
	if (session == NULL)
		return;
	swm_arena_free(session->arena);
	free(session);
}
