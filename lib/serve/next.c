/* Link to the next page (RFC 8288; doc/DIALECT.md). */
#include "config.h"

#include "serve/serving.h"

#include "http/url.h"

int
swm_keep_position(struct serving *s, const swm_result *result, int row)
{
	const swm_plan_place *place = s->decided->plan->place;
	swm_position *values = swm_arena_array(s->arena, place->count, sizeof *values);

	if (values == NULL)
		return swm_fail_memory(s->err);
	for (size_t i = 0; i < place->count; i++) {
		int column = (int)place->columns[i];
		values[i].is_null = swm_result_is_null(result, row, column);
		values[i].value = swm_arena_str(s->arena, swm_result_cell(result, row, column));
		values[i].next = i + 1 < place->count ? &values[i + 1] : NULL;
		if (values[i].value.ptr == NULL)
			return swm_fail_memory(s->err);
	}
	s->progress.last = values;
	return SWM_OK;
}

/* Values that could be taken for null, or for syntax, are quoted. */
static bool
needs_quotes(swm_str value)
{
	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];
		bool word = swm_is_alnum(c);
		if (!word && strchr("-+.:_ ", c) == NULL)
			return true;
	}
	return value.len == 0 || swm_str_eq(value, SWM_STR("null"));
}

static void
put_value(swm_buf *to, const swm_position *p)
{
	if (p->is_null || !needs_quotes(p->value)) {
		swm_buf_str(to, p->is_null ? SWM_STR("null") : p->value);
		return;
	}
	swm_buf_char(to, '"');
	for (size_t i = 0; i < p->value.len; i++) {
		if (p->value.ptr[i] == '"' || p->value.ptr[i] == '\\')
			swm_buf_char(to, '\\');
		swm_buf_char(to, p->value.ptr[i]);
	}
	swm_buf_char(to, '"');
}

static void
put_position(swm_buf *to, const swm_position *p)
{
	for (char before = '('; p != NULL; p = p->next, before = ',') {
		swm_buf_char(to, before);
		put_value(to, p);
	}
	swm_buf_char(to, ')');
}

/*
 * The parameter as it is, but for what says where the page begins, and its size where Range said
 * that.
 */
static bool
is_kept(const struct serving *s, const swm_pair *pair)
{
	if (!pair->has_value || swm_str_eq(pair->name, SWM_STR("offset")))
		return false;
	if (swm_str_eq(pair->name, SWM_STR("limit")))
		return !s->asked->has_range;
	return !(swm_str_eq(pair->name, SWM_STR("after")) &&
	         swm_str_starts(pair->value, SWM_STR("(")));
}

static void
put_pair(swm_buf *to, swm_str name, swm_str value)
{
	swm_url_encode(to, name);
	swm_buf_char(to, '=');
	swm_url_encode(to, value);
	swm_buf_char(to, '&');
}

/*
 * Relative to the request's own URL (RFC 3986, 5.2), so that it is right wherever the API is
 * mounted; but an operation of a batch has no URL.
 */
static void
put_target(struct serving *s, swm_buf *to)
{
	swm_buf value = SWM_BUF_INIT;

	if (s->transaction != NULL)
		swm_put_path(s, to);
	swm_buf_char(to, '?');
	for (size_t i = 0; i < s->asked->pair_count; i++)
		if (is_kept(s, &s->asked->pairs[i]))
			put_pair(to, s->asked->pairs[i].name, s->asked->pairs[i].value);
	if (s->asked->has_range) {
		swm_buf_int(&value, s->decided->plan->root->limit);
		put_pair(to, SWM_STR("limit"), swm_buf_view(&value));
		swm_buf_clear(&value);
	}
	put_position(&value, s->progress.last);
	swm_buf_cstr(to, "after=");
	swm_url_encode(to, swm_buf_view(&value));
	s->reply.failed |= value.failed;
	swm_buf_dispose(&value);
}

void
swm_set_next_link(struct serving *s)
{
	swm_buf link = SWM_BUF_INIT;
	bool is_end = s->progress.total >= 0 && !s->progress.is_estimate &&
	              s->decided->plan->root->offset + s->progress.rows >= s->progress.total;

	if (s->progress.last == NULL || is_end)
		return;
	swm_buf_char(&link, '<');
	put_target(s, &link);
	swm_buf_cstr(&link, ">; rel=\"next\"");
	swm_reply_echo(&s->reply, "Link", swm_buf_view(&link));
	s->reply.failed |= link.failed;
	swm_buf_dispose(&link);
}
