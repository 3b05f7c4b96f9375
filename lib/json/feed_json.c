/* One JSON object (RFC 8259) with its members, parsed in place. */
#include "config.h"

#include "json/feed_rows.h"

#include "json/grammar.h"

struct object {
	const char *p, *end;
	int depth;    /* of its members' values */
	bool too_deep;
	bool has_nul;
	bool escaped; /* the string that was read last */
};

static void
blanks(struct object *o)
{
	while (o->p < o->end && (*o->p == ' ' || *o->p == '\t' || *o->p == '\n' || *o->p == '\r'))
		o->p++;
}

static bool
at(const struct object *o, char c)
{
	return o->p < o->end && *o->p == c;
}

static bool
skip(struct object *o, char c)
{
	bool there = at(o, c);
	o->p += there;
	return there;
}

/*
 * Strings
 */

static int
hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	       c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	       c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The four digits of \u; negative when they are none. */
static int
code_unit(struct object *o)
{
	int code = 0;

	if (o->end - o->p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(*o->p++);
		if (digit < 0)
			return -1;
		code = code * 16 + digit;
	}
	return code;
}

/* Reads an escape after its backslash. Surrogates come as a pair, high before low. */
static bool
escape(struct object *o)
{
	o->escaped = true;
	if (o->p == o->end)
		return false;
	if (!skip(o, 'u'))
		return memchr("\"\\/bfnrt", *o->p++, 8) != NULL;
	int code = code_unit(o);
	o->has_nul |= code == 0;
	if (code >= 0xd800 && code <= 0xdbff) {
		int low = skip(o, '\\') && skip(o, 'u') ? code_unit(o) : -1;
		return low >= 0xdc00 && low <= 0xdfff;
	}
	return code >= 0 && (code < 0xdc00 || code > 0xdfff);
}

/* A character of several bytes. */
static bool
character(struct object *o)
{
	unsigned char first = (unsigned char)*o->p;
	size_t len = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4, left = (size_t)(o->end - o->p);

	if (len > left || !swm_utf8_valid((swm_str){ o->p, len }, NULL))
		return false;
	o->p += len;
	return true;
}

/* Leaves *text without the quotes. */
static bool
string(struct object *o, swm_str *text)
{
	const char *begin = o->p + 1;

	o->escaped = false;
	if (!skip(o, '"'))
		return false;
	while (o->p < o->end) {
		unsigned char c = (unsigned char)*o->p;
		if (c == '"') {
			*text = (swm_str){ begin, (size_t)(o->p++ - begin) };
			return true;
		}
		if (c >= 0x80) {
			if (!character(o))
				return false;
			continue;
		}
		o->p++;
		if (c < 0x20 || (c == '\\' && !escape(o)))
			return false;
	}
	return false;
}

/*
 * Other values
 */

static bool
digits(struct object *o)
{
	const char *begin = o->p;

	while (o->p < o->end && *o->p >= '0' && *o->p <= '9')
		o->p++;
	return o->p > begin;
}

static bool
number(struct object *o)
{
	skip(o, '-');
	if (!skip(o, '0') && !digits(o))
		return false;
	if (skip(o, '.') && !digits(o))
		return false;
	if (skip(o, 'e') || skip(o, 'E')) {
		if (!skip(o, '+'))
			skip(o, '-');
		return digits(o);
	}
	return true;
}

static bool
word(struct object *o, swm_str w)
{
	if (!swm_str_starts((swm_str){ o->p, (size_t)(o->end - o->p) }, w))
		return false;
	o->p += w.len;
	return true;
}

static bool
scalar(struct object *o)
{
	swm_str text;

	if (o->p == o->end)
		return false;
	switch (*o->p) {
	case '"':
		return string(o, &text);
	case 't':
		return word(o, SWM_STR("true"));
	case 'f':
		return word(o, SWM_STR("false"));
	case 'n':
		return word(o, SWM_STR("null"));
	default:
		return number(o);
	}
}

static bool
name(struct object *o)
{
	swm_str text;

	blanks(o);
	if (!string(o, &text))
		return false;
	blanks(o);
	return skip(o, ':');
}

/*
 * Reads nested arrays and objects; each level is a bit that is set for an object. depth is that
 * around them.
 */
