/*
 * Server-Timing (https://www.w3.org/TR/server-timing/), with the stages of PostgREST
 * (https://docs.postgrest.org/en/latest/references/observability.html#server-timing-header).
 */
#include "config.h"

#include "serve/serving.h"

#include "base/clock.h"

static const char *const names[SWM_STAGES] = { "jwt", "parse", "plan", "transaction", "response" };

void
swm_enter_stage(struct serving *s, enum swm_stage stage)
{
	if (!s->engine->settings->server_timing_enabled)
		return;
	int64_t now = swm_clock_us();
	if (s->timing.since > 0)
		s->timing.us[s->timing.stage] += now - s->timing.since;
	s->timing.stage = stage;
	s->timing.since = now;
}

void
swm_set_server_timing(struct serving *s)
{
	swm_buf timing = SWM_BUF_INIT;

	if (!s->engine->settings->server_timing_enabled)
		return;
	swm_enter_stage(s, SWM_STAGE_RESPONSE);
	for (int i = 0; i < SWM_STAGES; i++) {
		/* no float: its point is the locale's */
		long long tenths = (long long)(s->timing.us[i] + 50) / 100;
		swm_buf_printf(&timing, "%s%s;dur=%lld.%lld", i == 0 ? "" : ", ", names[i],
		               tenths / 10, tenths % 10);
	}
	swm_reply_set(&s->reply, "Server-Timing", swm_buf_view(&timing));
	s->reply.failed |= timing.failed;
	swm_buf_dispose(&timing);
}
