#include "config.h"

#include "error/error.h"

#include "base/buf.h"

#include <stdarg.h>
#include <stdlib.h>

static const struct swm_error_entry entries[SWM_ERR_COUNT] = {
#define SWM_ERROR(name, code, status, result, message) \
	[SWM_ERR_##name] = { code, status, SWM_E##result, message },
#include "error/errors.def"
#undef SWM_ERROR
};

struct swm_error {
	const struct swm_error_entry *entry; /* NULL: it came from PostgreSQL */
	int result;
	int status;
	int retry_after; /* seconds */
	bool has_details, has_hint, details_are_json;
	bool of_statement;
	swm_buf code, message, details, hint, constraint, context;
	swm_buf headers; /* names and values in turn, each NUL-terminated */
};

const struct swm_error_entry *
swm_error_entry(enum swm_error_id id)
{
	return &entries[id];
}

swm_error *
swm_error_new(void)
{
	return calloc(1, sizeof(swm_error));
}

void
swm_error_free(swm_error *err)
{
	if (err == NULL)
		return;
	swm_buf_dispose(&err->code);
	swm_buf_dispose(&err->message);
	swm_buf_dispose(&err->details);
	swm_buf_dispose(&err->hint);
	swm_buf_dispose(&err->constraint);
	swm_buf_dispose(&err->context);
	swm_buf_dispose(&err->headers);
	free(err);
}

void
swm_error_clear(swm_error *err)
{
	if (err == NULL)
		return;
	err->entry = NULL;
	err->result = SWM_OK;
	err->status = 0;
	err->retry_after = 0;
	err->has_details = err->has_hint = err->details_are_json = err->of_statement = false;
	swm_buf_clear(&err->code);
	swm_buf_clear(&err->message);
	swm_buf_clear(&err->details);
	swm_buf_clear(&err->hint);
	swm_buf_clear(&err->constraint);
	swm_buf_clear(&err->context);
	swm_buf_clear(&err->headers);
}

int
swm_error_result(const swm_error *err)
{
	return err == NULL ? SWM_OK : err->result;
}

/* A text that could not be stored for want of memory is replaced by the one of the table. */
static swm_str
text_of(const swm_error *err, const swm_buf *buf, const char *without_memory)
{
	if (err == NULL || err->result == SWM_OK)
		return (swm_str){ "", 0 };
	if (buf->failed || err->result == SWM_ENOMEM)
		return swm_cstr(without_memory);
	return (swm_str){ swm_buf_text(buf), buf->len };
}

swm_str
swm_error_code(const swm_error *err)
{
	if (err != NULL && err->entry != NULL)
		return swm_cstr(err->entry->code);
	return text_of(err, &err->code, entries[SWM_ERR_NO_MEMORY].code);
}

swm_str
swm_error_message(const swm_error *err)
{
	const struct swm_error_entry *e = err == NULL ? NULL : err->entry;

	if (e == NULL || strchr(e->message, '%') != NULL)
		e = &entries[SWM_ERR_NO_MEMORY];
	return text_of(err, &err->message, e->message);
}

swm_str
swm_error_details(const swm_error *err)
{
	return text_of(err, &err->details, "");
}

swm_str
swm_error_hint(const swm_error *err)
{
	return text_of(err, &err->hint, "");
}

int
swm_error_http_status(const swm_error *err)
{
	return err == NULL ? 0 : err->status;
}

/* Arguments may be bytes of a request: invalid UTF-8 must not reach an answer. */
static void
add_argument(swm_buf *to, swm_str arg)
{
	size_t bad;
	while (!swm_utf8_valid(arg, &bad)) {
		swm_buf_add(to, arg.ptr, bad);
		swm_buf_cstr(to, "\xef\xbf\xbd");
		arg = swm_str_from(arg, bad + 1);
	}
	swm_buf_str(to, arg);
}

static void
add_message(swm_buf *to, const char *message, const swm_str *args, size_t count)
{
	for (const char *p = message; *p != '\0'; p++) {
		if (p[0] == '%' && p[1] >= '1' && p[1] <= '9' && (size_t)(p[1] - '1') < count)
			add_argument(to, args[*++p - '1']);
		else
			swm_buf_char(to, *p);
	}
}

/* Temporary unavailability is worth a retry. */
static int
usual_retry_after(int status)
{
	return status == 503 ? 1 : 0;
}

int
swm_fail_args(swm_error *err, enum swm_error_id id, const swm_str *args, size_t count)
{
	const struct swm_error_entry *e = &entries[id];

	if (err == NULL || err->result != SWM_OK)
		return e->result;
	swm_error_clear(err);
	err->entry = e;
	err->result = e->result;
	err->status = e->status;
	err->retry_after = id == SWM_ERR_OUTCOME_UNKNOWN ? 0 : usual_retry_after(e->status);
	add_message(&err->message, e->message, args, count);
	return e->result;
}

int
swm_fail_memory(swm_error *err)
{
	return swm_fail_args(err, SWM_ERR_NO_MEMORY, NULL, 0);
}

int
swm_fail_number(swm_error *err, enum swm_error_id id, int64_t number)
{
	swm_buf text = SWM_BUF_INIT;

	swm_buf_int(&text, number);
	int rc = swm_fail(err, id, swm_buf_view(&text));
	swm_buf_dispose(&text);
	return rc;
}

int
swm_fail_format(swm_error *err, enum swm_error_id id, const char *format, ...)
{
	swm_buf text = SWM_BUF_INIT;
	va_list args;

	va_start(args, format);
	swm_buf_vprintf(&text, format, args);
	va_end(args);
	int rc = text.failed ? swm_fail_memory(err) : swm_fail(err, id, swm_buf_view(&text));
	swm_buf_dispose(&text);
	return rc;
}

int
swm_fail_errno(swm_error *err, swm_str what, int number)
{
	char text[256];
	const char *said = strerror_r(number, text, sizeof text);
	return swm_fail(err, SWM_ERR_SYSTEM, what, swm_cstr(said));
}

int
swm_fail_sql(swm_error *err, const struct swm_sql_error *from)
{
	int result = from->status != 0 ? swm_raised_result(from->status)
	                               : swm_sqlstate_result(from->sqlstate);

	if (err == NULL || err->result != SWM_OK)
		return result;
	swm_error_clear(err);
	err->result = result;
	err->status = from->status != 0 ? from->status :
	              swm_sqlstate_status(from->sqlstate, from->message, from->anonymous);
	err->retry_after = usual_retry_after(err->status);
	err->of_statement = from->of_statement;
	add_argument(&err->code, from->sqlstate);
	add_argument(&err->message, from->message);
	swm_buf_str(&err->constraint, from->constraint);
	swm_buf_str(&err->context, from->context);
	if (from->has_details)
		swm_error_set_details(err, from->details);
	if (from->has_hint)
		swm_error_set_hint(err, from->hint);
	return result;
}

int
swm_fail_unknown(swm_error *err, swm_str why)
{
	swm_buf details = SWM_BUF_INIT;

	swm_buf_str(&details, why.len > 0 ? why : swm_error_message(err));
	swm_error_clear(err);
	int rc = swm_fail(err, SWM_ERR_OUTCOME_UNKNOWN);
	if (details.len > 0 && !details.failed)
		swm_error_set_details(err, swm_buf_view(&details));
	swm_buf_dispose(&details);
	return rc;
}

void
swm_error_set_details(swm_error *err, swm_str details)
{
	if (err == NULL)
		return;
	swm_buf_clear(&err->details);
	add_argument(&err->details, details);
	err->has_details = true;
	err->details_are_json = false;
}

void
swm_error_prefix(swm_error *err, swm_str prefix)
{
	swm_buf whole = SWM_BUF_INIT;

	if (err == NULL || prefix.len == 0)
		return;
	swm_buf_str(&whole, prefix);
	swm_buf_str(&whole, swm_buf_view(&err->message));
	swm_buf_clear(&err->message);
	add_argument(&err->message, swm_buf_view(&whole));
	err->message.failed |= whole.failed;
	swm_buf_dispose(&whole);
}

static void
add_line(swm_buf *to, swm_str line)
{
	if (line.len > 0 && to->len > 0)
		swm_buf_char(to, '\n');
	swm_buf_str(to, line);
}

void
swm_error_append(swm_error *err, const swm_error *other)
{
	if (err == NULL || other == NULL)
		return;
	add_line(&err->details, swm_buf_view(&other->message));
	add_line(&err->details, swm_buf_view(&other->details));
	err->has_details = true;
}

void
swm_error_set_details_json(swm_error *err, swm_str json)
{
	if (err == NULL)
		return;
	swm_error_set_details(err, json);
	err->details_are_json = true;
}

void
swm_error_set_hint(swm_error *err, swm_str hint)
{
	if (err == NULL)
		return;
	swm_buf_clear(&err->hint);
	add_argument(&err->hint, hint);
	err->has_hint = true;
}

void
swm_error_format_details(swm_error *err, const char *format, ...)
{
	swm_buf details = SWM_BUF_INIT;
	va_list args;

	va_start(args, format);
	swm_buf_vprintf(&details, format, args);
	va_end(args);
	swm_error_set_details(err, swm_buf_view(&details));
	swm_buf_dispose(&details);
}

void
swm_error_format_hint(swm_error *err, const char *format, ...)
{
	swm_buf hint = SWM_BUF_INIT;
	va_list args;

	va_start(args, format);
	swm_buf_vprintf(&hint, format, args);
	va_end(args);
	swm_error_set_hint(err, swm_buf_view(&hint));
	swm_buf_dispose(&hint);
}

void
swm_error_drop_advice(swm_error *err)
{
	if (err == NULL)
		return;
	err->has_details = err->has_hint = err->details_are_json = false;
	swm_buf_clear(&err->details);
	swm_buf_clear(&err->hint);
}

void
swm_error_add_header(swm_error *err, swm_str name, swm_str value)
{
	if (err == NULL)
		return;
	swm_buf_str(&err->headers, name);
	swm_buf_char(&err->headers, '\0');
	swm_buf_str(&err->headers, value);
	swm_buf_char(&err->headers, '\0');
}

bool
swm_error_next_header(const swm_error *err, size_t *cursor, swm_str *name, swm_str *value)
{
	if (err == NULL || err->headers.failed || *cursor >= err->headers.len)
		return false;
	*name = swm_cstr(err->headers.ptr + *cursor);
	*value = swm_cstr(name->ptr + name->len + 1);
	*cursor += name->len + value->len + 2;
	return true;
}

bool
swm_error_has_details(const swm_error *err)
{
	return err != NULL && err->has_details;
}

bool
swm_error_has_hint(const swm_error *err)
{
	return err != NULL && err->has_hint;
}

bool
swm_error_details_are_json(const swm_error *err)
{
	return err != NULL && err->details_are_json && !err->details.failed;
}

void
swm_error_set_retry_after(swm_error *err, int seconds)
{
	if (err != NULL)
		err->retry_after = seconds;
}

int
swm_error_retry_after(const swm_error *err)
{
	return err == NULL ? 0 : err->retry_after;
}

/* The entry of a result that needs no argument. */
static enum swm_error_id
plain_entry(int rc)
{
	switch (rc) {
	case SWM_ENOMEM:
		return SWM_ERR_NO_MEMORY;
	case SWM_ESINK:
		return SWM_ERR_SINK;
	case SWM_ECANCELED:
		return SWM_ERR_CANCELED;
	case SWM_EUNKNOWN:
		return SWM_ERR_OUTCOME_UNKNOWN;
	default:
		return SWM_ERR_INTERNAL;
	}
}

int
swm_error_settle(swm_error *err, int rc)
{
	enum swm_error_id id = plain_entry(rc);

	if (rc == SWM_OK)
		swm_error_clear(err);
	if (rc == SWM_OK || err == NULL || err->result == rc)
		return rc;
	if (err->result != SWM_OK && id == SWM_ERR_INTERNAL)
		return err->result;
	swm_error_clear(err);
	return swm_fail(err, id, SWM_STR("a failure without a reason"));
}

bool
swm_error_is(const swm_error *err, enum swm_error_id id)
{
	return err != NULL && err->result != SWM_OK && err->entry == &entries[id];
}

bool
swm_error_is_of_statement(const swm_error *err)
{
	return err != NULL && err->of_statement;
}

swm_str
swm_error_constraint(const swm_error *err)
{
	return text_of(err, &err->constraint, "");
}

void
swm_error_reword(swm_error *err, swm_str message)
{
	if (err == NULL)
		return;
	swm_error_drop_advice(err);
	swm_buf_clear(&err->message);
	add_argument(&err->message, message);
}

static bool
is_same_text(const swm_buf *a, const swm_buf *b)
{
	return !a->failed && !b->failed && swm_str_eq(swm_buf_view(a), swm_buf_view(b));
}

bool
swm_error_is_same(const swm_error *a, const swm_error *b)
{
	return is_same_text(&a->code, &b->code) && is_same_text(&a->message, &b->message) &&
	       is_same_text(&a->details, &b->details) && is_same_text(&a->context, &b->context);
}

void
swm_error_copy(swm_error *err, const swm_error *from)
{
	swm_error_clear(err);
	if (err == NULL || from == NULL)
		return;
	err->entry = from->entry;
	err->result = from->result;
	err->status = from->status;
	err->retry_after = from->retry_after;
	err->has_details = from->has_details;
	err->has_hint = from->has_hint;
	err->details_are_json = from->details_are_json;
	err->of_statement = from->of_statement;
	swm_buf_str(&err->code, swm_buf_view(&from->code));
	swm_buf_str(&err->message, swm_buf_view(&from->message));
	swm_buf_str(&err->details, swm_buf_view(&from->details));
	swm_buf_str(&err->hint, swm_buf_view(&from->hint));
	swm_buf_str(&err->constraint, swm_buf_view(&from->constraint));
	swm_buf_str(&err->context, swm_buf_view(&from->context));
	swm_buf_str(&err->headers, swm_buf_view(&from->headers));
}
