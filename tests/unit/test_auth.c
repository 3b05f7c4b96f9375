/*
 * Tokens: what is accepted, what is refused and in which words. Vectors are those
 * of RFC 7515 (appendix A), RFC 7520 (4.2) and RFC 8037 (appendix A); rules of
 * claims and roles those of PostgREST's references/auth.
 */
#include "config.h"

#include "auth/auth.h"
#include "auth/base64.h"
#include "auth/cache.h"
#include "auth/iregexp.h"
#include "auth/jsonpath.h"
#include "auth/jspath.h"
#include "auth/jwt.h"
#include "base/buf.h"
#include "unit.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <swm/token.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SECRET "reallyreallyreallyreallyverysafe"
#define NOW INT64_C(1700000000)
/* 32 times the letter a */
#define K_OF_A "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE"
#define HS256 SWM_STR("{\"alg\":\"HS256\"}")
#define AS_R SWM_STR("{\"role\":\"r\"}")

static swm_error *err;
static swm_arena *arena;
static swm_auth *auth;
static swm_identity who;
static swm_buf made; /* the token made last */

static void
setup(void)
{
	err = swm_error_new();
	arena = swm_arena_new();
	ck_assert_ptr_nonnull(err);
	ck_assert_ptr_nonnull(arena);
	auth = NULL;
}

static void
teardown(void)
{
	swm_auth_free(auth);
	swm_arena_free(arena);
	swm_error_free(err);
	swm_buf_dispose(&made);
}

/* ---- helpers ---- */

struct option {
	const char *name, *value;
};

static swm_config *
config_of(const struct option *options, size_t count)
{
	swm_config *config;

	ck_assert_int_eq(swm_config_new(&config, err), SWM_OK);
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(swm_config_set(config, options[i].name, options[i].value, err), SWM_OK);
	return config;
}

static int
open_auth(const struct option *options, size_t count)
{
	swm_config *config = config_of(options, count);
	const swm_settings *settings;

	swm_auth_free(auth);
	auth = NULL;
	swm_error_clear(err);
	ck_assert_int_eq(swm_settings_resolve(&settings, config, err), SWM_OK);
	int rc = swm_auth_new(&auth, settings, err);
	swm_settings_unref(settings);
	swm_config_free(config);
	return rc;
}

#define OPEN(...) \
	open_auth((const struct option[]){ __VA_ARGS__ }, COUNT(((const struct option[]){ __VA_ARGS__ })))

static void
usual(void)
{
	ck_assert_int_eq(OPEN({ "jwt-secret", SECRET }, { "db-anon-role", "anon" }), SWM_OK);
}

/* A token of any header and payload, with an HMAC made by libcrypto and nothing of ours. */
static swm_str
sign_with(const char *secret, const EVP_MD *digest, swm_str header, swm_str payload)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned len;

	swm_buf_clear(&made);
	swm_base64url_encode(&made, header);
	swm_buf_char(&made, '.');
	swm_base64url_encode(&made, payload);
	ck_assert_ptr_nonnull(HMAC(digest, secret, (int)strlen(secret), (const unsigned char *)made.ptr,
	                           made.len, mac, &len));
	swm_buf_char(&made, '.');
	swm_base64url_encode(&made, (swm_str){ (const char *)mac, len });
	return swm_buf_view(&made);
}

static swm_str
sign(const char *payload)
{
	return sign_with(SECRET, EVP_sha256(), HS256, swm_cstr(payload));
}

static int
ask_at(swm_str token, int64_t now)
{
	char *copy = malloc(token.len > 0 ? token.len : 1); /* so that a sanitizer sees a step beyond */
	ck_assert_ptr_nonnull(copy);
	if (token.len > 0)
		memcpy(copy, token.ptr, token.len);
	swm_error_clear(err);
	who = (swm_identity){ { NULL, 0 }, { NULL, 0 }, false, false };
	int rc = swm_auth_token(auth, arena, (swm_str){ copy, token.len }, now, &who, err);
	free(copy);
	return rc;
}

static void
is(swm_str got, const char *wanted)
{
	ck_assert_msg(swm_str_eq(got, swm_cstr(wanted)), "got %.*s, not %s", (int)got.len, got.ptr, wanted);
}

static void
accepts(swm_str token, const char *role, const char *claims)
{
	int rc = ask_at(token, NOW);
	ck_assert_msg(rc == SWM_OK, "refused: %s", swm_error_message(err).ptr);
	is(who.role, role);
	is(who.claims, claims);
	ck_assert(who.authenticated);
	ck_assert_int_eq(who.role.ptr[who.role.len], '\0');
	ck_assert_int_eq(who.claims.ptr[who.claims.len], '\0');
}

static void
failed_with(int rc, const char *code, int status, const char *message)
{
	ck_assert_int_eq(rc, SWM_EAUTH);
	is(swm_error_message(err), message);
	is(swm_error_code(err), code);
	ck_assert_int_eq(swm_error_http_status(err), status);
}

/* Twice, as the second time may be answered by the cache. */
static void
refuses(swm_str token, const char *code, const char *message)
{
	for (int i = 0; i < 2; i++)
		failed_with(ask_at(token, NOW), code, 401, message);
}

#define NO_KEY "No suitable key or wrong key type"
#define UNREADABLE "JWT cryptographic operation failed"
#define UNSUPPORTED "Wrong or unsupported encoding algorithm"

/* ---- base64url ---- */

START_TEST(base64url)
{
	static const struct {
		const char *text, *bytes;
	} right[] = { /* RFC 4648, 10, without padding */
		{ "", "" },         { "Zg", "f" },        { "Zm8", "fo" },          { "Zm9v", "foo" },
		{ "Zm9vYg", "foob" }, { "Zm9vYmE", "fooba" }, { "Zm9vYmFy", "foobar" }, { "-_-_", "\xfb\xff\xbf" },
	};
	static const char *const wrong[] = {
		"Z", "Zm9vY", "Zg==", "Zm8=", "Zm9v=", "Zh", "Zm9", "Zm+v", "Zm/v", "Zm 9", "Zm9v\n",
		"\xc3\xa4 aa", "....",
	};
	swm_str out;

	for (size_t i = 0; i < COUNT(right); i++) {
		swm_buf_clear(&made);
		swm_base64url_encode(&made, swm_cstr(right[i].bytes));
		is(swm_buf_view(&made), right[i].text);
		ck_assert_int_eq(swm_base64url_decode(&out, arena, swm_cstr(right[i].text)), SWM_OK);
		is(out, right[i].bytes);
	}
	for (size_t i = 0; i < COUNT(wrong); i++)
		ck_assert_msg(swm_base64url_decode(&out, arena, swm_cstr(wrong[i])) == SWM_EPARSE, "%s", wrong[i]);
}
END_TEST

START_TEST(base64_as_people_write_it)
{
	static const char *const texts[] = { "+/+/Zg==", "-_-_Zg==", "-_-_Zg", " +/+/Zg==\n", "-_-_Zg.." };
	swm_str out;

	for (size_t i = 0; i < COUNT(texts); i++) {
		ck_assert_int_eq(swm_base64_decode_lenient(&out, arena, swm_cstr(texts[i])), SWM_OK);
		is(out, "\xfb\xff\xbf" "f");
	}
	ck_assert_int_eq(swm_base64_decode_lenient(&out, arena, SWM_STR("Zm9v Zm9v")), SWM_EPARSE);
}
END_TEST

/* ---- vectors ---- */

#define A_PAYLOAD \
	"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
#define A_CLAIMS "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"
#define A1_KEY                                                                                     \
	"{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4" \
	"hcgUuTwjAzZr1Z9CAow\"}"
#define A1_TOKEN "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." A_PAYLOAD ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define A2_N                                                                                       \
	"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm" \
	"4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5" \
	"rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGh" \
	"yxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
#define A2_KEY "{\"kty\":\"RSA\",\"n\":\"" A2_N "\",\"e\":\"AQAB\"}"
#define A2_TOKEN                                                                                   \
	"eyJhbGciOiJSUzI1NiJ9." A_PAYLOAD                                                              \
	".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2F" \
	"p5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBM" \
	"Hlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2" \
	"w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
#define A3_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define A3_Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define A3_KEY "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" A3_X "\",\"y\":\"" A3_Y "\"}"
#define A3_TOKEN                                                                                   \
	"eyJhbGciOiJFUzI1NiJ9." A_PAYLOAD                                                              \
	".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
#define A4_KEY                                                                                     \
	"{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EO" \
	"nYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk\",\"y\":\"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x" \
	"3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2\"}"
#define A4_TOKEN                                                                                   \
	"eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWRO" \
	"c-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcn" \
	"wNrmxYbSW9ERBXukOXolLzeO_Jn"
/* RFC 7520, 3.3 and 4.2 */
#define COOKBOOK_KID "bilbo.baggins@hobbiton.example"
#define COOKBOOK_KEY                                                                               \
	"{\"kty\":\"RSA\",\"kid\":\"" COOKBOOK_KID "\",\"use\":\"sig\",\"n\":\"n4EPtAOCc9AlkeQHPzHStgAb" \
	"gs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_N" \
	"sYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD" \
	"5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY" \
	"7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw\",\"e\":\"AQAB\"}"
#define COOKBOOK_TOKEN                                                                             \
	"eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.SXTigJlzIGEgZGFuZ2" \
	"Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgY" \
	"W5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0" \
	"IGJlIHN3ZXB0IG9mZiB0by4.cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-t" \
	"Pid6VrklHkqsGqDqHCdP6O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf" \
	"8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0" \
	"qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-X72Eaw"
/* RFC 8037, A.2 and A.4 */
#define ED_KEY "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"
#define ED_TOKEN                                                                                   \
	"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcv" \
	"Mg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"

static const struct vector {
	const char *key, *token, *payload;
} vectors[] = {
	{ A1_KEY, A1_TOKEN, A_CLAIMS },
	{ A2_KEY, A2_TOKEN, A_CLAIMS },
	{ A3_KEY, A3_TOKEN, A_CLAIMS },
	{ A4_KEY, A4_TOKEN, "Payload" },
	{ COOKBOOK_KEY, COOKBOOK_TOKEN,
	  "It\xe2\x80\x99s a dangerous business, Frodo, going out your door. You step onto the road, and if you "
	  "don't keep your feet, there\xe2\x80\x99s no knowing where you might be swept off to." },
	{ ED_KEY, ED_TOKEN, "Example of Ed25519 signing" },
};

