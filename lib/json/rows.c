#include "config.h"

#include "json/rows.h"

#include "json/escape.h"
#include "json/feed.h"

/* A row as an object; each of its cells is text or null. */
static void
put_row(swm_buf *to, const swm_json_facts *facts, const swm_cell *cells)
{
	for (size_t i = 0; i < facts->key_count; i++) {
		swm_buf_char(to, i == 0 ? '{' : ',');
		swm_json_quote(to, facts->keys[i]);
		swm_buf_char(to, ':');
		if (cells[i].kind == SWM_CELL_TEXT)
			swm_json_quote(to, cells[i].text);
		else
			swm_buf_cstr(to, "null");
	}
	swm_buf_char(to, '}');
}

static int
put_rows(swm_buf *to, size_t longest, swm_json_facts *facts, swm_feed *feed, swm_error *err)
{
	const swm_cell *cells;
	int rc;

	swm_buf_char(to, '[');
	while ((rc = swm_feed_next(feed, &cells, err)) == 1) {
		swm_buf_cstr(to, facts->elements++ > 0 ? "," : "");
		put_row(to, facts, cells);
		if (to->len > longest) /* each row has the names again, however long they are */
			return swm_fail_number(err, SWM_ERR_BODY_TOO_LARGE, (int64_t)longest);
	}
	swm_buf_char(to, ']');
	return rc;
}

int
swm_json_from_csv(swm_buf *to, size_t longest, swm_json_facts *facts, swm_arena *arena, swm_str csv,
                  swm_error *err)
{
	swm_feed *feed = swm_feed_of(arena, SWM_FEED_CSV, &csv);

	if (feed == NULL)
		return swm_fail_memory(err);
	*facts = (swm_json_facts){ .body = SWM_JSON_BODY_ARRAY, .rows_agree = true };
	int rc = swm_feed_names(feed, &facts->keys, &facts->key_count, err);
	if (rc == 1)
		rc = swm_feed_choose(feed, facts->keys, facts->key_count, true, err);
	if (rc == SWM_OK)
		rc = put_rows(to, longest, facts, feed, err);
	swm_feed_dispose(feed);
	return rc == SWM_OK && to->failed ? swm_fail_memory(err) : rc;
}

int
swm_json_from_pairs(swm_buf *to, swm_json_facts *facts, swm_arena *arena, const swm_pair *pairs,
                    size_t count, swm_error *err)
{
	swm_str *keys = swm_arena_array(arena, count, sizeof *keys);

	if (keys == NULL)
		return swm_fail_memory(err);
	for (size_t i = 0; i < count; i++) {
		swm_buf_char(to, i == 0 ? '{' : ',');
		swm_json_quote(to, pairs[i].name);
		swm_buf_char(to, ':');
		swm_json_quote(to, pairs[i].value);
		keys[i] = pairs[i].name;
	}
	swm_buf_cstr(to, count == 0 ? "{}" : "}");
	*facts = (swm_json_facts){ .body = SWM_JSON_BODY_OBJECT, .keys = keys, .key_count = count };
	return to->failed ? swm_fail_memory(err) : SWM_OK;
}

/* Reads until a row is rejected or the row with this number is reached; returns its line. */
static int
read_rows(swm_arena *arena, swm_str array, bool exact, int64_t row, int64_t *line, swm_error *err)
{
	swm_feed *feed = swm_feed_of(arena, SWM_FEED_ARRAY, &array);
	const swm_str *names;
	const swm_cell *cells;
	size_t count;

	if (feed == NULL)
		return swm_fail_memory(err);
	int rc = swm_feed_names(feed, &names, &count, err);
	if (rc == 1)
		rc = swm_feed_choose(feed, names, count, exact, err);
	while (rc == SWM_OK && *line == 0 && (rc = swm_feed_next(feed, &cells, err)) == 1) {
		*line = swm_feed_row(feed) - 1 == row ? swm_feed_line(feed) : 0;
		rc = SWM_OK;
	}
	swm_feed_dispose(feed);
	return rc;
}

static int
read_array(swm_str array, bool exact, int64_t row, int64_t *line, swm_error *err)
{
	swm_arena *arena = swm_arena_new();
	int rc = arena == NULL ? swm_fail_memory(err)
	                       : read_rows(arena, array, exact, row, line, err);

	swm_arena_free(arena);
	return rc;
}

int64_t
swm_json_line_of_row(swm_str array, int64_t row)
{
	int64_t line = 0;

	(void)read_array(array, false, row, &line, NULL);
	return line;
}

int
swm_json_check_rows(swm_str array, bool exact, swm_error *err)
{
	int64_t line = 0;

	return read_array(array, exact, -1, &line, err);
}
