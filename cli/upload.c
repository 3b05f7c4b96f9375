#include "config.h"

#include "upload.h"

#include "ask.h"
#include "command.h"
#include "json.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEY_BYTES = 32 /* of SHA-256 */ };

static swm_str
view_or_empty(const char *s)
{
	return ask_view(s == NULL ? "" : s);
}

/*
 * The target
 */

/* But for the letters that never need it (RFC 3986, 2.3) all is percent-encoded. */
static void
add_encoded(struct text *t, const char *s)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                            "0123456789-._~";

	for (; *s != '\0'; s++) {
		if (strchr(plain, *s) != NULL)
			text_add(t, s, 1);
		else
			text_format(t, "%%%02X", (unsigned char)*s);
	}
}

static void
add_parameter(struct text *t, const char *name, const char *value, char before)
{
	if (value == NULL)
		return;
	text_format(t, "%c%s=", before, name);
	add_encoded(t, value);
}

static char *
make_target(const struct upload *u)
{
	struct text t = { 0 };

	text_add(&t, "/", 1);
	add_encoded(&t, u->table);
	add_parameter(&t, "columns", u->columns, '?');
	add_parameter(&t, "on_conflict", u->on_conflict, u->columns == NULL ? '?' : '&');
	text_add(&t, "", 1);
	if (t.failed)
		text_free(&t);
	return t.bytes;
}

int
upload_open(struct upload *u, swm_error *err)
{
	u->err = err;
	u->target = make_target(u);
	if (u->target == NULL)
		return complain(NULL);
	/* a trial is rolled back: what a server allows its clients is not asked of this command */
	if (swm_config_set(u->config, "db-tx-end", "commit-allow-override", err) != SWM_OK ||
	    swm_engine_open(&u->engine, u->config, NULL, err) != SWM_OK)
		return complain(err);
	return 0;
}

void
upload_close(struct upload *u)
{
	swm_engine_close(u->engine);
	free(u->target);
	u->engine = NULL;
	u->target = NULL;
}

/*
 * The body: the header, the records, and the bracket that closes an array
 */

struct body {
	swm_str parts[3]; /* what is left of each */
	const struct upload *upload;
	const struct upload_file *file;
	uint64_t bytes; /* of the file, up to the end of the chunk */
};

static struct body
make_body(const struct upload *u, const struct upload_file *file, const struct chunk *chunk)
{
	struct body b = { .parts = { file->header, chunk->bytes }, .upload = u, .file = file,
		          .bytes = file->bytes_before + chunk->offset + chunk->bytes.len };
	swm_str *records = &b.parts[1];

	if (file->form != CHUNK_ARRAY)
		return b;
	b.parts[2] = SWM_STR("]");
	if (records->len > 0 && *records->ptr == ',')
		*records = (swm_str){ records->ptr + 1, records->len - 1 };
	return b;
}

static ptrdiff_t
read_body(void *user, char *to, size_t room)
{
	struct body *b = user;
	size_t i = 0;

	while (i < 2 && b->parts[i].len == 0)
		i++;
	swm_str *part = &b->parts[i];
	size_t len = part->len < room ? part->len : room;
	if (len > 0)
		memcpy(to, part->ptr, len);
	*part = (swm_str){ part->ptr + len, part->len - len };
	progress_update(b->upload->progress, b->bytes - b->parts[1].len, b->file->rows_before);
	return (ptrdiff_t)len;
}

/*
 * The key
 */

/* Each with its length, so that no two lists of fields are the same bytes. */
static bool
digest_field(EVP_MD_CTX *context, swm_str field)
{
	uint64_t len = field.len;

	return EVP_DigestUpdate(context, &len, sizeof len) == 1 &&
	       (len == 0 || EVP_DigestUpdate(context, field.ptr, field.len) == 1);
}

