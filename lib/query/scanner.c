#include "config.h"

#include "query/scanner.h"

#include <stdio.h>

/* Field by field: what stands in a swm_expected that knows nothing is not worth clearing. */
void
swm_scan_begin(swm_scanner *s, const char *what, swm_str text, swm_arena *arena, swm_error *err)
{
	s->text = text;
	s->at = 0;
	s->what = what;
	s->skipped = 0;
	s->depth = 0;
	s->arena = arena;
	s->err = err;
	s->silent = false;
	s->rc = SWM_OK;
	s->expected.known = false;
	s->tolerated.known = false;
	s->refusal.expecting = NULL;
}

int
swm_scan_peek(const swm_scanner *s)
{
	return s->at < s->text.len ? (unsigned char)s->text.ptr[s->at] : -1;
}

/* The character at a place, empty at the end; what is no UTF-8 has been refused before. */
static swm_str
character_at(const swm_scanner *s, size_t at)
{
	size_t n = at < s->text.len ? 1 : 0;

	while (n > 0 && at + n < s->text.len && ((unsigned char)s->text.ptr[at + n] & 0xc0) == 0x80)
		n++;
	return n == 0 ? SWM_STR("") : (swm_str){ s->text.ptr + at, n };
}

/* Nothing that was expected before matters once something is taken. */
static void
take(swm_scanner *s, size_t n)
{
	s->at += n;
	s->expected.known = false;
}

/* found: where the character is that does not fit. */
static void
note(swm_scanner *s, size_t found, const char *expected, bool quoted)
{
	swm_expected *e = &s->expected;

	if (s->silent || !swm_expected_reach(e, s->at))
		return;
	if (!e->has_found) {
		e->has_found = true;
		e->found = character_at(s, found);
	}
	if (expected != NULL)
		swm_expected_add(e, expected, quoted);
}

void
swm_scan_note(swm_scanner *s, const char *label)
{
	if (!s->silent)
		note(s, s->at, label, false);
}

/* Notes that one character, or another, was looked for at the cursor in vain. */
static void
note_character(swm_scanner *s, const char *character)
{
	note(s, s->at, character, true);
}

/* A character that would have made another thing of what is before it. */
static void
note_refused(swm_scanner *s, size_t at)
{
	swm_str c = character_at(s, at);
	swm_expected *e = &s->expected;

	if (!s->silent && swm_expected_reach(e, at + c.len) && e->refused.ptr == NULL)
		e->refused = c;
}

/* The number of bytes at the cursor that match the beginning of a word. */
static inline size_t
count_matching(const swm_scanner *s, const char *word)
{
	size_t n = 0;

	while (word[n] != '\0' && s->at + n < s->text.len && s->text.ptr[s->at + n] == word[n])
		n++;
	return n;
}

/* A word that is not next is noted as what was expected. */
static inline bool
match(swm_scanner *s, const char *word, const char *label, bool quoted, size_t *n)
{
	*n = count_matching(s, word);
	if (word[*n] == '\0')
		return true;
	note(s, s->at + *n, label, quoted);
	return false;
}

bool
swm_scan_word_called(swm_scanner *s, const char *word, const char *label)
{
	size_t n;
	bool ok = match(s, word, label, false, &n);

	if (ok)
		take(s, n);
	return ok;
}

bool
swm_scan_word(swm_scanner *s, const char *word)
{
	size_t n;
	bool ok = match(s, word, word, true, &n);

	if (ok)
		take(s, n);
	return ok;
}

bool
swm_scan_decided_word(swm_scanner *s, const char *word)
{
	size_t n = count_matching(s, word);

	if (n > 0)
		s->expected.known = false;
	if (swm_scan_word(s, word))
		return true;
	s->at += n;
	return false;
}

bool
swm_scan_before(swm_scanner *s, const char *word)
{
	size_t n;

	return match(s, word, word, true, &n);
}

