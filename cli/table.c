#include "config.h"

#include "table.h"

#include "json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The rows that the widths come from; the first of the two that is reached. */
enum { SAMPLE_ROWS = 1000, SAMPLE_BYTES = 1 << 20 };

/* A column of text is not made narrower than this to fit the terminal. */
enum { NARROWEST = 8 };

struct column {
	char *key;         /* the name as JSON has it, quoted */
	size_t key_len;
	struct text title;
	size_t width;
	bool is_text;      /* one of the first rows' values is no number: to the left, may be cut */
	bool is_number;    /* one of them is */
};

void
table_begin(struct table *t, struct screen *screen, bool wide, const char *scalar)
{
	*t = (struct table){ .screen = screen, .scalar = scalar };
	t->wide = wide || screen->columns == 0;
}

void
table_free(struct table *t)
{
	for (size_t i = 0; i < t->count; i++) {
		free(t->columns[i].key);
		text_free(&t->columns[i].title);
	}
	free(t->columns);
	free(t->cells);
	text_free(&t->sample);
	text_free(&t->line);
	text_free(&t->row);
	text_free(&t->cell);
}

static bool
grow(struct table *t)
{
	size_t room = t->room == 0 ? 16 : t->room * 2;
	struct column *columns = realloc(t->columns, room * sizeof *columns);

	if (columns != NULL)
		t->columns = columns;
	swm_str *cells = realloc(t->cells, room * sizeof *cells);
	if (cells != NULL)
		t->cells = cells;
	if (columns == NULL || cells == NULL)
		return false;
	t->room = room;
	return true;
}

/* False when there is no memory. */
static bool
add_column(struct table *t, swm_str key)
{
	if (t->count == t->room && !grow(t))
		return false;
	struct column *column = &t->columns[t->count];
	*column = (struct column){ .key = malloc(key.len + 1), .key_len = key.len };
	if (column->key == NULL)
		return false;
	memcpy(column->key, key.ptr, key.len);
	if (json_is_string(key))
		json_add_value(&column->title, key);
	else
		text_add_data(&column->title, key);
	column->width = column->title.width;
	t->cells[t->count++] = (swm_str){ NULL, 0 };
	return true;
}

static bool
has_key(const struct column *column, swm_str key)
{
	return column->key_len == key.len && memcmp(column->key, key.ptr, key.len) == 0;
}

/* The column of a row's member: at its place as a rule, else any of its name that is still free. */
static size_t
find_column(const struct table *t, size_t place, swm_str key)
{
	if (place < t->count && t->cells[place].ptr == NULL && has_key(&t->columns[place], key))
		return place;
	for (size_t i = 0; i < t->count; i++)
		if (t->cells[i].ptr == NULL && has_key(&t->columns[i], key))
			return i;
	return t->count;
}

static void
set_cell(struct table *t, size_t place, swm_str key, swm_str value)
{
	size_t i = find_column(t, place, key);

	if (i == t->count && t->begun) {
		t->homeless++;
		return;
	}
	if (i == t->count && !add_column(t, key))
		t->failed = true;
	else
		t->cells[i] = value;
}

/* Sets the cells to what a line has; those of names that it lacks are empty views. */
static void
read_row(struct table *t, swm_str line)
{
	swm_str name, value;

	for (size_t i = 0; i < t->count; i++)
		t->cells[i] = (swm_str){ NULL, 0 };
	if (line.len == 0 || *line.ptr != '{') {
		set_cell(t, 0, (swm_str){ t->scalar, strlen(t->scalar) }, line);
		return;
	}
	for (size_t place = 0; json_next_member(&line, &name, &value); place++)
		set_cell(t, place, name, value);
}

/* A string that says NULL is quoted, as nothing else tells it from a null. */
static void
make_cell(struct text *cell, swm_str value)
{
	text_clear(cell);
	if (json_is_null(value))
		text_add(cell, "NULL", 4);
	else if (value.len == 6 && memcmp(value.ptr, "\"NULL\"", 6) == 0)
		text_add_data(cell, value);
	else if (value.ptr != NULL)
		json_add_value(cell, value);
}

