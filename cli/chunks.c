#include "config.h"

#include "chunks.h"

#include <stdlib.h>
#include <string.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

enum {
	START, /* of a record */

	/* CSV (RFC 4180): a quote means something at the beginning of a field alone */
	FIRST_CR, /* the line may be blank yet */
	FIELD,    /* at its beginning */
	PLAIN,
	QUOTED,
	QUOTE,    /* the closing one, or the first of two */
	QUOTE_CR,
	BEHIND,   /* text that does not belong there, up to the end of the line */

	/* an element of an array (RFC 8259) */
	NEXT,     /* at the comma before it, or at the end of the array */
	COMMA,    /* after the comma */
	VALUE,
	STRING,
	ESCAPE,
	CLOSED,
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void
record_scan_begin(struct record_scan *r, enum chunk_form form)
{
	*r = (struct record_scan){ .form = form, .state = START };
}

/* The state after a byte of a CSV that is not a newline. */
static int
after_csv_byte(int state, char c)
{
	switch (state) {
	case START:
		if (c == '\r')
			return FIRST_CR;
		/* fallthrough */
	case FIELD:
		return c == '"' ? QUOTED : c == ',' ? FIELD : PLAIN;
	case QUOTED:
		return c == '"' ? QUOTE : QUOTED;
	case QUOTE:
		return c == '"' ? QUOTED : c == ',' ? FIELD : c == '\r' ? QUOTE_CR : BEHIND;
	case FIRST_CR:
	case PLAIN:
		return c == ',' ? FIELD : PLAIN;
	default:
		return BEHIND;
	}
}

static bool
is_blank_line(int state)
{
	return state == START || state == FIRST_CR;
}

static size_t
scan_csv(struct record_scan *r, const char *bytes, size_t len)
{
	int state = r->state;
	size_t i = 0;

	while (i < len && !r->ended) {
		char c = bytes[i++];
		r->ended = c == '\n' && state != QUOTED;
		if (!r->ended)
			state = after_csv_byte(state, c);
	}
	r->has_text = !is_blank_line(state);
	r->state = r->ended ? START : state;
	return i;
}

static size_t
scan_line(struct record_scan *r, const char *bytes, size_t len)
{
	const char *newline = len == 0 ? NULL : memchr(bytes, '\n', len);
	size_t taken = newline == NULL ? len : (size_t)(newline - bytes) + 1;

	for (size_t i = 0; i < taken && !r->has_text; i++)
		r->has_text = !is_blank(bytes[i]);
	r->ended = newline != NULL;
	return taken;
}

/* Within a value: false at the comma or bracket after it. */
static bool
take_value_byte(struct record_scan *r, char c)
{
	if (r->depth == 0 && (c == ',' || c == ']'))
		return false;
	if (c == '"')
		r->state = STRING;
	else if (c == '{' || c == '[')
		r->depth++;
	else if ((c == '}' || c == ']') && r->depth > 0)
		r->depth--;
	return true;
}

/* Between values: false when it can be neither. */
static bool
take_outer_byte(struct record_scan *r, char c)
{
	if (is_blank(c))
		return true;
	if (r->state == CLOSED)
		r->problem = "there is text behind the end of the array";
	else if (c == ']' && r->state != COMMA)
		r->state = CLOSED;
	else if (c == ',' && r->state == NEXT)
		r->state = COMMA;
	else if (c == ',' || c == ']')
		r->problem = "a comma in the array has no element beside it";
	else {
		r->state = VALUE;
		r->has_text = true;
		return take_value_byte(r, c);
	}
	return r->problem == NULL;
}

static bool
take_array_byte(struct record_scan *r, char c)
{
	switch (r->state) {
	case VALUE:
		return take_value_byte(r, c);
	case STRING:
		r->state = c == '"' ? VALUE : c == '\\' ? ESCAPE : STRING;
		return true;
	case ESCAPE:
		r->state = STRING;
		return true;
	default:
		return take_outer_byte(r, c);
	}
}

static size_t
scan_element(struct record_scan *r, const char *bytes, size_t len)
{
	size_t i = 0;

	while (i < len && take_array_byte(r, bytes[i]))
		i++;
	r->ended = i < len && r->problem == NULL;
	if (r->ended)
		r->state = NEXT;
	return i;
}

size_t
record_scan_take(struct record_scan *r, const char *bytes, size_t len)
{
	static size_t (*const scans[])(struct record_scan *, const char *, size_t) = {
		[CHUNK_CSV] = scan_csv,
		[CHUNK_LINES] = scan_line,
		[CHUNK_ARRAY] = scan_element,
	};

	if (r->ended)
		r->has_text = r->ended = false;
	return scans[r->form](r, bytes, len);
}

/*
 * Parts of a chunk
 */

static uint64_t
count_newlines(const char *bytes, size_t len)
{
	const char *end = bytes + len;
	uint64_t count = 0;

	while (bytes < end && (bytes = memchr(bytes, '\n', (size_t)(end - bytes))) != NULL) {
		count++;
		bytes++;
	}
	return count;
}

/* The number of characters in UTF-8 text. */
static uint64_t
count_characters(const char *bytes, size_t len)
{
	uint64_t count = 0;

	for (size_t i = 0; i < len; i++)
		count += ((unsigned char)bytes[i] & 0xc0) != 0x80;
	return count;
}

/* Moves the beginning of the chunk past these bytes. */
static void
pass_bytes(struct chunk *chunk, const char *bytes, size_t len)
{
	const char *newline = len == 0 ? NULL : memrchr(bytes, '\n', len);

	chunk->offset += len;
	chunk->line += count_newlines(bytes, len);
	if (newline != NULL) {
		chunk->column = 0;
		len -= (size_t)(newline + 1 - bytes);
		bytes = newline + 1;
	}
	chunk->column += count_characters(bytes, len);
}

/* Splits off the first bytes, in which there are so many records. */
static struct chunk
split_chunk(struct chunk *rest, size_t len, uint64_t records)
{
	struct chunk first = *rest;

	first.bytes.len = len;
	first.records = records;
	rest->bytes = (swm_str){ rest->bytes.ptr + len, rest->bytes.len - len };
	pass_bytes(rest, first.bytes.ptr, len);
	rest->record += records;
	rest->records -= records;
	return first;
}

/* The elements of an array that are not at its beginning have a comma before them. */
static void
begin_chunk(struct record_scan *r, const struct chunk *chunk, enum chunk_form form)
{
	record_scan_begin(r, form);
	if (form == CHUNK_ARRAY && chunk->bytes.len > 0 && *chunk->bytes.ptr == ',')
		r->state = NEXT;
}

/* Bytes in front of a record's own text: in CSV a blank is a part of it. */
static size_t
count_blanks(swm_str bytes, enum chunk_form form)
{
	size_t count = form == CHUNK_ARRAY && bytes.len > 0 && *bytes.ptr == ',';

	if (form == CHUNK_CSV)
		return 0;
	while (count < bytes.len && is_blank(bytes.ptr[count]))
		count++;
	return count;
}

struct chunk
chunk_take(struct chunk *rest, enum chunk_form form)
{
	struct record_scan r;
	size_t start = 0, at = 0;

	begin_chunk(&r, rest, form);
	do {
		start = at;
		at += record_scan_take(&r, rest->bytes.ptr + at, rest->bytes.len - at);
	} while (r.ended && !r.has_text);
	split_chunk(rest, start, 0);
	struct chunk record = split_chunk(rest, at - start, 1);
	split_chunk(&record, count_blanks(record.bytes, form), 0);
	return record;
}

struct chunk
chunk_take_half(struct chunk *rest, enum chunk_form form)
{
	struct record_scan r;
	size_t at = 0, cut = 0;
	uint64_t records = 0;

	begin_chunk(&r, rest, form);
	do {
		at += record_scan_take(&r, rest->bytes.ptr + at, rest->bytes.len - at);
		if (!r.ended || (records > 0 && at > rest->bytes.len / 2))
			break;
		cut = at;
		records += r.has_text;
	} while (records + 1 < rest->records);
	return split_chunk(rest, cut, records);
}

/*
 * Chunks of a file
 */

int
chunks_open(struct chunks *c, enum chunk_form form, size_t limit,
            ptrdiff_t (*read)(void *user, char *to, size_t room), void *user)
{
	*c = (struct chunks){ .form = form, .limit = limit, .read = read, .user = user,
		              .room = limit, .buffer = malloc(limit) };
	record_scan_begin(&c->scan, form);
	c->next.line = 1;
	return c->buffer == NULL ? SWM_ENOMEM : SWM_OK;
}

void
chunks_close(struct chunks *c)
{
	free(c->buffer);
	free(c->header);
	*c = (struct chunks){ 0 };
}

static int
fail_at(struct chunks *c, const char *problem, size_t at)
{
	c->problem = problem;
	c->problem_line = c->next.line + count_newlines(c->buffer, at);
	return SWM_EPARSE;
}

/* One byte more than the longest record may have shows that it is longer. */
static int
make_room(struct chunks *c)
{
	size_t most = c->limit > CHUNK_LONGEST_RECORD ? c->limit : CHUNK_LONGEST_RECORD + 1;
	size_t room = c->room * 2 < most ? c->room * 2 : most;

	if (c->len < c->room)
		return SWM_OK;
	if (c->room >= most)
		return fail_at(c, "the record is longer than 8 MiB", 0);
	char *more = realloc(c->buffer, room);
	if (more == NULL)
		return SWM_ENOMEM;
	c->buffer = more;
	c->room = room;
	return SWM_OK;
}

static int
fill_buffer(struct chunks *c)
{
	int result = make_room(c);

	if (result != SWM_OK)
		return result;
	ptrdiff_t n = c->read(c->user, c->buffer + c->len, c->room - c->len);
	if (n < 0)
		return SWM_ESYSTEM;
	c->len += (size_t)n;
	c->ended = n == 0;
	return SWM_OK;
}

/* Takes bytes off the front of the buffer. */
static void
drop_bytes(struct chunks *c, size_t count)
{
	pass_bytes(&c->next, c->buffer, count);
	c->next.record += c->next.records;
	c->next.records = 0;
	memmove(c->buffer, c->buffer + count, c->len - count);
	c->len -= count;
	c->scanned -= count;
}

/*
 * The header
 */

static int
keep_header(struct chunks *c)
{
	c->header = malloc(c->scanned + 1);
	if (c->header == NULL)
		return SWM_ENOMEM;
	memcpy(c->header, c->buffer, c->scanned);
	c->header_len = c->scanned;
	c->header_lines = count_newlines(c->buffer, c->scanned);
	drop_bytes(c, c->scanned);
	c->header_column = c->next.column;
	return SWM_OK;
}

static int
find_bracket(struct chunks *c)
{
	int result = SWM_OK;

	while (result == SWM_OK) {
		while (c->scanned < c->len && is_blank(c->buffer[c->scanned]))
			c->scanned++;
		if (c->scanned < c->len || c->ended)
			break;
		result = fill_buffer(c);
	}
	if (result == SWM_OK && (c->scanned == c->len || c->buffer[c->scanned] != '['))
		result = fail_at(c, "a JSON array should begin here", c->scanned);
	c->scanned += result == SWM_OK;
	return result;
}

static int
find_csv_header(struct chunks *c)
{
	int result = SWM_OK;

	while (result == SWM_OK) {
		c->scanned += record_scan_take(&c->scan, c->buffer + c->scanned,
		                               c->len - c->scanned);
		if (c->scan.ended ? c->scan.has_text : c->ended)
			break;
		if (!c->scan.ended)
			result = fill_buffer(c);
	}
	return result;
}

static int
begin_file(struct chunks *c)
{
	static const size_t mark = sizeof BYTE_ORDER_MARK - 1;
	int result = SWM_OK;

	while (c->len < mark && !c->ended && result == SWM_OK)
		result = fill_buffer(c);
	if (c->len >= mark && memcmp(c->buffer, BYTE_ORDER_MARK, mark) == 0) {
		c->scanned = mark;
		c->next.column--; /* the mark is no character of the text, but will be counted */
	}
	if (result == SWM_OK && c->form == CHUNK_CSV)
		result = find_csv_header(c);
	if (result == SWM_OK && c->form == CHUNK_ARRAY)
		result = find_bracket(c);
	return result == SWM_OK ? keep_header(c) : result;
}

/*
 * The records
 */

/* Looks for the last end up to the limit, or else for the first one. */
static int
scan_buffer(struct chunks *c, size_t *cut)
{
	while (*cut < c->limit) {
		size_t end = *cut > 0 && c->limit < c->len ? c->limit : c->len;
		if (c->scanned >= end)
			break;
		c->scanned += record_scan_take(&c->scan, c->buffer + c->scanned, end - c->scanned);
		if (c->scan.problem != NULL)
			return fail_at(c, c->scan.problem, c->scanned);
		if (!c->scan.ended)
			continue;
		*cut = c->scanned;
		c->next.records += c->scan.has_text;
	}
	return SWM_OK;
}

/* The last record of CSV and of lines needs no newline. */
static int
end_file(struct chunks *c, size_t *cut)
{
	if (c->form != CHUNK_ARRAY) {
		c->next.records += c->len > *cut && (c->scan.has_text || c->scan.state == FIRST_CR);
		*cut = c->len;
	} else if (c->scan.state != CLOSED)
		return fail_at(c, "the array is not closed", c->len);
	return SWM_OK;
}

/* Finds where the next chunk ends; *cut is 0 at the end of the file. */
static int
find_cut(struct chunks *c, size_t *cut)
{
	int result = SWM_OK;

	*cut = 0;
	for (;;) {
		result = scan_buffer(c, cut);
		if (result != SWM_OK || (*cut > 0 && c->scanned >= c->limit))
			return result;
		if (c->ended)
			return end_file(c, cut);
		result = fill_buffer(c);
		if (result != SWM_OK)
			return result;
	}
}

int
chunks_next(struct chunks *c, struct chunk *chunk)
{
	int result = c->begun ? SWM_OK : begin_file(c);

	c->begun = true;
	while (result == SWM_OK) {
		drop_bytes(c, c->taken);
		result = find_cut(c, &c->taken);
		if (c->next.records > 0 || c->taken == 0)
			break; /* blank lines alone are no chunk */
	}
	*chunk = c->next;
	chunk->bytes = (swm_str){ c->buffer, c->taken };
	return result;
}
