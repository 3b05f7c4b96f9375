/* The answer's headers. */
#include "config.h"

#include "serve/serving.h"

#include "http/url.h"

void
swm_set_common_headers(struct serving *s)
{
	swm_str trace = s->engine->settings->server_trace_header, value;

	swm_reply_set(&s->reply, "Vary", SWM_STR(SWM_VARY));
	if (trace.len > 0 && swm_request_header(&value, s->request, s->arena, trace) &&
	    value.len > 0)
		swm_reply_echo(&s->reply, trace.ptr, value); /* the name is NUL-terminated */
	swm_set_cors_headers(s);
}

/* A resolution needs a key. */
static bool
resolves(const struct serving *s)
{
	return s->asked->write == SWM_WRITES_INSERT &&
	       s->decided->write_plan->resolution != SWM_RESOLUTION_NONE;
}

static void
set_preferences_applied(struct serving *s)
{
	static const char *const counts[] = { "", "count=exact", "count=planned",
		                              "count=estimated" };
	static const char *const resolutions[] = { "", "resolution=merge-duplicates",
		                                   "resolution=ignore-duplicates" };
	static const char *const missing[] = { "", "missing=null", "missing=default" };
	static const char *const returns[] = { "", "return=minimal", "return=headers-only",
		                               "return=representation" };
	static const char *const ends[] = { "", "tx=commit", "tx=rollback" };
	bool writes = s->asked->write != SWM_WRITES_NOTHING;
	bool fills = s->asked->write == SWM_WRITES_INSERT || s->asked->write == SWM_WRITES_UPDATE;
	bool counts_affected = s->asked->write == SWM_WRITES_UPDATE ||
	                       s->asked->write == SWM_WRITES_DELETE || s->decided->call != NULL;
	swm_buf applied = SWM_BUF_INIT;
	swm_buf zone = SWM_BUF_INIT, most = SWM_BUF_INIT;

	if (s->decided->max_affected >= 0 && counts_affected)
		swm_buf_printf(&most, "max-affected=%lld", (long long)s->decided->max_affected);
	if (s->decided->timezone.len > 0) {
		swm_buf_cstr(&zone, "timezone=");
		swm_buf_str(&zone, s->decided->timezone);
	}
	const char *const all[] = {
		resolves(s) ? resolutions[s->asked->prefer.resolution] : "",
		fills ? missing[s->asked->prefer.missing] : "",
		writes ? returns[s->asked->prefer.returned] : "",
		counts[s->decided->count],
		ends[s->decided->tx],
		s->sent->ingest != NULL && swm_ingest_skips(s) ? "errors=skip" : "",
		s->decided->plan != NULL && s->decided->plan->by_key ? "order=key" : "",
		!s->asked->prefer.has_handling ? ""
		: s->asked->prefer.strict      ? "handling=strict"
					       : "handling=lenient",
		swm_buf_text(&zone),
		swm_buf_text(&most),
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		if (all[i][0] == '\0')
			continue;
		swm_buf_cstr(&applied, applied.len > 0 ? ", " : "");
		swm_buf_cstr(&applied, all[i]);
	}
	if (applied.len > 0)
		swm_reply_echo(&s->reply, "Preference-Applied", swm_buf_view(&applied));
	s->reply.failed |= applied.failed || zone.failed || most.failed;
	swm_buf_dispose(&applied);
	swm_buf_dispose(&most);
	swm_buf_dispose(&zone);
}

static void
list_called_by_relation(swm_buf *to, const swm_query_node *node)
{
	for (const swm_select_item *i = node->select; i != NULL; i = i->next) {
		if (i->called_by_relation) {
			swm_buf_cstr(to, to->len > 0 ? ", `" : "`");
			swm_buf_str(to, i->relation);
			swm_buf_cstr(to, "` to `");
			swm_buf_str(to, i->alias);
			swm_buf_char(to, '`');
		}
		list_called_by_relation(to, &i->node); /* as deep as SWM_DEEPEST_EMBED */
	}
}

