#include "config.h"

#include "json/feed.h"

#include "json/feed_rows.h"
#include "json/raw.h"
#include "json/scan.h"

#include <stdio.h>
#include <stdlib.h>

/* The initial size of the window; a longer row makes it grow. */
enum { WINDOW = 128 * 1024 };

struct swm_feed {
	swm_arena *arena;
	enum swm_feed_form form;
	ptrdiff_t (*read)(void *user, char *to, size_t room);
	void *user;

	char *window;       /* bytes from begin to end have not been taken yet */
	size_t room, begin, end;
	bool last;          /* no more will come */
	bool opened, closed; /* the array's brackets have come */
	bool broken;        /* reading cannot continue: the start of the next row is unknown */

	swm_json_place place, next; /* the current row, and the position after it */
	int64_t row;        /* number of rows read so far */

	swm_str *names;     /* names of the header, or the first row */
	size_t name_count;

	swm_feed_names_list chosen; /* JSON */
	size_t *cell_of;    /* CSV: the cell of each field, or UNKNOWN */
	swm_csv_field *fields;
	swm_cell *cells;
	size_t cell_count;
	bool exact;

	/* state of the row that is being read */
	int64_t at_row;     /* from 0 */
	size_t expected, found;
	bool unknown;
	swm_buf scratch;
	swm_error *err;
};

swm_feed *
swm_feed_new(swm_arena *arena, enum swm_feed_form form, swm_str begin, size_t window,
             ptrdiff_t (*read)(void *user, char *to, size_t room), void *user)
{
	swm_feed *f = swm_arena_alloc(arena, sizeof *f);
	size_t room = begin.len + (window > 0 ? window : WINDOW);

	if (f == NULL)
		return NULL;
	*f = (swm_feed){ .arena = arena, .form = form, .read = read, .user = user, .room = room,
		.end = begin.len, .next = { 1, 1 }, .window = malloc(room) };
	if (f->window == NULL)
		return NULL;
	if (begin.len > 0)
		memcpy(f->window, begin.ptr, begin.len);
	return f;
}

static ptrdiff_t
read_text(void *user, char *to, size_t room)
{
	swm_str *rest = user;
	size_t len = rest->len < room ? rest->len : room;

	if (len > 0)
		memcpy(to, rest->ptr, len);
	*rest = swm_str_from(*rest, len);
	return (ptrdiff_t)len;
}

swm_feed *
swm_feed_of(swm_arena *arena, enum swm_feed_form form, swm_str *text)
{
	return swm_feed_new(arena, form, (swm_str){ NULL, 0 }, 0, read_text, text);
}

void
swm_feed_dispose(swm_feed *feed)
{
	if (feed == NULL)
		return;
	free(feed->window);
	feed->window = NULL;
	swm_buf_dispose(&feed->scratch);
}

int64_t
swm_feed_line(const swm_feed *feed)
{
	return feed->place.line;
}

int64_t
swm_feed_row(const swm_feed *feed)
{
	return feed->row;
}

bool
swm_feed_can_skip(const swm_feed *feed)
{
	return !feed->broken;
}

static void
put_place(swm_buf *to, const swm_feed *f)
{
	swm_put_row_place(to, f->form == SWM_FEED_ARRAY, f->at_row, f->place.line);
}

static int
fail_row(swm_feed *f, const char *what)
{
	swm_buf details = SWM_BUF_INIT;
	int rc = swm_fail(f->err, SWM_ERR_BODY, swm_cstr(what));

	put_place(&details, f);
	swm_error_set_details(f->err, swm_buf_view(&details));
	swm_buf_dispose(&details);
	return rc;
}