/* Hashes all that identifies the chunk, and where it stands, but not the mode. */
static bool
digest_chunk(EVP_MD_CTX *context, const struct upload *u, const struct upload_file *file,
             const struct chunk *chunk)
{
	uint64_t offset = chunk->offset;
	const swm_str fields[] = {
		ask_view(u->target), view_or_empty(u->schema), ask_view(u->merges ? "merge" : ""),
		{ (const char *)&file->form, sizeof file->form }, file->header,
		{ (const char *)&offset, sizeof offset }, chunk->bytes,
	};

	if (EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
		return false;
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		if (!digest_field(context, fields[i]))
			return false;
	return true;
}

static bool
make_key(struct text *key, const struct upload *u, const struct upload_file *file,
         const struct chunk *chunk)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char digest[KEY_BYTES];
	bool good = context != NULL && digest_chunk(context, u, file, chunk) &&
	            EVP_DigestFinal_ex(context, digest, NULL) == 1;

	EVP_MD_CTX_free(context);
	text_format(key, "swm-import-");
	for (size_t i = 0; good && i < sizeof digest; i++)
		text_format(key, "%02x", digest[i]);
	return good && !key->failed;
}

/*
 * The answer
 */

static int
take_status(void *user, int status)
{
	struct upload_answer *a = user;

	a->status = status;
	return 0;
}

/* The number of rows written stands after the slash: the count is exact for this request. */
static int
take_header(void *user, swm_str name, swm_str value)
{
	struct upload_answer *a = user;

	a->is_replayed |= ask_is_field(name, "Idempotency-Replayed");
	a->is_passing |= ask_is_field(name, "Retry-After");
	if (ask_is_field(name, "Content-Range") && value.len > 2)
		a->written = strtoull(value.ptr + 2, NULL, 10);
	return 0;
}

static int
take_body(void *user, swm_str piece)
{
	struct upload_answer *a = user;

	text_add(&a->body, piece.ptr, piece.len);
	return a->body.failed;
}

bool
upload_failed_by(const struct upload_answer *answer, const char *code)
{
	swm_str seen = json_member((swm_str){ answer->body.bytes, answer->body.len }, "code");

	return !ask_is_success(answer->status) && seen.len == strlen(code) + 2 &&
	       memcmp(seen.ptr + 1, code, strlen(code)) == 0;
}

/*
 * The request
 */

static const char *
content_type(enum chunk_form form)
{
	static const char *const types[] = {
		[CHUNK_CSV] = "text/csv",
		[CHUNK_LINES] = "application/x-ndjson",
		[CHUNK_ARRAY] = "application/json",
	};

	return types[form];
}

/* Whole and skipping differ, so a key that was used for one is refused for the other (SWM004). */
static void
add_preferences(struct text *t, const struct upload *u, enum upload_mode mode)
{
	text_format(t, "return=minimal, count=exact");
	if (u->merges)
		text_format(t, ", resolution=merge-duplicates");
	if (mode != UPLOAD_WHOLE)
		text_format(t, ", handling=lenient, errors=skip");
	if (mode == UPLOAD_TRIAL)
		text_format(t, ", tx=rollback");
}

struct field {
	const char *name;
	swm_str value; /* empty: left out */
};

static int
add_headers(swm_request *request, const struct field *fields, size_t count)
{
	int result = SWM_OK;

	for (size_t i = 0; i < count && result == SWM_OK; i++)
		if (fields[i].value.len > 0)
			result = swm_request_add_header(request, ask_view(fields[i].name),
			                                fields[i].value);
	return result;
}

/* The request, which is sent again on each retry. */
struct sending {
	struct upload *upload;
	const struct upload_file *file;
	const struct chunk *chunk;
	struct text key, preferences;
};

static swm_str
text_view(const struct text *t)
{
	return (swm_str){ t->bytes, t->len };
}

static int
serve_request(const struct sending *s, const char *authorization, struct upload_answer *answer)
{
	struct upload *u = s->upload;
	struct body body = make_body(u, s->file, s->chunk);
	const swm_body source = { sizeof source, &body, read_body };
	const swm_sink sink = { sizeof sink, answer, take_status, take_header, take_body };
	const struct field fields[] = {
		{ "Authorization", ask_view(authorization) },
		{ "Content-Profile", view_or_empty(u->schema) },
		{ "Content-Type", ask_view(content_type(s->file->form)) },
		{ "Idempotency-Key", text_view(&s->key) },
		{ "Prefer", text_view(&s->preferences) },
	};
	swm_request *request;
	int result = swm_request_new(&request, u->err);

	if (result != SWM_OK)
		return result;
	swm_request_set_method(request, SWM_STR("POST"));
	swm_request_set_target(request, ask_view(u->target));
	swm_request_set_body(request, &source);
	result = add_headers(request, fields, sizeof fields / sizeof fields[0]);
	if (result == SWM_OK)
		result = swm_engine_serve(u->engine, request, &sink, u->err);
	swm_request_free(request);
	return result;
}

