/*
 * Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): a write that is sent again
 * gets the first one's answer. The key is taken before anything is written, and the answer
 * is kept before the commit, in the same transaction; so both are there, or neither. Both
 * are the login role's doing: who asks has no rights on the table, and sees no other's keys.
 */
#include "config.h"

#include "serve/serving.h"

#include "auth/digest.h"
#include "json/escape.h"
#include "json/raw.h"
#include "read.h"
#include "sql/sql.h"

#include <stdlib.h>

enum { LONGEST_KEY = 255 };

/*
 * The statements that lock an idempotency record. LOCK: a request that finds it in use does not
 * wait for ever.
 */
enum { LOCK, EXPIRE, TAKE, ANSWER, TAKING_STEPS };

/* The idempotency key of a request that is being served. */
struct swm_keyed {
	swm_kept_key key;
	swm_digest *digest;  /* of the request, whose body is read through it */
	swm_request request; /* the request with that body */
	swm_body body;
	const swm_body *from;
	bool replayed;
};

static int
fail_key(struct serving *s, const char *why)
{
	return swm_fail(s->err, SWM_ERR_IDEMPOTENCY_KEY, swm_cstr(why));
}

/* The key may stand in quotes, as the draft has it, or without. */
static int
parse_key(struct serving *s, swm_str *out, swm_str value)
{
	if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
		value = (swm_str){ value.ptr + 1, value.len - 2 };
	if (value.len == 0 || value.len > LONGEST_KEY)
		return fail_key(s, "a key has 1 to 255 characters");
	for (size_t i = 0; i < value.len; i++)
		if (value.ptr[i] <= ' ' || value.ptr[i] > '~' || value.ptr[i] == '"' ||
		    value.ptr[i] == ',')
			return fail_key(
				s, "a key has visible ASCII characters, no comma and no quote");
	*out = value;
	return SWM_OK;
}

/* Claims that differ from token to token of the same party (RFC 7519, 4.1). */
static bool
is_of_token(swm_str name)
{
	static const char *const names[] = { "exp", "nbf", "iat", "jti" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (swm_json_says(name, swm_cstr(names[i])))
			return true;
	return false;
}

static int
by_name(const void *a, const void *b)
{
	return swm_str_cmp(((const swm_json_item *)a)->name, ((const swm_json_item *)b)->name);
}

/* The claims but for those of the token, in the order of their names. */
static bool
sort_claims(struct serving *s, swm_json_item **out, size_t *count)
{
	swm_json_item item;
	size_t room = 0;

	for (bool more = swm_json_item_first(&item, s->asked->identity.claims); more;
	     more = swm_json_item_next(&item))
		room++;
	*out = swm_arena_array(s->arena, room + 1, sizeof item);
	*count = 0;
	if (*out == NULL)
		return false;
	for (bool more = swm_json_item_first(&item, s->asked->identity.claims); more;
	     more = swm_json_item_next(&item))
		if (!is_of_token(item.name))
			(*out)[(*count)++] = item;
	qsort(*out, *count, sizeof item, by_name);
	return true;
}

/* The owner of the key: the role and the claims, as they were given. */
static swm_str
make_scope(struct serving *s)
{
	swm_digest *d = swm_digest_new();
	swm_json_item *claims;
	size_t count;
	swm_str scope = { NULL, 0 };

	if (d != NULL && sort_claims(s, &claims, &count)) {
		swm_digest_field(d, s->asked->identity.role);
		for (size_t i = 0; i < count; i++) {
			swm_digest_field(d, claims[i].name);
			swm_digest_field(d, claims[i].value);
		}
		scope = swm_digest_end(d, s->arena);
	}
	swm_digest_free(d);
	return scope;
}

static ptrdiff_t
read_digested(void *user, char *to, size_t room)
{
	struct swm_keyed *k = user;
	ptrdiff_t n = k->from->read(k->from->user, to, room);

	if (n > 0)
		swm_digest_add(k->digest, (swm_str){ to, (size_t)n });
	return n;
}

/* Hashes all that identifies the request, except for the body, which is added as it is read. */
static int
digest_head(struct serving *s, struct swm_keyed *k)
{
	static const char *const names[] = { "Content-Type", "Content-Profile", "Prefer",
		                             "Accept" };

	k->digest = swm_digest_new();
	if (k->digest == NULL)
		return swm_fail_memory(s->err);
	swm_digest_field(k->digest, s->request->method);
	swm_digest_field(k->digest, s->request->target);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		swm_str value;
		int rc = swm_serving_header(s, &value, names[i]);
		if (rc != SWM_OK)
			return rc;
		swm_digest_field(k->digest, value);
	}
	return SWM_OK;
}

static void
digest_body(struct serving *s, struct swm_keyed *k)
{
	k->from = s->request->body;
	k->request = *s->request;
	k->body = (swm_body){ sizeof k->body, k, read_digested };
	if (k->from != NULL)
		k->request.body = &k->body;
	s->request = &k->request;
}