static bool
container(struct object *o, int depth)
{
	uint64_t objects[SWM_JSON_DEPTH / 64];
	int outside = depth;

	for (bool behind_value = false;;) {
		blanks(o);
		if (!behind_value && (at(o, '{') || at(o, '['))) {
			if (depth == SWM_JSON_DEPTH) {
				o->too_deep = true;
				return false;
			}
			uint64_t bit = UINT64_C(1) << (depth % 64), *word_of = &objects[depth / 64];
			bool is_object = *o->p++ == '{';
			*word_of = is_object ? *word_of | bit : *word_of & ~bit;
			depth++;
			blanks(o);
			behind_value = at(o, is_object ? '}' : ']');
			if (!behind_value && is_object && !name(o))
				return false;
			if (!behind_value)
				continue;
		} else if (!behind_value) {
			if (!scalar(o))
				return false;
			blanks(o);
		}
		bool in_object = (objects[(depth - 1) / 64] >> ((depth - 1) % 64) & 1) != 0;
		behind_value = true;
		if (skip(o, ',')) {
			if (in_object && !name(o))
				return false;
			behind_value = false;
		} else if (!skip(o, in_object ? '}' : ']')) {
			return false;
		} else if (--depth == outside) {
			return true;
		}
	}
}

static bool
value(struct object *o, swm_cell *cell)
{
	const char *begin;

	blanks(o);
	begin = o->p;
	if (at(o, '"')) {
		swm_str text;
		if (!string(o, &text))
			return false;
		*cell = (swm_cell){ SWM_CELL_STRING, o->escaped,
		                    { begin, (size_t)(o->p - begin) } };
		return true;
	}
	if (at(o, '{') || at(o, '[') ? !container(o, o->depth) : !scalar(o))
		return false;
	cell->kind = *begin == 'n' ? SWM_CELL_NULL : SWM_CELL_JSON;
	cell->escaped = false;
	cell->text = (swm_str){ begin, (size_t)(o->p - begin) };
	return true;
}

static bool
member(struct object *o, swm_json_member_seen *seen)
{
	bool nul_before = o->has_nul;

	blanks(o);
	/* no name has the character NUL */
	if (!string(o, &seen->name) || (o->has_nul && !nul_before))
		return false;
	seen->name_escaped = o->escaped;
	blanks(o);
	if (!skip(o, ':') || !value(o, &seen->value))
		return false;
	blanks(o);
	return true;
}

/* Reads the members and the closing brace. */
static bool
members(struct object *o, void (*took)(void *user, const swm_json_member_seen *seen), void *user)
{
	swm_json_member_seen seen;

	blanks(o);
	if (skip(o, '}'))
		return true;
	do {
		if (!member(o, &seen))
			return false;
		took(user, &seen);
	} while (skip(o, ','));
	return skip(o, '}');
}

enum swm_object_result
swm_json_object(swm_str text, int outside,
                void (*took)(void *user, const swm_json_member_seen *seen), void *user,
                bool *has_nul, size_t *fault)
{
	struct object o = { .p = text.ptr, .end = text.ptr + text.len, .depth = outside + 1 };

	blanks(&o);
	if (!skip(&o, '{'))
		return at(&o, '[') || scalar(&o) ? SWM_OBJECT_OTHER : SWM_OBJECT_INVALID;
	bool whole = members(&o, took, user);
	*has_nul = o.has_nul;
	*fault = (size_t)(o.p - text.ptr);
	blanks(&o);
	if (whole && o.p == o.end)
		return SWM_OBJECT_TAKEN;
	return o.too_deep ? SWM_OBJECT_TOO_DEEP : SWM_OBJECT_INVALID;
}

bool
swm_json_extent_find(swm_json_extent *e, swm_str text)
{
	for (; e->at < text.len; e->at++) {
		char c = text.ptr[e->at];
		if (e->in_string) {
			if (e->escaped)
				e->escaped = false;
			else if (c == '\\')
				e->escaped = true;
			else
				e->in_string = c != '"';
		} else if (c == '"') {
			e->in_string = true;
		} else if (c == '{' || c == '[') {
			e->depth++;
		} else if ((c == '}' || c == ']') && --e->depth <= 0) {
			e->at++;
			return true;
		}
	}
	return false;
}
