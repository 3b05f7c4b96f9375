/*
 * CSV, lines of JSON and arrays, cut into chunks. Wherever the pieces that are read end, the chunks
 * are the same, and together they have the rows, in their lines, that the library's reader finds in
 * the whole text.
 */
#include "config.h"

#include "chunks.h"

#include "json/feed.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool so)
{
	if (!so)
		abort();
}

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
	source->rest = (swm_str){ source->rest.ptr + len, source->rest.len - len };
	return (ptrdiff_t)len;
}

/* The lines in which rows begin; good ones and bad ones alike. */
struct lines {
	uint64_t *items;
	size_t count;
	bool is_whole; /* the reader came to the end */
};

static void
add_line(struct lines *lines, uint64_t line)
{
	lines->items = realloc(lines->items, (lines->count + 1) * sizeof *lines->items);
	must(lines->items != NULL);
	lines->items[lines->count++] = line;
}

/* Also of rows in front of the first that has names. */
static int
take_names(swm_feed *feed, struct lines *lines, swm_error *err)
{
	const swm_str *names;
	size_t count;
	int rc;

	while ((rc = swm_feed_names(feed, &names, &count, err)) < 0 && swm_feed_can_skip(feed))
		add_line(lines, (uint64_t)swm_feed_line(feed));
	if (rc == 1)
		must(swm_feed_choose(feed, names, count, false, err) == SWM_OK);
	return rc;
}

/* As the library reads it, bad rows being passed over. */
static struct lines
read_lines(enum chunk_form form, swm_str text)
{
	static const enum swm_feed_form forms[] = {
		[CHUNK_CSV] = SWM_FEED_CSV,
		[CHUNK_LINES] = SWM_FEED_LINES,
		[CHUNK_ARRAY] = SWM_FEED_ARRAY,
	};
	swm_arena *arena = swm_arena_new();
	swm_error *err = swm_error_new();
	struct lines lines = { 0 };
	const swm_cell *cells;

	must(arena != NULL && err != NULL);
	swm_feed *feed = swm_feed_of(arena, forms[form], &text);
	must(feed != NULL);
	int rc = take_names(feed, &lines, err);
	bool has_names = rc == 1;
	while (has_names && ((rc = swm_feed_next(feed, &cells, err)) == 1 ||
	                     (rc < 0 && swm_feed_can_skip(feed))))
		add_line(&lines, (uint64_t)swm_feed_line(feed));
	lines.is_whole = rc == 0;
	swm_feed_dispose(feed);
	swm_error_free(err);
	swm_arena_free(arena);
	return lines;
}

/* The lines of a chunk's rows, as they are in the file. */
static void
add_chunk_lines(struct lines *lines, const struct chunks *chunks, const struct chunk *chunk)
{
	bool is_array = chunks->form == CHUNK_ARRAY;
	size_t comma = is_array && *chunk->bytes.ptr == ',';
	size_t len = chunks->header_len + chunk->bytes.len - comma;
	char *text = malloc(len + 1);

	must(text != NULL);
	memcpy(text, chunks->header, chunks->header_len);
	memcpy(text + chunks->header_len, chunk->bytes.ptr + comma, chunk->bytes.len - comma);
	text[len] = ']';
	struct lines own = read_lines(chunks->form, (swm_str){ text, len + is_array });
	must(own.is_whole && own.count == chunk->records);
	for (size_t i = 0; i < own.count; i++)
		add_line(lines, chunk->line + own.items[i] - chunks->header_lines - 1);
	free(own.items);
	free(text);
}

/* Each record alone, and the halves, are the chunk. */
static void
check_parts(enum chunk_form form, struct chunk chunk)
{
	struct chunk rest = chunk;

	for (uint64_t i = 0; i < chunk.records; i++) {
		struct chunk record = chunk_take(&rest, form);
		must(record.bytes.len > 0 && record.record == chunk.record + i);
	}
	if (chunk.records < 2)
		return;
	rest = chunk;
	struct chunk first = chunk_take_half(&rest, form);
	must(first.records > 0 && rest.records > 0 && first.records + rest.records == chunk.records);
	must(first.bytes.ptr + first.bytes.len == rest.bytes.ptr);
}

/* Returns what chunks_next() ended with. lines: NULL, or those of all rows. */
static int
cut(enum chunk_form form, size_t limit, swm_str text, size_t step, uint64_t *hash,
    struct lines *lines)
{
	struct source source = { text, step };
	struct chunks chunks;
	struct chunk chunk;
	int result;

	must(chunks_open(&chunks, form, limit, read_piece, &source) == SWM_OK);
	while ((result = chunks_next(&chunks, &chunk)) == SWM_OK && chunk.records > 0) {
		must(memcmp(text.ptr + chunk.offset, chunk.bytes.ptr, chunk.bytes.len) == 0);
		*hash = *hash * 31 + chunk.offset * 17 + chunk.bytes.len * 7 + chunk.line + chunk.column;
		check_parts(form, chunk);
		if (lines != NULL)
			add_chunk_lines(lines, &chunks, &chunk);
	}
	chunks_close(&chunks);
	return result;
}

/* Each chunk is a request, at whose beginning a byte order mark is passed over. */
static bool
has_inner_mark(swm_str text)
{
	for (size_t i = 1; i + 3 <= text.len; i++)
		if (memcmp(text.ptr + i, "\xef\xbb\xbf", 3) == 0)
			return true;
	return false;
}

/* Two bytes choose the form and the limit. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	enum chunk_form form = data[0] % 3;
	size_t limit = (size_t)data[1] + 1;
	swm_str text = { (const char *)data + 2, size - 2 };
	struct lines whole = read_lines(form, text), parts = { 0 };
	bool agrees = whole.is_whole && !has_inner_mark(text);
	uint64_t in_pieces = 0, at_once = 0;

	int result = cut(form, limit, text, 1, &in_pieces, NULL);
	must(cut(form, limit, text, SIZE_MAX, &at_once, agrees ? &parts : NULL) == result);
	must(in_pieces == at_once);
	if (agrees) {
		must(result == SWM_OK && whole.count == parts.count);
		for (size_t i = 0; i < whole.count; i++)
			must(whole.items[i] == parts.items[i]);
	}
	free(whole.items);
	free(parts.items);
	return 0;
}