static int
verify(const char *secret, swm_str token, swm_str *payload)
{
	swm_keys keys;

	swm_error_clear(err);
	ck_assert_int_eq(swm_keys_parse(&keys, arena, swm_cstr(secret), false, err), SWM_OK);
	int rc = swm_jwt_verify(payload, arena, &keys, token, err);
	swm_keys_dispose(&keys);
	return rc;
}

START_TEST(vectors_of_the_rfcs)
{
	swm_str payload;

	for (size_t i = 0; i < COUNT(vectors); i++) {
		ck_assert_int_eq(verify(vectors[i].key, swm_cstr(vectors[i].token), &payload), SWM_OK);
		is(payload, vectors[i].payload);
	}
}
END_TEST

START_TEST(a_key_of_another_kind_does_not_verify)
{
	swm_str payload;

	for (size_t k = 0; k < COUNT(vectors); k++)
		for (size_t t = 0; t < COUNT(vectors); t++)
			if (k != t)
				failed_with(verify(vectors[k].key, swm_cstr(vectors[t].token), &payload),
				    "PGRST301", 401, NO_KEY);
}
END_TEST

/* Any other bytes in place of a signature's, and any other length. */
START_TEST(a_changed_signature_does_not_verify)
{
	swm_str payload;

	for (size_t i = 0; i < COUNT(vectors); i++) {
		size_t len = strlen(vectors[i].token);
		size_t start = (size_t)(strrchr(vectors[i].token, '.') + 1 - vectors[i].token);
		char *token = strdup(vectors[i].token);
		ck_assert_ptr_nonnull(token);
		token[len - 20] = token[len - 20] == 'A' ? 'B' : 'A';
		failed_with(verify(vectors[i].key, (swm_str){ token, len }, &payload), "PGRST301", 401, NO_KEY);
		size_t shorter = start + (len - start) / 4 * 4 - 4; /* still base64url */
		failed_with(verify(vectors[i].key, (swm_str){ vectors[i].token, shorter }, &payload),
		    "PGRST301", 401, NO_KEY);
		failed_with(verify(vectors[i].key, (swm_str){ vectors[i].token, start }, &payload),
		    "PGRST301", 401, NO_KEY);
		free(token);
	}
}
END_TEST

/* RFC 7515, appendix A.1 through the whole way: the token expired in 2011. */
START_TEST(the_first_example_as_a_whole)
{
	ck_assert_int_eq(OPEN({ "jwt-secret", A1_KEY }, { "db-anon-role", "anon" }), SWM_OK);
	ck_assert_int_eq(ask_at(SWM_STR(A1_TOKEN), 1300819300), SWM_OK);
	is(who.role, "anon");
	is(who.claims,
	    "{\"role\":\"anon\",\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}");
	refuses(SWM_STR(A1_TOKEN), "PGRST303", "JWT expired");
}
END_TEST

/* ---- algorithms and keys ---- */

START_TEST(the_three_hmacs)
{
	static const char payload[] = "{\"role\":\"r\"}";

	usual();
	accepts(sign_with(SECRET, EVP_sha256(), SWM_STR("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"),
	    swm_cstr(payload)), "r", payload);
	accepts(sign_with(SECRET, EVP_sha384(), SWM_STR("{\"alg\":\"HS384\"}"), swm_cstr(payload)),
	    "r", payload);
	accepts(sign_with(SECRET, EVP_sha512(), SWM_STR("{\"typ\":\"JWT\",\"alg\":\"HS512\"}"),
	    swm_cstr(payload)), "r", payload);
}
END_TEST

START_TEST(another_secret_or_digest)
{
	usual();
	refuses(sign_with("x" SECRET, EVP_sha256(), HS256, SWM_STR("{}")), "PGRST301", NO_KEY);
	is(swm_error_details(err), "None of the keys was able to decode the JWT");
	refuses(sign_with(SECRET, EVP_sha512(), HS256, SWM_STR("{}")), "PGRST301", NO_KEY);
	refuses(sign_with(SECRET, EVP_sha256(), SWM_STR("{\"alg\":\"HS512\"}"), SWM_STR("{}")),
	    "PGRST301", NO_KEY);
}
END_TEST

START_TEST(unsecured_and_unknown_algorithms)
{
	static const char *const headers[] = {
		"{\"alg\":\"none\"}", "{\"alg\":\"None\"}", "{\"alg\":\"hs256\"}",
		"{\"alg\":\"HS1\"}", "{\"alg\":\"\"}", "{\"alg\":\"dir\"}",
	};

	usual();
	for (size_t i = 0; i < COUNT(headers); i++)
		refuses(sign_with(SECRET, EVP_sha256(), swm_cstr(headers[i]), SWM_STR("{}")), "PGRST301",
		    UNSUPPORTED);
	/* RFC 7519, 6.1: an unsecured token has an empty signature */
	refuses(SWM_STR("eyJhbGciOiJub25lIn0.eyJyb2xlIjoicG9zdGdyZXMifQ."), "PGRST301", UNSUPPORTED);
	is(swm_error_details(err), "JWT is unsecured but expected 'alg' was not 'none'");
}
END_TEST

/* The attack of RFC 8725, 2.1: a public key used as the secret of an HMAC. */
START_TEST(a_public_key_is_no_secret)
{
	ck_assert_int_eq(OPEN({ "jwt-secret", A2_KEY }), SWM_OK);
	refuses(sign_with(A2_KEY, EVP_sha256(), HS256, AS_R), "PGRST301", NO_KEY);
	refuses(sign_with(A2_N, EVP_sha256(), HS256, AS_R), "PGRST301", NO_KEY);
	refuses(sign_with("", EVP_sha256(), HS256, AS_R), "PGRST301", NO_KEY);
}
END_TEST

START_TEST(unusable_headers)
{
	static const char *const headers[] = {
		"", "x", "[]", "\"HS256\"", "{}", "{\"alg\":1}", "{\"alg\":null}", "{\"Alg\":\"HS256\"}",
		"{\"alg\":\"HS256\"} x", "{\"alg\":\"HS256\\u0000\"}", "{\"alg\":\"HS256\",\"kid\":1}",
		/* RFC 7515, 4.1.11 */
		"{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", "{\"alg\":\"HS256\",\"crit\":[]}",
		"{\"alg\":\"HS256\",\"crit\":null}",
	};
	usual();
	for (size_t i = 0; i < COUNT(headers); i++)
		refuses(sign_with(SECRET, EVP_sha256(), swm_cstr(headers[i]), AS_R), "PGRST301", UNREADABLE);
}
END_TEST

