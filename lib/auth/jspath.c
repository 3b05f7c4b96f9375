#include "config.h"

#include "auth/jspath.h"

#include "auth/jsonpath.h"
#include "base/buf.h"

enum filter { EQUAL, UNEQUAL, STARTS, ENDS, CONTAINS };

struct step {
	enum { KEY, ELEMENT, FILTER, SLICE } kind;
	swm_str text;       /* KEY: the member's name; FILTER: what to compare with */
	enum filter filter;
	/* ELEMENT: from is the index; SLICE: in characters, negative from the end */
	int64_t from, to;
};

struct swm_jspath {
	const swm_jsonpath *rfc; /* or else these steps */
	struct step *steps;
	size_t count;
};

/* ---- reading ---- */

static bool
skip(swm_str *s, swm_str what)
{
	if (!swm_str_starts(*s, what))
		return false;
	*s = swm_str_from(*s, what.len);
	return true;
}

static void
blanks(swm_str *s)
{
	while (skip(s, SWM_STR(" ")))
		;
}

static swm_str
take(swm_str *s, size_t len)
{
	swm_str taken = { s->ptr, len };
	*s = swm_str_from(*s, len);
	return taken;
}

/* Letters of any script count as alphanumeric, as in PostgREST. */
static bool
is_key_char(char c)
{
	return swm_is_alnum(c) || c == '_' || c == '$' || c == '@' || (unsigned char)c >= 0x80;
}

/* "text"; there is no escape in it. */
static bool
quoted(swm_str *s, swm_str *text)
{
	if (!skip(s, SWM_STR("\"")))
		return false;
	*text = take(s, swm_str_find(*s, '"'));
	return skip(s, SWM_STR("\""));
}

static bool
key(swm_str *s, struct step *step)
{
	size_t len = 0;

	step->kind = KEY;
	if (s->len > 0 && s->ptr[0] == '"')
		return quoted(s, &step->text);
	while (len < s->len && is_key_char(s->ptr[len]))
		len++;
	step->text = take(s, len);
	return len > 0;
}

/* @ op "text" */
static bool
comparison(swm_str *s, struct step *step)
{
	static const struct {
		swm_str name;
		enum filter filter;
	} operators[] = { /* a longer one before its beginning */
		{ { "==^", 3 }, ENDS },   { { "==", 2 }, EQUAL },     { { "!=", 2 }, UNEQUAL },
		{ { "^==", 3 }, STARTS }, { { "*==", 3 }, CONTAINS },
	};
	size_t i = 0;

	if (!skip(s, SWM_STR("@")))
		return false;
	blanks(s);
	while (!skip(s, operators[i].name))
		if (++i == sizeof operators / sizeof operators[0])
			return false;
	step->filter = operators[i].filter;
	blanks(s);
	return quoted(s, &step->text);
}

/* Reads a filter after `[?(` */
static bool
filter(swm_str *s, struct step *step)
{
	step->kind = FILTER;
	blanks(s);
	if (!comparison(s, step))
		return false;
	blanks(s);
	return skip(s, SWM_STR(")]"));
}

/* A number that may be absent; false only for one that is too big. */
static bool
optional_number(swm_str *s, int64_t *out, bool *present)
{
	size_t len = s->len > 0 && s->ptr[0] == '-';

	while (len < s->len && s->ptr[len] >= '0' && s->ptr[len] <= '9')
		len++;
	*present = len > 0;
	return len == 0 || swm_str_int64(take(s, len), out);
}

/* Reads after `[` one of n], a:b], a:], :b] or :] */
static bool
element_or_slice(swm_str *s, struct step *step)
{
	bool has_from, has_to;

	*step = (struct step){ .kind = SLICE, .from = 0, .to = INT64_MAX };
	if (!optional_number(s, &step->from, &has_from))
		return false;
	if (skip(s, SWM_STR(":")))
		return optional_number(s, &step->to, &has_to) && skip(s, SWM_STR("]"));
	step->kind = ELEMENT;
	return has_from && step->from >= 0 && skip(s, SWM_STR("]"));
}

static bool
one_step(swm_str *s, struct step *step)
{
	if (skip(s, SWM_STR(".")))
		return key(s, step);
	if (skip(s, SWM_STR("[?(")))
		return filter(s, step);
	return skip(s, SWM_STR("[")) && element_or_slice(s, step);
}

/* SWM_ECONFIG, SWM_ENOMEM */
static int
parse_steps(struct swm_jspath *path, swm_arena *arena, swm_str text)
{
	/* a step has two characters at least */
	struct step *steps = swm_arena_array(arena, text.len / 2 + 1, sizeof *steps);

	if (steps == NULL)
		return SWM_ENOMEM;
	path->steps = steps;
	do {
		if (!one_step(&text, &steps[path->count++]))
			return SWM_ECONFIG;
	} while (text.len > 0);
	return SWM_OK;
}