bool
swm_scan_before_end(swm_scanner *s)
{
	swm_str c = character_at(s, s->at);

	if (c.len == 0) {
		swm_scan_note(s, "end of input");
		return true;
	}
	if (!s->silent && swm_expected_reach(&s->expected, s->at)) {
		if (s->expected.refused.ptr == NULL)
			s->expected.refused = c;
		swm_expected_add(&s->expected, "end of input", false);
	}
	return false;
}

bool
swm_scan_delimiter(swm_scanner *s)
{
	return swm_scan_word_called(s, ".", "delimiter (.)");
}

size_t
swm_scan_after_blanks(const swm_scanner *s)
{
	size_t at = s->at;

	while (at < s->text.len && (s->text.ptr[at] == ' ' || s->text.ptr[at] == '\t'))
		at++;
	return at;
}

size_t
swm_scan_blanks(swm_scanner *s)
{
	size_t n = swm_scan_after_blanks(s) - s->at;

	if (n > 0)
		take(s, n);
	swm_scan_note(s, NULL);
	return n;
}

bool
swm_scan_comma(swm_scanner *s)
{
	size_t blanks = swm_scan_blanks(s);

	if (swm_scan_word(s, ",")) {
		swm_scan_blanks(s);
		return true;
	}
	if (blanks > 0)
		swm_scan_tolerate(s, &s->expected);
	return false;
}

void
swm_scan_end_round(swm_scanner *s)
{
	s->expected.known = false;
}

swm_scanner
swm_scan_reader(const swm_scanner *s, size_t at)
{
	swm_scanner reader = *s;

	reader.at = at;
	reader.err = NULL;
	return reader;
}

void
swm_scan_mark(const swm_scanner *s, swm_mark *mark)
{
	mark->at = s->at;
	mark->refusal = s->refusal;
	if (!s->silent)
		mark->expected = s->expected;
}

/* Adds what is expected since a mark to what was expected at it. */
static void
restore(swm_scanner *s, const swm_mark *mark)
{
	swm_expected before;

	if (s->silent)
		return;
	before = mark->expected;
	swm_expected_merge(&before, &s->expected);
	s->expected = before;
}

bool
swm_scan_back(swm_scanner *s, const swm_mark *mark)
{
	restore(s, mark);
	s->at = mark->at;
	s->refusal = mark->refusal;
	return false;
}

bool
swm_scan_undo(swm_scanner *s, const swm_mark *mark)
{
	if (!s->silent)
		s->expected = mark->expected;
	s->at = mark->at;
	s->refusal = mark->refusal;
	return false;
}

void
swm_scan_begin_label(swm_scanner *s, swm_mark *mark)
{
	swm_scan_mark(s, mark);
	s->expected.known = false;
}

void
swm_scan_end_label(swm_scanner *s, const swm_mark *begin, const char *label)
{
	if (s->at != begin->at)
		return;
	if (s->expected.known) {
		s->expected.count = 0;
		swm_expected_add(&s->expected, label, false);
	}
	restore(s, begin);
}

void
swm_scan_tolerate(swm_scanner *s, const swm_expected *expected)
{
	if (!s->tolerated.known)
		s->tolerated = *expected;
}

void
swm_scan_refuse(swm_scanner *s, size_t at, const char *expecting)
{
	if (s->refusal.expecting == NULL)
		s->refusal = (swm_refusal){ at, expecting };
}

void
swm_scan_end(swm_scanner *s, const char *expecting)
{
	if (s->at < s->text.len)
		swm_scan_refuse(s, s->at, expecting);
}

/* Columns count characters, from 1, and what stands for a parameter's name too. */
static int
fail_at(swm_scanner *s, size_t at, swm_str because)
{
	char column[24];
	size_t place = 1;

	for (size_t i = 0; i < at && i < s->text.len; i++)
		place += ((unsigned char)s->text.ptr[i] & 0xc0) != 0x80;
	snprintf(column, sizeof column, "%zu", place);
	int rc = swm_fail(s->err, SWM_ERR_QUERY_SYNTAX, swm_cstr(s->what),
	                  swm_str_from(s->text, s->skipped), swm_cstr(column));
	swm_error_set_details(s->err, because);
	return rc;
}