START_TEST(keys_are_chosen_by_kid)
{
	static const char set[] = "{\"keys\":["
		"{\"kty\":\"oct\",\"kid\":\"a\",\"k\":\"" K_OF_A "\"},"
		"{\"kty\":\"oct\",\"kid\":\"b\",\"k\":\"YmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmI\"},"
		"{\"kty\":\"unheard of\"}," A3_KEY "]}";
	static const char a[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", b[] = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
	const EVP_MD *sha = EVP_sha256();
	swm_str payload = AS_R;

	ck_assert_int_eq(OPEN({ "jwt-secret", set }), SWM_OK);
	accepts(sign_with(a, sha, SWM_STR("{\"alg\":\"HS256\",\"kid\":\"a\"}"), payload), "r", payload.ptr);
	accepts(sign_with(b, sha, SWM_STR("{\"alg\":\"HS256\",\"kid\":\"b\"}"), payload), "r", payload.ptr);
	accepts(sign_with(b, sha, HS256, payload), "r", payload.ptr); /* each is tried */
	refuses(sign_with(b, sha, SWM_STR("{\"alg\":\"HS256\",\"kid\":\"a\"}"), payload), "PGRST301", NO_KEY);
	refuses(sign_with(b, sha, SWM_STR("{\"alg\":\"HS256\",\"kid\":\"c\"}"), payload), "PGRST301", NO_KEY);
	refuses(sign_with(b, sha, SWM_STR("{\"alg\":\"HS256\",\"kid\":\"\"}"), payload), "PGRST301", NO_KEY);
	usual(); /* a secret has no kid */
	refuses(sign_with(SECRET, sha, SWM_STR("{\"alg\":\"HS256\",\"kid\":\"a\"}"), payload),
	    "PGRST301", NO_KEY);
}
END_TEST

START_TEST(a_key_may_be_for_one_algorithm)
{
	static const char a[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

	ck_assert_int_eq(OPEN({ "jwt-secret",
	    "{\"kty\":\"oct\",\"alg\":\"HS512\",\"k\":\"" K_OF_A "\"}" }), SWM_OK);
	accepts(sign_with(a, EVP_sha512(), SWM_STR("{\"alg\":\"HS512\"}"), AS_R), "r", "{\"role\":\"r\"}");
	refuses(sign_with(a, EVP_sha256(), HS256, AS_R), "PGRST301", NO_KEY);
}
END_TEST

START_TEST(secrets_in_base64)
{
	static const char *const encoded[] = { /* of SECRET, padded and not, and of a key */
		"cmVhbGx5cmVhbGx5cmVhbGx5cmVhbGx5dmVyeXNhZmU=", "cmVhbGx5cmVhbGx5cmVhbGx5cmVhbGx5dmVyeXNhZmU",
		"eyJrdHkiOiJvY3QiLCJrIjoiY21WaGJHeDVjbVZoYkd4NWNtVmhiR3g1Y21WaGJHeDVkbVZ5ZVhOaFptVSJ9",
	};
	for (size_t i = 0; i < COUNT(encoded); i++) {
		ck_assert_int_eq(OPEN({ "jwt-secret", encoded[i] }, { "jwt-secret-is-base64", "true" }), SWM_OK);
		accepts(sign("{\"role\":\"r\"}"), "r", "{\"role\":\"r\"}");
	}
}
END_TEST

static void
unusable(const char *secret, const char *is_base64)
{
	swm_keys keys;

	swm_error_clear(err);
	int rc = swm_keys_parse(&keys, arena, swm_cstr(secret), is_base64[0] == 't', err);
	swm_keys_dispose(&keys);
	ck_assert_msg(rc == SWM_ECONFIG, "taken: %s", secret);
}

START_TEST(unusable_secrets)
{
	static const char *const secrets[] = {
		"0123456789012345678901234567890", /* 31 characters */
		/* what was meant as a key must never become a secret that others know */
		"{\"kty\":\"RSA\",\"n\":\"AQAB\" and here it was cut off",
		"-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA",
		"{}", "{\"keys\":[]}", "{\"keys\":{}}", "{\"keys\":[{\"kty\":\"x\"}]}", "{\"kty\":\"oct\"}",
		"{\"kty\":\"oct\",\"k\":\"c2hvcnQ\"}",
		"{\"kty\":\"oct\",\"k\":\"****************************************\"}",
		"{\"kty\":\"oct\",\"use\":\"enc\",\"k\":\"" K_OF_A "\"}",
		"{\"kty\":\"oct\",\"key_ops\":[\"sign\"],\"k\":\"" K_OF_A "\"}",
		"{\"kty\":\"oct\",\"alg\":\"RS256\",\"k\":\"" K_OF_A "\"}",
		"{\"kty\":\"oct\",\"alg\":\"A256GCM\",\"k\":\"" K_OF_A "\"}",
		"{\"kty\":\"oct\",\"kid\":7,\"k\":\"" K_OF_A "\"}",
		"{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", "{\"kty\":\"RSA\",\"n\":\"" A2_N "\"}",
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" A3_X "\",\"y\":\"" A3_X "\"}",
		/* no point of the curve */
		"{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" A3_X "\",\"y\":\"" A3_Y "\"}",
		"{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"" A3_X "\",\"y\":\"" A3_Y "\"}",
		"{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcH\"}",
	};
	for (size_t i = 0; i < COUNT(secrets); i++)
		unusable(secrets[i], "false");
	unusable("this is not base64 at all, is it?", "true");
}
END_TEST

/* ---- framing ---- */

START_TEST(parts_are_counted)
{
	usual();
	refuses(SWM_STR(""), "PGRST301", "Empty JWT is sent in Authorization header");
	refuses(SWM_STR("abc"), "PGRST301", "Expected 3 parts in JWT; got 1");
	refuses(SWM_STR("a.b"), "PGRST301", "Expected 3 parts in JWT; got 2");
	refuses(SWM_STR("a.b.c.d"), "PGRST301", "Expected 3 parts in JWT; got 4");
	refuses(SWM_STR("a.b.c.d.e"), "PGRST301", "Expected 3 parts in JWT; got 5"); /* an encrypted one */
	refuses(SWM_STR("...."), "PGRST301", "Expected 3 parts in JWT; got 5");
	refuses(SWM_STR(".."), "PGRST301", UNREADABLE);
	refuses(SWM_STR("e30.e30.e30"), "PGRST301", UNREADABLE);
}
END_TEST

/* Every beginning of a right token is refused. */
START_TEST(truncated_tokens)
{
	char token[400];

	usual();
	swm_str whole = sign("{\"role\":\"r\",\"exp\":1800000000}");
	ck_assert(whole.len < sizeof token);
	memcpy(token, whole.ptr, whole.len);
	ck_assert_int_eq(ask_at((swm_str){ token, whole.len }, NOW), SWM_OK);
	for (size_t n = 0; n < whole.len; n++) {
		ck_assert_int_eq(ask_at((swm_str){ token, n }, NOW), SWM_EAUTH);
		is(swm_error_code(err), "PGRST301");
	}
}
END_TEST

/* No bit of a token can be changed: neither of what is signed nor of what encodes the signature. */
START_TEST(changed_tokens)
{
	char token[400];

	usual();
	swm_str whole = sign("{\"role\":\"r\"}");
	ck_assert(whole.len < sizeof token);
	memcpy(token, whole.ptr, whole.len);
	for (size_t n = 0; n < whole.len; n++) {
		for (int bit = 0; bit < 8; bit++) {
			token[n] = (char)(whole.ptr[n] ^ (1 << bit));
			ck_assert_int_eq(ask_at((swm_str){ token, whole.len }, NOW), SWM_EAUTH);
		}
		token[n] = whole.ptr[n];
	}
}
END_TEST

START_TEST(huge_tokens)
{
	size_t len = 1024 * 1024;
	char *token = malloc(len);

	ck_assert_ptr_nonnull(token);
	usual();
	memset(token, 'A', len);
	refuses((swm_str){ token, len }, "PGRST301", UNREADABLE);
	memset(token, '.', len);
	refuses((swm_str){ token, len }, "PGRST301", UNREADABLE);
	token[40000] = '.'; /* a header beyond its bound in a token within its own */
	memset(token, 'A', 40000);
	refuses((swm_str){ token, 40002 }, "PGRST301", UNREADABLE);
	free(token);
}
END_TEST

/* ---- claims ---- */

START_TEST(claims_stay_as_they_were_signed)
{
	usual();
	accepts(sign("{\"role\":\"r\",\"price\":1.10,\"big\":12345678901234567890,\"s\":\"\\u00e4\\/\"}"), "r",
	        "{\"role\":\"r\",\"price\":1.10,\"big\":12345678901234567890,\"s\":\"\\u00e4\\/\"}");
	accepts(sign(" {\n\"sub\" : 1.0 , \"role\" : \"r\" } "), "r",
	    " {\n\"sub\" : 1.0 , \"role\" : \"r\" } ");
	accepts(sign("{\"a\":1,\"a\":2,\"r\\u006fle\":\"r\"}"), "r", "{\"a\":1,\"a\":2,\"r\\u006fle\":\"r\"}");
}
END_TEST

START_TEST(a_role_is_put_in_where_there_is_none)
{
	usual();
	accepts(sign("{}"), "anon", "{\"role\":\"anon\"}");
	accepts(sign(" { } "), "anon", " {\"role\":\"anon\" } ");
	accepts(sign("{\"a\":1.10}"), "anon", "{\"role\":\"anon\",\"a\":1.10}");
	accepts(sign("\n{ \"o\":{\"role\":\"x\"}}"), "anon", "\n{\"role\":\"anon\", \"o\":{\"role\":\"x\"}}");
	accepts(sign("{\"Role\":\"x\"}"), "anon", "{\"role\":\"anon\",\"Role\":\"x\"}");
	ck_assert_int_eq(OPEN({ "jwt-secret", SECRET }, { "jwt-role-claim-key", ".app.role" }, { "db-anon-role", "anon" }), SWM_OK);
	accepts(sign("{\"app\":{\"role\":\"a\\\"b\\\\\"}}"), "a\"b\\",
	    "{\"role\":\"a\\\"b\\\\\",\"app\":{\"role\":\"a\\\"b\\\\\"}}");
	accepts(sign("{\"role\":\"x\",\"app\":{\"role\":\"y\"}}"), "y",
	    "{\"role\":\"y\",\"app\":{\"role\":\"y\"}}");
	/* what is not the role must not be taken for it; the others stay as they are */
	accepts(sign("{ \"a\":1.10 , \"role\":[\"x\"], \"b\" : {\"role\":2} }"), "anon",
	    "{\"role\":\"anon\",\"a\":1.10,\"b\":{\"role\":2}}");
	accepts(sign("{\"ro\\u006ce\":\"x\",\"app\":{\"role\":\"y\"},\"role\":null}"), "y",
	    "{\"role\":\"y\",\"app\":{\"role\":\"y\"}}");
	accepts(sign("{\"role\":\"y\",\"app\":{\"role\":\"y\"}}"), "y", "{\"role\":\"y\",\"app\":{\"role\":\"y\"}}");
}
END_TEST

START_TEST(no_role_and_no_anonymous_one)
{
	ck_assert_int_eq(OPEN({ "jwt-secret", SECRET }), SWM_OK);
	refuses(sign("{}"), "PGRST302", "Anonymous access is disabled");
	failed_with(swm_auth_anonymous(auth, arena, &who, (swm_error_clear(err), err)), "PGRST302", 401,
	            "Anonymous access is disabled");
}
END_TEST

START_TEST(roles_that_nobody_may_have)
{
	static const struct {
		const char *payload, *message;
	} wrong[] = {
		{ "{\"role\":1}", "The role must be a string" },
		{ "{\"role\":null}", "The role must be a string" },
		{ "{\"role\":[\"r\"]}", "The role must be a string" },
		{ "{\"role\":{}}", "The role must be a string" },
		{ "{\"role\":true}", "The role must be a string" },
		{ "{\"role\":\"\"}", "The role must not be empty" },
		{ "{\"role\":\"none\"}", "The role must not be 'none'" },
		{ "{\"role\":\"NONE\"}", "The role must not be 'none'" },
		{ "{\"role\":\"\\u006eonE\"}", "The role must not be 'none'" },
		{ "{\"role\":\"r\",\"role\":\"none\"}", "The role must not be 'none'" },
		{ "{\"role\":\"none\\u0000x\"}", "Parsing claims failed" },
		{ "{\"role\\u0000\":\"r\"}", "Parsing claims failed" },
	};
	usual();
	for (size_t i = 0; i < COUNT(wrong); i++)
		refuses(sign(wrong[i].payload), "PGRST303", wrong[i].message);
}
END_TEST

START_TEST(payloads_that_are_no_object)
{
	static const char *const payloads[] = {
		"", "x", "[]", "\"r\"", "1", "null", "{\"a\":1", "{\"a\":1}x", "{'a':1}",
		"{\"a\":\"\xff\"}", "{\"a\":\"\xed\xa0\x80\"}", "\xef\xbb\xbf{}",
	};

	usual();
	for (size_t i = 0; i < COUNT(payloads); i++)
		refuses(sign(payloads[i]), "PGRST303", "Parsing claims failed");
	refuses(sign_with(SECRET, EVP_sha256(), HS256, (swm_str){ "{}\0", 3 }), "PGRST303",
	        "Parsing claims failed");
}
END_TEST

/* Bounds of 30 seconds on each side. */
START_TEST(times)
{
	static const struct {
		const char *payload, *message; /* NULL: accepted */
	} cases[] = {
		{ "{\"exp\":1700000001}", NULL },
		{ "{\"exp\":1699999971}", NULL },
		{ "{\"exp\":1699999969}", "JWT expired" },
		{ "{\"exp\":1699999969.9}", "JWT expired" },
		{ "{\"exp\":1699999971.5}", NULL },
		{ "{\"exp\":1e400}", NULL },
		{ "{\"exp\":99999999999999999999999999}", NULL },
		{ "{\"exp\":-1e400}", "JWT expired" },
		{ "{\"exp\":-99999999999999999999999999}", "JWT expired" },
		{ "{\"exp\":0}", "JWT expired" },
		{ "{\"nbf\":1700000029}", NULL },
		{ "{\"nbf\":1700000031}", "JWT not yet valid" },
		{ "{\"nbf\":1e400}", "JWT not yet valid" },
		{ "{\"nbf\":-1e400}", NULL },
		{ "{\"iat\":1700000029}", NULL },
		{ "{\"iat\":1700000031}", "JWT issued at future" },
		{ "{\"iat\":1700000030.5}", "JWT issued at future" },
		{ "{\"iat\":1e308}", "JWT issued at future" },
		{ "{\"exp\":1700000001,\"exp\":1}", "JWT expired" },
		{ "{\"exp\":\"1700000001\"}", "The JWT 'exp' claim must be a number" },
		{ "{\"exp\":null,\"nbf\":null,\"iat\":null}", NULL },
		{ "{\"nbf\":[]}", "The JWT 'nbf' claim must be a number" },
		{ "{\"iat\":true}", "The JWT 'iat' claim must be a number" },
	};
	usual();
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (cases[i].message != NULL)
			refuses(sign(cases[i].payload), "PGRST303", cases[i].message);
		else
			ck_assert_msg(ask_at(sign(cases[i].payload), NOW) == SWM_OK, "refused: %s", cases[i].payload);
	}
}
END_TEST

START_TEST(audiences)
{
	static const struct {
		const char *payload, *message;
	} cases[] = {
		{ "{}", NULL },
		{ "{\"aud\":null}", NULL },
		{ "{\"aud\":[]}", NULL },
		{ "{\"aud\":\"here\"}", NULL },
		{ "{\"aud\":[\"there\",\"here\"]}", NULL },
		{ "{\"aud\":\"there\"}", "JWT not in audience" },
		{ "{\"aud\":\"\"}", "JWT not in audience" },
		{ "{\"aud\":\"here \"}", "JWT not in audience" },
		{ "{\"aud\":\"Here\"}", "JWT not in audience" },
		{ "{\"aud\":[\"there\",\"her\"]}", "JWT not in audience" },
		{ "{\"aud\":1}", "The JWT 'aud' claim must be a string or an array of strings" },
		{ "{\"aud\":{}}", "The JWT 'aud' claim must be a string or an array of strings" },
		{ "{\"aud\":[\"here\",1]}", "The JWT 'aud' claim must be a string or an array of strings" },
		{ "{\"aud\":[null]}", "The JWT 'aud' claim must be a string or an array of strings" },
		{ "{\"aud\":\"there\",\"exp\":1}", "JWT expired" },
	};
	ck_assert_int_eq(OPEN({ "jwt-secret", SECRET }, { "db-anon-role", "anon" }, { "jwt-aud",
	    "here" }), SWM_OK);
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (cases[i].message != NULL)
			refuses(sign(cases[i].payload), "PGRST303", cases[i].message);
		else
			ck_assert_msg(ask_at(sign(cases[i].payload), NOW) == SWM_OK, "refused: %s", cases[i].payload);
	}
	usual(); /* without jwt-aud every audience is right, but a number is none */
	ck_assert_int_eq(ask_at(sign("{\"aud\":\"there\"}"), NOW), SWM_OK);
	ck_assert_int_eq(ask_at(sign("{\"aud\":[\"there\"]}"), NOW), SWM_OK);
	refuses(sign("{\"aud\":1}"), "PGRST303", "The JWT 'aud' claim must be a string or an array of strings");
}
END_TEST