int
swm_step_key(struct serving *s)
{
	swm_str value;
	bool may_write = s->asked->write != SWM_WRITES_NOTHING ||
	                 (s->asked->is_function && swm_serving_is(s, "POST"));
	int rc = swm_serving_header(s, &value, "Idempotency-Key");

	if (rc != SWM_OK || value.ptr == NULL || !may_write || s->transaction != NULL)
		return rc;
	if (s->engine->settings->db_idempotency_table.len == 0)
		return fail_key(s, "keys are not kept here (db-idempotency-table is not set)");
	if (!s->asked->identity.authenticated)
		return fail_key(s, "a key needs a token, which says whose it is");
	struct swm_keyed *k = swm_arena_alloc(s->arena, sizeof *k);
	if (k == NULL)
		return swm_fail_memory(s->err);
	rc = parse_key(s, &k->key.key, value);
	if (rc != SWM_OK)
		return rc;
	s->keyed = k;
	k->key.scope = make_scope(s);
	if (k->key.scope.ptr == NULL)
		return swm_fail_memory(s->err);
	rc = digest_head(s, k);
	if (rc == SWM_OK)
		digest_body(s, k);
	return rc;
}

bool
swm_is_replayed(const struct serving *s)
{
	return s->keyed != NULL && s->keyed->replayed;
}

void
swm_keyed_dispose(struct serving *s)
{
	if (s->keyed != NULL)
		swm_digest_free(s->keyed->digest);
}

/*
 * Taking the key
 */

static int
make_taking(struct serving *s, swm_step steps[TAKING_STEPS])
{
	const swm_settings *settings = s->engine->settings;
	swm_str table = settings->db_idempotency_table;
	const swm_setting wait = { SWM_STR("lock_timeout"), SWM_STR("5s") };
	swm_statement made[TAKING_STEPS];
	int rc = swm_sql_context(&made[LOCK], s->arena, &wait, 1, s->err);

	if (rc == SWM_OK)
		rc = swm_sql_kept_expire(&made[EXPIRE], s->arena, table, s->err);
	if (rc == SWM_OK)
		rc = swm_sql_kept_take(&made[TAKE], s->arena, table, &s->keyed->key,
		                       settings->db_idempotency_lifetime, s->err);
	if (rc == SWM_OK)
		rc = swm_sql_kept_answer(&made[ANSWER], s->arena, table, &s->keyed->key, s->err);
	for (size_t i = 0; i < TAKING_STEPS && rc == SWM_OK; i++)
		steps[i] = swm_step_of(&made[i], settings->db_prepared_statements);
	return rc;
}

/* Reads the rest of the body, which also hashes it. */
static int
read_rest(struct serving *s)
{
	const swm_body *body = s->request->body;
	char piece[16384];
	ptrdiff_t n = 0;

	while (body != NULL && (n = body->read(body->user, piece, sizeof piece)) > 0)
		;
	return n < 0 ? swm_fail(s->err, SWM_ERR_CANCELED) : SWM_OK;
}

static int
end_digest(struct serving *s, swm_str *out)
{
	*out = swm_digest_end(s->keyed->digest, s->arena);
	return out->ptr == NULL ? swm_fail_memory(s->err) : SWM_OK;
}

/* headers, status, body, request */
static int
replay(struct serving *s, const swm_result *result)
{
	swm_str request;
	int rc = read_rest(s);

	if (rc == SWM_OK)
		rc = end_digest(s, &request);
	if (rc != SWM_OK)
		return rc;
	if (!swm_str_eq(request, swm_result_cell(result, 0, 3)))
		return swm_fail(s->err, SWM_ERR_KEY_REUSED);
	rc = swm_apply_response_settings(s, result, 0);
	if (rc != SWM_OK)
		return rc;
	swm_buf_clear(&s->reply.body);
	if (!swm_result_put_bytes(&s->reply.body, result, 0, 2))
		return swm_fail_memory(s->err);
	swm_reply_set(&s->reply, "Idempotency-Replayed", SWM_STR("true"));
	s->keyed->replayed = s->done = true;
	return SWM_OK;
}

static int
take_event(struct serving *s, const swm_event *event, bool *taken)
{
	bool has_row = swm_result_rows(event->result) > 0;

	if (event->step == TAKE)
		*taken = has_row;
	return event->step == ANSWER && !*taken && has_row ? replay(s, event->result) : SWM_OK;
}

/*
 * A client that may no longer make the request must not get the stored answer: run db-pre-request
 * first.
 */
static int
hear_pre_request(struct serving *s)
{
	swm_read read = { 0 };
	swm_event event;
	enum swm_read_step kind;

	int rc = swm_prepare_pre_request(s, &read);

	while (rc == SWM_OK && (rc = swm_read_next(&read, &event, &kind, s->err)) == 1)
		rc = SWM_OK;
	swm_read_finish(&read);
	return rc;
}

/*
 * Somebody else holds the key for longer than we wait, or has changed it since this transaction
 * began. The table that is not there is none of those that a request names: no schema has changed.
 */
