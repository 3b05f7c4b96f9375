#include "config.h"

#include "json/grammar.h"

#include "base/str.h"

/*
 * The text that is left. Each function below moves p past the element it is named after, or fails.
 */
struct scan {
	const char *p, *end;
	int depth;
};

static bool value(struct scan *s);

static bool
at(const struct scan *s, char c)
{
	return s->p < s->end && *s->p == c;
}

static bool
skip(struct scan *s, char c)
{
	bool there = at(s, c);
	s->p += there;
	return there;
}

static void
blanks(struct scan *s)
{
	while (at(s, ' ') || at(s, '\t') || at(s, '\n') || at(s, '\r'))
		s->p++;
}

static bool
word(struct scan *s, swm_str w)
{
	if (!swm_str_starts((swm_str){ s->p, (size_t)(s->end - s->p) }, w))
		return false;
	s->p += w.len;
	return true;
}

static bool
digits(struct scan *s)
{
	const char *start = s->p;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return s->p > start;
}

static bool
number(struct scan *s)
{
	skip(s, '-');
	if (!skip(s, '0') && !digits(s))
		return false;
	if (skip(s, '.') && !digits(s))
		return false;
	if (skip(s, 'e') || skip(s, 'E')) {
		if (!skip(s, '+'))
			skip(s, '-');
		return digits(s);
	}
	return true;
}

static int
hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	       c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	       c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Reads the four digits after \u; 0 when there are none, as U+0000 is refused too. */
static unsigned
code_unit(struct scan *s)
{
	unsigned code = 0;

	if (s->end - s->p < 4)
		return 0;
	for (const char *stop = s->p + 4; s->p < stop; s->p++) {
		int digit = hex(*s->p);
		if (digit < 0)
			return 0;
		code = code * 16 + (unsigned)digit;
	}
	return code;
}

/* Reads an escape after its backslash. Surrogates come as a pair, high before low. */
static bool
escape(struct scan *s)
{
	if (s->p == s->end)
		return false;
	if (!skip(s, 'u'))
		return memchr("\"\\/bfnrt", *s->p++, 8) != NULL;
	unsigned code = code_unit(s);
	if (code >= 0xd800 && code <= 0xdbff) {
		unsigned low = word(s, SWM_STR("\\u")) ? code_unit(s) : 0;
		return low >= 0xdc00 && low <= 0xdfff;
	}
	return code != 0 && (code < 0xdc00 || code > 0xdfff);
}

static bool
string(struct scan *s)
{
	if (!skip(s, '"'))
		return false;
	while (s->p < s->end) {
		char c = *s->p++;
		if (c == '"')
			return true;
		if ((unsigned char)c < 0x20 || (c == '\\' && !escape(s)))
			return false;
	}
	return false;
}

static bool
member(struct scan *s)
{
	blanks(s);
	if (!string(s))
		return false;
	blanks(s);
	return skip(s, ':') && value(s);
}

static bool
container(struct scan *s, char close, bool (*item)(struct scan *))
{
	s->p++;
	if (++s->depth > SWM_JSON_DEPTH)
		return false;
	blanks(s);
	if (!skip(s, close)) {
		do {
			if (!item(s))
				return false;
		} while (skip(s, ','));
		if (!skip(s, close))
			return false;
	}
	s->depth--;
	return true;
}

static bool
bare_value(struct scan *s)
{
	if (s->p == s->end)
		return false;
	switch (*s->p) {
	case '{':
		return container(s, '}', member);
	case '[':
		return container(s, ']', value);
	case '"':
		return string(s);
	case 't':
		return word(s, SWM_STR("true"));
	case 'f':
		return word(s, SWM_STR("false"));
	case 'n':
		return word(s, SWM_STR("null"));
	default:
		return number(s);
	}
}

/* With the blanks around it. */
static bool
value(struct scan *s)
{
	blanks(s);
	if (!bare_value(s))
		return false;
	blanks(s);
	return true;
}

bool
swm_json_valid(swm_str text)
{
	if (text.len == 0 || !swm_utf8_valid(text, NULL))
		return false;
	struct scan s = { text.ptr, text.ptr + text.len, 0 };
	return value(&s) && s.p == s.end;
}
