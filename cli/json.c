#include "config.h"

#include "json.h"

#include <string.h>

static void
skip(swm_str *s, size_t count)
{
	count = count < s->len ? count : s->len;
	s->ptr += count;
	s->len -= count;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* Also what separates members. */
static void
skip_blanks(swm_str *s)
{
	while (s->len > 0 && (is_blank(*s->ptr) || *s->ptr == ',' || *s->ptr == ':'))
		skip(s, 1);
}

/* The bytes of a string with its quotes. */
static size_t
string_length(swm_str s)
{
	for (size_t i = 1; i < s.len; i++) {
		if (s.ptr[i] == '"')
			return i + 1;
		i += s.ptr[i] == '\\';
	}
	return s.len;
}

/* The bytes of an object or array. */
static size_t
nested_length(swm_str s)
{
	size_t depth = 0;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		if (c == '"')
			i += string_length((swm_str){ s.ptr + i, s.len - i }) - 1;
		depth += c == '{' || c == '[';
		if ((c == '}' || c == ']') && --depth == 0)
			return i + 1;
	}
	return s.len;
}

static size_t
value_length(swm_str s)
{
	size_t i = 0;

	if (s.len > 0 && *s.ptr == '"')
		return string_length(s);
	if (s.len > 0 && (*s.ptr == '{' || *s.ptr == '['))
		return nested_length(s);
	while (i < s.len && !is_blank(s.ptr[i]) && strchr(",}]", s.ptr[i]) == NULL)
		i++;
	return i;
}

bool
json_next_member(swm_str *object, swm_str *name, swm_str *value)
{
	skip_blanks(object);
	if (object->len > 0 && *object->ptr == '{')
		skip(object, 1);
	skip_blanks(object);
	if (object->len == 0 || *object->ptr != '"')
		return false;
	*name = (swm_str){ object->ptr, string_length(*object) };
	skip(object, name->len);
	skip_blanks(object);
	*value = (swm_str){ object->ptr, value_length(*object) };
	skip(object, value->len);
	return true;
}

bool
json_next_element(swm_str *array, swm_str *value)
{
	skip_blanks(array);
	if (array->len > 0 && *array->ptr == '[')
		skip(array, 1);
	skip_blanks(array);
	*value = (swm_str){ array->ptr, value_length(*array) };
	skip(array, value->len);
	return value->len > 0;
}

swm_str
json_member(swm_str object, const char *name)
{
	size_t len = strlen(name);
	swm_str seen, value;

	while (json_next_member(&object, &seen, &value))
		if (seen.len == len + 2 && memcmp(seen.ptr + 1, name, len) == 0)
			return value;
	return SWM_STR("");
}

bool
json_is_string(swm_str value)
{
	return value.len >= 2 && *value.ptr == '"';
}

bool
json_is_number(swm_str value)
{
	return value.len > 0 && (*value.ptr == '-' || (*value.ptr >= '0' && *value.ptr <= '9'));
}

bool
json_is_null(swm_str value)
{
	return value.len == 4 && memcmp(value.ptr, "null", 4) == 0;
}

bool
json_is_true(swm_str value)
{
	return value.len == 4 && memcmp(value.ptr, "true", 4) == 0;
}

static uint32_t
hexadecimal(const char *digits)
{
	uint32_t n = 0;

	for (size_t i = 0; i < 4; i++) {
		unsigned char c = (unsigned char)digits[i];
		n = n << 4 | (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return n;
}

/* Takes one escape off; also both halves of a character beyond the first 65536 (RFC 8259, 7). */
static uint32_t
take_escape(swm_str *s)
{
	static const char letters[] = "bfnrt", meant[] = "\b\f\n\r\t";
	char letter = s->len > 1 ? s->ptr[1] : '\\';
	const char *found = strchr(letters, letter);

	if (letter != 'u' || s->len < 6) {
		skip(s, 2);
		bool is_known = letter != '\0' && found != NULL;
		return (unsigned char)(is_known ? meant[found - letters] : letter);
	}
	uint32_t c = hexadecimal(s->ptr + 2);
	skip(s, 6);
	if (c < 0xd800 || c > 0xdbff || s->len < 6 || s->ptr[0] != '\\' || s->ptr[1] != 'u')
		return c;
	uint32_t low = hexadecimal(s->ptr + 2);
	if (low < 0xdc00 || low > 0xdfff)
		return c;
	skip(s, 6);
	return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
}

static void
add_string(struct text *to, swm_str s)
{
	uint32_t c;

	s = (swm_str){ s.ptr + 1, s.len - 2 };
	while (s.len > 0) {
		if (*s.ptr == '\\')
			c = take_escape(&s);
		else
			skip(&s, text_decode(s.ptr, s.len, &c));
		text_add_character(to, c);
	}
}

/* The blanks outside of strings are left out; for a person it is as text_add_data() has it. */
static void
add_compact(struct text *to, swm_str s, bool for_person)
{
	while (s.len > 0) {
		size_t len = *s.ptr == '"' ? string_length(s) : 1;
		if (!is_blank(*s.ptr) && for_person)
			text_add_data(to, (swm_str){ s.ptr, len });
		else if (!is_blank(*s.ptr))
			text_add(to, s.ptr, len);
		skip(&s, len);
	}
}

void
json_add_compact(struct text *to, swm_str value)
{
	add_compact(to, value, false);
}

void
json_add_value(struct text *to, swm_str value)
{
	if (json_is_string(value))
		add_string(to, value);
	else
		add_compact(to, value, true);
}

void
json_add_quoted(struct text *to, swm_str text)
{
	enum { NO_CHARACTER = 0xDC00 };
	uint32_t c;

	text_add(to, "\"", 1);
	while (text.len > 0) {
		size_t len = text_decode(text.ptr, text.len, &c);
		if (c == '"' || c == '\\')
			text_format(to, "\\%c", (char)c);
		else if (c < 0x20)
			text_format(to, "\\u%04x", (unsigned)c);
		else if (c >= NO_CHARACTER && c <= NO_CHARACTER + 0xff)
			text_add(to, "\\ufffd", strlen("\\ufffd"));
		else
			text_add(to, text.ptr, len);
		skip(&text, len);
	}
	text_add(to, "\"", 1);
}