START_TEST(no_secret)
{
	ck_assert_int_eq(OPEN({ "db-anon-role", "anon" }), SWM_OK);
	failed_with(ask_at(sign("{\"role\":\"r\"}"), NOW), "PGRST300", 500, "Server lacks JWT secret");
}
END_TEST

/* ---- without a token ---- */

START_TEST(the_anonymous_role)
{
	ck_assert_int_eq(OPEN({ "db-anon-role", "web \"anon\"" }), SWM_OK);
	ck_assert_int_eq(swm_auth_anonymous(auth, arena, &who, err), SWM_OK);
	is(who.role, "web \"anon\"");
	is(who.claims, "{\"role\":\"web \\\"anon\\\"\"}");
	ck_assert(!who.authenticated);
}
END_TEST

START_TEST(a_role_of_the_program)
{
	static const swm_str wrong[] = { { NULL, 0 }, { "", 0 }, { "none", 4 }, { "None", 4 },
	    { "a\0b", 3 }, { "\xff", 1 } };

	ck_assert_int_eq(OPEN({ "jwt-secret", SECRET }), SWM_OK);
	ck_assert_int_eq(swm_auth_role(auth, arena, SWM_STR("swm_reader"), &who, err), SWM_OK);
	is(who.role, "swm_reader");
	is(who.claims, "{\"role\":\"swm_reader\"}");
	for (size_t i = 0; i < COUNT(wrong); i++) {
		swm_error_clear(err);
		ck_assert_int_eq(swm_auth_role(auth, arena, wrong[i], &who, err), SWM_EAUTH);
	}
}
END_TEST

START_TEST(authorization_fields)
{
	static const struct {
		const char *field, *token; /* NULL: no bearer */
	} cases[] = {
		{ "Bearer abc", "abc" },   { "bearer abc", "abc" }, { "BEARER   abc  ", "abc" },
		{ "  Bearer\tabc", "abc" },
		{ "Bearer", "" },          { "bearer ", "" },       { "Bearer a b", "a b" },     { "", NULL },
		{ "Basic dXNlcjpwdw==", NULL }, { "Bearerabc", NULL },   { "Beare", NULL },
		              { "Bearer:abc", NULL },
		{ "abc", NULL },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		swm_str token = SWM_STR("untouched");
		bool bearer = swm_auth_bearer(swm_cstr(cases[i].field), &token);
		ck_assert_msg(bearer == (cases[i].token != NULL), "%s", cases[i].field);
		is(token, cases[i].token != NULL ? cases[i].token : "untouched");
	}
	swm_str token;
	ck_assert(!swm_auth_bearer((swm_str){ NULL, 0 }, &token));
}
END_TEST

/* ---- the path of the role ---- */

static void
leads_to(const char *path, const char *claims, const char *wanted)
{
	const swm_jspath *parsed;
	swm_str text = { NULL, 0 };

	ck_assert_msg(swm_jspath_parse(&parsed, arena, swm_cstr(path), err) == SWM_OK, "no path: %s", path);
	swm_json *doc = swm_json_parse(swm_cstr(claims));
	ck_assert_ptr_nonnull(doc);
	enum swm_json_type type = swm_jspath_find(parsed, doc, &text);
	if (wanted == NULL)
		ck_assert_msg(type == SWM_JSON_NONE, "%s leads somewhere", path);
	else
		ck_assert_msg(type == SWM_JSON_STRING && swm_str_eq(text, swm_cstr(wanted)),
		    "%s: %.*s, not %s", path,
		              (int)text.len, text.ptr, wanted);
	swm_json_free(doc);
}

START_TEST(paths_of_the_documentation)
{
	static const char roles[] = "{\"postgrest\":{\"roles\":[\"other\",\"author\"]}}";
	static const char groups[] = "{\"postgrest\":{\"wlcg\":[\"/groupa\",\"/groupb/\"]}}";

	leads_to(".postgrest.roles[1]", roles, "author");
	leads_to(".\"https://www.example.com/role\".key",
	    "{\"https://www.example.com/role\":{\"key\":\"author\"}}", "author");
	leads_to(".postgrest.roles[?(@ == \"author\")]", roles, "author");
	leads_to(".postgrest.roles[?(@ != \"other\")]", roles, "author");
	leads_to(".postgrest.roles[?(@ ^== \"aut\")]", roles, "author");
	leads_to(".postgrest.roles[?(@ ==^ \"hor\")]", roles, "author");
	leads_to(".postgrest.roles[?(@ *== \"utho\")]", roles, "author");
	leads_to(".postgrest.wlcg[0][1:]", groups, "groupa");
	leads_to(".postgrest.wlcg[1][1:-1]", groups, "groupb");
}
END_TEST

/* RFC 9535; PostgREST 16's default is $.role */
START_TEST(paths_from_the_root)
{
	static const char roles[] = "{\"a b\":{\"roles\":[\"x\",\"y\",\"z\"]},\"role\":\"r\"}";

	leads_to("$.role", roles, "r");
	leads_to("$['role']", roles, "r");
	leads_to("$[\"a b\"].roles[0]", roles, "x");
	leads_to("$['a b']['roles'][-1]", roles, "z");
	leads_to("$['a b'].roles[-3]", roles, "x");
	leads_to("$['a b'].roles[-4]", roles, NULL);
	leads_to("$['a b'].roles[?@ == 'y']", roles, "y");
	leads_to("$['a b'].roles[?(@ != \"x\")]", roles, "y");
	leads_to("$.nothing", roles, NULL);
	/* PostgREST's references/auth: JWT Role Extraction, and its guide to version 16 */
	leads_to("$.postgrest.roles[?search(@, '^au')]", "{\"postgrest\":{\"roles\":[\"other\", \"author\"]}}", "author");
	leads_to("$.roles[?search(@, \"^postgrest_test_\")]", "{\"roles\":[1,\"a\",\"postgrest_test_x\",\"postgrest_test_y\"]}",
	    "postgrest_test_x");
	leads_to("$.a[?(search( @ , 'r$' ))]", "{\"a\":[\"rx\",\"xr\"]}", "xr");
	leads_to("$.a[?search(@, '(b|c){2}')]", "{\"a\":[\"ab\",\"abc\"]}", "abc");
	leads_to("$.a[?search(@, 'z')]", "{\"a\":[\"ab\"]}", NULL);
}
END_TEST

