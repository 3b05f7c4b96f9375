/*
 * Rows of a body in pieces: CSV, lines of JSON, an array. However they are cut they are the
 * same, and they agree with those who read a body as a whole.
 */
#include "config.h"

#include "base/buf.h"
#include "json/escape.h"
#include "json/feed.h"
#include "json/grammar.h"
#include "json/rows.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct source {
	swm_str rest;
	size_t step;
};

static ptrdiff_t
read_piece(void *user, char *to, size_t room)
{
	struct source *source = user;
	size_t len = source->rest.len < room ? source->rest.len : room;

	if (len > source->step)
		len = source->step;
	if (len > 0)
		memcpy(to, source->rest.ptr, len);
	source->rest.ptr += len;
	source->rest.len -= len;
	return (ptrdiff_t)len;
}

/* What came of it, to be compared: rows as JSON, the rows' lines, the error. */
struct seen {
	swm_buf rows, lines;
	int64_t count;
	int rc;
	bool nul; /* it was refused for the character NUL alone, which is PostgreSQL's to judge elsewhere */
};

static void
put_row(struct seen *seen, const swm_str *names, size_t count, const swm_cell *cells)
{
	swm_buf_cstr(&seen->rows, seen->count++ == 0 ? "{" : ",{");
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			swm_buf_char(&seen->rows, ',');
		swm_json_quote(&seen->rows, names[i]);
		swm_buf_char(&seen->rows, ':');
		if (cells[i].kind == SWM_CELL_TEXT)
			swm_json_quote(&seen->rows, cells[i].text);
		else if (cells[i].kind == SWM_CELL_NULL || cells[i].kind == SWM_CELL_MISSING)
			swm_buf_cstr(&seen->rows, "null");
		else
			swm_buf_str(&seen->rows, cells[i].text);
	}
	swm_buf_char(&seen->rows, '}');
}

static struct seen
feed(enum swm_feed_form form, swm_str text, size_t step, size_t begin)
{
	swm_arena *arena = swm_arena_new();
	swm_error *err = swm_error_new();
	struct source source = { { text.ptr + begin, text.len - begin }, step };
	struct seen seen = { .count = 0 };
	const swm_str *names;
	const swm_cell *cells;
	size_t count;
	swm_feed *f = swm_feed_new(arena, form, (swm_str){ text.ptr, begin }, step, read_piece, &source);

	if (arena == NULL || err == NULL || f == NULL)
		abort();
	seen.rc = swm_feed_names(f, &names, &count, err);
	if (seen.rc == 1) {
		if (swm_feed_choose(f, names, count, true, err) != SWM_OK)
			abort();
		while ((seen.rc = swm_feed_next(f, &cells, err)) == 1) {
			put_row(&seen, names, count, cells);
			swm_buf_printf(&seen.lines, "%lld ", (long long)swm_feed_line(f));
			if (swm_feed_row(f) != seen.count)
				abort();
		}
	}
	if (seen.rc < 0)
		swm_buf_str(&seen.lines, swm_error_details(err));
	seen.nul = swm_str_eq(swm_error_code(err), SWM_STR("22P05"));
	swm_feed_dispose(f);
	swm_error_free(err);
	swm_arena_free(arena);
	return seen;
}

static void
dispose(struct seen *seen)
{
	swm_buf_dispose(&seen->rows);
	swm_buf_dispose(&seen->lines);
}

static void
check_same(struct seen *a, struct seen b)
{
	if (a->rc != b.rc || !swm_str_eq(swm_buf_view(&a->rows), swm_buf_view(&b.rows)) ||
	    !swm_str_eq(swm_buf_view(&a->lines), swm_buf_view(&b.lines)))
		abort();
	dispose(&b);
}

static void
check_csv(const struct seen *seen, swm_str text)
{
	swm_arena *arena = swm_arena_new();
	swm_buf whole = SWM_BUF_INIT, mine = SWM_BUF_INIT;
	swm_json_facts facts;
	int rc = swm_json_from_csv(&whole, SIZE_MAX, &facts, arena, text, NULL);

	swm_buf_printf(&mine, "[%s]", swm_buf_text(&seen->rows));
	if (rc != seen->rc)
		abort();
	for (size_t i = 0; rc == SWM_OK && i < facts.key_count; i++)
		for (size_t k = 0; k < i; k++)
			if (facts.keys[i].len > 0 && swm_str_eq(facts.keys[i], facts.keys[k]))
				abort();
	if (rc == SWM_OK && !swm_str_eq(swm_buf_view(&whole), swm_buf_view(&mine)))
		abort();
	swm_buf_dispose(&whole);
	swm_buf_dispose(&mine);
	swm_arena_free(arena);
}

static void
check_array(const struct seen *seen, swm_str text)
{
	swm_arena *arena = swm_arena_new();
	swm_json_scan *scan = swm_json_scan_new(arena);
	swm_json_facts facts = { .body = SWM_JSON_BODY_SCALAR };
	int rc = swm_json_scan_feed(scan, text), end = swm_json_scan_end(scan, &facts);
	bool good = rc == SWM_OK && end == SWM_OK && facts.body == SWM_JSON_BODY_ARRAY && facts.rows_agree;

	if (good && seen->rc != 0 && !seen->nul && !facts.keys_left_out)
		abort();
	if (!good && seen->rc == 0)
		abort();
	if (good && seen->rc == 0 && seen->count != facts.elements)
		abort();
	swm_arena_free(arena);
}

static void
check_lines(const struct seen *seen, swm_str text)
{
	if (text.len > 0 && memchr(text.ptr, '\n', text.len) != NULL)
		return;
	swm_str row = swm_str_trim(text);
	bool object = row.len > 0 && row.ptr[0] == '{';

	if (seen->count == 1 && seen->rc == 0 && !swm_json_valid(text))
		abort();
	if (object && swm_json_valid(text) && seen->rc != 0 && row.len < 1024)
		abort();
}

static swm_str
without_mark(swm_str text)
{
	return swm_str_from(text, swm_str_starts(text, SWM_STR(SWM_BYTE_ORDER_MARK)) ? 3 : 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	swm_str text = { (const char *)data, size };
	static const enum swm_feed_form forms[] = { SWM_FEED_CSV, SWM_FEED_LINES, SWM_FEED_ARRAY };

	if (size == 0)
		return 0;
	for (size_t i = 0; i < 3; i++) {
		struct seen seen = feed(forms[i], text, size, 0);
		for (size_t step = 1; step <= 7; step += 3)
			check_same(&seen, feed(forms[i], text, step, step < size ? step : 0));
		if (forms[i] == SWM_FEED_CSV)
			check_csv(&seen, text);
		else if (forms[i] == SWM_FEED_LINES)
			check_lines(&seen, without_mark(text));
		else
			check_array(&seen, without_mark(text));
		dispose(&seen);
	}
	return 0;
}
