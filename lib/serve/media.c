/*
 * In which media type to answer: what the engine writes itself, what PostGIS writes, and
 * what handlers in the database write, which go before both
 * (https://docs.postgrest.org/en/latest/references/api/media_type_handlers.html).
 */
#include "config.h"

#include "serve/serving.h"

enum {
	OWN_MEDIA = 1 << SWM_MEDIA_OBJECT | 1 << SWM_MEDIA_OBJECT_STRIPPED |
	            1 << SWM_MEDIA_ARRAY_STRIPPED,
	ROWS_MEDIA = OWN_MEDIA | 1 << SWM_MEDIA_JSON | 1 << SWM_MEDIA_CSV | 1 << SWM_MEDIA_NDJSON,
	PLAN_MEDIA = 1 << SWM_MEDIA_PLAN_TEXT | 1 << SWM_MEDIA_PLAN_JSON,
};

/*
 * The available media types, in the order in which a wildcard chooses them; an offer's number is
 * its index.
 */
struct offers {
	swm_offer *items;
	struct swm_writing *writings;
	size_t count;
};

static const swm_relation *
rows_of(const struct serving *s)
{
	if (s->decided->call != NULL)
		return s->decided->call->function->row;
	return swm_snapshot_relation(s->snapshot, s->asked->schema, s->asked->relation);
}

/* A handler of a relation's rows takes whole ones: nothing is left out or added by select. */
static const swm_relation *
handled_rows(const struct serving *s, const swm_relation *rows)
{
	const swm_query_node *root = &s->asked->ast->root;
	bool whole = !root->has_select ||
	             (root->select != NULL && root->select->kind == SWM_SELECT_ALL &&
	              root->select->next == NULL);

	return whole ? rows : NULL;
}

static void
offer(struct offers *to, swm_str type, struct swm_writing writing)
{
	to->items[to->count] = (swm_offer){ type, (int)to->count, type.len == SWM_LONGEST_NAME };
	to->writings[to->count++] = writing;
}

static struct swm_writing
handled_by(const swm_media_handler *h)
{
	return (struct swm_writing){ .made = SWM_MADE_HANDLED, .handler = h };
}

/* Each media type of the engine's own, unless a handler writes it. */
static void
offer_own(const struct serving *s, struct offers *to, unsigned can, const swm_relation *rows)
{
	swm_offer own[SWM_MEDIA_COUNT];
	size_t count = swm_media_offers(own, can);

	for (size_t i = 0; i < count; i++) {
		enum swm_media media = (enum swm_media)own[i].number;
		const swm_media_handler *h =
			rows == NULL || ((OWN_MEDIA | PLAN_MEDIA) & 1u << media) != 0
				? NULL
				: swm_snapshot_media_handler(s->snapshot, handled_rows(s, rows),
		                                             own[i].type);
		struct swm_writing writing = { .media = media,
			                       .made = media == SWM_MEDIA_GEOJSON
			                                       ? SWM_MADE_FEATURES
			                                       : SWM_MADE_ROWS };
		offer(to, own[i].type, h != NULL ? handled_by(h) : writing);
	}
}

static void
offer_handlers(struct offers *to, const swm_media_handler *handlers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!swm_str_starts(handlers[i].media_type, SWM_STR("application/vnd.pgrst.")))
			offer(to, handlers[i].media_type, handled_by(&handlers[i]));
}

static bool
is_any(swm_str type)
{
	return swm_str_eq(type, SWM_STR(SWM_ANY_MEDIA_TYPE));
}

/* Finds the handler that answers any media type; false when there is none. */
static bool
find_any(const struct serving *s, const swm_relation *rows, struct swm_writing *out)
{
	const swm_media_handler *h = NULL;

	if (s->decided->call != NULL && is_any(s->decided->call->function->media_type)) {
		*out = (struct swm_writing){ .made = SWM_MADE_VALUE };
		return true;
	}
	if (rows != NULL)
		h = swm_snapshot_media_handler(s->snapshot, handled_rows(s, rows),
		                               SWM_STR(SWM_ANY_MEDIA_TYPE));
	*out = handled_by(h);
	return h != NULL;
}