static void
measure_row(struct table *t)
{
	for (size_t i = 0; i < t->count; i++) {
		struct column *column = &t->columns[i];
		swm_str value = t->cells[i];
		make_cell(&t->cell, value);
		if (t->cell.width > column->width)
			column->width = t->cell.width;
		if (value.ptr == NULL || json_is_null(value))
			continue;
		column->is_number |= json_is_number(value);
		column->is_text |= !json_is_number(value);
	}
}

/* With a blank on either side of each cell, a bar between, and no blank at the end. */
static size_t
total_width(const struct table *t, size_t count)
{
	size_t total = count == 0 ? 0 : 3 * count - 2;

	for (size_t i = 0; i < count; i++)
		total += t->columns[i].width;
	return total;
}

static struct column *
widest_text(struct table *t)
{
	struct column *widest = NULL;

	for (size_t i = 0; i < t->count; i++) {
		struct column *column = &t->columns[i];
		if (column->is_text && column->width > NARROWEST &&
		    (widest == NULL || column->width > widest->width))
			widest = column;
	}
	return widest;
}

/* That of all columns when those of text are as narrow as they may be. */
static size_t
least_width(const struct table *t)
{
	size_t total = total_width(t, t->count);

	for (size_t i = 0; i < t->count; i++)
		if (t->columns[i].is_text && t->columns[i].width > NARROWEST)
			total -= t->columns[i].width - NARROWEST;
	return total;
}

/* Makes no column of text wider than this. */
static void
narrow(struct table *t, size_t width)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->columns[i].is_text && t->columns[i].width > width)
			t->columns[i].width = width;
}

/* Narrows the columns of text, the widest first; what does not fit even so is not shown. */
static void
fit(struct table *t)
{
	size_t room = t->screen->columns;
	struct column *widest;

	t->shown = t->count;
	if (t->wide)
		return;
	narrow(t, room);
	/* step by step only where that leads to an end: there may be thousands of columns */
	if (least_width(t) > room)
		narrow(t, NARROWEST);
	while (total_width(t, t->count) > room && (widest = widest_text(t)) != NULL)
		widest->width--;
	t->shown = t->count > 0;
	while (t->shown < t->count && total_width(t, t->shown + 1) <= room)
		t->shown++;
}

static bool
is_right(const struct column *column)
{
	return column->is_number && !column->is_text;
}

/* Adds a cell at its column's width. A number is never cut: it would be another one. */
static void
add_cell(struct table *t, const struct column *column, const struct text *cell)
{
	bool is_last = column == &t->columns[t->shown - 1], right = is_right(column);

	text_add(&t->row, " ", 1);
	if (right && column->width > cell->width)
		text_pad(&t->row, column->width - cell->width);
	size_t begin = t->row.width;
	text_add_cut(&t->row, cell, right || t->wide ? cell->width : column->width);
	if (is_last)
		return;
	size_t width = t->row.width - begin;
	if (!right && column->width > width)
		text_pad(&t->row, column->width - width);
	text_add(&t->row, " |", 2);
}

static int
print_line(struct table *t)
{
	text_add(&t->row, "\n", 1);
	t->failed |= t->row.failed || t->cell.failed;
	int result = t->failed ? -1 : screen_write(t->screen, t->row.bytes, t->row.len);
	text_clear(&t->row);
	return result;
}

static int
print_row(struct table *t)
{
	for (size_t i = 0; i < t->shown; i++) {
		make_cell(&t->cell, t->cells[i]);
		add_cell(t, &t->columns[i], &t->cell);
	}
	return print_line(t);
}

static int
print_heading(struct table *t)
{
	for (size_t i = 0; i < t->shown; i++)
		add_cell(t, &t->columns[i], &t->columns[i].title);
	if (print_line(t) != 0)
		return -1;
	for (size_t i = 0; i < t->shown; i++) {
		for (size_t dashes = t->columns[i].width + 2; dashes > 0; dashes--)
			text_add(&t->row, "-", 1);
		if (i + 1 < t->shown)
			text_add(&t->row, "+", 1);
	}
	t->row.len -= t->row.len > 0; /* rows have no blank at their end either */
	return print_line(t);
}

