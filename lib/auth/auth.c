#include "config.h"

#include "auth/auth.h"

#include "auth/cache.h"
#include "auth/jwt.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct swm_auth {
	const swm_settings *settings;
	swm_arena *arena; /* holds keys and path; nothing is added after swm_auth_new() */
	swm_keys keys;    /* none: no secret is configured */
	swm_claim_rules rules;
	swm_token_cache *cache; /* NULL when jwt-cache-max-entries is 0 */
	EVP_MD *sha256;
};

static int
read_settings(swm_auth *auth, swm_error *err)
{
	const swm_settings *s = auth->settings;
	const char *fault = s->db_anon_role.len > 0 ? swm_role_fault(s->db_anon_role) : NULL;

	if (fault != NULL) {
		int rc = swm_fail(err, SWM_ERR_CONFIG, SWM_STR("db-anon-role cannot be used"));
		swm_error_set_details(err, swm_cstr(fault));
		swm_settings_blame(s, SWM_OPTION_ID_db_anon_role, err);
		return rc;
	}
	auth->rules.audience = s->jwt_aud;
	auth->rules.anonymous = s->db_anon_role;
	int rc = swm_jspath_parse(&auth->rules.role_path, auth->arena, s->jwt_role_claim_key, err);
	swm_settings_blame(s, SWM_OPTION_ID_jwt_role_claim_key, err);
	if (rc != SWM_OK || s->jwt_secret.len == 0)
		return rc;
	rc = swm_keys_parse(&auth->keys, auth->arena, s->jwt_secret, s->jwt_secret_is_base64, err);
	swm_settings_blame(s, SWM_OPTION_ID_jwt_secret, err);
	return rc;
}

static int
prepare(swm_auth *auth, swm_error *err)
{
	int64_t entries = auth->settings->jwt_cache_max_entries;

	auth->arena = swm_arena_new();
	auth->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (auth->arena == NULL || auth->sha256 == NULL)
		return swm_fail_memory(err);
	int rc = read_settings(auth, err);
	if (rc != SWM_OK || auth->keys.count == 0 || entries <= 0)
		return rc;
	auth->cache = swm_token_cache_new((size_t)entries);
	return auth->cache == NULL ? swm_fail_memory(err) : SWM_OK;
}

int
swm_auth_new(swm_auth **out, const swm_settings *settings, swm_error *err)
{
	swm_auth *auth = calloc(1, sizeof *auth);
	if (auth == NULL)
		return swm_fail_memory(err);
	auth->settings = swm_settings_ref(settings);
	int rc = prepare(auth, err);
	if (rc != SWM_OK) {
		swm_auth_free(auth);
		return rc;
	}
	*out = auth;
	return SWM_OK;
}

void
swm_auth_free(swm_auth *auth)
{
	if (auth == NULL)
		return;
	swm_token_cache_free(auth->cache);
	swm_keys_dispose(&auth->keys);
	EVP_MD_free(auth->sha256);
	swm_arena_free(auth->arena);
	swm_settings_unref(auth->settings);
	free(auth);
}

bool
swm_auth_bearer(swm_str authorization, swm_str *token)
{
	static const swm_str scheme = { "Bearer", 6 };
	swm_str field = swm_str_trim(authorization), rest = swm_str_from(field, scheme.len);

	if (field.len < scheme.len || !swm_str_caseeq((swm_str){ field.ptr, scheme.len }, scheme))
		return false;
	if (rest.len > 0 && rest.ptr[0] != ' ' && rest.ptr[0] != '\t') /* a longer word */
		return false;
	*token = swm_str_trim(rest);
	return true;
}

/* False for want of memory, or a token that is too long to be right anyway. */
static bool
digest_of(const swm_auth *auth, swm_str token, swm_token_digest *out)
{
	return auth->cache != NULL && token.len <= SWM_JWT_LONGEST &&
	       EVP_Digest(token.ptr, token.len, out->bytes, NULL, auth->sha256, NULL) == 1;
}

/* The claims of a token with a valid signature, from the cache or newly read. */
static int
claims_of(swm_auth *auth, swm_arena *arena, swm_str token, swm_claims *out, swm_error *err)
{
	swm_token_digest digest;
	swm_str payload;

	bool cacheable = digest_of(auth, token, &digest);
	if (cacheable && swm_token_cache_get(auth->cache, &digest, arena, out))
		return SWM_OK;
	int rc = swm_jwt_verify(&payload, arena, &auth->keys, token, err);
	if (rc != SWM_OK)
		return rc;
	if (swm_claims_read(out, arena, payload, &auth->rules) != SWM_OK)
		return swm_fail_memory(err);
	if (cacheable)
		swm_token_cache_put(auth->cache, &digest, out);
	return SWM_OK;
}

static bool
is_anonymous(const swm_auth *auth, swm_str role)
{
	return auth->rules.anonymous.len > 0 && swm_str_eq(role, auth->rules.anonymous);
}

int
swm_auth_token(swm_auth *auth, swm_arena *arena, swm_str token, int64_t now, swm_identity *out,
               swm_error *err)
{
	swm_claims claims;

	if (auth->keys.count == 0)
		return swm_fail(err, SWM_ERR_NO_SECRET);
	int rc = claims_of(auth, arena, token, &claims, err);
	if (rc == SWM_OK)
		rc = swm_claims_check(&claims, now, err);
	if (rc == SWM_OK)
		*out = (swm_identity){ claims.role, claims.text, true,
		                       is_anonymous(auth, claims.role) };
	return rc;
}

static int
identity_of(swm_identity *out, const swm_auth *auth, swm_arena *arena, swm_str role,
            bool authenticated, swm_error *err)
{
	*out = (swm_identity){
		.role = swm_arena_str(arena, role),
		.claims = swm_claims_with_role(arena, SWM_STR(""), NULL, role),
		.authenticated = authenticated,
		.anonymous = is_anonymous(auth, role),
	};
	return out->role.ptr == NULL || out->claims.ptr == NULL ? swm_fail_memory(err) : SWM_OK;
}

int
swm_auth_anonymous(swm_auth *auth, swm_arena *arena, swm_identity *out, swm_error *err)
{
	if (auth->rules.anonymous.len == 0)
		return swm_fail(err, SWM_ERR_TOKEN_REQUIRED);
	return identity_of(out, auth, arena, auth->rules.anonymous, false, err);
}

int
swm_auth_role(swm_auth *auth, swm_arena *arena, swm_str role, swm_identity *out, swm_error *err)
{
	const char *fault = swm_role_fault(role);

	if (fault != NULL)
		return swm_fail(err, SWM_ERR_CLAIMS, swm_cstr(fault));
	return identity_of(out, auth, arena, role, true, err);
}