/* can: of the table's media types. */
static int
make_offers(const struct serving *s, struct offers *to, unsigned can, const swm_relation *rows,
            swm_error *err)
{
	swm_str function_type = s->decided->call == NULL ? (swm_str){ NULL, 0 }
	                                                 : s->decided->call->function->media_type;
	const swm_relation *whole = rows == NULL ? NULL : handled_rows(s, rows);
	size_t own_count = 0, any_count = 0;
	const swm_media_handler *own =
		whole == NULL ? NULL : swm_snapshot_media_handlers(s->snapshot, whole, &own_count);
	const swm_media_handler *any =
		rows == NULL ? NULL : swm_snapshot_media_handlers(s->snapshot, NULL, &any_count);
	size_t room = 1 + SWM_MEDIA_COUNT + own_count + any_count;

	to->items = swm_arena_array(s->arena, room, sizeof *to->items);
	to->writings = swm_arena_array(s->arena, room, sizeof *to->writings);
	if (to->items == NULL || to->writings == NULL)
		return swm_fail_memory(err);
	if (function_type.len > 0)
		offer(to, function_type, (struct swm_writing){ .made = SWM_MADE_VALUE });
	offer_own(s, to, can, rows);
	offer_handlers(to, own, own_count);
	offer_handlers(to, any, any_count);
	return SWM_OK;
}

/*
 * A domain's name that PostgreSQL may have cut is called as it was asked for. Where any type
 * would do, nobody knows the rest of it.
 */
static swm_str
content_type_of(struct serving *s, const swm_offer *offer, swm_str asked)
{
	if (!offer->is_cut)
		return swm_media_content_type_of(s->arena, offer->type);
	if (asked.len < offer->type.len)
		return SWM_STR("application/octet-stream");
	return swm_media_content_type_of(s->arena, asked);
}

/* can: of the plan's media types, or none. */
static int
choose(struct serving *s, struct decided *to, swm_str accept, unsigned can, swm_str *range,
       swm_error *err)
{
	const swm_relation *rows = rows_of(s);
	struct offers offers = { 0 };
	struct swm_writing any;
	swm_acceptable chosen;
	bool has_any = find_any(s, rows, &any);

	can |= has_any ? OWN_MEDIA : ROWS_MEDIA;
	if (s->asked->is_root_spec && !has_any) /* its JSON is such a document */
		can |= 1 << SWM_MEDIA_OPENAPI;
	if (rows != NULL && !has_any && swm_snapshot_geojson_schema(s->snapshot).len > 0)
		can |= 1 << SWM_MEDIA_GEOJSON;
	int rc = make_offers(s, &offers, can, rows, err);
	if (rc != SWM_OK)
		return rc;
	if (has_any) { /* all but what PostgREST's own types say is its own */
		offers.count = 0;
		offer_own(s, &offers, can, NULL);
	}
	rc = swm_accept_negotiate(&chosen, accept, offers.items, offers.count,
	                          has_any ? NULL : err);
	if (rc != SWM_OK && !has_any)
		return rc;
	to->writing = rc == SWM_OK ? offers.writings[chosen.number] : any;
	*range = rc == SWM_OK ? chosen.range : accept;
	to->content_type = rc != SWM_OK ? SWM_STR("application/octet-stream") :
	                  content_type_of(s, &offers.items[chosen.number], chosen.type);
	return s->decided->content_type.ptr == NULL ? swm_fail_memory(err) : SWM_OK;
}

/* The media type whose plan is asked for: JSON, or what is named. */
static int
choose_explained(struct serving *s, struct decided *to, swm_str range, swm_error *err)
{
	swm_buf type = SWM_BUF_INIT;
	swm_str of, no_range;

	to->explain = true;
	to->explain_format = s->decided->writing.media;
	swm_accept_plan(range, &to->explain_options, &of);
	if (of.len == 0)
		of = SWM_STR("application/json");
	int rc = choose(s, to, of, 0, &no_range, err);
	swm_plan_content_type(&type, s->decided->explain_format, of, s->decided->explain_options);
	to->content_type = swm_arena_str(s->arena, swm_buf_view(&type));
	bool failed = type.failed || s->decided->content_type.ptr == NULL;
	swm_buf_dispose(&type);
	return failed ? swm_fail_memory(err) : rc;
}

int
swm_choose_media(struct serving *s, struct decided *to, swm_str accept, swm_error *err)
{
	swm_str range;
	int rc;

	to->explain = false;
	rc = choose(s, to, accept, s->engine->settings->db_plan_enabled ? PLAN_MEDIA : 0, &range,
	            err);
	if (rc != SWM_OK || (PLAN_MEDIA & 1u << s->decided->writing.media) == 0)
		return rc;
	rc = choose_explained(s, to, range, NULL);
	if (rc != SWM_EREFUSED)
		return rc == SWM_ENOMEM ? swm_fail_memory(err) : rc;
	/* a plan of what nobody can give: the next range, or the error, counts */
	to->explain = false;
	return choose(s, to, accept, 0, &range, err);
}
