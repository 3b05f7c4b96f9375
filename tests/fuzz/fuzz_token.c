/*
 * Tokens: any bytes as a token, and as the header and the payload of one that is
 * signed with the right secret. What is accepted has a role that may be taken and
 * claims that are JSON; the same answer comes when it is asked again.
 */
#include "config.h"

#include "auth/auth.h"
#include "auth/base64.h"
#include "auth/keys.h"
#include "json/json.h"

#include <stdlib.h>

#define SECRET "reallyreallyreallyreallyverysafe"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool so)
{
	if (!so)
		abort();
}

static swm_auth *
open_auth(void)
{
	swm_config *config;
	const swm_settings *settings;
	swm_auth *auth;

	must(swm_config_new(&config, NULL) == SWM_OK);
	must(swm_config_set(config, "jwt-secret", SECRET, NULL) == SWM_OK);
	must(swm_config_set(config, "db-anon-role", "anon", NULL) == SWM_OK);
	must(swm_config_set(config, "jwt-aud", "here", NULL) == SWM_OK);
	must(swm_settings_resolve(&settings, config, NULL) == SWM_OK);
	must(swm_auth_new(&auth, settings, NULL) == SWM_OK);
	swm_settings_unref(settings);
	swm_config_free(config);
	return auth;
}

static void
check_identity(const swm_identity *who)
{
	swm_json *doc = swm_json_parse(who->claims);

	must(who->role.len > 0 && !swm_str_caseeq(who->role, SWM_STR("none")));
	must(strlen(who->role.ptr) == who->role.len && strlen(who->claims.ptr) == who->claims.len);
	must(swm_json_type_of(swm_json_get(doc, SWM_STR("role"))) == SWM_JSON_STRING);
	must(swm_str_eq(swm_json_string(swm_json_get(doc, SWM_STR("role"))), who->role));
	swm_json_free(doc);
}

static void
ask(swm_auth *auth, swm_str token)
{
	swm_arena *arena = swm_arena_new();
	swm_error *err = swm_error_new();
	swm_identity who, again;

	must(arena != NULL && err != NULL);
	int rc = swm_auth_token(auth, arena, token, 1700000000, &who, err);
	must(rc == SWM_OK || (rc == SWM_EAUTH && swm_error_message(err).len > 0));
	must(swm_auth_token(auth, arena, token, 1700000000, &again, NULL) == rc);
	if (rc == SWM_OK) {
		check_identity(&who);
		must(swm_str_eq(who.role, again.role) && swm_str_eq(who.claims, again.claims));
	}
	swm_error_free(err);
	swm_arena_free(arena);
}

static void
ask_signed(swm_auth *auth, swm_str header, swm_str payload)
{
	const swm_key key = { .kind = SWM_KEY_OCT, .secret = SWM_STR(SECRET) };
	const swm_algorithm *algorithm = swm_algorithm_find(SWM_STR("HS256"));
	unsigned char mac[SWM_HMAC_LONGEST];
	swm_buf token = SWM_BUF_INIT;

	swm_base64url_encode(&token, header);
	swm_buf_char(&token, '.');
	swm_base64url_encode(&token, payload);
	must(swm_key_hmac(&key, algorithm, swm_buf_view(&token), mac));
	swm_buf_char(&token, '.');
	swm_base64url_encode(&token, (swm_str){ (const char *)mac, algorithm->digest_len });
	ask(auth, swm_buf_view(&token));
	swm_buf_dispose(&token);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static swm_auth *auth;
	swm_str input = { (const char *)data, size };

	if (auth == NULL)
		auth = open_auth();
	ask(auth, input);
	ask_signed(auth, SWM_STR("{\"alg\":\"HS256\"}"), input);
	ask_signed(auth, input, SWM_STR("{\"role\":\"r\"}"));
	return 0;
}
