#include "config.h"

#include "auth/keys.h"

#include "auth/base64.h"
#include "base/buf.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

/*
 * PostgREST's rule for jwt-secret, where it is no JSON Web Key (references/configuration:
 * jwt-secret).
 */
enum { SHORTEST_TEXT = 32 };

static int
wrong_key(swm_error *err, const char *why)
{
	return swm_fail_format(err, SWM_ERR_CONFIG, "jwt-secret is no usable JSON Web Key: %s",
	                       why);
}

static size_t
count_of(const swm_json *container)
{
	size_t n = 0;

	for (const swm_json *c = swm_json_first(container); c != NULL; c = swm_json_next(c))
		n++;
	return n;
}

/* Keys of a set that cannot be used are passed over (RFC 7517, 5), but one must be left. */
static int
read_set(swm_keys *out, swm_arena *arena, const swm_json *set, swm_error *err)
{
	const char *why = "'keys' is no array or empty";

	if (swm_json_type_of(set) != SWM_JSON_ARRAY)
		return wrong_key(err, why);
	out->items = swm_arena_array(arena, count_of(set), sizeof *out->items);
	if (out->items == NULL)
		return swm_fail_memory(err);
	for (const swm_json *jwk = swm_json_first(set); jwk != NULL; jwk = swm_json_next(jwk)) {
		swm_key *key = &out->items[out->count];
		int rc = swm_jwk_read(key, arena, jwk, &why);
		if (rc == SWM_ENOMEM)
			return swm_fail_memory(err);
		if (rc == SWM_OK)
			out->count++;
		else
			EVP_PKEY_free(key->public_key);
	}
	return out->count == 0 ? wrong_key(err, why) : SWM_OK;
}

static int
read_single(swm_keys *out, swm_arena *arena, const swm_json *jwk, swm_error *err)
{
	const char *why = NULL;

	out->items = swm_arena_alloc(arena, sizeof *out->items);
	if (out->items == NULL)
		return swm_fail_memory(err);
	out->count = 1;
	int rc = swm_jwk_read(&out->items[0], arena, jwk, &why);
	return rc == SWM_ENOMEM ? swm_fail_memory(err)
	       : rc == SWM_ECONFIG ? wrong_key(err, why)
	       : SWM_OK;
}

static int
read_json(swm_keys *out, swm_arena *arena, swm_str text, swm_error *err)
{
	swm_json *doc = swm_json_parse(text);

	if (doc == NULL && swm_json_why_not(text) == SWM_ENOMEM)
		return swm_fail_memory(err);
	if (doc == NULL) /* never a secret: whoever knows a public key could then sign with it */
		return wrong_key(err, "it begins with '{' and is no JSON");
	const swm_json *set = swm_json_get(doc, SWM_STR("keys"));
	int rc = set != NULL ? read_set(out, arena, set, err) : read_single(out, arena, doc, err);
	swm_json_free(doc);
	return rc;
}

static int
read_secret(swm_keys *out, swm_arena *arena, swm_str secret, swm_error *err)
{
	if (swm_str_starts(secret, SWM_STR("-----BEGIN")))
		return wrong_key(err, "it is PEM; give the key as JSON");
	out->items = swm_arena_alloc(arena, sizeof *out->items);
	if (out->items == NULL)
		return swm_fail_memory(err);
	out->items[0] = (swm_key){ .kind = SWM_KEY_OCT, .secret = swm_arena_str(arena, secret) };
	out->count = 1;
	return out->items[0].secret.ptr == NULL ? swm_fail_memory(err) : SWM_OK;
}

int
swm_keys_parse(swm_keys *out, swm_arena *arena, swm_str text, bool is_base64, swm_error *err)
{
	swm_str given = text;

	*out = (swm_keys){ NULL, 0 };
	if (is_base64) {
		int rc = swm_base64_decode_lenient(&text, arena, given);
		if (rc == SWM_ENOMEM)
			return swm_fail_memory(err);
		if (rc != SWM_OK)
			return swm_fail(
			    err, SWM_ERR_CONFIG,
			    SWM_STR(
				"jwt-secret is no base64, though jwt-secret-is-base64 is true"));
	}
	swm_str trimmed = swm_str_trim(text);
	if (swm_str_starts(trimmed, SWM_STR("{")))
		return read_json(out, arena, trimmed, err);
	if (given.len < SHORTEST_TEXT)
		return swm_fail(err, SWM_ERR_CONFIG,
		                SWM_STR("The JWT secret must be at least 32 characters long."));
	return read_secret(out, arena, text, err);
}

void
swm_keys_dispose(swm_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++) {
		swm_key *key = &keys->items[i];
		EVP_PKEY_free(key->public_key);
		if (key->secret.len > 0)
			OPENSSL_cleanse((char *)(uintptr_t)key->secret.ptr, key->secret.len);
	}
	*keys = (swm_keys){ NULL, 0 };
}