static int
tell_use(struct serving *s, int rc)
{
	swm_str code = swm_error_code(s->err);

	if (swm_str_eq(code, SWM_STR("42P01")) || swm_str_eq(code, SWM_STR("3F000"))) {
		swm_error_clear(s->err);
		return fail_key(s, "the table of kept answers is not there");
	}
	if (!swm_str_eq(code, SWM_STR("55P03")) && !swm_str_eq(code, SWM_STR("40001")))
		return rc;
	swm_error_clear(s->err);
	rc = swm_fail(s->err, SWM_ERR_KEY_IN_USE);
	swm_error_set_retry_after(s->err, 1);
	return rc;
}

static int
take_key(struct serving *s)
{
	swm_step steps[TAKING_STEPS];
	swm_event event;
	bool taken = false;
	int verdict = SWM_OK;
	int rc = make_taking(s, steps);

	if (rc == SWM_OK)
		rc = swm_transaction_send(s->transaction, steps, TAKING_STEPS, s->err);
	while (rc == SWM_OK && (rc = swm_transaction_next(s->transaction, &event, s->err)) == 1 &&
	       event.result != NULL) {
		rc = SWM_OK;
		if (verdict == SWM_OK)
			verdict = take_event(s, &event, &taken);
	}
	if (rc != 1)
		return tell_use(s, rc);
	/* it expired between the two statements */
	if (verdict == SWM_OK && !taken && !s->keyed->replayed)
		verdict = fail_key(s, "the key has just expired");
	return verdict;
}

int
swm_step_transaction(struct serving *s)
{
	if (s->keyed == NULL || !s->decided->changes)
		return SWM_OK;
	swm_share_transaction(s);
	int rc = take_key(s);
	if (rc == SWM_OK && s->keyed->replayed && s->engine->settings->db_pre_request.len > 0)
		rc = hear_pre_request(s);
	return rc;
}

/*
 * Keeping the answer
 */

/*
 * True for headers that are set anew for each answer, and so are not stored in the idempotency
 * record.
 */
static bool
is_of_connection(const struct serving *s, swm_str name)
{
	return swm_str_caseeq(name, SWM_STR("Vary")) ||
	       swm_str_starts(name, SWM_STR("Access-Control-")) ||
	       swm_str_caseeq(name, s->engine->settings->server_trace_header);
}

/* As response.headers has them. */
static bool
put_headers(struct serving *s, swm_buf *to)
{
	char before = '[';

	for (const swm_reply_header *h = s->reply.headers; h != NULL; h = h->next) {
		if (is_of_connection(s, h->name))
			continue;
		swm_buf_char(to, before);
		swm_buf_char(to, '{');
		swm_json_quote(to, h->name);
		swm_buf_char(to, ':');
		swm_json_quote(to, h->value);
		swm_buf_char(to, '}');
		before = ',';
	}
	swm_buf_cstr(to, before == '[' ? "[]" : "]");
	return !to->failed;
}

/*
 * When all is done under the role of who asked, the login role keeps the answer. Nothing of a
 * user's may be left that would run after that: no trigger that was deferred until the commit, no
 * holdable cursor that the commit would fill, no temporary table of the kept answers' name. No
 * statement is a prepared one, since a function may have replaced it.
 */
static int
send_answer(struct serving *s, const swm_kept_answer *answer)
{
	swm_str table = s->engine->settings->db_idempotency_table;
	swm_statement made[] = { swm_sql_constraints, swm_sql_close_cursors, swm_sql_reset,
		                 swm_sql_become_login, { 0 } };
	enum { COUNT = sizeof made / sizeof made[0] };
	swm_step steps[COUNT];
	int rc = swm_sql_kept_keep(&made[COUNT - 1], s->arena, table, &s->keyed->key, answer,
	                           s->err);

	for (size_t i = 0; i < COUNT && rc == SWM_OK; i++)
		steps[i] = swm_step_of(&made[i], false);
	return rc != SWM_OK ? rc : swm_transaction_end_with(s->transaction, steps, COUNT, s->err);
}

int
swm_keep_answer(struct serving *s)
{
	swm_buf headers = SWM_BUF_INIT, body = SWM_BUF_INIT;
	swm_kept_answer answer = { .status = s->reply.status };

	int rc = swm_check_held(s);
	if (rc == SWM_OK)
		rc = swm_reply_fit(&s->reply, SWM_KEPT_SPARE, s->err);
	if (rc == SWM_OK) /* of which DELETE, for one, has read nothing */
		rc = read_rest(s);
	if (rc == SWM_OK)
		rc = end_digest(s, &answer.request);
	if (rc != SWM_OK)
		return rc;
	swm_buf_cstr(&body, "\\x");
	swm_buf_hex(&body, s->reply.body.ptr, s->reply.body.len);
	if (rc == SWM_OK &&
	    (!put_headers(s, &headers) || body.failed || s->reply.body.failed || s->reply.failed))
		rc = swm_fail_memory(s->err);
	answer.headers = swm_buf_view(&headers);
	answer.body = swm_buf_view(&body);
	if (rc == SWM_OK)
		rc = send_answer(s, &answer);
	swm_buf_dispose(&headers);
	swm_buf_dispose(&body);
	return rc;
}
