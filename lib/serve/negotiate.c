/* How to answer: Accept and Prefer, and the plan that follows from them. */
#include "config.h"

#include "serve/serving.h"

#include "json/escape.h"

static int
plan_write(struct serving *s, struct decided *to, const swm_read_request *read)
{
	static const enum swm_write_kind kinds[] = { [SWM_WRITES_INSERT] = SWM_WRITE_INSERT,
		                                     [SWM_WRITES_PUT] = SWM_WRITE_PUT,
		                                     [SWM_WRITES_UPDATE] = SWM_WRITE_UPDATE,
		                                     [SWM_WRITES_DELETE] = SWM_WRITE_DELETE };
	bool is_text = s->sent->content == SWM_CONTENT_CSV ||
	               s->sent->content == SWM_CONTENT_URLENCODED;
	swm_write_request request = {
		.kind = kinds[s->asked->write], .read = *read,
		.keys = s->sent->json.keys, .key_count = s->sent->json.key_count,
		.body_is_array = s->sent->json.body == SWM_JSON_BODY_ARRAY,
		.body_is_text = is_text,
		.fill_defaults = s->asked->prefer.missing == SWM_MISSING_DEFAULT,
		.resolution = s->asked->prefer.resolution, .returned = s->asked->prefer.returned,
	};

	request.read.written = true;
	request.read.place = false;
	swm_write_plan *plan;
	int rc = swm_plan_write(&plan, s->arena, s->snapshot, s->engine->settings, &request,
	                        s->err);
	if (rc != SWM_OK)
		return rc;
	to->write_plan = plan;
	to->plan = plan->read;
	s->retry.unknown_names = plan->unknown_names;
	return SWM_OK;
}

static int
plan_read(struct serving *s, struct decided *to, const swm_read_request *request)
{
	swm_read_plan *plan;
	int rc = swm_plan_read(&plan, s->arena, s->snapshot, s->engine->settings, request, s->err);

	if (rc != SWM_OK)
		return rc;
	to->plan = plan;
	s->retry.unknown_names = plan->unknown_names;
	return SWM_OK;
}

static int
fail_preferences(struct serving *s, swm_str invalid)
{
	int rc = swm_fail(s->err, SWM_ERR_PREFERENCES);

	swm_error_format_details(s->err, "Invalid preferences: %.*s", SWM_PRINTED(invalid));
	return rc;
}

/* A name, an abbreviation or an offset: PostgreSQL says whether there is such a zone. */
static void
decide_timezone(const struct serving *s, struct decided *to)
{
	swm_str zone = s->asked->prefer.timezone;
	bool applied = s->engine->settings->db_timezone_enabled &&
	               swm_str_find(zone, '\0') == zone.len && swm_utf8_valid(zone, NULL);

	to->timezone = applied ? zone : (swm_str){ NULL, 0 };
}

/* With handling=strict what is not known, or cannot be applied, is an error. */
static int
check_strict(struct serving *s)
{
	swm_str unknown = s->asked->prefer.invalid, zone = s->asked->prefer.timezone;

	if (unknown.len == 0 && zone.len > 0 && s->decided->timezone.len == 0)
		unknown = (swm_str){ zone.ptr - strlen("timezone="),
			             zone.len + strlen("timezone=") };
	return s->asked->prefer.strict && unknown.len > 0 ? fail_preferences(s, unknown) : SWM_OK;
}

/*
 * A volatile function runs once: what it returns is counted as it comes, but not where a handler
 * takes it.
 */
static bool
runs_once(const struct serving *s)
{
	return s->decided->call != NULL && s->decided->call->function->volatility == 'v';
}

static void
decide_count(const struct serving *s, struct decided *to)
{
	bool uncounted = to->explain || (runs_once(s) && to->writing.made == SWM_MADE_HANDLED);

	to->count = uncounted ? SWM_COUNT_NONE : s->asked->prefer.count;
}

