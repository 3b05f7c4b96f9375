/*
 * Many rows at once: the body is copied, as it comes, into a temporary table, and inserted
 * from there as the rows of a small body are. No more of it is held than a few rows.
 */
#include "config.h"

#include "serve/serving.h"

#include "copied.h"
#include "json/feed.h"
#include "read.h"
#include "sql/staging.h"

struct swm_ingest {
	swm_feed *feed;
	bool is_text;
	swm_staging *staging;
	swm_copied copied;
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
take_nothing(struct serving *s, enum swm_feed_form form)
{
	if (form == SWM_FEED_CSV)
		return swm_fail(s->err, SWM_ERR_BODY, SWM_STR("No header in line 1 of the CSV"));
	swm_ingest_dispose(s);
	s->json = (swm_json_facts){ .body = SWM_JSON_BODY_ARRAY, .rows_agree = true };
	swm_buf_cstr(&s->body, "[]");
	return s->body.failed ? swm_fail_memory(s->err) : SWM_OK;
}

int
swm_ingest_open(struct serving *s, enum swm_feed_form form, swm_str begin)
{
	struct swm_ingest *i = swm_arena_alloc(s->arena, sizeof *i);
	const swm_str *names;
	size_t count;

	if (i == NULL)
		return swm_fail_memory(s->err);
	s->ingest = i;
	i->is_text = form == SWM_FEED_CSV;
	i->feed = swm_feed_new(s->arena, form, begin, read_request, s);
	if (i->feed == NULL)
		return swm_fail_memory(s->err);
	swm_buf_dispose(&s->body);
	int rc = swm_feed_names(i->feed, &names, &count, s->err);
	if (rc <= 0)
		return rc == 0 ? take_nothing(s, form) : rc;
	s->json = (swm_json_facts){ .body = SWM_JSON_BODY_ARRAY, .rows_agree = true, .keys = names, .key_count = count };
	return SWM_OK;
}

void
swm_ingest_dispose(struct serving *s)
{
	if (s->ingest == NULL)
		return;
	swm_feed_dispose(s->ingest->feed);
	swm_copied_dispose(&s->ingest->copied);
	s->ingest = NULL;
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
	struct swm_ingest *i = s->ingest;
	const swm_columns *columns = &s->write_plan->columns;
	const swm_str *names = names_of(s, columns);

	swm_share_transaction(s);
	if (names == NULL)
		return swm_fail_memory(s->err);
	int rc = swm_feed_choose(i->feed, names, columns->count, !s->ast->has_columns, s->err);
	if (rc == SWM_OK)
		rc = swm_staging_new(&i->staging, s->arena, s->write_plan, s->identity.role, i->is_text, i->skips != NULL, s->err);
	if (rc == SWM_OK)
		s->write_plan->staging = i->staging;
	return rc;
}

/* Lines for COPY, as far as it goes in one go. */
static int
next_lines(void *user, swm_str *piece, swm_error *err)
{
	struct serving *s = user;
	struct swm_ingest *i = s->ingest;
	const swm_cell *cells;
	int rc = 1;

	swm_copied_begin_piece(&i->copied);
	while (rc == 1 && !i->ended && swm_copied_has_room(&i->copied)) {
		rc = swm_feed_next(i->feed, &cells, err);
		i->ended = rc == 0;
		if (rc != 1)
			continue;
		swm_copied_add_line(&i->copied, swm_feed_line(i->feed));
		swm_staging_put_row(&i->copied.lines, i->staging, cells, swm_feed_row(i->feed));
	}
	if (rc < 0)
		return rc;
	return swm_copied_take_piece(&i->copied, piece, err);
}

int
swm_ingest_copy(struct serving *s, int64_t *affected)
{
	struct swm_ingest *i = s->ingest;
	int rc = SWM_OK;

	(void)affected;
	while (rc == SWM_OK && !i->ended) {
		swm_copy copy = { .sql = i->staging->copy, .user = s, .next = next_lines };
		swm_copied_begin(&i->copied);
		rc = swm_transaction_copy(s->transaction, &copy, s->err);
		if (copy.failed != NULL)
			swm_copied_explain(&i->copied, i->staging, copy.failed, s->err);
	}
	swm_copied_dispose(&i->copied);
	return rc;
}
