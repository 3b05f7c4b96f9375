#include "config.h"

#include "reply/encode.h"

#include "json/escape.h"

#include <libpq-fe.h>

void
swm_json_begin(const swm_encoder *e, swm_buf *to)
{
	if (!e->bare)
		swm_buf_char(to, '[');
}

void
swm_json_end(const swm_encoder *e, swm_buf *to)
{
	if (!e->bare)
		swm_buf_char(to, ']');
}

static void
quote_plain(swm_buf *to, swm_str value)
{
	swm_buf_char(to, '"');
	swm_buf_str(to, value);
	swm_buf_char(to, '"');
}

/* PostgreSQL's numbers are JSON numbers but for NaN, Infinity and -Infinity. */
static void
put_number(swm_buf *to, swm_str value)
{
	char last = value.len == 0 ? 'N' : value.ptr[value.len - 1];

	if (last >= '0' && last <= '9')
		swm_buf_str(to, value);
	else
		quote_plain(to, value);
}

/* "infinity" and "-infinity" end in y, nothing else does. */
static bool
is_infinite(swm_str value)
{
	return value.len > 0 && value.ptr[value.len - 1] == 'y';
}

/*
 * ISO date style -> XSD: a T between date and time, a zone always with minutes; " BC" stays last.
 */
static void
put_timestamp(swm_buf *to, swm_str value, bool zoned)
{
	size_t blank = swm_str_find(value, ' ');
	swm_str rest = swm_str_from(value, blank + 1);

	if (is_infinite(value) || blank == value.len) {
		quote_plain(to, value);
		return;
	}
	size_t time = swm_str_find(rest, ' '); /* " BC" may follow */
	swm_buf_char(to, '"');
	swm_buf_add(to, value.ptr, blank);
	swm_buf_char(to, 'T');
	swm_buf_add(to, rest.ptr, time);
	if (zoned && time > 3 && (rest.ptr[time - 3] == '+' || rest.ptr[time - 3] == '-'))
		swm_buf_cstr(to, ":00");
	swm_buf_add(to, rest.ptr + time, rest.len - time);
	swm_buf_char(to, '"');
}

void
swm_json_value(swm_buf *to, enum swm_json_form form, swm_str value)
{
	switch (form) {
	case SWM_FORM_NUMBER:
		put_number(to, value);
		break;
	case SWM_FORM_BOOL:
		swm_buf_cstr(to, value.len > 0 && value.ptr[0] == 't' ? "true" : "false");
		break;
	case SWM_FORM_JSON:
	case SWM_FORM_SERVER:
		swm_buf_str(to, value);
		break;
	case SWM_FORM_DATE:
		quote_plain(to, value);
		break;
	case SWM_FORM_TIMESTAMP:
		put_timestamp(to, value, false);
		break;
	case SWM_FORM_TIMESTAMPTZ:
		put_timestamp(to, value, true);
		break;
	case SWM_FORM_STRING:
		swm_json_quote(to, value);
		break;
	}
}

static swm_str
value_of(const swm_result *result, int row, int column)
{
	return (swm_str){ PQgetvalue(result, row, column),
		          (size_t)PQgetlength(result, row, column) };
}

static void
put_stripped_row(const swm_encoder *e, swm_buf *to, const swm_result *result, int row)
{
	char before = '{';

	for (size_t i = 0; i < e->plan->root->output_count; i++) {
		if (PQgetisnull(result, row, (int)i))
			continue;
		swm_buf_char(to, before);
		before = ',';
		swm_buf_str(to, e->prefixes[i]);
		swm_json_value(to, e->plan->root->outputs[i].form, value_of(result, row, (int)i));
	}
	if (before == '{')
		swm_buf_char(to, '{');
}

static void
put_object(const swm_encoder *e, swm_buf *to, const swm_result *result, int row)
{
	const swm_read_plan *plan = e->plan;

	if (e->strip_nulls) {
		put_stripped_row(e, to, result, row);
	} else {
		if (plan->root->output_count == 0)
			swm_buf_char(to, '{');
		for (size_t i = 0; i < plan->root->output_count; i++) {
			swm_buf_str(to, e->prefixes[i]);
			if (PQgetisnull(result, row, (int)i))
				swm_buf_add(to, "null", 4);
			else
				swm_json_value(to, plan->root->outputs[i].form,
				               value_of(result, row, (int)i));
		}
	}
	swm_buf_char(to, '}');
}

/* The row as an object, or the value that it is. */
static void
put_row(const swm_encoder *e, swm_buf *to, const swm_result *result, int row)
{
	if (!e->values)
		put_object(e, to, result, row);
	else if (PQgetisnull(result, row, 0))
		swm_buf_add(to, "null", 4);
	else
		swm_json_value(to, e->plan->root->outputs[0].form, value_of(result, row, 0));
}

/*
 * As json_agg() separates: a new line before each array and composite, but none before other
 * values.
 */
void
swm_json_row(const swm_encoder *e, swm_buf *to, const swm_result *result, int row, int64_t number)
{
	bool plain = e->values && (!e->structured || PQgetisnull(result, row, 0));

	if (number > 0)
		swm_buf_cstr(to, plain ? ", " : ", \n ");
	put_row(e, to, result, row);
}

/*
 * One line a row. Line breaks in a document are blanks between its tokens, since JSON
 * escapes them in strings (RFC 8259, 7).
 */
void
swm_ndjson_row(const swm_encoder *e, swm_buf *to, const swm_result *result, int row, int64_t number)
{
	size_t begin = to->len;

	(void)number;
	put_row(e, to, result, row);
	for (size_t i = begin; i < to->len; i++)
		if (to->ptr[i] == '\n' || to->ptr[i] == '\r')
			to->ptr[i] = ' ';
	swm_buf_char(to, '\n');
}