/* The error that json_to_record() gives here, in PostgreSQL's words. */
static int
fail_nul(swm_feed *f)
{
	swm_buf details = SWM_BUF_INIT;

	put_place(&details, f);
	swm_buf_cstr(&details, ": \\u0000 cannot be converted to text.");
	struct swm_sql_error from = { .sqlstate = SWM_STR("22P05"),
		                      .message = SWM_STR("unsupported Unicode escape sequence"),
		                      .details = swm_buf_view(&details),
		                      .has_details = true };
	int rc = swm_fail_sql(f->err, &from);
	swm_buf_dispose(&details);
	return rc;
}

/* The rest cannot be read after this error: the end of the row is unknown, or too far away. */
static int
fail_long(swm_feed *f)
{
	char what[64];

	snprintf(what, sizeof what, "A row is longer than %d MiB", SWM_FEED_LONGEST_ROW >> 20);
	f->broken = true;
	return fail_row(f, what);
}

static bool
is_too_long(size_t len)
{
	return len > SWM_FEED_LONGEST_ROW;
}

/* The exact position of the error is found by the parser that reads byte by byte. */
static int
fail_invalid(swm_feed *f, swm_str text)
{
	swm_arena *arena = swm_arena_new();
	swm_json_scan *scan = arena == NULL ? NULL : swm_json_scan_new(arena);
	swm_json_facts facts;
	swm_json_fault fault = { .expected = "a JSON object" };

	if (scan == NULL) {
		swm_arena_free(arena);
		return swm_fail_memory(f->err);
	}
	if (swm_json_scan_feed(scan, text) != SWM_OK || swm_json_scan_end(scan, &facts) != SWM_OK)
		fault = swm_json_scan_fault(scan);
	swm_arena_free(arena);
	return swm_json_fail(f->err, text, f->place, &fault);
}

/* Reports the fault of an object by its result of swm_json_object(). */
static int
fail_object(swm_feed *f, swm_str text, enum swm_object_result what, size_t at)
{
	const swm_json_fault fault = { .expected = NULL, .at = at };

	f->broken = f->form == SWM_FEED_ARRAY;
	if (what == SWM_OBJECT_OTHER)
		return fail_row(f, "A row must be a JSON object");
	return what == SWM_OBJECT_TOO_DEEP ? swm_json_fail(f->err, text, f->place, &fault) :
	                                     fail_invalid(f, text);
}

/*
 * The window
 */

static bool
make_room(swm_feed *f)
{
	if (f->begin > 0) {
		memmove(f->window, f->window + f->begin, f->end - f->begin);
		f->end -= f->begin;
		f->begin = 0;
	}
	if (f->end < f->room)
		return true;
	char *more = realloc(f->window, f->room * 2);
	if (more == NULL)
		return false;
	f->window = more;
	f->room *= 2;
	return true;
}

/* Fills the window. A row is scanned again only after a good part more of it has come. */
static int
fill(swm_feed *f)
{
	if (is_too_long(f->end - f->begin))
		return fail_long(f);
	if (!make_room(f))
		return swm_fail_memory(f->err);
	while (f->end < f->room && !f->last) {
		ptrdiff_t n = f->read(f->user, f->window + f->end, f->room - f->end);
		if (n < 0 || (size_t)n > f->room - f->end) {
			f->broken = true;
			return swm_fail(f->err, SWM_ERR_CANCELED);
		}
		f->end += (size_t)n;
		f->last = n == 0;
	}
	return SWM_OK;
}

static void
pass(swm_feed *f, size_t to)
{
	swm_json_place_advance(&f->next, (swm_str){ f->window + f->begin, to - f->begin });
	f->begin = to;
}

/* Skips a byte order mark before the body (RFC 8259, 8.1 lets a parser do so). */
static int
pass_byte_order_mark(swm_feed *f)
{
	static const size_t len = sizeof SWM_BYTE_ORDER_MARK - 1;
	int rc = SWM_OK;

	while (f->end < len && !f->last && rc == SWM_OK)
		rc = fill(f);
	if (f->end >= len && memcmp(f->window, SWM_BYTE_ORDER_MARK, len) == 0)
		f->begin = len;
	return rc;
}

