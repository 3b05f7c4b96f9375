/* The keys of jwt-secret, and signatures made and verified with them. */
#ifndef SWM_AUTH_KEYS_H
#define SWM_AUTH_KEYS_H

#include "base/arena.h"
#include "error/error.h"
#include "json/json.h"

#include <openssl/types.h>

/*
 * Kinds of keys and signatures. A key's kind and its own algorithm decide which algorithms it may
 * be used with.
 */
enum swm_key_kind {
	SWM_KEY_OCT,
	SWM_KEY_RSA,
	SWM_KEY_RSA_PSS, /* only in algorithms: an RSA key serves both paddings */
	SWM_KEY_EC,
	SWM_KEY_OKP,
};

typedef struct swm_algorithm {
	swm_str name;
	enum swm_key_kind kind;
	const char *digest; /* libcrypto's name; NULL when the signature hashes by itself */
	size_t digest_len;
	const char *curve;  /* NULL for any */
} swm_algorithm;

typedef struct swm_key {
	enum swm_key_kind kind;
	swm_str kid;               /* ptr NULL when it has none */
	const swm_algorithm *only; /* the one algorithm it is for; NULL for all that fit */
	swm_str secret;            /* OCT */
	EVP_PKEY *public_key;      /* the others */
	const char *curve;         /* EC, OKP */
} swm_key;

/* Threads: shared by many. */
typedef struct swm_keys {
	swm_key *items;
	size_t count;
} swm_keys;

/*
 * Reads the text of jwt-secret: a JSON Web Key or set of them (RFC 7517) if it begins with `{`,
 * else a secret for HMAC. Everything *out points to lives in the arena, except what
 * swm_keys_dispose() must free, also after a failure. SWM_ECONFIG, SWM_ENOMEM.
 */
int swm_keys_parse(swm_keys *out, swm_arena *arena, swm_str text, bool is_base64, swm_error *err);

/* Frees the keys and wipes the secrets. */
void swm_keys_dispose(swm_keys *keys);

/*
 * Reads one JSON Web Key. SWM_OK; SWM_ECONFIG when it cannot verify signatures here, with the
 * reason in why; SWM_ENOMEM.
 */
int swm_jwk_read(swm_key *out, swm_arena *arena, const swm_json *jwk, const char **why);

/* NULL when there is no such algorithm; `none` is none. */
const swm_algorithm *swm_algorithm_find(swm_str name);

/* True when the key's kind, curve and own algorithm allow this algorithm. */
bool swm_key_fits(const swm_key *key, const swm_algorithm *algorithm);

/* Verifies a signature (RFC 7518, 3.2 to 3.5): SWM_OK when it is valid. SWM_EAUTH, SWM_ENOMEM. */
int swm_key_verify(const swm_key *key, const swm_algorithm *algorithm, swm_str text,
                   swm_str signature);

/* The HMAC of a text; false for a key of another kind, or for want of memory. */
enum { SWM_HMAC_LONGEST = 64 };
bool swm_key_hmac(const swm_key *key, const swm_algorithm *algorithm, swm_str text,
                  unsigned char mac[SWM_HMAC_LONGEST]);

#endif