bool
swm_scan_fail(swm_scanner *s, const char *because)
{
	if (s->rc == SWM_OK)
		s->rc = fail_at(s, s->at, swm_cstr(because));
	return false;
}

bool
swm_scan_fail_memory(swm_scanner *s)
{
	if (s->rc == SWM_OK)
		s->rc = swm_fail_memory(s->err);
	return false;
}

static void
write_refusal(swm_buf *to, const swm_scanner *s)
{
	swm_str c = character_at(s, s->refusal.at);

	if (c.len == 0) {
		swm_buf_cstr(to, "unexpected end of input");
	} else {
		swm_buf_cstr(to, "unexpected \"");
		swm_buf_str(to, c);
		swm_buf_char(to, '"');
	}
	swm_buf_cstr(to, " expecting ");
	swm_buf_cstr(to, s->refusal.expecting);
}

int
swm_scan_outcome(swm_scanner *s, bool ok)
{
	const swm_expected *e = s->tolerated.known ? &s->tolerated : &s->expected;
	bool refused = ok && !s->tolerated.known;
	swm_buf details = SWM_BUF_INIT;

	if (s->rc != SWM_OK || (ok && s->refusal.expecting == NULL))
		return s->rc;
	if (s->silent || s->err == NULL)
		return SWM_EPARSE;
	if (refused)
		write_refusal(&details, s);
	else
		swm_expected_write(&details, e);
	int rc = fail_at(s, refused ? s->refusal.at : e->at, swm_buf_view(&details));
	swm_buf_dispose(&details);
	return rc;
}

bool
swm_scan_deeper(swm_scanner *s)
{
	return ++s->depth <= SWM_DEEPEST || swm_scan_fail(s, "parentheses are nested too deep");
}

/* Finds where quoted text ends, and how many of its bytes are backslashes that escape. */
static bool
find_closing_quote(const swm_scanner *s, size_t *end, size_t *escapes)
{
	size_t i = s->at;

	*escapes = 0;
	while (i < s->text.len && s->text.ptr[i] != '"') {
		bool escape = s->text.ptr[i] == '\\';
		*escapes += escape;
		i += 1 + escape;
	}
	*end = i;
	return i < s->text.len;
}

/* The end of the text, perhaps just after a backslash, is where the quotes still stand open. */
static bool
note_open_quotes(swm_scanner *s, bool escaped)
{
	take(s, s->text.len - s->at);
	if (escaped) {
		swm_scan_note(s, NULL);
	} else {
		note_character(s, "\\");
		note_character(s, "\"");
	}
	swm_scan_refuse(s, s->at, "a closing double quote");
	return false;
}

bool
swm_scan_quoted(swm_scanner *s, swm_str *out)
{
	size_t begin = s->at + 1, end, escapes, n = 0;

	if (!swm_scan_word(s, "\""))
		return false;
	if (!find_closing_quote(s, &end, &escapes))
		return note_open_quotes(s, end > s->text.len);
	take(s, end + 1 - s->at);
	*out = (swm_str){ s->text.ptr + begin, end - begin };
	if (escapes == 0)
		return true;
	char *to = swm_arena_alloc(s->arena, end - begin - escapes + 1);
	if (to == NULL)
		return swm_scan_fail_memory(s);
	for (size_t i = begin; i < end; i++) {
		i += s->text.ptr[i] == '\\';
		to[n++] = s->text.ptr[i];
	}
	*out = (swm_str){ to, n };
	return true;
}

bool
swm_scan_is_identifier(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '$' || c == ' ' || c >= 0x80;
}

static inline bool
scan_run(swm_scanner *s, swm_str *out, bool (*is_part)(int c))
{
	size_t begin = s->at, end = begin;

	while (end < s->text.len && is_part((unsigned char)s->text.ptr[end]))
		end++;
	if (end == begin)
		return false;
	take(s, end - begin);
	*out = swm_str_trim((swm_str){ s->text.ptr + begin, end - begin });
	return true;
}