/* The next byte of the body that is not blank, or -1 at its end; *rc is fill()'s result. */
static int
peek(swm_feed *f, int *rc)
{
	*rc = SWM_OK;
	for (;;) {
		size_t to = f->begin;
		while (to < f->end && strchr(" \t\n\r", f->window[to]) != NULL &&
		       f->window[to] != '\0')
			to++;
		pass(f, to);
		if (f->begin < f->end)
			return (unsigned char)f->window[f->begin];
		if (f->last)
			return -1;
		*rc = fill(f);
		if (*rc != SWM_OK)
			return -1;
	}
}

/*
 * Rows of JSON
 */

enum { LONGEST_CHARACTER = 4 }; /* of UTF-8 */

/* Another byte than this should come next, in the structure around the rows. */
static int
fail_expected(swm_feed *f, const char *expected)
{
	const swm_json_fault fault = { .expected = expected };
	int rc = SWM_OK;

	/* The error quotes the character, so it must be there as a whole */
	while (rc == SWM_OK && f->end - f->begin < LONGEST_CHARACTER && !f->last)
		rc = fill(f);
	f->broken = true;
	if (rc != SWM_OK)
		return rc;
	return swm_json_fail(f->err, (swm_str){ f->window + f->begin, f->end - f->begin }, f->next,
	                     &fault);
}

/* The object that begins here; *out has no bounds but its own. */
static int
take_element(swm_feed *f, swm_str *out)
{
	swm_json_extent extent = { 0 };
	int rc = SWM_OK;

	while (!swm_json_extent_find(&extent, (swm_str){ f->window + f->begin,
	                                                 f->end - f->begin })) {
		if (f->last) {
			f->broken = true;
			return fail_invalid(f,
			                    (swm_str){ f->window + f->begin, f->end - f->begin });
		}
		if ((rc = fill(f)) != SWM_OK)
			return rc;
	}
	*out = (swm_str){ f->window + f->begin, extent.at };
	pass(f, f->begin + extent.at);
	return 1;
}

/* Passes over a byte that must come here. False when another one does. */
static bool
expect(swm_feed *f, char wanted, int *c, int *rc)
{
	if (*rc != SWM_OK || *c != wanted)
		return false;
	pass(f, f->begin + 1);
	*c = peek(f, rc);
	return *rc == SWM_OK;
}

static int
fail_element(swm_feed *f, int c)
{
	if (c <= 0 || strchr("[\"tfn-0123456789", c) == NULL)
		return fail_expected(f, f->row == 0 ? "\"{\" or \"]\"" : "\"{\"");
	f->broken = true;
	return fail_row(f, "A row must be a JSON object");
}

static int
next_element(swm_feed *f, swm_str *out)
{
	int rc, c = peek(f, &rc);
	bool opened = f->opened || expect(f, '[', &c, &rc);

	f->closed |= opened && !f->closed && expect(f, ']', &c, &rc);
	bool separate = f->row == 0 || f->closed || expect(f, ',', &c, &rc);
	f->opened = opened;
	f->place = f->next;
	if (rc != SWM_OK)
		return rc;
	if (f->closed && c < 0)
		return 0;
	if (!opened || f->closed)
		return fail_expected(f, opened ? "the end" : "\"[\"");
	if (!separate)
		return fail_expected(f, "\",\" or \"]\"");
	return c == '{' ? take_element(f, out) : fail_element(f, c);
}

static int
next_line(swm_feed *f, swm_str *out)
{
	int rc, c = peek(f, &rc);

	f->place = f->next;
	if (rc != SWM_OK || c < 0)
		return rc;
	for (;;) {
		char *begin = f->window + f->begin, *end = memchr(begin, '\n', f->end - f->begin);
		if (end != NULL || f->last) {
			size_t len = end != NULL ? (size_t)(end - begin) : f->end - f->begin;
			*out = (swm_str){ begin, len };
			f->begin += len + (end != NULL);
			f->next = (swm_json_place){ f->next.line + (end != NULL), 1 };
			return 1;
		}
		if ((rc = fill(f)) != SWM_OK)
			return rc;
	}
}

