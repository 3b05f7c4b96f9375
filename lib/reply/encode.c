#include "config.h"

#include "reply/encode.h"

#include "json/escape.h"
#include "plan/call.h"

#include <libpq-fe.h>

/* Every column's key, escaped once for all rows. */
static int
make_prefixes(swm_encoder *e, swm_arena *arena, swm_error *err)
{
	size_t count = e->plan->root->output_count;
	swm_str *prefixes = swm_arena_array(arena, count, sizeof *prefixes);
	swm_buf text = SWM_BUF_INIT;
	bool failed = prefixes == NULL;

	for (size_t i = 0; i < count && !failed; i++) {
		swm_buf_clear(&text);
		if (!e->strip_nulls)
			swm_buf_char(&text, i == 0 ? '{' : ',');
		swm_json_quote(&text, e->plan->root->outputs[i].key);
		swm_buf_char(&text, ':');
		prefixes[i] = swm_arena_str(arena, swm_buf_view(&text));
		failed = text.failed || prefixes[i].ptr == NULL;
	}
	swm_buf_dispose(&text);
	e->prefixes = prefixes;
	return failed ? swm_fail_memory(err) : SWM_OK;
}

/* Sets how the result of a function is written that returns scalars, or one row. */
static void
set_shape(swm_encoder *e)
{
	enum swm_shape shape = e->plan->shape;
	const swm_type *type;

	e->bare = e->or_null = shape == SWM_SHAPE_OBJECT || shape == SWM_SHAPE_VALUE;
	e->values = shape == SWM_SHAPE_VALUE || shape == SWM_SHAPE_VALUES;
	if (!e->values)
		return;
	type = e->plan->root->call->function->returns;
	e->structured = type != NULL && (type->is_array || type->is_composite);
}

/* The encoders of the media types; JSON's where none is listed. */
static void
set_functions(swm_encoder *e, enum swm_media media)
{
	switch (media) {
	case SWM_MEDIA_CSV:
		e->begin = swm_csv_begin;
		e->row = swm_csv_row;
		e->end = swm_csv_end;
		break;
	case SWM_MEDIA_NDJSON:
		e->begin = e->end = swm_no_frame;
		e->row = swm_ndjson_row;
		break;
	case SWM_MEDIA_PLAN_TEXT:
	case SWM_MEDIA_PLAN_JSON:
		e->begin = e->end = swm_no_frame;
		e->row = swm_explain_row;
		e->explain = true;
		break;
	default:
		e->begin = swm_json_begin;
		e->row = swm_json_row;
		e->end = swm_json_end;
	}
}

/* If the database has built the body, it is passed on unchanged. */
static void
set_made(swm_encoder *e)
{
	enum swm_made_of_rows made = e->plan->made;

	e->begin = made == SWM_MADE_FEATURES ? swm_features_begin : swm_no_frame;
	e->end = made == SWM_MADE_FEATURES ? swm_features_end : swm_no_frame;
	e->row = made == SWM_MADE_FEATURES ? swm_features_row : swm_raw_row;
	e->bare = made == SWM_MADE_HANDLED || e->plan->shape == SWM_SHAPE_VALUE;
}

int
swm_encoder_init(swm_encoder *out, swm_arena *arena, const swm_read_plan *plan,
                 enum swm_media media, swm_error *err)
{
	*out = (swm_encoder){ .plan = plan };
	set_functions(out, media);
	if (out->explain)
		return SWM_OK;
	if (plan->made != SWM_MADE_ROWS) {
		set_made(out);
		return SWM_OK;
	}
	set_shape(out);
	out->single = media == SWM_MEDIA_OBJECT || media == SWM_MEDIA_OBJECT_STRIPPED;
	out->bare |= out->single;
	out->strip_nulls = media == SWM_MEDIA_OBJECT_STRIPPED || media == SWM_MEDIA_ARRAY_STRIPPED;
	return media == SWM_MEDIA_CSV ? SWM_OK : make_prefixes(out, arena, err);
}

void
swm_encoder_end(const swm_encoder *e, swm_buf *to, int64_t rows)
{
	if (rows == 0 && e->or_null && e->end == swm_json_end)
		swm_buf_add(to, "null", 4);
	else
		e->end(e, to);
}

bool
swm_encoder_fits(const swm_encoder *encoder, const swm_result *result)
{
	const swm_read_plan *plan = encoder->plan;

	if (encoder->explain)
		return PQnfields(result) == 1;
	if (plan->made == SWM_MADE_HANDLED)
		return PQnfields(result) == 2;
	if (plan->made == SWM_MADE_FEATURES)
		return PQnfields(result) == (plan->settings_columns ? 3 : 1);
	int hidden = plan->settings_columns ? 2
	             : plan->place != NULL  ? (int)plan->place->hidden
	                                    : 0;
	if (PQnfields(result) != (int)plan->root->output_count + hidden)
		return false;
	for (size_t i = 0; i < plan->root->output_count; i++) {
		uint32_t planned = plan->root->outputs[i].type_oid;
		if (planned != 0 && planned != PQftype(result, (int)i))
			return false;
	}
	return true;
}
