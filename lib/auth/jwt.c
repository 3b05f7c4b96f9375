#include "config.h"

#include "auth/jwt.h"

#include "auth/base64.h"
#include "json/escape.h"

/* Room for a certificate chain; longer headers are refused. */
enum { LONGEST_HEADER = 16 * 1024, LONGEST_NAME_SHOWN = 32 };

/* A token's three parts as they were sent. */
struct parts {
	swm_str header, payload, signature;
	swm_str signed_text; /* header and payload with the dot between them */
};

/* The header parameters that are used here (RFC 7515, 4.1). */
struct header {
	const swm_algorithm *algorithm;
	bool has_kid;
	swm_str kid; /* lives as long as the document */
};

static int
refuse(swm_error *err, const char *message, const char *details)
{
	int rc = swm_fail(err, SWM_ERR_TOKEN, swm_cstr(message));
	swm_error_set_details(err, swm_cstr(details));
	return rc;
}

static int
unreadable(swm_error *err, const char *details)
{
	return refuse(err, "JWT cryptographic operation failed", details);
}

static int
wrong_part_count(size_t count, swm_error *err)
{
	return swm_fail_format(err, SWM_ERR_TOKEN, "Expected 3 parts in JWT; got %zu", count);
}

static int
take_apart(struct parts *out, swm_str token, swm_error *err)
{
	swm_str pieces[3] = { { NULL, 0 } }, rest = token, piece;
	size_t count = 0;

	while (swm_str_cut(&rest, '.', &piece)) {
		if (count < 3)
			pieces[count] = piece;
		count++;
	}
	if (count != 3)
		return wrong_part_count(count, err);
	*out = (struct parts){ pieces[0], pieces[1], pieces[2],
	                       { token.ptr, pieces[0].len + 1 + pieces[1].len } };
	return SWM_OK;
}

static int
unsupported(swm_str name, swm_error *err)
{
	swm_buf details = SWM_BUF_INIT;
	int shown = (int)(name.len < LONGEST_NAME_SHOWN ? name.len : LONGEST_NAME_SHOWN);

	if (swm_str_caseeq(name, SWM_STR("none")))
		swm_buf_cstr(&details, "JWT is unsecured but expected 'alg' was not 'none'");
	else
		swm_buf_printf(&details, "JWT has the 'alg' '%.*s', which is not supported", shown,
		               name.ptr);
	int rc = refuse(err, "Wrong or unsupported encoding algorithm", swm_buf_text(&details));
	swm_buf_dispose(&details);
	return rc;
}

static int
interpret_header(struct header *out, const swm_json *doc, swm_error *err)
{
	const swm_json *alg = swm_json_get(doc, SWM_STR("alg"));
	const swm_json *kid = swm_json_get(doc, SWM_STR("kid"));

	if (swm_json_type_of(doc) != SWM_JSON_OBJECT)
		return unreadable(err, "The header of the JWT is no JSON object");
	if (swm_json_type_of(alg) != SWM_JSON_STRING)
		return unreadable(err, "The header of the JWT has no 'alg'");
	/* no extension is supported, so all must be refused */
	if (swm_json_get(doc, SWM_STR("crit")) != NULL)
		return unreadable(
		    err, "The header of the JWT has 'crit', and its extensions are not supported");
	if (kid != NULL && swm_json_type_of(kid) != SWM_JSON_STRING)
		return unreadable(err, "The 'kid' of the JWT must be a string");
	*out = (struct header){ swm_algorithm_find(swm_json_string(alg)), kid != NULL,
		                swm_json_string(kid) };
	return out->algorithm == NULL ? unsupported(swm_json_string(alg), err) : SWM_OK;
}

static bool
may_try(const swm_key *key, const struct header *header)
{
	if (header->has_kid && (key->kid.ptr == NULL || !swm_str_eq(key->kid, header->kid)))
		return false;
	return swm_key_fits(key, header->algorithm);
}