/* The text of the next row. 1, 0 or negative. */
static int
next_text(swm_feed *f, swm_str *out)
{
	f->at_row = f->row;
	int rc = f->form == SWM_FEED_ARRAY ? next_element(f, out) : next_line(f, out);
	f->row += rc == 1;
	return rc == 1 && is_too_long(out->len) ? fail_long(f) : rc;
}

/* The name of a member without escapes; a view of the text, or of the scratch. */
static swm_str
plain_name(swm_feed *f, const swm_json_member_seen *seen)
{
	if (!seen->name_escaped)
		return seen->name;
	swm_buf_clear(&f->scratch);
	(void)swm_json_unquote(&f->scratch, (swm_str){ seen->name.ptr - 1, seen->name.len + 2 });
	return swm_buf_view(&f->scratch);
}

static void
take_cell(void *user, const swm_json_member_seen *seen)
{
	swm_feed *f = user;
	swm_str name = plain_name(f, seen);
	size_t at = f->expected;

	/* most rows have their members in the order of the first */
	if (at >= f->cell_count || !swm_str_eq(f->chosen.names[at], name))
		at = swm_feed_find(&f->chosen, name);
	if (at == SWM_FEED_UNKNOWN) {
		f->unknown = true;
		return;
	}
	f->expected = at + 1;
	f->found += f->cells[at].kind == SWM_CELL_MISSING;
	f->cells[at] = seen->value; /* the last of several members with one name counts */
}

/* The array around the rows, which is a part of the same text. */
static int
depth_outside(const swm_feed *f)
{
	return f->form == SWM_FEED_ARRAY;
}

static int
next_object(swm_feed *f)
{
	swm_str text;
	bool has_nul = false;
	size_t fault;
	int rc = next_text(f, &text);

	if (rc != 1)
		return rc;
	for (size_t i = 0; i < f->cell_count; i++)
		f->cells[i].kind = SWM_CELL_MISSING;
	f->expected = f->found = 0;
	f->unknown = false;
	enum swm_object_result result =
	    swm_json_object(text, depth_outside(f), take_cell, f, &has_nul, &fault);
	if (result != SWM_OBJECT_TAKEN)
		return fail_object(f, text, result, fault);
	if (f->scratch.failed)
		return swm_fail_memory(f->err);
	if (has_nul)
		return fail_nul(f);
	if (f->exact && (f->unknown || f->found != f->cell_count))
		return fail_row(f, "All object keys must match");
	return 1;
}

/* The names of the first row. */
struct naming {
	swm_feed *f;
	size_t room;
	bool too_many, failed;
};

static void
take_name(void *user, const swm_json_member_seen *seen)
{
	struct naming *n = user;
	swm_feed *f = n->f;
	swm_str name = plain_name(f, seen);

	if (n->too_many) /* each is compared with all before it */
		return;
	for (size_t i = 0; i < f->name_count; i++)
		if (swm_str_eq(f->names[i], name))
			return;
	n->too_many |= f->name_count == SWM_JSON_MOST_KEYS || name.len > SWM_JSON_LONGEST_KEY;
	if (n->too_many)
		return;
	if (f->name_count == n->room) {
		size_t room = n->room == 0 ? 16 : n->room * 2;
		swm_str *more = swm_arena_array(f->arena, room, sizeof *more);
		n->failed |= more == NULL;
		if (more == NULL)
			return;
		if (f->name_count > 0)
			memcpy(more, f->names, f->name_count * sizeof *more);
		f->names = more;
		n->room = room;
	}
	f->names[f->name_count] = swm_arena_str(f->arena, name);
	n->failed |= f->names[f->name_count++].ptr == NULL;
}

