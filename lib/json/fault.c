#include "config.h"

#include "json/fault.h"

#include "json/grammar.h"

/* Characters of UTF-8: bytes that begin one. */
static int64_t
count_characters(swm_str text)
{
	int64_t n = 0;

	for (size_t i = 0; i < text.len; i++)
		n += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
	return n;
}

void
swm_json_place_advance(swm_json_place *place, swm_str passed)
{
	for (size_t n; (n = swm_str_find(passed, '\n')) < passed.len;
	     passed = swm_str_from(passed, n + 1)) {
		place->line++;
		place->column = 1;
	}
	place->column += count_characters(passed);
}

void
swm_put_row_place(swm_buf *to, bool of_array, int64_t row, int64_t line)
{
	if (of_array)
		swm_buf_printf(to, "Row %lld", (long long)row);
	if (line > 0)
		swm_buf_printf(to, of_array ? ", line %lld" : "Line %lld", (long long)line);
}

/* The character that the text begins with, or the byte where it is none to be shown. */
static void
put_found(swm_buf *to, swm_str text)
{
	unsigned char first = text.len > 0 ? (unsigned char)text.ptr[0] : 0;
	size_t len = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	if (text.len == 0)
		swm_buf_cstr(to, "the end");
	else if (first < 0x20 || len > text.len ||
	         !swm_utf8_valid((swm_str){ text.ptr, len }, NULL))
		swm_buf_printf(to, "the byte 0x%02x", first);
	else
		swm_buf_printf(to, "\"%.*s\"", (int)len, text.ptr);
}

int
swm_json_fail(swm_error *err, swm_str text, swm_json_place begin, const swm_json_fault *fault)
{
	swm_buf message = SWM_BUF_INIT, details = SWM_BUF_INIT;

	if (fault->expected == NULL)
		swm_buf_printf(&message, "JSON nested more than %d deep", SWM_JSON_DEPTH);
	else
		swm_buf_cstr(&message, "Empty or invalid json");
	swm_json_place_advance(&begin, (swm_str){ text.ptr, fault->at });
	swm_buf_printf(&details, "Line %lld, column %lld: expected ", (long long)begin.line,
	               (long long)begin.column);
	if (fault->expected != NULL)
		swm_buf_cstr(&details, fault->expected);
	else
		swm_buf_printf(&details, "no more than %d arrays and objects in each other",
		               SWM_JSON_DEPTH);
	swm_buf_cstr(&details, ", found ");
	put_found(&details, swm_str_from(text, fault->at));
	bool failed = message.failed || details.failed;
	int rc = SWM_OK;
	if (!failed) {
		rc = swm_fail(err, SWM_ERR_BODY, swm_buf_view(&message));
		swm_error_set_details(err, swm_buf_view(&details));
	}
	swm_buf_dispose(&message);
	swm_buf_dispose(&details);
	return failed ? swm_fail_memory(err) : rc;
}
