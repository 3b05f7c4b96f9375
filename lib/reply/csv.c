/* text/csv (RFC 4180), lines ended by a newline alone, as PostgREST has it. */
#include "config.h"

#include "reply/encode.h"

#include <libpq-fe.h>
#include <string.h>

/* Quoted where PostgreSQL's text of a row would quote; null is nothing, so "" is the empty text. */
static bool
needs_quotes(swm_str value)
{
	if (value.len == 0)
		return true;
	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];
		if (c == '"' || c == '\\' || c == '(' || c == ')' || c == ',' || c == ' ' ||
		    (c >= '\t' && c <= '\r'))
			return true;
	}
	return false;
}

static void
put_quoted(swm_buf *to, swm_str value)
{
	swm_buf_char(to, '"');
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] == '"')
			swm_buf_char(to, '"');
		swm_buf_char(to, value.ptr[i]);
	}
	swm_buf_char(to, '"');
}

static void
put_field(swm_buf *to, swm_str value)
{
	if (needs_quotes(value))
		put_quoted(to, value);
	else
		swm_buf_str(to, value);
}

/* PostgREST quotes no names: ours are quoted only where they would not be read back. */
static void
put_name(swm_buf *to, swm_str name)
{
	if (memchr(name.ptr, ',', name.len) != NULL || memchr(name.ptr, '"', name.len) != NULL ||
	    memchr(name.ptr, '\n', name.len) != NULL || memchr(name.ptr, '\r', name.len) != NULL)
		put_quoted(to, name);
	else
		swm_buf_str(to, name);
}

void
swm_csv_begin(const swm_encoder *e, swm_buf *to)
{
	for (size_t i = 0; i < e->plan->root->output_count; i++) {
		if (i > 0)
			swm_buf_char(to, ',');
		put_name(to, e->plan->root->outputs[i].key);
	}
}

void
swm_csv_row(const swm_encoder *e, swm_buf *to, const swm_result *result, int row, int64_t number)
{
	(void)number;
	swm_buf_char(to, '\n');
	for (size_t i = 0; i < e->plan->root->output_count; i++) {
		int column = (int)i;
		if (i > 0)
			swm_buf_char(to, ',');
		if (!PQgetisnull(result, row, column))
			put_field(to, (swm_str){ PQgetvalue(result, row, column),
			                         (size_t)PQgetlength(result, row, column) });
	}
}

void
swm_csv_end(const swm_encoder *e, swm_buf *to)
{
	(void)e, (void)to;
}