START_TEST(more_paths)
{
	leads_to(".role", "{\"role\":\"r\"}", "r");
	leads_to(".a_$@1", "{\"a_$@1\":\"r\"}", "r");
	leads_to(".r\xc3\xb4le", "{\"r\\u00f4le\":\"r\"}", "r");
	leads_to(".\"\"", "{\"\":\"r\"}", "r");
	leads_to(".a[0][1].b", "{\"a\":[[1,{\"b\":\"r\"}]]}", "r");
	leads_to("[0]", "[\"r\"]", "r");
	leads_to(".a[?(@==\"x\")]", "{\"a\":[1,null,\"x\"]}", "x");
	leads_to(".a[?( @ != \"x\" )]", "{\"a\":[\"x\",1,\"y\"]}", "y");
	/* nothing there */
	leads_to(".role", "{}", NULL);
	leads_to(".role", "{\"Role\":\"r\"}", NULL);
	leads_to(".role", "[]", NULL);
	leads_to(".a.b", "{\"a\":\"r\"}", NULL);
	leads_to(".a[2]", "{\"a\":[\"x\",\"y\"]}", NULL);
	leads_to(".a[9223372036854775807]", "{\"a\":[\"x\"]}", NULL);
	leads_to(".a[0]", "{\"a\":{\"0\":\"x\"}}", NULL);
	leads_to(".a[?(@ == \"z\")]", "{\"a\":[\"x\"]}", NULL);
	leads_to(".a[?(@ == \"x\")]", "{\"a\":\"x\"}", NULL);
	leads_to(".a[1:].b", "{\"a\":\"xyz\"}", NULL);
}
END_TEST