/* As swm_key_verify(), by any of the keys. */
static int
verify_by_any(const swm_keys *keys, const struct header *header, swm_str text, swm_str signature)
{
	int rc = SWM_EAUTH;

	for (size_t i = 0; i < keys->count && rc == SWM_EAUTH; i++)
		if (may_try(&keys->items[i], header))
			rc = swm_key_verify(&keys->items[i], header->algorithm, text, signature);
	return rc;
}

/* PostgREST gives no further details for a part that is not base64url. */
static int
decode(swm_str *out, swm_arena *arena, swm_str part, swm_error *err)
{
	int rc = swm_base64url_decode(out, arena, part);
	return rc == SWM_OK ? rc
	       : rc == SWM_ENOMEM
	           ? swm_fail_memory(err)
	           : swm_fail(err, SWM_ERR_TOKEN, SWM_STR("JWT cryptographic operation failed"));
}

static int
verify_parts(const struct parts *parts, const swm_json *doc, swm_arena *arena, const swm_keys *keys,
             swm_error *err)
{
	struct header header = { NULL, false, { NULL, 0 } };
	swm_str signature;

	int rc = interpret_header(&header, doc, err);
	if (rc == SWM_OK)
		rc = decode(&signature, arena, parts->signature, err);
	if (rc != SWM_OK)
		return rc;
	rc = verify_by_any(keys, &header, parts->signed_text, signature);
	if (rc == SWM_ENOMEM)
		return swm_fail_memory(err);
	return rc == SWM_OK ? rc : refuse(err, "No suitable key or wrong key type",
	                                  "None of the keys was able to decode the JWT");
}

int
swm_jwt_verify(swm_str *payload, swm_arena *arena, const swm_keys *keys, swm_str token,
               swm_error *err)
{
	struct parts parts;
	swm_str header;

	if (token.len == 0)
		return swm_fail(err, SWM_ERR_TOKEN,
		                SWM_STR("Empty JWT is sent in Authorization header"));
	if (token.len > SWM_JWT_LONGEST)
		return unreadable(err, "The JWT is longer than 64 KiB");
	int rc = take_apart(&parts, token, err);
	if (rc != SWM_OK)
		return rc;
	if (parts.header.len > LONGEST_HEADER)
		return unreadable(err, "The header of the JWT is longer than 16 KiB");
	rc = decode(&header, arena, parts.header, err);
	if (rc != SWM_OK)
		return rc;
	swm_json *doc = swm_json_parse(header);
	if (doc == NULL && swm_json_why_not(header) == SWM_ENOMEM)
		return swm_fail_memory(err);
	rc = verify_parts(&parts, doc, arena, keys, err);
	swm_json_free(doc);
	if (rc != SWM_OK)
		return rc;
	return decode(payload, arena, parts.payload, err);
}

static void
add_header(swm_buf *to, const swm_key *key, const swm_algorithm *algorithm)
{
	swm_buf json = SWM_BUF_INIT;

	swm_buf_cstr(&json, "{\"alg\":");
	swm_json_quote(&json, algorithm->name);
	swm_buf_cstr(&json, ",\"typ\":\"JWT\"");
	if (key->kid.ptr != NULL) {
		swm_buf_cstr(&json, ",\"kid\":");
		swm_json_quote(&json, key->kid);
	}
	swm_buf_char(&json, '}');
	swm_base64url_encode(to, swm_buf_view(&json));
	to->failed |= json.failed;
	swm_buf_dispose(&json);
}

bool
swm_jwt_sign(swm_buf *to, const swm_key *key, const swm_algorithm *algorithm, swm_str payload)
{
	unsigned char mac[SWM_HMAC_LONGEST];

	add_header(to, key, algorithm);
	swm_buf_char(to, '.');
	swm_base64url_encode(to, payload);
	if (to->failed || !swm_key_hmac(key, algorithm, swm_buf_view(to), mac))
		return false;
	swm_buf_char(to, '.');
	swm_base64url_encode(to, (swm_str){ (const char *)mac, algorithm->digest_len });
	return !to->failed;
}
