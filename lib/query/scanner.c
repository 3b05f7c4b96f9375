#include "config.h"

#include "query/scanner.h"

#include "base/buf.h"
#include "query/expect.h"

#include <stdio.h>

int
swm_scan_peek(const swm_scanner *s)
{
	return s->at < s->text.len ? (unsigned char)s->text.ptr[s->at] : -1;
}

bool
swm_scan_char(swm_scanner *s, char c)
{
	if (swm_scan_peek(s) != (unsigned char)c)
		return false;
	s->at++;
	return true;
}

bool
swm_scan_word(swm_scanner *s, swm_str word)
{
	if (!swm_str_starts(swm_str_from(s->text, s->at), word))
		return false;
	s->at += word.len;
	return true;
}

void
swm_scan_blanks(swm_scanner *s)
{
	while (swm_scan_peek(s) == ' ' || swm_scan_peek(s) == '\t')
		s->at++;
}

/* Columns count characters, from 1, including a prefix that the client did not write. */
static size_t
column_of(const swm_scanner *s)
{
	size_t column = 1;

	for (size_t i = 0; i < s->at && i < s->text.len; i++)
		column += ((unsigned char)s->text.ptr[i] & 0xc0) != 0x80;
	return column;
}

static int
fail_at(swm_scanner *s, size_t place, const char *because)
{
	char column[24];

	snprintf(column, sizeof column, "%zu", place);
	int rc = swm_fail(s->err, SWM_ERR_QUERY_SYNTAX, swm_cstr(s->what),
	                  swm_str_from(s->text, s->skipped), swm_cstr(column));
	swm_error_set_details(s->err, swm_cstr(because));
	return rc;
}

int
swm_scan_fail_because(swm_scanner *s, const char *because)
{
	return fail_at(s, column_of(s), because);
}

int
swm_scan_fail(swm_scanner *s, const char *expecting)
{
	swm_buf details = SWM_BUF_INIT;
	size_t n = 1, place;

	if (s->err != NULL && swm_query_expected(s->what, s->text, &place, &details)) {
		int told = fail_at(s, place, swm_buf_text(&details));
		swm_buf_dispose(&details);
		return told;
	}
	if (s->at >= s->text.len) {
		swm_buf_cstr(&details, "unexpected end of input");
	} else {
		while (s->at + n < s->text.len &&
		       ((unsigned char)s->text.ptr[s->at + n] & 0xc0) == 0x80)
			n++;
		swm_buf_cstr(&details, "unexpected \"");
		swm_buf_add(&details, s->text.ptr + s->at, n);
		swm_buf_char(&details, '"');
	}
	swm_buf_cstr(&details, " expecting ");
	swm_buf_cstr(&details, expecting);
	int rc = swm_scan_fail_because(s, swm_buf_text(&details));
	swm_buf_dispose(&details);
	return rc;
}

int
swm_scan_end(swm_scanner *s, const char *expecting)
{
	return s->at == s->text.len ? SWM_OK : swm_scan_fail(s, expecting);
}

int
swm_scan_deeper(swm_scanner *s)
{
	if (++s->depth > SWM_DEEPEST)
		return swm_scan_fail_because(s, "parentheses are nested too deep");
	return SWM_OK;
}

/*
 * The end of the quoted text, and how many of its bytes are backslashes that escape; false when it
 * is not closed.
 */
static bool
find_closing_quote(const swm_scanner *s, size_t *end, size_t *escapes)
{
	*escapes = 0;
	for (size_t i = s->at; i < s->text.len; i++) {
		if (s->text.ptr[i] == '"') {
			*end = i;
			return true;
		}
		if (s->text.ptr[i] == '\\') {
			(*escapes)++;
			i++;
		}
	}
	return false;
}

int
swm_scan_quoted(swm_scanner *s, swm_str *out)
{
	size_t begin = ++s->at, end, escapes, n = 0;

	if (!find_closing_quote(s, &end, &escapes)) {
		s->at = s->text.len;
		return swm_scan_fail(s, "a closing double quote");
	}
	s->at = end + 1;
	*out = (swm_str){ s->text.ptr + begin, end - begin };
	if (escapes == 0)
		return SWM_OK;
	char *to = swm_arena_alloc(s->arena, end - begin - escapes + 1);
	if (to == NULL)
		return swm_fail_memory(s->err);
	for (size_t i = begin; i < end; i++) {
		i += s->text.ptr[i] == '\\';
		to[n++] = s->text.ptr[i];
	}
	*out = (swm_str){ to, n };
	return SWM_OK;
}

bool
swm_scan_is_identifier(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '$' || c == ' ' || c >= 0x80;
}

swm_str
swm_scan_identifier(swm_scanner *s)
{
	size_t begin = s->at;

	while (swm_scan_is_identifier(swm_scan_peek(s)))
		s->at++;
	return swm_str_trim((swm_str){ s->text.ptr + begin, s->at - begin });
}

/* A dash joins, unless it begins an arrow. */
static bool
at_dash(const swm_scanner *s)
{
	return swm_scan_peek(s) == '-' &&
	       !(s->at + 1 < s->text.len && s->text.ptr[s->at + 1] == '>');
}

