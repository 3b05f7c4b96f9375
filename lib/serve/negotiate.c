/* How to answer: Accept and Prefer, and the plan that follows from them. */
#include "config.h"

#include "serve/serving.h"

#include "json/escape.h"

static int
plan_write(struct serving *s, const swm_read_request *read)
{
	static const enum swm_write_kind kinds[] = { [SWM_WRITES_INSERT] = SWM_WRITE_INSERT, [SWM_WRITES_PUT] = SWM_WRITE_PUT,
		[SWM_WRITES_UPDATE] = SWM_WRITE_UPDATE, [SWM_WRITES_DELETE] = SWM_WRITE_DELETE };
	bool is_text = s->content == SWM_CONTENT_CSV || s->content == SWM_CONTENT_URLENCODED;
	swm_write_request request = {
		.kind = kinds[s->write], .read = *read,
		.keys = s->json.keys, .key_count = s->json.key_count,
		.body_is_array = s->json.body == SWM_JSON_BODY_ARRAY,
		.body_is_text = is_text,
		.fill_defaults = s->prefer.missing == SWM_MISSING_DEFAULT,
		.resolution = s->prefer.resolution, .returned = s->prefer.returned,
	};

	request.read.written = true;
	request.read.place = false;
	int rc = swm_plan_write(&s->write_plan, s->arena, s->snapshot, s->engine->settings, &request, s->err);
	if (rc == SWM_OK)
		s->plan = s->write_plan->read;
	return rc;
}

static int
fail_preferences(struct serving *s, swm_str invalid)
{
	int rc = swm_fail(s->err, SWM_ERR_PREFERENCES);

	swm_error_format_details(s->err, "Invalid preferences: %.*s", SWM_PRINTED(invalid));
	return rc;
}

/* With handling=strict what is not known, or cannot be applied, is an error. */
static int
check_strict(struct serving *s)
{
	swm_str unknown = s->prefer.invalid;

	/* a name, an abbreviation or an offset: PostgreSQL says whether there is such a zone */
	s->timezone_applied = s->prefer.timezone.len > 0 && s->engine->settings->db_timezone_enabled &&
	                      swm_str_find(s->prefer.timezone, '\0') == s->prefer.timezone.len &&
	                      swm_utf8_valid(s->prefer.timezone, NULL);
	if (unknown.len == 0 && s->prefer.timezone.len > 0 && !s->timezone_applied)
		unknown = (swm_str){ s->prefer.timezone.ptr - strlen("timezone="),
		                     s->prefer.timezone.len + strlen("timezone=") };
	return s->prefer.strict && unknown.len > 0 ? fail_preferences(s, unknown) : SWM_OK;
}

int
swm_step_plan(struct serving *s)
{
	swm_str accept;
	int rc = swm_serving_header(s, &accept, "Accept");
	/* what is wrong with the relation is said before what is wrong with Accept */
	int negotiated = rc != SWM_OK ? rc : swm_choose_media(s, accept, NULL);
	enum swm_media media = s->writing.media;
	bool stripped = media == SWM_MEDIA_OBJECT_STRIPPED || media == SWM_MEDIA_ARRAY_STRIPPED;

	if (rc != SWM_OK)
		return rc;
	if (negotiated == SWM_ENOMEM) /* what is planned depends on the media type */
		return swm_fail_memory(s->err);
	/* a pre-request function, or one that may do anything, could choose another date style */
	bool iso = s->engine->settings->db_pre_request.len == 0 &&
	           !(s->call != NULL && s->call->function->volatility == 'v') &&
	           swm_snapshot_iso_dates(s->snapshot, s->identity.role);
	swm_read_request request = {
		.schema = s->schema, .relation = s->relation, .role = s->identity.role, .ast = s->ast,
		.call = s->call, .function = s->call == NULL ? NULL : s->call->function, .once = s->changes,
		.range = s->has_range ? &s->range : NULL,
		.made = s->writing.made, .handler = s->writing.handler,
		.json = s->writing.made == SWM_MADE_ROWS && media != SWM_MEDIA_CSV, .strip_nulls = stripped, .iso_dates = iso, .place = !s->explain,
		.by_key = s->prefer.by_key && s->write == SWM_WRITES_NOTHING,
	};
	if (s->write == SWM_WRITES_NOTHING)
		rc = swm_plan_read(&s->plan, s->arena, s->snapshot, s->engine->settings, &request, s->err);
	else
		rc = plan_write(s, &request);
	s->planned = rc == SWM_OK;
	if (rc == SWM_OK)
		s->unknown_names = s->write == SWM_WRITES_NOTHING ? s->plan->unknown_names :
		                                                    s->write_plan->unknown_names;
	if (rc == SWM_OK && s->write != SWM_WRITES_NOTHING)
		rc = check_strict(s); /* of a write before what is wrong with Accept, of a read after it */
	if (rc == SWM_OK && negotiated != SWM_OK)
		rc = swm_choose_media(s, accept, s->err);
	if (rc == SWM_OK)
		swm_set_warning(s);
	return rc;
}

/* Whether the transaction ends as db-tx-end says, or as the client prefers where it may. */
static bool
ends_in_rollback(struct serving *s)
{
	swm_str end = s->engine->settings->db_tx_end;
	bool rollback = swm_str_starts(end, SWM_STR("rollback"));

	if (s->transaction != NULL) { /* of which this is a part */
		s->prefer.tx = SWM_TX_DEFAULT;
		return false;
	}
	if (!swm_str_ends(end, SWM_STR("-allow-override"))) {
		s->prefer.tx = SWM_TX_DEFAULT; /* not applied */
		return rollback;
	}
	return s->prefer.tx == SWM_TX_DEFAULT ? rollback : s->prefer.tx == SWM_TX_ROLLBACK;
}

/* One row cannot be too many. */
static int
check_max_affected(struct serving *s)
{
	if (s->prefer.max_affected < 0 || s->call == NULL || s->call->function->returns_set)
		return SWM_OK;
	return swm_fail(s->err, SWM_ERR_MAX_AFFECTED_RPC);
}

int
swm_step_prefer(struct serving *s)
{
	swm_str prefer;
	int rc = swm_serving_header(s, &prefer, "Prefer");

	return rc != SWM_OK ? rc : swm_prefer_parse(&s->prefer, s->arena, prefer, s->err);
}

int
swm_step_preferences(struct serving *s)
{
	int rc = check_strict(s);

	if (rc != SWM_OK)
		return rc;
	if (s->explain)
		s->prefer.count = SWM_COUNT_NONE; /* nothing is counted */
	s->rollback |= ends_in_rollback(s); /* planned once more, what a step has decided stays */
	bool reads_table = s->call == NULL && s->write == SWM_WRITES_NOTHING; /* which affects nothing */
	if (!s->prefer.strict || reads_table)
		s->prefer.max_affected = -1; /* not applied */
	return check_max_affected(s);
}