bool
swm_scan_identifier(swm_scanner *s, swm_str *out)
{
	bool ok = scan_run(s, out, swm_scan_is_identifier);

	swm_scan_note(s, "letter");
	swm_scan_note(s, "digit");
	return ok;
}

/* A dash joins, unless it begins an arrow. */
static bool
scan_dash(swm_scanner *s)
{
	bool arrow = s->at + 1 < s->text.len && s->text.ptr[s->at + 1] == '>';

	if (arrow && swm_scan_peek(s) == '-') {
		note_refused(s, s->at + 1);
		return false;
	}
	if (!swm_scan_word(s, "-"))
		return false;
	note_character(s, ">");
	return true;
}

/* Words joined by dashes, each trimmed, as one text. A word of blanks alone is none to us. */
static bool
scan_dashed(swm_scanner *s, swm_str *out, bool (*scan_word)(swm_scanner *, swm_str *),
            const char *label)
{
	swm_buf joined = SWM_BUF_INIT;
	swm_str word;
	bool ok = scan_word(s, out);

	if (ok && out->len == 0)
		swm_scan_refuse(s, s->at, label);
	if (!ok || !scan_dash(s))
		return ok;
	swm_buf_str(&joined, *out);
	do {
		ok = scan_word(s, &word);
		if (ok && word.len == 0)
			swm_scan_refuse(s, s->at, label);
		if (ok) {
			swm_buf_char(&joined, '-');
			swm_buf_str(&joined, word);
			swm_scan_end_round(s);
		}
	} while (ok && scan_dash(s));
	*out = swm_arena_str(s->arena, swm_buf_view(&joined));
	bool failed = joined.failed || out->ptr == NULL;
	swm_buf_dispose(&joined);
	return failed ? swm_scan_fail_memory(s) : ok;
}

const char swm_scan_name_label[] = "field name (* or [a..z0..9_$])";

bool
swm_scan_name(swm_scanner *s, swm_str *out)
{
	if (swm_scan_peek(s) == '"')
		return swm_scan_quoted(s, out);
	if (swm_scan_is_identifier(swm_scan_peek(s)))
		return scan_dashed(s, out, swm_scan_identifier, swm_scan_name_label);
	swm_scan_note(s, swm_scan_name_label);
	return false;
}

static bool
is_key_character(int c)
{
	return strchr("(-:.,>)", c) == NULL;
}

/* Any run without what ends a key of a JSON path. */
static bool
scan_key_word(swm_scanner *s, swm_str *out)
{
	bool ok = scan_run(s, out, is_key_character);

	swm_scan_note(s, NULL);
	return ok;
}

static bool
scan_key(swm_scanner *s, swm_str *out)
{
	static const char label[] = "any non reserved character different from: .,>()";

	if (swm_scan_peek(s) == '"')
		return swm_scan_quoted(s, out);
	if (swm_scan_peek(s) >= 0 && is_key_character(swm_scan_peek(s)))
		return scan_dashed(s, out, scan_key_word, label);
	swm_scan_note(s, label);
	return false;
}

/*
 * The end of an index. To PostgREST a parenthesis is none: what stands before it is a key then,
 * and a negative index is nothing.
 */
static bool
at_index_end(swm_scanner *s, bool negative)
{
	if (swm_scan_before(s, "->") || swm_scan_before(s, "::") || swm_scan_before(s, ".") ||
	    swm_scan_before(s, ",") || swm_scan_before_end(s))
		return true;
	if (swm_scan_peek(s) != ')')
		return false;
	if (negative) {
		swm_scan_tolerate(s, &s->expected);
	} else {
		s->expected.known = false;
		note_character(s, "-");
	}
	return true;
}

static bool
is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool
scan_index(swm_scanner *s, swm_path_step *step)
{
	swm_mark begin;
	swm_str digits;
	int64_t index;

	swm_scan_mark(s, &begin);
	bool negative = swm_scan_word(s, "-");
	bool ok = scan_run(s, &digits, is_digit);
	swm_scan_note(s, "digit");
	if (!ok || !at_index_end(s, negative))
		return swm_scan_back(s, &begin);
	step->is_index = true;
	step->key = (swm_str){ s->text.ptr + begin.at, s->at - begin.at };
	if (!swm_str_int64(step->key, &index) || index > INT32_MAX || index < INT32_MIN)
		return swm_scan_fail(s, "an index of a JSON path is out of range");
	return true;
}