static int
fail_path(swm_str text, swm_error *err)
{
	return swm_fail_format(err, SWM_ERR_CONFIG,
	                       "failed to parse jwt-role-claim-key value (%.*s)",
	                       SWM_PRINTED(text));
}

int
swm_jspath_parse(const swm_jspath **out, swm_arena *arena, swm_str text, swm_error *err)
{
	swm_str copy = swm_arena_str(arena, text);
	struct swm_jspath *path = swm_arena_alloc(arena, sizeof *path);

	if (copy.ptr == NULL || path == NULL)
		return swm_fail_memory(err);
	int rc = swm_str_starts(copy, SWM_STR("$")) ? swm_jsonpath_parse(&path->rfc, arena, copy)
	                                            : parse_steps(path, arena, copy);
	if (rc == SWM_OK)
		*out = path;
	return rc == SWM_OK ? SWM_OK
	       : rc == SWM_ENOMEM ? swm_fail_memory(err)
	       : fail_path(text, err);
}

/* ---- walking ---- */

static const swm_json *
element(const swm_json *array, int64_t index)
{
	if (swm_json_type_of(array) != SWM_JSON_ARRAY)
		return NULL;
	const swm_json *e = swm_json_first(array);
	while (e != NULL && index-- > 0)
		e = swm_json_next(e);
	return e;
}

static bool
contains(swm_str s, swm_str part)
{
	return part.len == 0 || (s.len > 0 && memmem(s.ptr, s.len, part.ptr, part.len) != NULL);
}

static bool
matches(const struct step *step, swm_str s)
{
	switch (step->filter) {
	case EQUAL:
		return swm_str_eq(s, step->text);
	case UNEQUAL:
		return !swm_str_eq(s, step->text);
	case STARTS:
		return swm_str_starts(s, step->text);
	case ENDS:
		return swm_str_ends(s, step->text);
	default:
		return contains(s, step->text);
	}
}

/* The first string of the array that matches. */
static const swm_json *
filtered(const swm_json *array, const struct step *step)
{
	if (swm_json_type_of(array) != SWM_JSON_ARRAY)
		return NULL;
	const swm_json *e = swm_json_first(array);
	while (e != NULL &&
	       !(swm_json_type_of(e) == SWM_JSON_STRING && matches(step, swm_json_string(e))))
		e = swm_json_next(e);
	return e;
}

static bool
begins_character(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

/* The byte where the character of an index begins; the end when the text is shorter. */
static size_t
character_offset(swm_str s, int64_t index)
{
	size_t i = 0;

	for (; i < s.len; i++)
		if (begins_character(s.ptr[i]) && index-- == 0)
			break;
	return i;
}

static int64_t
characters(swm_str s)
{
	int64_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += begins_character(s.ptr[i]);
	return n;
}

/* As Python's: a negative index counts from the end, one that is out of bounds is cut to them. */
static swm_str
slice(swm_str s, const struct step *step)
{
	int64_t count = characters(s);
	int64_t from = step->from >= 0 ? step->from : step->from < -count ? 0 : count + step->from;
	int64_t to = step->to >= 0 ? step->to : step->to < -count ? 0 : count + step->to;
	size_t begin = character_offset(s, from), end = character_offset(s, to);

	if (begin >= end)
		return SWM_STR("");
	return (swm_str){ s.ptr + begin, end - begin };
}

static enum swm_json_type
follow_steps(const swm_jspath *path, const swm_json *root, swm_str *text)
{
	const swm_json *at = root;
	bool sliced = false; /* then *text is what the path is at */

	for (size_t i = 0; i < path->count; i++) {
		const struct step *step = &path->steps[i];
		if (step->kind == SLICE) {
			if (!sliced && swm_json_type_of(at) != SWM_JSON_STRING)
				return SWM_JSON_NONE;
			*text = slice(sliced ? *text : swm_json_string(at), step);
			sliced = true;
			continue;
		}
		if (sliced) /* a string has no members */
			return SWM_JSON_NONE;
		at = step->kind == KEY ? swm_json_get(at, step->text) :
		     step->kind == ELEMENT ? element(at, step->from) : filtered(at, step);
	}
	if (!sliced)
		*text = swm_json_string(at);
	return sliced ? SWM_JSON_STRING : swm_json_type_of(at);
}

/* A path that takes too long to follow yields a value that is not a role, so access is refused. */
static enum swm_json_type
follow_rfc(const swm_jsonpath *path, const swm_json *root, swm_str *text)
{
	const swm_json *found;

	if (!swm_jsonpath_first(&found, path, root))
		return SWM_JSON_OBJECT;
	*text = swm_json_string(found);
	return swm_json_type_of(found);
}

enum swm_json_type
swm_jspath_find(const swm_jspath *path, const swm_json *root, swm_str *text)
{
	return path->rfc != NULL ? follow_rfc(path->rfc, root, text)
	                         : follow_steps(path, root, text);
}