/* A token that is signed here lives for minutes, so each request has its own. */
static int
serve_once(const struct sending *s, struct upload_answer *answer)
{
	struct upload *u = s->upload;
	char *authorization = make_authorization(u->config, u->token, u->role, u->err);

	text_free(&answer->body);
	*answer = (struct upload_answer){ 0 };
	if (authorization == NULL)
		return SWM_EAUTH;
	int result = serve_request(s, authorization, answer);
	free(authorization);
	if (result != SWM_OK && result != SWM_EUNKNOWN)
		complain(u->err);
	return result;
}

/* Without an idempotency key, a write that may have been committed is not retried. */
static bool
may_try_again(const struct sending *s, int result, const struct upload_answer *answer)
{
	swm_str code = json_member(text_view(&answer->body), "code");

	if (result == SWM_EUNKNOWN || upload_failed_by(answer, "SWM001"))
		return s->key.len > 0;
	if (result != SWM_OK || ask_is_success(answer->status))
		return false;
	/* 40: a deadlock, or a conflict of transactions */
	return answer->is_passing || (code.len > 3 && memcmp(code.ptr + 1, "40", 2) == 0);
}

static void
wait_for(const struct upload *u, const struct upload_answer *answer, int milliseconds)
{
	struct timespec pause = { milliseconds / 1000, milliseconds % 1000 * 1000000L };
	struct text message = { 0 };

	json_add_value(&message, json_member(text_view(&answer->body), "message"));
	if (message.len == 0)
		text_add_data(&message, swm_error_message(u->err));
	progress_clear(u->progress);
	fprintf(stderr, "swm: %.*s; trying again in %.1f s\n", (int)message.len,
	        message.len > 0 ? message.bytes : "", milliseconds / 1000.0);
	text_free(&message);
	nanosleep(&pause, NULL); /* a signal that is to end the import ends it */
}

static int
send_repeatedly(const struct sending *s, struct upload_answer *answer)
{
	enum { FIRST_PAUSE = 250, LONGEST_PAUSE = 30000, MOST_PAUSES = 10 };
	int pause = FIRST_PAUSE, result;

	for (int i = 0;; i++) {
		result = serve_once(s, answer);
		if (i == MOST_PAUSES || *s->upload->stop || !may_try_again(s, result, answer))
			break;
		wait_for(s->upload, answer, pause);
		pause = pause * 2 < LONGEST_PAUSE ? pause * 2 : LONGEST_PAUSE;
	}
	if (result == SWM_EUNKNOWN)
		complain(s->upload->err);
	return result;
}

static int
send_chunk(struct upload *u, const struct upload_file *file, const struct chunk *chunk,
           const struct chunk *key_of, enum upload_mode mode, struct upload_answer *answer)
{
	struct sending s = { .upload = u, .file = file, .chunk = chunk };
	bool has_key = u->keyed && mode != UPLOAD_TRIAL;
	int result = SWM_ENOMEM;

	*answer = (struct upload_answer){ 0 };
	add_preferences(&s.preferences, u, mode);
	if ((!has_key || make_key(&s.key, u, file, key_of)) && !s.preferences.failed)
		result = send_repeatedly(&s, answer);
	else
		complain(NULL);
	text_free(&s.preferences);
	text_free(&s.key);
	return result;
}

int
upload_send(struct upload *u, const struct upload_file *file, const struct chunk *chunk,
            enum upload_mode mode, struct upload_answer *answer)
{
	return send_chunk(u, file, chunk, chunk, mode, answer);
}

int
upload_mark(struct upload *u, const struct upload_file *file, const struct chunk *chunk,
            struct upload_answer *answer)
{
	struct chunk nothing = *chunk;

	nothing.bytes.len = 0;
	return send_chunk(u, file, &nothing, chunk, UPLOAD_WHOLE, answer);
}