/* An arrow and what it leads to. */
static bool
scan_step(swm_scanner *s, swm_path_step *step)
{
	swm_mark begin;

	step->as_text = swm_str_starts(swm_str_from(s->text, s->at), SWM_STR("->>"));
	take(s, step->as_text ? 3 : 2);
	if (scan_index(s, step))
		return true;
	swm_scan_mark(s, &begin);
	return scan_key(s, &step->key) || swm_scan_back(s, &begin);
}

static bool
fail_deep_path(swm_scanner *s)
{
	char because[48];

	snprintf(because, sizeof because, "a JSON path has more than %d steps", SWM_DEEPEST_PATH);
	take(s, 2);
	return swm_scan_fail(s, because);
}

bool
swm_scan_path(swm_scanner *s, swm_field *out)
{
	swm_path_step **tail = &out->path;
	size_t begin = s->at, steps = 0;

	*tail = NULL;
	while (swm_str_starts(swm_str_from(s->text, s->at), SWM_STR("->"))) {
		if (++steps > SWM_DEEPEST_PATH)
			return fail_deep_path(s);
		swm_path_step *step = swm_arena_alloc(s->arena, sizeof *step);
		if (step == NULL)
			return swm_scan_fail_memory(s);
		if (!scan_step(s, step))
			return false;
		*tail = step;
		tail = &step->next;
		swm_scan_end_round(s);
	}
	swm_scan_before(s, "->>");
	swm_scan_before(s, "->");
	out->path_text = (swm_str){ s->text.ptr + begin, s->at - begin };
	return true;
}

bool
swm_scan_field(swm_scanner *s, swm_field *out)
{
	swm_scan_blanks(s);
	if (!swm_scan_name(s, &out->name) || !swm_scan_path(s, out))
		return false;
	swm_scan_blanks(s);
	return true;
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
			take(s, i + 1 - begin);
			*out = (swm_str){ s->text.ptr + begin, s->at - begin };
			return true;
		}
	}
	return false;
}

static bool
is_value_character(int c)
{
	return c != ',' && c != ')';
}

static bool
at_value_end(swm_scanner *s)
{
	int c = swm_scan_peek(s);

	if (c < 0 || !is_value_character(c)) {
		swm_scan_note(s, NULL);
		return true;
	}
	note_refused(s, s->at);
	return false;
}

/* A value is quoted only if nothing but `,` or `)` follows the quotes; else they are part of it. */
static bool
scan_quoted_value(swm_scanner *s, swm_str *out)
{
	swm_mark begin;

	swm_scan_mark(s, &begin);
	return (swm_scan_quoted(s, out) && at_value_end(s)) || swm_scan_back(s, &begin);
}

static bool
scan_array_value(swm_scanner *s, swm_str *out)
{
	swm_mark begin;

	swm_scan_mark(s, &begin);
	if (!swm_scan_before(s, "{"))
		return false;
	return (scan_braces(s, out) && at_value_end(s)) || swm_scan_back(s, &begin);
}

static bool
scan_plain_value(swm_scanner *s, swm_str *out)
{
	size_t begin = s->at;

	*out = (swm_str){ s->text.ptr + begin, 0 };
	if (scan_run(s, out, is_value_character))
		*out = (swm_str){ s->text.ptr + begin, s->at - begin };
	swm_scan_note(s, NULL);
	return true;
}

bool
swm_scan_element(swm_scanner *s, swm_str *out)
{
	return scan_quoted_value(s, out) || scan_plain_value(s, out);
}

bool
swm_scan_enclosed_value(swm_scanner *s, swm_str *out)
{
	return scan_quoted_value(s, out) || scan_array_value(s, out) || scan_plain_value(s, out);
}