/* Looks at the first row, which will be read once more. */
static int
name_by_row(swm_feed *f)
{
	struct naming naming = { .f = f };
	swm_str text;
	bool has_nul = false;
	size_t fault;
	int rc = next_text(f, &text);

	if (rc != 1)
		return rc;
	enum swm_object_result result =
	    swm_json_object(text, depth_outside(f), take_name, &naming, &has_nul, &fault);
	if (naming.failed || f->scratch.failed)
		return swm_fail_memory(f->err);
	if (result != SWM_OBJECT_TAKEN || naming.too_many)
		f->name_count = 0;
	if (result != SWM_OBJECT_TAKEN)
		return fail_object(f, text, result, fault);
	if (naming.too_many) {
		f->broken = f->form == SWM_FEED_ARRAY;
		return fail_row(f, "A key is too long, or there are too many");
	}
	/* back to where it began */
	f->begin = (size_t)(text.ptr - f->window);
	f->next = f->place;
	f->row--;
	return 1;
}

/*
 * Rows of CSV
 */

static int
check_text(swm_feed *f, swm_str row)
{
	if (!swm_utf8_valid(row, NULL))
		return fail_row(f, "The CSV is not valid UTF-8");
	return memchr(row.ptr, '\0', row.len) != NULL ? fail_nul(f) : 1;
}

/* Fields of the next line; all are counted. */
static int
next_fields(swm_feed *f, swm_csv_field *fields, size_t most, size_t *count)
{
	const char *why;
	char *end;
	int rc;

	f->place = f->next;
	f->at_row = f->row;
	for (;;) {
		char *begin = f->window + f->begin;
		if (f->begin == f->end && f->last)
			return 0;
		enum swm_row_end found = swm_csv_fields(begin, f->window + f->end, f->last, fields,
		                                        most, count, &end, &why);
		if (found == SWM_ROW_TAKEN && *count == 1 && fields[0].len == 0 &&
		    !fields[0].quoted && end > begin) {
			pass(f, (size_t)(end - f->window)); /* a blank line */
			f->place = f->next;
			continue;
		}
		if (found != SWM_ROW_MORE) {
			pass(f, (size_t)(end - f->window));
			f->row++;
			if (is_too_long((size_t)(end - begin)))
				return fail_long(f);
			return found == SWM_ROW_BAD
			           ? fail_row(f, why)
			           : check_text(f, (swm_str){ begin, (size_t)(end - begin) });
		}
		if ((rc = fill(f)) != SWM_OK)
			return rc;
	}
}

static int
fail_twice(swm_feed *f, swm_str name)
{
	swm_buf what = SWM_BUF_INIT;

	swm_buf_printf(&what, "The header names the column '%.*s' twice", SWM_PRINTED(name));
	int rc = what.failed ? swm_fail_memory(f->err) : fail_row(f, swm_buf_text(&what));
	swm_buf_dispose(&what);
	return rc;
}

/* Without a name a field can be no column, however often that is so. */
static int
check_names(swm_feed *f)
{
	swm_feed_names_list list;

	if (!swm_feed_sort(&list, f->arena, f->names, f->name_count))
		return swm_fail_memory(f->err);
	for (size_t i = 1; i < list.count; i++) {
		swm_str name = list.names[list.sorted[i]];
		if (name.len > 0 && swm_str_eq(name, list.names[list.sorted[i - 1]]))
			return fail_twice(f, name);
	}
	return SWM_OK;
}

/* The fields of the header, as names that last. */
static int
keep_names(swm_feed *f, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		swm_cell cell = swm_csv_cell(&f->fields[i]);
		swm_str name = cell.kind == SWM_CELL_NULL ? SWM_STR("NULL") : cell.text;
		f->names[i] = swm_arena_str(f->arena, name);
		if (f->names[i].ptr == NULL)
			return swm_fail_memory(f->err);
	}
	f->name_count = count;
	return check_names(f);
}