/* 299 is "miscellaneous persistent warning" (RFC 7234, 5.5.7). */
void
swm_set_warning(struct serving *s)
{
	swm_buf names = SWM_BUF_INIT, warning = SWM_BUF_INIT;

	list_called_by_relation(&names, &s->asked->ast->root);
	if (names.len > 0) {
		swm_buf_cstr(
			&warning,
			"299 swmv" PACKAGE_VERSION
			" \"Embedded resource was referenced by relation name even though it "
			"has an alias. This is deprecated and will stop working in a future release. Update ");
		swm_buf_str(&warning, swm_buf_view(&names));
		swm_buf_cstr(&warning, " in query string filters, orders or limits.\"");
		swm_reply_echo(&s->reply, "Warning", swm_buf_view(&warning));
	}
	s->reply.failed |= names.failed || warning.failed;
	swm_buf_dispose(&names);
	swm_buf_dispose(&warning);
}

void
swm_put_path(const struct serving *s, swm_buf *to)
{
	swm_buf_str(to, s->asked->prefix);
	swm_buf_char(to, '/');
	swm_url_encode(to, s->asked->relation);
}

static void
set_content_location(struct serving *s)
{
	swm_buf location = SWM_BUF_INIT;

	swm_put_path(s, &location);
	if (s->asked->pair_count > 0)
		swm_buf_char(&location, '?');
	int rc = swm_url_canonical(&location, s->arena, s->asked->pairs, s->asked->pair_count,
	                           NULL);
	swm_reply_echo(&s->reply, "Content-Location", swm_buf_view(&location));
	s->reply.failed |= location.failed || rc != SWM_OK;
	swm_buf_dispose(&location);
}

static void
set_profile(struct serving *s)
{
	if (s->asked->by_profile)
		swm_reply_set(&s->reply, "Content-Profile", s->asked->schema);
}

void
swm_set_content_range(struct serving *s, int64_t last)
{
	swm_buf range = SWM_BUF_INIT;
	int64_t first = s->decided->plan->root->offset;
	/* the rows have not come yet */
	bool is_guess = s->progress.is_estimate && last >= s->progress.rows + first;

	if (s->progress.is_estimate && last >= first && s->progress.total <= last)
		s->progress.total = last + 1; /* so many there are at least (RFC 9110, 14.4) */
	if (last >= first && s->progress.total != 0 && !is_guess) {
		swm_buf_int(&range, first);
		swm_buf_char(&range, '-');
		swm_buf_int(&range, last);
	} else {
		swm_buf_char(&range, '*');
	}
	swm_buf_char(&range, '/');
	if (s->progress.total >= 0)
		swm_buf_int(&range, s->progress.total);
	else
		swm_buf_char(&range, '*');
	swm_reply_set(&s->reply, "Content-Range", swm_buf_view(&range));
	if (s->reply.status == 200 && s->progress.total >= 0 &&
	    last - first + 1 < s->progress.total)
		s->reply.status = 206;
	s->reply.failed |= range.failed;
	swm_buf_dispose(&range);
}

void
swm_set_read_headers(struct serving *s)
{
	if (s->decided->plan->shape == SWM_SHAPE_NONE && !s->decided->explain) {
		s->reply.status = 204;
	} else {
		swm_reply_set(&s->reply, "Content-Type", s->decided->content_type);
		set_profile(s); /* of what is in the body */
	}
	if (s->decided->call == NULL && !s->decided->explain)
		set_content_location(s);
	if (!s->decided->explain) /* a plan tells what would be done */
		set_preferences_applied(s);
}

void
swm_set_root_headers(struct serving *s)
{
	swm_reply_set(&s->reply, "Content-Type", swm_media_content_type(SWM_MEDIA_OPENAPI));
	set_profile(s);
}

void
swm_set_write_headers(struct serving *s)
{
	if (s->decided->plan != NULL || s->decided->explain) {
		swm_reply_set(&s->reply, "Content-Type", s->decided->content_type);
		set_profile(s);
	}
	if (!s->decided->explain)
		set_preferences_applied(s);
}