int
swm_step_plan(struct serving *s, struct decided *to)
{
	swm_str accept;
	int rc = swm_serving_header(s, &accept, "Accept");
	/* what is wrong with the relation is said before what is wrong with Accept */
	int negotiated = rc != SWM_OK ? rc : swm_choose_media(s, to, accept, NULL);
	enum swm_media media = s->decided->writing.media;
	bool stripped = media == SWM_MEDIA_OBJECT_STRIPPED || media == SWM_MEDIA_ARRAY_STRIPPED;

	if (rc != SWM_OK)
		return rc;
	if (negotiated == SWM_ENOMEM) /* what is planned depends on the media type */
		return swm_fail_memory(s->err);
	decide_timezone(s, to);
	decide_count(s, to);
	/* a pre-request function, or one that may do anything, could choose another date style */
	bool iso = s->engine->settings->db_pre_request.len == 0 &&
	           !(s->decided->call != NULL && s->decided->call->function->volatility == 'v') &&
	           swm_snapshot_iso_dates(s->snapshot, s->asked->identity.role);
	swm_read_request request = {
		.schema = s->asked->schema,
		.relation = s->asked->relation,
		.role = s->asked->identity.role,
		.ast = s->asked->ast,
		.call = s->decided->call,
		.function = s->decided->call == NULL ? NULL : s->decided->call->function,
		.once = s->decided->changes,
		.range = s->asked->has_range ? &s->asked->range : NULL,
		.made = s->decided->writing.made,
		.handler = s->decided->writing.handler,
		.json = s->decided->writing.made == SWM_MADE_ROWS && media != SWM_MEDIA_CSV,
		.strip_nulls = stripped,
		.iso_dates = iso,
		.place = !s->decided->explain,
		.uncut = runs_once(s) && swm_counted(s) == SWM_COUNT_EXACT,
		.by_key = s->asked->prefer.by_key && s->asked->write == SWM_WRITES_NOTHING,
	};
	if (s->asked->write == SWM_WRITES_NOTHING)
		rc = plan_read(s, to, &request);
	else
		rc = plan_write(s, to, &request);
	s->retry.planned = rc == SWM_OK;
	if (rc == SWM_OK && s->asked->write != SWM_WRITES_NOTHING)
		rc = check_strict(
			s); /* of a write before what is wrong with Accept, of a read after it */
	if (rc == SWM_OK && negotiated != SWM_OK)
		rc = swm_choose_media(s, to, accept, s->err);
	if (rc == SWM_OK)
		swm_set_warning(s);
	return rc;
}

/* Decides between COMMIT and ROLLBACK, by db-tx-end, or by Prefer where that is allowed. */
static void
decide_end(const struct serving *s, struct decided *to)
{
	swm_str end = s->engine->settings->db_tx_end;
	bool is_part = s->transaction != NULL; /* of one that ends later */
	bool may_choose = !is_part && swm_str_ends(end, SWM_STR("-allow-override"));

	to->tx = may_choose ? s->asked->prefer.tx : SWM_TX_DEFAULT;
	to->rollback = to->tx == SWM_TX_DEFAULT
	                       ? !is_part && swm_str_starts(end, SWM_STR("rollback"))
	                       : to->tx == SWM_TX_ROLLBACK;
}

/*
 * The plan of a write whose rows would be counted: they are not, so that nothing is kept which
 * might be refused.
 */
static int
decide_explained_write(struct serving *s, struct decided *to)
{
	if (!to->explain || to->write_plan == NULL || !swm_write_has_judgement(s))
		return SWM_OK;
	if (s->transaction != NULL)
		return swm_fail(s->err, SWM_ERR_NOT_IMPLEMENTED);
	to->rollback = true;
	to->max_affected = -1;
	return SWM_OK;
}

/* One row cannot be too many. */
static int
check_max_affected(struct serving *s)
{
	if (s->decided->max_affected < 0 || s->decided->call == NULL ||
	    s->decided->call->function->returns_set)
		return SWM_OK;
	return swm_fail(s->err, SWM_ERR_MAX_AFFECTED_RPC);
}

int
swm_step_prefer(struct serving *s, struct asked *to)
{
	swm_str prefer;
	int rc = swm_serving_header(s, &prefer, "Prefer");

	return rc != SWM_OK ? rc : swm_prefer_parse(&to->prefer, s->arena, prefer, s->err);
}

int
swm_step_preferences(struct serving *s, struct decided *to)
{
	/* which affects nothing */
	bool reads_table = to->call == NULL && s->asked->write == SWM_WRITES_NOTHING;

	decide_timezone(s, to);
	/* a write's were checked when it was planned */
	int rc = to->write_plan == NULL ? check_strict(s) : SWM_OK;
	if (rc != SWM_OK)
		return rc;
	decide_end(s, to);
	to->max_affected = s->asked->prefer.strict && !reads_table ? s->asked->prefer.max_affected
	                                                           : -1;
	rc = check_max_affected(s);
	return rc == SWM_OK ? decide_explained_write(s, to) : rc;
}
