/*
 * Defaults: what pg_get_expr() writes, as a value of JSON where there is one.
 * A text column shows any other expression as text, as PostgREST does: "now()".
 */
#include "config.h"

#include "openapi/document.h"

#include "json/escape.h"
#include "json/grammar.h"

/* True if the rest after a literal is empty, or a cast to a type and nothing else. */
static bool
is_cast(swm_str rest)
{
	if (rest.len == 0)
		return true;
	if (!swm_str_starts(rest, SWM_STR("::")))
		return false;
	for (size_t i = 2; i < rest.len; i++) {
		char c = rest.ptr[i];
		bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		            (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
		if (!word && strchr(" _$.\"(),[]", c) == NULL)
			return false;
	}
	return true;
}

/*
 * https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-STRINGS:
 * a quote is doubled; a text with a backslash is written E'...', and doubles it too.
 */
bool
swm_openapi_literal(swm_buf *to, swm_str sql)
{
	bool escapes = swm_str_starts(sql, SWM_STR("E'"));
	size_t i = escapes ? 2 : 1;

	if (!escapes && !swm_str_starts(sql, SWM_STR("'")))
		return false;
	for (; i < sql.len; i++) {
		char c = sql.ptr[i];
		bool doubled = i + 1 < sql.len && sql.ptr[i + 1] == c;
		if (c == '\'' && !doubled)
			return is_cast(swm_str_from(sql, i + 1));
		i += c == '\'' || (escapes && c == '\\' && doubled);
		swm_buf_char(to, c);
	}
	return false;
}

static bool
is_digits(swm_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
	return s.len > 0;
}

/* A number of JSON begins with a minus or a digit, and no other value does. */
static bool
is_number(swm_str s, bool whole)
{
	bool number = s.len > 0 && (s.ptr[0] == '-' || (s.ptr[0] >= '0' && s.ptr[0] <= '9')) &&
	              swm_json_valid(s);

	return number &&
	       (!whole || is_digits(swm_str_starts(s, SWM_STR("-")) ? swm_str_from(s, 1) : s));
}

static size_t
count_characters(swm_str text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++)
		n += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
	return n;
}

/* "date" is a format that OpenAPI defines (full-date of RFC 3339). */
static bool
is_full_date(swm_str text)
{
	return text.len == 10 && text.ptr[4] == '-' && text.ptr[7] == '-' &&
	       is_digits((swm_str){ text.ptr, 4 }) && is_digits((swm_str){ text.ptr + 5, 2 }) &&
	       is_digits((swm_str){ text.ptr + 8, 2 });
}

/* A default must conform to the rest of the schema of the value. */
static bool
conforms(swm_str text, const swm_type *base, uint32_t max_length)
{
	bool listed = base == NULL || base->enum_count == 0;

	for (size_t i = 0; !listed && i < base->enum_count; i++)
		listed = swm_str_eq(base->enum_labels[i], text);
	if (base != NULL && swm_str_eq(base->name, SWM_STR("date")) && !is_full_date(text))
		return false;
	return listed && (max_length == 0 || count_characters(text) <= max_length);
}

static bool
write_default(swm_buf *to, const char *type, const swm_type *base, uint32_t max_length,
              swm_str text)
{
	if (type != NULL && strcmp(type, "string") == 0) {
		if (!conforms(text, base, max_length))
			return false;
		swm_json_quote(to, text);
		return true;
	}
	bool fits = type == NULL ? base != NULL && base->is_json && swm_json_valid(text)
		: strcmp(type, "boolean") == 0
			? swm_str_eq(text, SWM_STR("true")) || swm_str_eq(text, SWM_STR("false"))
		: strcmp(type, "integer") == 0 ? is_number(text, true)
		: strcmp(type, "number") == 0 && is_number(text, false);
	if (fits)
		swm_buf_str(to, text);
	return fits;
}

bool
swm_openapi_default(swm_buf *to, const char *type, const swm_type *base, uint32_t max_length,
                    swm_str sql)
{
	swm_buf literal = SWM_BUF_INIT;

	if (sql.len == 0 || swm_str_eq(sql, SWM_STR("NULL")) ||
	    swm_str_starts(sql, SWM_STR("NULL::")))
		return false;
	bool is_literal = swm_openapi_literal(&literal, sql);
	bool written = write_default(to, type, base, max_length,
	                             is_literal ? swm_buf_view(&literal) : sql);
	to->failed |= literal.failed;
	swm_buf_dispose(&literal);
	return written;
}