/* Python's rules, in characters. */
START_TEST(slices)
{
	static const struct {
		const char *slice, *wanted;
	} cases[] = {
		{ "[:]", "h\xc3\xa9llo" }, { "[1:]", "\xc3\xa9llo" }, { "[:2]", "h\xc3\xa9" }, { "[1:3]",
		"\xc3\xa9l" },
		{ "[-2:]", "lo" },         { "[:-2]", "h\xc3\xa9l" }, { "[-4:-3]", "\xc3\xa9" }, { "[3:1]", "" },
		{ "[5:]", "" },            { "[99:]", "" },           { "[:99]", "h\xc3\xa9llo" },
		{ "[-99:1]", "h" },
		{ "[:-99]", "" },          { "[1:][1:]", "llo" },
		        { "[-9223372036854775808:9223372036854775807]", "h\xc3\xa9llo" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		char path[80];
		snprintf(path, sizeof path, ".a%s", cases[i].slice);
		leads_to(path, "{\"a\":\"h\\u00e9llo\"}", cases[i].wanted);
	}
}
END_TEST

START_TEST(what_is_no_path)
{
	static const char *const paths[] = {
		"", "role", ".", "..a", ".a.", ".a b", ".a-b", " .a", ".a ", ".\"a", ".a\"b\"", "[", "[]",
		"[a]", "[1", "[-1]",
		"[1:2", "[1:2:3]", "[99999999999999999999]", "[1:99999999999999999999]", "[-:]", "[?(@ == \"a\")",
		"[?(@ == a)]", "[?(@ = \"a\")]", "[?(\"a\" == @)]", "[?(@ == \"a)]", "[?@ == \"a\"]",
		".a[?(@ === \"a\")]", ".a[?search(@, 'x')]", "$.a[?search(@, '(')]", "$.a[?search(@)]",
		"$.a[?search (@, 'x')]", "$.a[?search(@, 'x']", "$role", "$.", "$['a'", "$['a]", "['a']", "$$.a",
	};
	const swm_jspath *parsed;

	for (size_t i = 0; i < COUNT(paths); i++) {
		swm_error_clear(err);
		ck_assert_msg(swm_jspath_parse(&parsed, arena, swm_cstr(paths[i]), err) == SWM_ECONFIG,
		    "taken: %s", paths[i]);
	}
}
END_TEST

/* ---- RFC 9535 ---- */

static void
print_json(const swm_json *value, swm_buf *to)
{
	bool object = swm_json_type_of(value) == SWM_JSON_OBJECT;

	switch (swm_json_type_of(value)) {
	case SWM_JSON_STRING:
		swm_buf_printf(to, "\"%.*s\"", (int)swm_json_string(value).len, swm_json_string(value).ptr);
		return;
	case SWM_JSON_NUMBER:
		swm_buf_printf(to, "%g", swm_json_number(value));
		return;
	case SWM_JSON_BOOL:
		swm_buf_cstr(to, swm_json_bool(value) ? "true" : "false");
		return;
	case SWM_JSON_ARRAY:
	case SWM_JSON_OBJECT:
		swm_buf_char(to, object ? '{' : '[');
		for (const swm_json *child = swm_json_first(value); child != NULL; child = swm_json_next(child)) {
			if (child != swm_json_first(value))
				swm_buf_char(to, ',');
			if (object)
				swm_buf_printf(to, "\"%.*s\":", (int)swm_json_name(child).len, swm_json_name(child).ptr);
			print_json(child, to);
		}
		swm_buf_char(to, object ? '}' : ']');
		return;
	default:
		swm_buf_cstr(to, value == NULL ? "nothing" : "null");
	}
}

/* The first node that a query selects, as JSON; "nothing" when it selects none. */
static void
selects(const char *document, const char *query, const char *first)
{
	const swm_jsonpath *path;
	const swm_json *found;
	swm_buf text = SWM_BUF_INIT;
	swm_json *doc = swm_json_parse(swm_cstr(document));

	ck_assert_ptr_nonnull(doc);
	ck_assert_msg(swm_jsonpath_parse(&path, arena, swm_cstr(query)) == SWM_OK, "no query: %s", query);
	ck_assert(swm_jsonpath_first(&found, path, doc));
	print_json(found, &text);
	ck_assert_msg(strcmp(swm_buf_text(&text), first) == 0, "%s: %s, not %s", query, swm_buf_text(&text), first);
	swm_buf_dispose(&text);
	swm_json_free(doc);
}

struct example {
	const char *query, *first;
};

static void
select_all(const char *document, const struct example *examples, size_t count)
{
	for (size_t i = 0; i < count; i++)
		selects(document, examples[i].query, examples[i].first);
}

/* 1.5, table 2 */
START_TEST(rfc_9535_the_book_store)
{
	static const char store[] = "{\"store\":{\"book\":["
		"{\"category\":\"reference\",\"author\":\"Nigel Rees\",\"title\":\"Sayings of the Century\",\"price\":8.95},"
		"{\"category\":\"fiction\",\"author\":\"Evelyn Waugh\",\"title\":\"Sword of Honour\",\"price\":12.99},"
		"{\"category\":\"fiction\",\"author\":\"Herman Melville\",\"title\":\"Moby Dick\","
		"\"isbn\":\"0-553-21311-3\",\"price\":8.99},"
		"{\"category\":\"fiction\",\"author\":\"J. R. R. Tolkien\",\"title\":\"The Lord of the Rings\","
		"\"isbn\":\"0-395-19395-8\",\"price\":22.99}],"
		"\"bicycle\":{\"color\":\"red\",\"price\":399}}}";
	static const struct example examples[] = {
		{ "$.store.book[*].author", "\"Nigel Rees\"" },
		{ "$..author", "\"Nigel Rees\"" },
		{ "$.store..price", "8.95" },
		{ "$..book[2].author", "\"Herman Melville\"" },
		{ "$..book[2].publisher", "nothing" },
		{ "$..book[-1].title", "\"The Lord of the Rings\"" },
		{ "$..book[0,1].title", "\"Sayings of the Century\"" },
		{ "$..book[:2].title", "\"Sayings of the Century\"" },
		{ "$..book[?@.isbn].title", "\"Moby Dick\"" },
		{ "$..book[?@.price<10].title", "\"Sayings of the Century\"" },
		{ "$..bicycle.color", "\"red\"" },
		{ "$..[?@.price > 20].title", "\"The Lord of the Rings\"" },
	};
	select_all(store, examples, COUNT(examples));
}
END_TEST

/* 2.3.1.3, 2.3.2.3, 2.3.3.3, 2.3.4.3, 2.5.1.3, 2.5.2.3, 2.6.1 */
START_TEST(rfc_9535_selectors_and_segments)
{
	static const struct example names[] = {
		{ "$.o['j j']", "{\"k.k\":3}" }, { "$.o['j j']['k.k']", "3" }, { "$.o[\"j j\"][\"k.k\"]", "3" },
		{ "$[\"'\"][\"@\"]", "2" },      { "$['\\'']['@']", "2" },
	};
	static const struct example wildcards[] = {
		{ "$[*]", "{\"j\":1,\"k\":2}" }, { "$.o[*]", "1" }, { "$.o[*, *]", "1" }, { "$.a[*]", "5" }, { "$.a.*", "5" },
	};
	static const struct example elements[] = {
		{ "$[1]", "\"b\"" },    { "$[-2]", "\"f\"" },     { "$[7]", "nothing" },   { "$[-8]", "nothing" },
		{ "$[1:3]", "\"b\"" },  { "$[5:]", "\"f\"" },     { "$[1:5:2]", "\"b\"" }, { "$[5:1:-2]", "\"f\"" },
		{ "$[::-1]", "\"g\"" }, { "$[3:1]", "nothing" },  { "$[::0]", "nothing" }, { "$[-2:]", "\"f\"" },
		{ "$[0, 3]", "\"a\"" }, { "$[0:2, 5]", "\"a\"" }, { "$[9, 3]", "\"d\"" }, { "$[ -1 : 0 : -3 ]", "\"g\"" },
		{ "$[-99:1]", "\"a\"" }, { "$[:-99]", "nothing" }, { "$[:-99:-1]", "\"g\"" }, { "$.a", "nothing" },
	};
	static const struct example descendants[] = {
		{ "$..j", "1" },       { "$..[0]", "5" },        { "$..[*]", "{\"j\":1,\"k\":2}" }, { "$..*", "{\"j\":1,\"k\":2}" },
		{ "$..o", "{\"j\":1,\"k\":2}" }, { "$.o..[*, *]", "1" }, { "$.a..[0, 1]", "5" }, { "$.a..k", "6" },
		{ "$..['k']", "2" },   { "$.a..j", "4" },        { "$ .a [2] ..k", "6" },
	};
	static const struct example nulls[] = {
		{ "$.a", "null" },     { "$.a[0]", "nothing" },    { "$.a.d", "nothing" },         { "$.b[0]", "null" },
		{ "$.b[*]", "null" },  { "$.b[?@]", "null" },      { "$.b[?@==null]", "null" }, { "$.c[?@.d==null]", "nothing" },
		{ "$.null", "1" },     { "$", "{\"a\":null,\"b\":[null],\"c\":[{}],\"null\":1}" },
	};
	select_all("{\"o\":{\"j j\":{\"k.k\":3}},\"'\":{\"@\":2}}", names, COUNT(names));
	select_all("{\"o\":{\"j\":1,\"k\":2},\"a\":[5,3]}", wildcards, COUNT(wildcards));
	select_all("[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\"]", elements, COUNT(elements));
	select_all("{\"o\":{\"j\":1,\"k\":2},\"a\":[5,3,[{\"j\":4},{\"k\":6}]]}", descendants, COUNT(descendants));
	select_all("{\"a\":null,\"b\":[null],\"c\":[{}],\"null\":1}", nulls, COUNT(nulls));
	selects("{\"\xe2\x98\xba\":{\"a_1\":\"x\"}}", "$.\xe2\x98\xba.a_1", "\"x\"");
	selects("{\"\\ud83e\\udd14/\":1}", "$['\\uD83E\\uDD14\\/']", "1");
}
END_TEST

/* 2.3.5.3, tables 11 and 12 */
START_TEST(rfc_9535_filters)
{
	static const struct {
		const char *comparison;
		bool holds;
	} comparisons[] = {
		{ "$.absent1 == $.absent2", true }, { "$.absent1 <= $.absent2", true }, { "$.absent == 'g'", false },
		{ "$.absent1 != $.absent2", false }, { "$.absent != 'g'", true }, { "1 <= 2", true }, { "1 > 2", false },
		{ "13 == '13'", false }, { "'a' <= 'b'", true }, { "'a' > 'b'", false }, { "$.obj == $.arr", false },
		{ "$.obj != $.arr", true }, { "$.obj == $.obj", true }, { "$.obj != $.obj", false }, { "$.arr == $.arr", true },
		{ "$.arr != $.arr", false }, { "$.obj == 17", false }, { "$.obj != 17", true }, { "$.obj <= $.arr", false },
		{ "$.obj < $.arr", false }, { "$.obj <= $.obj", true }, { "$.arr <= $.arr", true }, { "1 <= $.arr", false },
		{ "1 >= $.arr", false }, { "1 > $.arr", false }, { "1 < $.arr", false }, { "true <= true", true },
		{ "true > true", false }, { "-0 == 0", true }, { "1.5e1 == 15", true }, { "'' < 'a'", true }, { "null==null", true },
	};
	static const struct example examples[] = {
		{ "$.a[?@.b == 'kilo']", "{\"b\":\"kilo\"}" }, { "$.a[?(@.b == 'kilo')]", "{\"b\":\"kilo\"}" },
		{ "$.a[?@>3.5]", "5" }, { "$.a[?@.b]", "{\"b\":\"j\"}" }, { "$[?@.*].p", "1" }, { "$[?@[?@.b]][0]", "3" },
		{ "$.o[?@<3, ?@<3]", "1" }, { "$.a[?@<2 || @.b == \"k\"]", "1" }, { "$.a[?match(@.b, \"[jk]\")]", "{\"b\":\"j\"}" },
		{ "$.a[?search(@.b, \"[jk]\")]", "{\"b\":\"j\"}" }, { "$.o[?@>1 && @<4]", "2" }, { "$.o[?@.u || @.x]", "{\"u\":6}" },
		{ "$.a[?@.b == $.x]", "3" }, { "$.a[?@ == @]", "3" }, { "$.a[?!@.b && @ > 5]", "6" }, { "$.a[?!(@ < 6)]", "6" },
		{ "$.a[?@.b && !match(@.b, 'j|k')]", "{\"b\":{}}" }, { "$.o[?@ > 2 || @ == 1 && @ == 2]", "3" },
		{ "$.a[?@.b==$.a[7].b].b", "\"k\"" }, { "$.e[?@ == 'f']", "nothing" },
	};
	for (size_t i = 0; i < COUNT(comparisons); i++) {
		char query[80];
		snprintf(query, sizeof query, "$[?%s]", comparisons[i].comparison);
		selects("{\"obj\":{\"x\":\"y\"},\"arr\":[2,3]}", query, comparisons[i].holds ? "{\"x\":\"y\"}" : "nothing");
	}
	select_all("{\"a\":[3,5,1,2,4,6,{\"b\":\"j\"},{\"b\":\"k\"},{\"b\":{}},{\"b\":\"kilo\"}],"
	           "\"o\":{\"p\":1,\"q\":2,\"r\":3,\"s\":5,\"t\":{\"u\":6}},\"e\":\"f\"}", examples, COUNT(examples));
}
END_TEST

/* 2.4 */
START_TEST(rfc_9535_functions)
{
	static const struct example examples[] = {
		{ "$[?length(@.authors) >= 2].n", "1" },       { "$[?count(@.*) >= 4].n", "2" },
		{ "$[?match(@.date, \"1974-05-..\")].n", "2" }, { "$[?search(@.author, \"[BR]ob\")].n", "3" },
		{ "$[?value(@..color) == \"red\"].n", "4" },   { "$[?length(@.author) == 4].n", "5" },
		{ "$[?length(@) < 2].n", "6" },                { "$[?count(@..*) == 1].n", "6" },
		{ "$[?match(@.date, '74')].n", "nothing" },    { "$[?length(@.n) == 1]", "nothing" },
		{ "$[?search(@.author, $[5].pattern)].n", "5" },
	};
	select_all("[{\"n\":1,\"authors\":[\"x\",\"y\"]},{\"n\":2,\"date\":\"1974-05-11\",\"a\":0,\"b\":0},"
	           "{\"n\":3,\"author\":\"Rob P.\",\"z\":0},{\"n\":4,\"x\":{\"color\":\"red\"},\"y\":0},"
	           "{\"n\":5,\"author\":\"h\xc3\xa9lo\",\"y\":0},{\"pattern\":\"^h.*o$\",\"n\":0,\"m\":0},{\"n\":6}]", examples,
	           COUNT(examples));
}
END_TEST

/* 2.1.1, 2.4.9 and others: not well-formed, or not valid */
START_TEST(rfc_9535_what_is_no_query)
{
	static const char *const queries[] = {
		"", " $", "$ ", "@", "$..", "$. a", "$.1a", "$.a-b", "$[]", "$[1", "$[01]", "$[-0]", "$[-01]", "$[9007199254740992]",
		"$[1:2:3:4]", "$[1:-0]", "$['a]", "$['\\a']", "$['\\u12']", "$['\\ud800']", "$['\\udc00\\ud800']", "$[\"\\'\"]",
		"$['\t']", "$[a]", "$[*", "$[1,]", "$[?]", "$[?@", "$[?1]", "$[?'a']", "$[?true]", "$[?@.*==1]", "$[?@..a==1]",
		"$[?@[0,1]==1]", "$[?@[1:2]==1]", "$[?@.a=1]", "$[?@.a===1]", "$[?@.a==01]", "$[?@.a==1.]", "$[?@.a==1e]", "$[?@.a==.5]",
		"$[?@.a==+1]", "$[?@.a==[1]]", "$[?@.a &]", "$[?@.a && ]", "$[?(@.a]", "$[?!1]", "$[?!@.a==1]", "$[?@.a==@.b==@.c]",
		"$[?length(@.*) < 3]", "$[?count(1) == 1]", "$[?match(@.timezone, 'Europe/.*') == true]", "$[?value(@..color)]",
		"$[?length(@.a)]", "$[?count(@.a, @.b) == 1]", "$[?foo(@.a)]", "$[?length (@.a)==1]", "$[?match(@.a)]",
		"$[?search(@.a, '[')]", "$[?length(match(@.a, 'x'))==1]", "$.a.", "$.a b", "$...a", "$.[0]", "$..[",
	};
	const swm_jsonpath *path;

	for (size_t i = 0; i < COUNT(queries); i++)
		ck_assert_msg(swm_jsonpath_parse(&path, arena, swm_cstr(queries[i])) == SWM_ECONFIG, "taken: %s", queries[i]);
	/* filters in each other have an end, as recursion must */
	char deep[400] = "$";
	for (size_t i = 0; i < 90; i++)
		strcat(deep, "[?@");
	ck_assert_int_eq(swm_jsonpath_parse(&path, arena, swm_cstr(deep)), SWM_ECONFIG);
}
END_TEST

/* RFC 9485: what matches the whole text (m), is found in it (s), or neither; and our ^ and $. */
START_TEST(rfc_9485)
{
	static const struct {
		const char *expression, *text, *how;
	} examples[] = {
		{ "", "", "ms" }, { "", "a", "s" }, { "a", "a", "ms" }, { "a", "ba", "s" }, { "a", "b", "" },
		{ "a|b", "b", "ms" }, { "ab|cd", "abd", "s" }, { "a|b|cd", "cd", "ms" }, { "|a", "a", "ms" }, { "a|", "", "ms" },
		{ "(a|b)c", "bc", "ms" }, { "(a|b)c", "ac", "ms" }, { "((a))", "a", "ms" }, { "()", "", "ms" },
		/* the whole text is meant by each alternative */
		{ "a|bc", "ac", "s" },
		/* quantifiers */
		{ "a*", "", "ms" }, { "a*", "aaa", "ms" }, { "a+", "", "" }, { "a+", "aaa", "ms" }, { "a?b", "ab", "ms" },
		{ "a?b", "b", "ms" }, { "a?b", "aab", "s" }, { "a{2}", "aa", "ms" }, { "a{2}", "a", "" }, { "a{2}", "aaa", "s" },
		{ "a{1,2}", "aa", "ms" }, { "a{1,2}", "aaa", "s" }, { "a{2,}", "a", "" }, { "a{2,}", "aaaa", "ms" },
		{ "a{0,2}b", "b", "ms" }, { "a{0}b", "b", "ms" }, { "a{0}b", "ab", "s" }, { "(ab){2,3}", "ababab", "ms" },
		{ "(ab|c)*d", "abcabd", "ms" }, { "(a*)*b", "aaab", "ms" }, { "(a*)+", "", "ms" }, { "(a?){3}", "aa", "ms" },
		{ "x(a|b){2,}y", "xabay", "ms" }, { "x(a|b){2,}y", "xay", "" },
		/* . is one character, but no end of a line */
		{ "a.c", "a\xe2\x82\xac" "c", "ms" }, { "...", "h\xc3\xa9l", "ms" }, { ".", "\n", "" }, { ".", "\r", "" },
		{ ".", "\xf0\x9f\x98\x80", "ms" }, { "\xc3\xa9+", "\xc3\xa9\xc3\xa9", "ms" },
		/* classes */
		{ "[abc]", "b", "ms" }, { "[^abc]", "b", "" }, { "[^abc]", "\n", "ms" }, { "[a-cx]", "x", "ms" }, { "[a-c]", "d", "" },
		{ "[-a]", "-", "ms" }, { "[a-]", "-", "ms" }, { "[^-a]", "b", "ms" }, { "[-]", "-", "ms" }, { "[\\]\\-\\\\]+", "]-\\", "ms" },
		{ "[\\^a]", "^", "ms" }, { "[a^]", "^", "ms" }, { "[.*$]", ".", "ms" }, { "[.*$]", "a", "" }, { "[\\n\\t]", "\t", "ms" },
		{ "[\xc3\xa0-\xc3\xbf]", "\xc3\xa9", "ms" }, { "[0-9]{4}-[0-9]{2}", "2026-11", "ms" },
		/* escapes */
		{ "\\.", "a", "" }, { "\\.", ".", "ms" }, { "\\(\\)\\*\\+\\-\\?\\[\\]\\^\\{\\|\\}\\\\", "()*+-?[]^{|}\\", "ms" },
		{ "a\\nb\\rc\\td", "a\nb\rc\td", "ms" },
		/* characters that mean something elsewhere */
		{ "a-b,c/d#e", "a-b,c/d#e", "ms" }, { "/\"':=!<>&~@%_`;", "/\"':=!<>&~@%_`;", "ms" },
		/* beyond the RFC */
		{ "^a", "ab", "s" }, { "^a", "ba", "" }, { "a$", "ba", "s" }, { "a$", "ab", "" }, { "^a$", "a", "ms" }, { "^$", "", "ms" },
		{ "x|^a", "ba", "" }, { "\\^a", "^a", "ms" }, { "a[$]", "a$", "ms" },
	};

	for (size_t i = 0; i < COUNT(examples); i++) {
		swm_iregexp *re;
		swm_str text = swm_cstr(examples[i].text);
		ck_assert_msg(swm_iregexp_new(&re, swm_cstr(examples[i].expression)) == SWM_OK, "refused: %s", examples[i].expression);
		ck_assert_msg(swm_iregexp_matches(re, text, true) == (strchr(examples[i].how, 'm') != NULL) &&
		              swm_iregexp_matches(re, text, false) == (strchr(examples[i].how, 's') != NULL),
		              "%s in %s", examples[i].expression, examples[i].text);
		swm_iregexp_free(re);
	}
}
END_TEST

START_TEST(rfc_9485_what_is_no_expression)
{
	static const char *const expressions[] = {
		"*", "+a", "?", "a**", "a+?", "a{", "a{}", "a{,2}", "a{2", "a{2,1}", "a{x}", "{2}", "a}", "(", "a)", "(a", "(?:a)", "[", "[]",
		"[^]", "[a", "a]", "[b-a]", "[a-b-c]", "[a--]", "[[:alpha:]]", "[a[b]]", "\\", "a\\", "\\d", "\\w", "\\b", "\\s", "\\1", "\\$",
		"\\/", "[\\d]", "\\p{L}", "\\P{Nd}", "[\\p{Lu}]", "^*", "$+", "a{1001}", "(a{100}){100}", "a\xff", "a{99999999999999999999}",
	};
	swm_buf deep = SWM_BUF_INIT;
	swm_iregexp *re;

	for (size_t i = 0; i < COUNT(expressions); i++) {
		ck_assert_msg(swm_iregexp_new(&re, swm_cstr(expressions[i])) == SWM_ECONFIG, "taken: %s", expressions[i]);
		ck_assert_ptr_null(re);
	}
	for (size_t i = 0; i < 100000; i++)
		swm_buf_char(&deep, '(');
	ck_assert_int_eq(swm_iregexp_new(&re, swm_buf_view(&deep)), SWM_ECONFIG);
	swm_buf_dispose(&deep);
}
END_TEST

/* A set is looked through for each character, so its ranges count. */
START_TEST(the_cost_of_sets)
{
	swm_buf text = SWM_BUF_INIT;
	swm_iregexp *re;

	swm_buf_cstr(&text, "([");
	for (int i = 0; i < 100; i++)
		swm_buf_cstr(&text, "b");
	swm_buf_cstr(&text, "]|a){50}");
	ck_assert_int_eq(swm_iregexp_new(&re, swm_buf_view(&text)), SWM_OK);
	ck_assert_uint_ge(swm_iregexp_cost(re), 50 * 100);
	swm_iregexp_free(re);
	swm_buf_dispose(&text);
}
END_TEST

/* An expression that makes others try a power of the text's length. */
START_TEST(a_search_has_an_end)
{
	swm_buf text = SWM_BUF_INIT;
	swm_iregexp *re;

	for (size_t i = 0; i < 10000; i++)
		swm_buf_char(&text, 'a');
	ck_assert_int_eq(swm_iregexp_new(&re, SWM_STR("(a*)*(a|aa)+b")), SWM_OK);
	ck_assert(!swm_iregexp_matches(re, swm_buf_view(&text), false));
	ck_assert(!swm_iregexp_matches(re, swm_buf_view(&text), true));
	swm_buf_char(&text, 'b');
	ck_assert(swm_iregexp_matches(re, swm_buf_view(&text), true));
	swm_iregexp_free(re);
	swm_buf_dispose(&text);
}
END_TEST

/* A power of the document's size is not walked, and what it would have led to is no role. */
START_TEST(a_walk_has_an_end)
{
	swm_buf text = SWM_BUF_INIT;
	const swm_jspath *path;
	swm_str role;

	swm_buf_cstr(&text, "{\"role\":\"r\",\"a\":[");
	for (int i = 0; i < 3000; i++)
		swm_buf_cstr(&text, i == 0 ? "[0,[1]]" : ",[0,[1]]");
	swm_buf_cstr(&text, "]}");
	swm_json *doc = swm_json_parse(swm_buf_view(&text));
	ck_assert_ptr_nonnull(doc);
	ck_assert_int_eq(swm_jspath_parse(&path, arena, SWM_STR("$..[?count($..*[?count($..*) > 1]) > 1].role"), err), SWM_OK);
	ck_assert_int_eq(swm_jspath_find(path, doc, &role), SWM_JSON_OBJECT);
	ck_assert_int_eq(swm_jspath_parse(&path, arena, SWM_STR("$..role"), err), SWM_OK);
	ck_assert_int_eq(swm_jspath_find(path, doc, &role), SWM_JSON_STRING);
	swm_json_free(doc);
	swm_buf_dispose(&text);
}
END_TEST

START_TEST(the_first_of_several_values_counts)
{
	static const char claims[] = "{\"groups\":[{\"n\":1,\"v\":\"a\"},{\"n\":2,\"v\":\"b\"}],\"roles\":[\"x\",\"y\"],\"s\":\"str\"}";

	leads_to("$..v", claims, "a");
	leads_to("$.groups[*].v", claims, "a");
	leads_to("$.groups[?@.n==2].v", claims, "b");
	leads_to("$.groups[?@.n>=1].v", claims, "a");
	leads_to("$.roles[0:2]", claims, "x");
	leads_to("$.roles[-1:]", claims, "y");
	leads_to("$.roles[5:]", claims, NULL);
	leads_to("$.s[1:]", claims, NULL);
	/* the older dialect slices strings alone */
	leads_to(".roles[0:2]", claims, NULL);
	leads_to(".roles[1][0:1]", claims, "y");
}
END_TEST

START_TEST(roles_by_a_path)
{
	ck_assert_int_eq(OPEN({ "jwt-secret", SECRET }, { "db-anon-role", "anon" },
	    { "jwt-role-claim-key", ".roles[?(@ ^== \"swm_\")][4:]" }), SWM_OK);
	accepts(sign("{\"roles\":[\"x\",\"swm_reader\"]}"), "reader",
	    "{\"role\":\"reader\",\"roles\":[\"x\",\"swm_reader\"]}");
	accepts(sign("{\"roles\":[\"x\"]}"), "anon", "{\"role\":\"anon\",\"roles\":[\"x\"]}");
	refuses(sign("{\"roles\":[\"swm_none\"]}"), "PGRST303", "The role must not be 'none'");
	refuses(sign("{\"roles\":[\"swm_\"]}"), "PGRST303", "The role must not be empty");
	ck_assert_int_eq(OPEN({ "jwt-secret", SECRET }, { "jwt-role-claim-key", "role" }), SWM_ECONFIG);
}
END_TEST

/* ---- the cache ---- */

START_TEST(times_are_checked_at_every_use)
{
	char token[400];

	usual();
	swm_str t = sign("{\"role\":\"r\",\"nbf\":1700000000,\"exp\":1700000100}");
	memcpy(token, t.ptr, t.len);
	t.ptr = token;
	ck_assert_int_eq(ask_at(t, 1699999000), SWM_EAUTH);
	is(swm_error_message(err), "JWT not yet valid");
	ck_assert_int_eq(ask_at(t, 1700000000), SWM_OK);
	ck_assert_int_eq(ask_at(t, 1700000000), SWM_OK);
	ck_assert_int_eq(ask_at(t, 1700000131), SWM_EAUTH);
	is(swm_error_message(err), "JWT expired");
	ck_assert_int_eq(ask_at(t, 1700000100), SWM_OK);
	is(who.role, "r");
}
END_TEST

START_TEST(no_cache_is_as_good)
{
	ck_assert_int_eq(OPEN({ "jwt-secret", SECRET }, { "jwt-cache-max-entries", "0" }), SWM_OK);
	for (int i = 0; i < 3; i++)
		accepts(sign("{\"role\":\"r\"}"), "r", "{\"role\":\"r\"}");
	refuses(sign("{\"role\":\"none\"}"), "PGRST303", "The role must not be 'none'");
}
END_TEST

static swm_token_digest
digest_of(int n)
{
	swm_token_digest d = { { 0 } };
	memcpy(d.bytes, &n, sizeof n);
	return d;
}

static void
put(swm_token_cache *cache, int n)
{
	swm_claims claims = { .text = SWM_STR("{}"), .role = SWM_STR("r"), .expires = n };
	swm_token_digest d = digest_of(n);
	swm_token_cache_put(cache, &d, &claims);
}

static bool
has(swm_token_cache *cache, int n)
{
	swm_claims claims;
	swm_token_digest d = digest_of(n);
	bool found = swm_token_cache_get(cache, &d, arena, &claims);
	if (found) {
		is(claims.text, "{}");
		is(claims.role, "r");
		ck_assert(claims.expires == n);
	}
	return found;
}

/* SIEVE keeps what was used, and a new one does not push it out. */
START_TEST(eviction)
{
	swm_token_cache *cache = swm_token_cache_new(3);

	ck_assert_ptr_nonnull(cache);
	put(cache, 1);
	put(cache, 2);
	put(cache, 3);
	ck_assert(has(cache, 1)); /* marks 1 */
	put(cache, 4);            /* the oldest without a mark is 2 */
	ck_assert(!has(cache, 2));
	put(cache, 5);            /* the hand went on: 3 */
	ck_assert(!has(cache, 3));
	ck_assert(has(cache, 1));
	ck_assert(has(cache, 4));
	ck_assert(has(cache, 5));
	put(cache, 6);            /* all are marked: the marks go, then one of them */
	ck_assert_int_eq(has(cache, 1) + has(cache, 4) + has(cache, 5), 2);
	ck_assert(has(cache, 6));
	put(cache, 6);            /* a second time changes nothing */
	ck_assert(has(cache, 6));
	swm_token_cache_free(cache);
}
END_TEST

START_TEST(a_cache_stays_bounded)
{
	swm_token_cache *cache = swm_token_cache_new(10);
	int kept = 0;

	for (int i = 0; i < 1000; i++) {
		put(cache, i);
		if (i % 3 == 0)
			has(cache, i);
	}
	for (int i = 0; i < 1000; i++)
		kept += has(cache, i);
	ck_assert_int_eq(kept, 10);
	swm_token_cache_free(cache);
	swm_token_cache *smallest = swm_token_cache_new(1);
	put(smallest, 1);
	put(smallest, 2);
	ck_assert(!has(smallest, 1) && has(smallest, 2));
	put(smallest, 3);
	ck_assert(has(smallest, 3));
	swm_token_cache_free(smallest);
	swm_token_cache_free(NULL);
}
END_TEST

static void *
ask_many(void *tokens)
{
	swm_arena *own = swm_arena_new();
	const swm_str *t = tokens;
	size_t wrong = own == NULL;

	for (int i = 0; i < 2000 && own != NULL; i++) {
		swm_identity id;
		wrong += swm_auth_token(auth, own, t[i % 8], NOW, &id, NULL) != SWM_OK ||
		         !swm_str_eq(id.role, SWM_STR("r"));
		if (i % 50 == 0)
			swm_arena_reset(own);
	}
	swm_arena_free(own);
	return (void *)(uintptr_t)wrong;
}

/* Eight tokens in a cache of four entries, from four threads. */
START_TEST(threads)
{
	swm_str tokens[8];
	pthread_t ids[4];

	ck_assert_int_eq(OPEN({ "jwt-secret", SECRET }, { "jwt-cache-max-entries", "4" }), SWM_OK);
	for (int i = 0; i < 8; i++) {
		char payload[40];
		snprintf(payload, sizeof payload, "{\"role\":\"r\",\"n\":%d}", i);
		tokens[i] = swm_arena_str(arena, sign(payload));
	}
	for (size_t i = 0; i < COUNT(ids); i++)
		ck_assert_int_eq(pthread_create(&ids[i], NULL, ask_many, tokens), 0);
	for (size_t i = 0; i < COUNT(ids); i++) {
		void *wrong;
		pthread_join(ids[i], &wrong);
		ck_assert_ptr_null(wrong);
	}
}
END_TEST

/* ---- signing ---- */

START_TEST(signed_tokens_are_accepted)
{
	static const char *const algorithms[] = { NULL, "HS256", "HS384", "HS512" };
	const struct option options[] = { { "jwt-secret", SECRET } };

	ck_assert_int_eq(open_auth(options, 1), SWM_OK);
	for (size_t i = 0; i < COUNT(algorithms); i++) {
		swm_config *config = config_of(options, 1);
		char *token;
		ck_assert_int_eq(swm_token_sign(&token, config, SWM_STR("{\"role\":\"r\",\"n\":1.10}"),
		    algorithms[i], err), SWM_OK);
		accepts(swm_cstr(token), "r", "{\"role\":\"r\",\"n\":1.10}");
		swm_token_free(token);
		swm_config_free(config);
	}
	swm_token_free(NULL);
}
END_TEST

static void
does_not_sign(const struct option *options, size_t count, const char *claims,
    const char *algorithm, int wanted)
{
	swm_config *config = config_of(options, count);
	char *token;

	ck_assert_int_eq(swm_token_sign(&token, config, swm_cstr(claims), algorithm, err), wanted);
	ck_assert_int_eq(swm_error_result(err), wanted);
	swm_config_free(config);
}

START_TEST(what_is_not_signed)
{
	const struct option secret[] = { { "jwt-secret", SECRET } };
	const struct option public_key[] = { { "jwt-secret", A2_KEY } };

	does_not_sign(NULL, 0, "{}", NULL, SWM_ECONFIG);
	does_not_sign(public_key, 1, "{}", NULL, SWM_ECONFIG);
	does_not_sign(secret, 1, "[]", NULL, SWM_EPARSE);
	does_not_sign(secret, 1, "{", NULL, SWM_EPARSE);
	does_not_sign(secret, 1, "", NULL, SWM_EPARSE);
	does_not_sign(secret, 1, "{}", "none", SWM_EINVAL);
	does_not_sign(secret, 1, "{}", "RS256", SWM_EINVAL);
	does_not_sign(secret, 1, "{}", "", SWM_EINVAL);
}
END_TEST

/* A key with a name gives its name to the token, so that the set finds it again. */
START_TEST(a_signed_token_names_its_key)
{
	const struct option options[] = { { "jwt-secret",
		"{\"keys\":[" A3_KEY ",{\"kty\":\"oct\",\"kid\":\"k\\\"1\",\"k\":\"" K_OF_A "\"}]}" } };
	swm_config *config = config_of(options, 1);
	char *token;

	ck_assert_int_eq(swm_token_sign(&token, config, AS_R, NULL, err), SWM_OK);
	/* {"alg":"HS256","typ":"JWT","kid":"k\"1"} */
	ck_assert(swm_str_starts(swm_cstr(token),
	    SWM_STR("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImtcIjEifQ.")));
	ck_assert_int_eq(open_auth(options, 1), SWM_OK);
	accepts(swm_cstr(token), "r", "{\"role\":\"r\"}");
	swm_token_free(token);
	swm_config_free(config);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("auth");
	TCase *cases = tcase_create("auth");

	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_set_timeout(cases, 60);
	tcase_add_test(cases, base64url);
	tcase_add_test(cases, base64_as_people_write_it);
	tcase_add_test(cases, vectors_of_the_rfcs);
	tcase_add_test(cases, a_key_of_another_kind_does_not_verify);
	tcase_add_test(cases, a_changed_signature_does_not_verify);
	tcase_add_test(cases, the_first_example_as_a_whole);
	tcase_add_test(cases, the_three_hmacs);
	tcase_add_test(cases, another_secret_or_digest);
	tcase_add_test(cases, unsecured_and_unknown_algorithms);
	tcase_add_test(cases, a_public_key_is_no_secret);
	tcase_add_test(cases, unusable_headers);
	tcase_add_test(cases, keys_are_chosen_by_kid);
	tcase_add_test(cases, a_key_may_be_for_one_algorithm);
	tcase_add_test(cases, secrets_in_base64);
	tcase_add_test(cases, unusable_secrets);
	tcase_add_test(cases, parts_are_counted);
	tcase_add_test(cases, truncated_tokens);
	tcase_add_test(cases, changed_tokens);
	tcase_add_test(cases, huge_tokens);
	tcase_add_test(cases, claims_stay_as_they_were_signed);
	tcase_add_test(cases, a_role_is_put_in_where_there_is_none);
	tcase_add_test(cases, no_role_and_no_anonymous_one);
	tcase_add_test(cases, roles_that_nobody_may_have);
	tcase_add_test(cases, payloads_that_are_no_object);
	tcase_add_test(cases, times);
	tcase_add_test(cases, audiences);
	tcase_add_test(cases, no_secret);
	tcase_add_test(cases, the_anonymous_role);
	tcase_add_test(cases, a_role_of_the_program);
	tcase_add_test(cases, authorization_fields);
	tcase_add_test(cases, paths_of_the_documentation);
	tcase_add_test(cases, more_paths);
	tcase_add_test(cases, paths_from_the_root);
	tcase_add_test(cases, slices);
	tcase_add_test(cases, what_is_no_path);
	tcase_add_test(cases, rfc_9535_the_book_store);
	tcase_add_test(cases, rfc_9535_selectors_and_segments);
	tcase_add_test(cases, rfc_9535_filters);
	tcase_add_test(cases, rfc_9535_functions);
	tcase_add_test(cases, rfc_9535_what_is_no_query);
	tcase_add_test(cases, rfc_9485);
	tcase_add_test(cases, rfc_9485_what_is_no_expression);
	tcase_add_test(cases, the_cost_of_sets);
	tcase_add_test(cases, a_search_has_an_end);
	tcase_add_test(cases, a_walk_has_an_end);
	tcase_add_test(cases, the_first_of_several_values_counts);
	tcase_add_test(cases, roles_by_a_path);
	tcase_add_test(cases, times_are_checked_at_every_use);
	tcase_add_test(cases, no_cache_is_as_good);
	tcase_add_test(cases, eviction);
	tcase_add_test(cases, a_cache_stays_bounded);
	tcase_add_test(cases, threads);
	tcase_add_test(cases, signed_tokens_are_accepted);
	tcase_add_test(cases, what_is_not_signed);
	tcase_add_test(cases, a_signed_token_names_its_key);
	suite_add_tcase(suite, cases);
	return suite;
}
