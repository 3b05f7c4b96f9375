/*
 * Many rows at once: the body is copied, as it comes, into a temporary table, and inserted
 * from there as the rows of a small body are. No more of it is held than a few rows.
 */
#include "config.h"

#include "serve/ingest.h"

#include "copied.h"
#include "json/feed.h"
#include "read.h"
#include "sql/staging.h"

struct swm_ingest {
	swm_write_plan plan; /* of the request, with the staging */
	swm_feed *feed;
	enum swm_feed_form form;
	swm_staging *staging;
	swm_copied copied;
	bool begun;         /* rows have been taken of the body to be copied */
	bool ended;         /* the body */
	struct swm_skips *skips; /* NULL: one bad row undoes all */
};

static ptrdiff_t
read_request(void *user, char *to, size_t room)
{
	const swm_body *body = ((const struct serving *)user)->request->body;

	return body == NULL ? 0 : body->read(body->user, to, room);
}

/* There is no row: as with an empty array. */
static int
take_nothing(struct serving *s, struct sent *to)
{
	swm_ingest_dispose(to);
	to->json = (swm_json_facts){ .body = SWM_JSON_BODY_ARRAY, .rows_agree = true };
	swm_buf_cstr(&to->text, "[]");
	return to->text.failed ? swm_fail_memory(s->err) : SWM_OK;
}

/* Errors are skipped where nothing that was written is to be returned. */
bool
swm_ingest_skips(const struct serving *s)
{
	return s->asked->prefer.skip_errors && !s->asked->prefer.strict &&
	       (s->asked->prefer.returned == SWM_RETURN_DEFAULT ||
	        s->asked->prefer.returned == SWM_RETURN_MINIMAL);
}

/* Records the row that has just failed as a rejected row; false if it cannot be skipped. */
static bool
skip(struct swm_ingest *i)
{
	if (i->skips == NULL || !swm_feed_can_skip(i->feed) ||
	    swm_error_result(swm_skips_error(i->skips)) == SWM_ENOMEM)
		return false;
	return swm_skips_note(i->skips, swm_feed_row(i->feed) - 1, swm_feed_line(i->feed)) ==
	       SWM_OK;
}

static int
take_names(struct serving *s, const swm_str **names, size_t *count)
{
	struct swm_ingest *i = s->sent->ingest;
	swm_error *err = i->skips != NULL ? swm_skips_error(i->skips) : s->err;
	int rc;

	do
		rc = swm_feed_names(i->feed, names, count, err);
	while (rc < 0 && skip(i));
	if (rc < 0 && err != s->err)
		swm_error_copy(s->err, err);
	return rc;
}

int
swm_ingest_open(struct serving *s, struct sent *to, enum swm_feed_form form, swm_str begin)
{
	struct swm_ingest *i = swm_arena_alloc(s->arena, sizeof *i);
	const swm_str *names;
	size_t count;

	if (i == NULL)
		return swm_fail_memory(s->err);
	to->ingest = i;
	i->form = form;
	i->feed = swm_feed_new(s->arena, form, begin, 0, read_request, s);
	if (i->feed == NULL)
		return swm_fail_memory(s->err);
	swm_buf_dispose(&to->text);
	if (swm_ingest_skips(s)) {
		i->skips = swm_skips_new(s, form == SWM_FEED_ARRAY);
		if (i->skips == NULL)
			return swm_fail_memory(s->err);
	}
	int rc = take_names(s, &names, &count);
	if (rc < 0)
		return rc;
	if (rc == 0 && i->skips == NULL)
		return take_nothing(s, to);
	to->json = (swm_json_facts){
		.body = SWM_JSON_BODY_ARRAY, .rows_agree = true, .keys = names, .key_count = count
	};
	return SWM_OK;
}

void
swm_ingest_dispose(struct sent *sent)
{
	if (sent->ingest == NULL)
		return;
	swm_skips_dispose(sent->ingest->skips);
	swm_feed_dispose(sent->ingest->feed);
	swm_copied_dispose(&sent->ingest->copied);
	sent->ingest = NULL;
}

