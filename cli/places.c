#include "config.h"

#include "places.h"

#include "json.h"

#include <stdlib.h>
#include <string.h>

uint64_t
place_line(const struct place *place, uint64_t line)
{
	uint64_t of_header = place->chunks->header_lines;

	return line <= of_header ? line : place->chunk->line + line - of_header - 1;
}

/*
 * The column in the input: in the first line of a chunk, the header stands before it, without the
 * comma.
 */
static uint64_t
place_column(const struct place *place, uint64_t line, uint64_t column)
{
	const struct chunk *chunk = place->chunk;

	if (line != place->chunks->header_lines + 1)
		return column;
	column += chunk->bytes.len > 0 && *chunk->bytes.ptr == ',' &&
	          place->chunks->form == CHUNK_ARRAY;
	return column - place->chunks->header_column + chunk->column;
}

/*
 * Details: 'Line 3, column "amount"', 'Row 7, line 9', 'Line 5: line 2 has the same key',
 * 'Line 1, column 13: expected a value'
 */

enum mentioned { LINE, ROW, COLUMN };

struct mention {
	enum mentioned what;
	swm_str before; /* with the word */
	uint64_t number;
};

/* How many bytes of a text are a word that is followed by a number; 0: it begins with none. */
static size_t
word_length(swm_str text, enum mentioned *what)
{
	static const struct {
		const char *word;
		enum mentioned what;
	} words[] = { { "Line ", LINE }, { "line ", LINE }, { "Row ", ROW }, { "row ", ROW },
		      { "column ", COLUMN } };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		size_t len = strlen(words[i].word);
		*what = words[i].what;
		if (text.len > len && memcmp(text.ptr, words[i].word, len) == 0 &&
		    text.ptr[len] >= '0' && text.ptr[len] <= '9')
			return len;
	}
	return 0;
}

/* Takes the text up to the next number of those; what is in quotes is somebody's data. */
static bool
next_mention(swm_str *rest, struct mention *m)
{
	size_t at = 0, word = 0;

	while (at < rest->len && rest->ptr[at] != '"' && rest->ptr[at] != '\\' && word == 0) {
		swm_str text = { rest->ptr + at, rest->len - at };
		word = word_length(text, &m->what);
		at += word == 0 ? 1 : word;
	}
	if (word == 0)
		return false;
	m->before = (swm_str){ rest->ptr, at };
	m->number = 0;
	while (at < rest->len && rest->ptr[at] >= '0' && rest->ptr[at] <= '9')
		m->number = m->number * 10 + (uint64_t)(rest->ptr[at++] - '0');
	*rest = (swm_str){ rest->ptr + at, rest->len - at };
	return true;
}

/* The text after its opening quote. */
static swm_str
inner_text(swm_str details)
{
	return (swm_str){ details.ptr + 1, details.len - 1 };
}

uint64_t
place_find(const struct place *place, swm_str details)
{
	struct mention m;

	if (!json_is_string(details))
		return 0;
	for (swm_str rest = inner_text(details); next_mention(&rest, &m);)
		if (m.what == LINE)
			return place_line(place, m.number);
	return 0;
}

bool
place_says_more(swm_str details)
{
	struct mention m;

	if (!json_is_string(details))
		return false;
	swm_str rest = inner_text(details);
	return !next_mention(&rest, &m) || m.what != LINE || rest.len > 1;
}

void
place_add_details(struct text *to, const struct place *place, swm_str details)
{
	swm_str rest = details;
	uint64_t line = 0;

	if (json_is_string(details)) {
		text_add(to, "\"", 1);
		rest = inner_text(details);
	}
	for (struct mention m; next_mention(&rest, &m);) {
		uint64_t number = m.what == LINE     ? place_line(place, m.number)
		                  : m.what == COLUMN ? place_column(place, line, m.number)
		                                     : place->chunk->record + m.number;
		text_add(to, m.before.ptr, m.before.len);
		text_format(to, "%llu", (unsigned long long)number);
		line = m.what == LINE ? m.number : line;
	}
	text_add(to, rest.ptr, rest.len);
}

/*
 * Rows that were left out
 */

struct skipped {
	uint64_t row; /* of the request */
	swm_str error;
};

static uint64_t
number_of(swm_str object, const char *name)
{
	swm_str value = json_member(object, name);

	return value.len == 0 ? 0 : strtoull(value.ptr, NULL, 10);
}

static int
by_row(const void *a, const void *b)
{
	uint64_t x = ((const struct skipped *)a)->row, y = ((const struct skipped *)b)->row;

	return x < y ? -1 : x > y;
}

static size_t
count_elements(swm_str array)
{
	swm_str element;
	size_t count = 0;

	while (json_next_element(&array, &element))
		count++;
	return count;
}

/* In the order of the rows; the answer has those first that were found in the text alone. */
static struct skipped *
sort_errors(swm_str errors, size_t count)
{
	struct skipped *list = calloc(count + 1, sizeof *list);

	if (list == NULL)
		return NULL;
	for (size_t i = 0; i < count && json_next_element(&errors, &list[i].error); i++)
		list[i].row = number_of(list[i].error, "row");
	qsort(list, count, sizeof *list, by_row);
	return list;
}

/* Without the newline at its end. */
static swm_str
trim_newline(swm_str record)
{
	while (record.len > 0 &&
	       (record.ptr[record.len - 1] == '\n' || record.ptr[record.len - 1] == '\r'))
		record.len--;
	return record;
}

static void
add_member(struct text *t, const char *name, swm_str value)
{
	text_format(t, ",\"%s\":", name);
	if (value.len > 0)
		text_add(t, value.ptr, value.len);
	else
		text_format(t, "null");
}

/* One line of the file of rejected rows. */
static void
add_skipped(struct text *t, const struct place *place, swm_str error, swm_str record)
{
	text_add(t, "{\"file\":", strlen("{\"file\":"));
	json_add_quoted(t, (swm_str){ place->name, strlen(place->name) });
	text_format(t, ",\"line\":%llu",
	            (unsigned long long)place_line(place, number_of(error, "line")));
	add_member(t, "code", json_member(error, "code"));
	add_member(t, "message", json_member(error, "message"));
	text_format(t, ",\"details\":");
	place_add_details(t, place, json_member(error, "details"));
	text_format(t, ",\"record\":");
	json_add_quoted(t, record);
	text_add(t, "}\n", 2);
}

int
place_write_skipped(FILE *to, const struct place *place, enum chunk_form form, swm_str errors)
{
	size_t count = count_elements(errors);
	struct skipped *list = sort_errors(errors, count);
	struct chunk rest = *place->chunk, record = { 0 };
	struct text line = { 0 };
	uint64_t rows = 0;

	if (list == NULL)
		return SWM_ENOMEM;
	for (size_t i = 0; i < count && !line.failed; i++) {
		for (; rows <= list[i].row && rest.records > 0; rows++)
			record = chunk_take(&rest, form);
		text_clear(&line);
		add_skipped(&line, place, list[i].error, trim_newline(record.bytes));
		fwrite(line.bytes, 1, line.len, to);
	}
	bool failed = line.failed;
	text_free(&line);
	free(list);
	return failed ? SWM_ENOMEM : SWM_OK;
}