/* Hands the sample's lines to a function, until one returns non-zero. */
static int
each_sampled(struct table *t, int (*each)(struct table *t))
{
	swm_str rest = { t->sample.bytes, t->sample.len };

	while (rest.len > 0) {
		const char *end = memchr(rest.ptr, '\n', rest.len);
		size_t len = end == NULL ? rest.len : (size_t)(end - rest.ptr);
		read_row(t, (swm_str){ rest.ptr, len });
		if (each(t) != 0)
			return -1;
		rest.ptr += len + (end != NULL);
		rest.len -= len + (end != NULL);
	}
	return 0;
}

static int
measure(struct table *t)
{
	measure_row(t);
	return t->failed ? -1 : 0;
}

static int
begin_rows(struct table *t)
{
	if (t->begun)
		return 0;
	int result = each_sampled(t, measure);
	t->begun = true;
	fit(t);
	if (result == 0 && t->count > 0)
		result = print_heading(t);
	if (result == 0)
		result = each_sampled(t, print_row);
	text_free(&t->sample);
	return result;
}

static int
add_line(struct table *t, swm_str line)
{
	if (line.len == 0)
		return 0;
	t->rows++;
	if (t->begun) {
		read_row(t, line);
		return print_row(t);
	}
	text_add(&t->sample, line.ptr, line.len);
	text_add(&t->sample, "\n", 1);
	t->failed |= t->sample.failed;
	if (t->failed)
		return -1;
	return t->rows >= SAMPLE_ROWS || t->sample.len >= SAMPLE_BYTES ? begin_rows(t) : 0;
}

int
table_write(struct table *t, swm_str piece)
{
	const char *end;

	while (piece.len > 0 && (end = memchr(piece.ptr, '\n', piece.len)) != NULL) {
		size_t len = (size_t)(end - piece.ptr);
		swm_str line = { piece.ptr, len };
		if (t->line.len > 0) {
			text_add(&t->line, piece.ptr, len);
			line = (swm_str){ t->line.bytes, t->line.len };
		}
		if (t->line.failed || add_line(t, line) != 0)
			return -1;
		text_clear(&t->line);
		piece = (swm_str){ end + 1, piece.len - len - 1 };
	}
	text_add(&t->line, piece.ptr, piece.len);
	t->failed |= t->line.failed;
	return t->failed ? -1 : 0;
}

int
table_end_rows(struct table *t)
{
	int result = add_line(t, (swm_str){ t->line.bytes, t->line.len });

	text_clear(&t->line);
	return result == 0 ? begin_rows(t) : -1;
}

/* "3 rows", "rows 11 to 20 of 51": what Content-Range says (RFC 9110, 14.4), where it says more. */
static void
add_count(struct text *to, uint64_t rows, swm_str range)
{
	uint64_t first = 0, last = 0, total = 0;
	char text[96];

	snprintf(text, sizeof text, "%.*s", (int)range.len, range.ptr);
	int seen = sscanf(text, "%" SCNu64 "-%" SCNu64 "/%" SCNu64, &first, &last, &total);
	bool is_part = seen >= 2 && last - first + 1 == rows, has_total = is_part && seen == 3;
	if (is_part && first > 0)
		text_format(to, "rows %" PRIu64 " to %" PRIu64, first + 1, last + 1);
	else
		text_format(to, "%" PRIu64, rows);
	if (has_total && (first > 0 || total != rows))
		text_format(to, " of %" PRIu64, total);
	if (!is_part || first == 0)
		text_format(to, rows == 1 && !(has_total && total != rows) ? " row" : " rows");
}

int
table_end(struct table *t, swm_str content_range)
{
	if (table_end_rows(t) != 0)
		return -1;
	text_format(&t->row, "(");
	add_count(&t->row, t->rows, content_range);
	if (t->shown < t->count)
		text_format(&t->row, "; %zu of %zu columns, --wide shows all", t->shown, t->count);
	if (t->homeless > 0)
		text_format(&t->row, "; --format json shows %" PRIu64 " values of other columns",
		            t->homeless);
	text_format(&t->row, ")");
	return print_line(t);
}