/* The names of the plan's columns. */
static const swm_str *
names_of(struct serving *s, const swm_columns *columns)
{
	swm_str *names = swm_arena_array(s->arena, columns->count, sizeof *names);

	for (size_t i = 0; i < columns->count && names != NULL; i++)
		names[i] = columns->items[i]->name;
	return names;
}

int
swm_ingest_prepare(struct serving *s)
{
	struct swm_ingest *i = s->sent->ingest;
	const swm_columns *columns = &s->decided->write_plan->columns;
	const swm_str *names = names_of(s, columns);

	i->plan = *s->decided->write_plan;
	if (s->decided->explain) { /* nothing is written, and nothing told but how */
		swm_skips_dispose(i->skips);
		i->skips = NULL;
	}
	if (s->most_held == 0) /* what is returned of many rows */
		s->most_held = SWM_BODY_LONGEST;
	swm_share_transaction(s);
	if (names == NULL)
		return swm_fail_memory(s->err);
	bool by_range = i->skips != NULL;
	int rc = swm_feed_choose(i->feed, names, columns->count, !s->asked->ast->has_columns,
	                         s->err);
	if (rc == SWM_OK)
		rc = swm_staging_new(&i->staging, s->arena, &i->plan, by_range, s->err);
	if (rc != SWM_OK)
		return rc;
	i->staging->of_array = i->form == SWM_FEED_ARRAY;
	i->plan.staging = i->staging;
	return SWM_OK;
}

/* Fills the buffer with lines for COPY. */
static int
next_lines(void *user, swm_str *piece, swm_error *err)
{
	struct serving *s = user;
	struct swm_ingest *i = s->sent->ingest;
	const swm_cell *cells;
	swm_error *row_err = i->skips != NULL ? swm_skips_error(i->skips) : err;

	swm_copied_begin_piece(&i->copied);
	while (!i->ended && swm_copied_has_room(&i->copied)) {
		int rc = swm_feed_next(i->feed, &cells, row_err);
		if (rc == 1) {
			int64_t line = swm_feed_line(i->feed);
			swm_copied_add_line(&i->copied, line);
			swm_staging_put_row(&i->copied.lines, i->staging, cells,
			                    swm_feed_row(i->feed), line);
		} else if (rc < 0 && !skip(i)) {
			if (row_err != err)
				swm_error_copy(err, row_err);
			return rc;
		}
		i->ended = rc == 0;
	}
	return swm_copied_take_piece(&i->copied, piece, err);
}

int
swm_ingest_copy(struct serving *s, int64_t *affected)
{
	struct swm_ingest *i = s->sent->ingest;
	int rc = SWM_OK;

	i->begun = true;
	while (rc == SWM_OK && !i->ended) {
		swm_copy copy = { .sql = i->staging->copy, .user = s, .next = next_lines };
		swm_copied_begin(&i->copied);
		rc = swm_transaction_copy(s->transaction, &copy, s->err);
		if (copy.failed != NULL &&
		    swm_copied_explain(&i->copied, i->staging, copy.failed, s->err))
			swm_hint_at_empty_field(s);
	}
	swm_copied_dispose(&i->copied);
	if (rc == SWM_OK && i->skips != NULL) {
		rc = swm_skips_insert(s, i->skips, i->staging, swm_feed_row(i->feed));
		*affected = swm_skips_affected(i->skips);
	}
	return rc;
}

bool
swm_ingest_is_whole(const struct serving *s)
{
	return !s->sent->ingest->begun;
}

void
swm_ingest_search(struct serving *s)
{
	swm_copied_search(s->transaction, s->arena, s->sent->ingest->staging, s->err);
}

const swm_write_plan *
swm_ingest_plan(const struct serving *s)
{
	return s->sent->ingest != NULL ? &s->sent->ingest->plan : s->decided->write_plan;
}

bool
swm_ingest_tell(struct serving *s)
{
	if (s->sent->ingest == NULL || s->sent->ingest->skips == NULL)
		return false;
	swm_skips_tell(s, s->sent->ingest->skips);
	return true;
}