/* Words joined by dashes, each trimmed, as one text. */
static int
scan_dashed(swm_scanner *s, swm_str *out, swm_str (*scan_word)(swm_scanner *),
            const char *expecting)
{
	swm_buf joined = SWM_BUF_INIT;
	swm_str first = scan_word(s);

	*out = first;
	if (first.len == 0)
		return swm_scan_fail(s, expecting);
	if (!at_dash(s))
		return SWM_OK;
	swm_buf_str(&joined, first);
	while (at_dash(s)) {
		s->at++;
		swm_str word = scan_word(s);
		if (word.len == 0) {
			swm_buf_dispose(&joined);
			return swm_scan_fail(s, expecting);
		}
		swm_buf_char(&joined, '-');
		swm_buf_str(&joined, word);
	}
	*out = swm_arena_str(s->arena, swm_buf_view(&joined));
	bool failed = joined.failed || out->ptr == NULL;
	swm_buf_dispose(&joined);
	return failed ? swm_fail_memory(s->err) : SWM_OK;
}

int
swm_scan_name(swm_scanner *s, swm_str *out)
{
	if (swm_scan_peek(s) == '"')
		return swm_scan_quoted(s, out);
	return scan_dashed(s, out, swm_scan_identifier, "field name (* or [a..z0..9_$])");
}

/* Any run without what ends a key of a JSON path. */
static swm_str
scan_key_word(swm_scanner *s)
{
	size_t begin = s->at;

	while (swm_scan_peek(s) >= 0 && strchr("(-:.,>)", swm_scan_peek(s)) == NULL)
		s->at++;
	return swm_str_trim((swm_str){ s->text.ptr + begin, s->at - begin });
}

/* An index is digits, perhaps with a minus, and then the end of a step. */
static bool
scan_index(swm_scanner *s, swm_str *out)
{
	size_t begin = s->at;
	bool negative = swm_scan_char(s, '-');
	size_t digits = s->at;

	while (swm_scan_peek(s) >= '0' && swm_scan_peek(s) <= '9')
		s->at++;
	swm_str rest = swm_str_from(s->text, s->at);
	bool ends = rest.len == 0 || rest.ptr[0] == '.' || rest.ptr[0] == ',' ||
	            rest.ptr[0] == ')' || swm_str_starts(rest, SWM_STR("->")) ||
	            swm_str_starts(rest, SWM_STR("::"));
	if (s->at > digits && ends) {
		*out = (swm_str){ s->text.ptr + begin, s->at - begin };
		return true;
	}
	if (!negative)
		s->at = begin;
	return false;
}

static int
scan_step(swm_scanner *s, swm_path_step *step)
{
	int64_t index;

	bool negative = swm_scan_peek(s) == '-';
	if (scan_index(s, &step->key)) {
		step->is_index = true;
		if (!swm_str_int64(step->key, &index) || index > INT32_MAX || index < INT32_MIN)
			return swm_scan_fail_because(s, "an index of a JSON path is out of range");
		return SWM_OK;
	}
	if (negative)
		return swm_scan_fail(s, "digit, \"->\", \"::\", \".\", \",\" or end of input");
	if (swm_scan_peek(s) == '"')
		return swm_scan_quoted(s, &step->key);
	return scan_dashed(s, &step->key, scan_key_word,
	                   "any non reserved character different from: .,>()");
}

static int
fail_deep_path(swm_scanner *s)
{
	char because[48];

	snprintf(because, sizeof because, "a JSON path has more than %d steps", SWM_DEEPEST_PATH);
	return swm_scan_fail_because(s, because);
}

int
swm_scan_path(swm_scanner *s, swm_field *out)
{
	swm_path_step **tail = &out->path;
	size_t begin = s->at, steps = 0;

	*tail = NULL;
	while (swm_scan_word(s, SWM_STR("->"))) {
		if (++steps > SWM_DEEPEST_PATH)
			return fail_deep_path(s);
		swm_path_step *step = swm_arena_alloc(s->arena, sizeof *step);
		if (step == NULL)
			return swm_fail_memory(s->err);
		step->as_text = swm_scan_char(s, '>');
		int rc = scan_step(s, step);
		if (rc != SWM_OK)
			return rc;
		*tail = step;
		tail = &step->next;
	}
	out->path_text = (swm_str){ s->text.ptr + begin, s->at - begin };
	return SWM_OK;
}

int
swm_scan_field(swm_scanner *s, swm_field *out)
{
	swm_scan_blanks(s);
	int rc = swm_scan_name(s, &out->name);
	if (rc == SWM_OK)
		rc = swm_scan_path(s, out);
	swm_scan_blanks(s);
	return rc;
}

/* Braces that close again, with what is between them; nothing is taken when they do not. */
static bool
scan_braces(swm_scanner *s, swm_str *out)
{
	size_t begin = s->at, depth = 0;

	for (size_t i = begin; i < s->text.len; i++) {
		depth += s->text.ptr[i] == '{';
		depth -= s->text.ptr[i] == '}';
		if (depth == 0) {
			s->at = i + 1;
			*out = (swm_str){ s->text.ptr + begin, s->at - begin };
			return true;
		}
	}
	return false;
}

static bool
at_value_end(const swm_scanner *s)
{
	int c = swm_scan_peek(s);
	return c < 0 || c == ',' || c == ')';
}

int
swm_scan_enclosed_value(swm_scanner *s, swm_str *out)
{
	size_t begin = s->at;

	if (swm_scan_peek(s) == '"') {
		int rc = swm_scan_quoted(s, out);
		if (rc == SWM_ENOMEM || (rc == SWM_OK && at_value_end(s)))
			return rc;
		swm_error_clear(s->err); /* then the quotes are part of the value */
		s->at = begin;
	} else if (swm_scan_peek(s) == '{' && scan_braces(s, out)) {
		if (at_value_end(s))
			return SWM_OK;
		s->at = begin;
	}
	while (!at_value_end(s))
		s->at++;
	*out = (swm_str){ s->text.ptr + begin, s->at - begin };
	return SWM_OK;
}