static int
name_by_header(swm_feed *f)
{
	size_t count;

	f->fields = swm_arena_array(f->arena, SWM_JSON_MOST_KEYS, sizeof *f->fields);
	f->names = swm_arena_array(f->arena, SWM_JSON_MOST_KEYS, sizeof *f->names);
	if (f->fields == NULL || f->names == NULL)
		return swm_fail_memory(f->err);
	int rc = next_fields(f, f->fields, SWM_JSON_MOST_KEYS, &count);
	f->row = 0;
	if (rc == 0)
		rc = swm_fail(f->err, SWM_ERR_BODY, SWM_STR("No header in line 1 of the CSV"));
	else if (rc == 1 && count > SWM_JSON_MOST_KEYS)
		rc = fail_row(f, "Too many fields");
	else if (rc == 1)
		rc = keep_names(f, count);
	f->broken = rc < 0;
	return rc < 0 ? rc : 1;
}

static int
choose_fields(swm_feed *f)
{
	f->cell_of = swm_arena_array(f->arena, f->name_count, sizeof *f->cell_of);
	if (f->cell_of == NULL)
		return swm_fail_memory(f->err);
	for (size_t i = 0; i < f->name_count; i++)
		f->cell_of[i] = swm_feed_find(&f->chosen, f->names[i]);
	return SWM_OK;
}

static int
next_record(swm_feed *f)
{
	size_t count;
	int rc = next_fields(f, f->fields, f->name_count, &count);

	if (rc != 1)
		return rc;
	if (count != f->name_count)
		return fail_row(f, count > f->name_count ? "Too many fields" : "Too few fields");
	for (size_t i = 0; i < count; i++)
		if (f->cell_of[i] != SWM_FEED_UNKNOWN)
			f->cells[f->cell_of[i]] = swm_csv_cell(&f->fields[i]);
	return 1;
}

/*
 * Names
 */

bool
swm_feed_sort(swm_feed_names_list *list, swm_arena *arena, const swm_str *names, size_t count)
{
	list->names = names;
	list->count = 0;
	list->sorted = swm_arena_array(arena, count, sizeof *list->sorted);
	if (list->sorted == NULL)
		return false;
	for (; list->count < count; list->count++) {
		size_t place = list->count;
		while (place > 0 &&
		       swm_str_cmp(names[list->sorted[place - 1]], names[list->count]) > 0) {
			list->sorted[place] = list->sorted[place - 1];
			place--;
		}
		list->sorted[place] = list->count;
	}
	return true;
}

size_t
swm_feed_find(const swm_feed_names_list *list, swm_str name)
{
	size_t low = 0, high = list->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = swm_str_cmp(name, list->names[list->sorted[middle]]);
		if (order == 0)
			return list->sorted[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return SWM_FEED_UNKNOWN;
}

int
swm_feed_names(swm_feed *feed, const swm_str **names, size_t *count, swm_error *err)
{
	feed->err = err;
	int rc = feed->row == 0 ? pass_byte_order_mark(feed) : SWM_OK;
	if (rc == SWM_OK)
		rc = feed->form == SWM_FEED_CSV ? name_by_header(feed) : name_by_row(feed);
	*names = feed->names;
	*count = feed->name_count;
	return rc;
}

int
swm_feed_choose(swm_feed *feed, const swm_str *names, size_t count, bool exact, swm_error *err)
{
	feed->err = err;
	feed->cell_count = count;
	feed->cells = swm_arena_array(feed->arena, count, sizeof *feed->cells); /* zeros: missing */
	feed->exact = exact;
	if (feed->cells == NULL || !swm_feed_sort(&feed->chosen, feed->arena, names, count))
		return swm_fail_memory(err);
	return feed->form == SWM_FEED_CSV ? choose_fields(feed) : SWM_OK;
}

int
swm_feed_next(swm_feed *feed, const swm_cell **cells, swm_error *err)
{
	feed->err = err;
	*cells = feed->cells;
	return feed->form == SWM_FEED_CSV ? next_record(feed) : next_object(feed);
}
