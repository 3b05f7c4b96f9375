#include "config.h"

#include "auth/jwt.h"
#include "config/settings.h"

#include <stdlib.h>
#include <swm/token.h>

static int
check_claims(swm_str text, swm_error *err)
{
	swm_json *doc = swm_json_parse(text);
	bool object = swm_json_type_of(doc) == SWM_JSON_OBJECT;

	if (doc == NULL && swm_json_why_not(text) == SWM_ENOMEM)
		return swm_fail_memory(err);
	swm_json_free(doc);
	if (!object)
		return swm_fail(err, SWM_ERR_BODY, SWM_STR("The claims are no JSON object"));
	return SWM_OK;
}

static const swm_key *
signing_key(const swm_keys *keys, const swm_algorithm *algorithm)
{
	for (size_t i = 0; i < keys->count; i++)
		if (swm_key_fits(&keys->items[i], algorithm))
			return &keys->items[i];
	return NULL;
}

static int
sign_with(char **out, const swm_key *key, const swm_algorithm *algorithm, swm_str claims,
          swm_error *err)
{
	swm_buf token = SWM_BUF_INIT;

	if (key == NULL)
		return swm_fail(err, SWM_ERR_CONFIG,
		                SWM_STR("jwt-secret has no symmetric key to sign with"));
	if (!swm_jwt_sign(&token, key, algorithm, claims)) {
		swm_buf_dispose(&token);
		return swm_fail_memory(err);
	}
	*out = token.ptr; /* the buffer's memory is malloc's */
	return SWM_OK;
}

static int
sign_for(char **out, const swm_settings *settings, swm_str claims, const swm_algorithm *algorithm,
         swm_error *err)
{
	swm_keys keys = { NULL, 0 };
	swm_arena *arena = swm_arena_new();
	int rc = arena == NULL ? swm_fail_memory(err) : SWM_OK;

	if (rc == SWM_OK && settings->jwt_secret.len > 0)
		rc = swm_keys_parse(&keys, arena, settings->jwt_secret,
		                    settings->jwt_secret_is_base64, err);
	if (rc == SWM_OK)
		rc = sign_with(out, signing_key(&keys, algorithm), algorithm, claims, err);
	swm_keys_dispose(&keys);
	swm_arena_free(arena);
	return rc;
}

int
swm_token_sign(char **out, const swm_config *config, swm_str claims, const char *algorithm,
               swm_error *err)
{
	const swm_settings *settings;
	const swm_algorithm *a = swm_algorithm_find(
	    swm_cstr(algorithm == NULL ? "HS256" : algorithm));

	swm_error_clear(err);
	if (a == NULL || a->kind != SWM_KEY_OCT)
		return swm_fail(err, SWM_ERR_ARGUMENT,
		                SWM_STR("The algorithm must be HS256, HS384 or HS512"));
	int rc = check_claims(claims, err);
	if (rc == SWM_OK)
		rc = swm_settings_resolve(&settings, config, err);
	if (rc != SWM_OK)
		return swm_error_settle(err, rc);
	rc = sign_for(out, settings, claims, a, err);
	swm_settings_unref(settings);
	return swm_error_settle(err, rc);
}

void
swm_token_free(char *token)
{
	free(token);
}
