#include "config.h"

#include "auth/base64.h"
#include "auth/keys.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

enum {
	SHORTEST_SECRET = 32,   /* bytes, of the smallest hash (RFC 7518, 3.2) */
	SHORTEST_MODULUS = 2048, /* bits (RFC 7518, 3.3) */
	LONGEST_MODULUS = 8192, /* bits: a public operation must stay cheap */
};

/* A key while it is being read; a reader returns why it cannot be used, or NULL. */
struct reading {
	const swm_json *jwk;
	swm_arena *arena;
	swm_key *key;
	bool no_memory;
};

/* A member in base64url; false when it is not there, is empty or wrong. */
static bool
octets(struct reading *r, swm_str name, swm_str *out)
{
	swm_str text = swm_json_string(swm_json_get(r->jwk, name));
	int rc = swm_base64url_decode(out, r->arena, text);

	r->no_memory |= rc == SWM_ENOMEM;
	return rc == SWM_OK && out->len > 0;
}

static const unsigned char *
bytes(swm_str s)
{
	return (const unsigned char *)s.ptr;
}

static const char *
read_oct(struct reading *r)
{
	if (!octets(r, SWM_STR("k"), &r->key->secret))
		return "'k' is missing or no base64url";
	if (r->key->secret.len < SHORTEST_SECRET)
		return "'k' must have at least 32 bytes";
	r->key->kind = SWM_KEY_OCT;
	return NULL;
}

/* libcrypto's key from its parameters; NULL when they are none. */
static EVP_PKEY *
public_key(const char *type, OSSL_PARAM *params)
{
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);

	if (ctx == NULL || params == NULL || EVP_PKEY_fromdata_init(ctx) <= 0 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) <= 0)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static EVP_PKEY *
rsa_key(swm_str modulus, swm_str exponent)
{
	BIGNUM *n = BN_bin2bn(bytes(modulus), (int)modulus.len, NULL);
	BIGNUM *e = BN_bin2bn(bytes(exponent), (int)exponent.len, NULL);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;

	if (n != NULL && e != NULL && build != NULL &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e))
		params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY *key = public_key("RSA", params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	BN_free(n);
	BN_free(e);
	return key;
}

static const char *
read_rsa(struct reading *r)
{
	swm_str n, e;

	if (!octets(r, SWM_STR("n"), &n) || !octets(r, SWM_STR("e"), &e))
		return "'n' or 'e' is missing or no base64url";
	if (n.len > LONGEST_MODULUS / 8 || e.len > sizeof(uint64_t))
		return "'n' must have at most 8192 bits and 'e' at most 64";
	r->key->kind = SWM_KEY_RSA;
	r->key->public_key = rsa_key(n, e);
	if (r->key->public_key == NULL)
		return "'n' and 'e' are no RSA key";
	return EVP_PKEY_get_bits(r->key->public_key) < SHORTEST_MODULUS
	           ? "'n' must have at least 2048 bits"
	           : NULL;
}

/* The point as SEC 1, 2.3.3 writes it: 4, x, y. */
static EVP_PKEY *
ec_key(struct reading *r, const char *curve, swm_str x, swm_str y)
{
	unsigned char *point = swm_arena_alloc(r->arena, 1 + x.len + y.len);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;

	if (point != NULL && build != NULL) {
		point[0] = 4;
		memcpy(point + 1, x.ptr, x.len);
		memcpy(point + 1 + x.len, y.ptr, y.len);
		if (OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, curve, 0) &&
		    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point,
		                                     1 + x.len + y.len))
			params = OSSL_PARAM_BLD_to_param(build);
	}
	EVP_PKEY *key = public_key("EC", params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	return key;
}

/* A curve's name and the bytes of a coordinate (RFC 7518, 6.2.1) or of a key (RFC 8037, 2). */
struct curve {
	const char *name;
	size_t len;
	int type; /* OKP: libcrypto's number */
};

static const struct curve *
find_curve(const struct curve *curves, size_t count, const swm_json *jwk)
{
	swm_str name = swm_json_string(swm_json_get(jwk, SWM_STR("crv")));

	for (size_t i = 0; i < count; i++)
		if (swm_str_eq(name, swm_cstr(curves[i].name)))
			return &curves[i];
	return NULL;
}

static const char *
read_ec(struct reading *r)
{
	static const struct curve curves[] = { { "P-256", 32, 0 },
		                               { "P-384", 48, 0 },
		                               { "P-521", 66, 0 } };
	const struct curve *curve = find_curve(curves, sizeof curves / sizeof curves[0], r->jwk);
	swm_str x, y;

	if (curve == NULL)
		return "'crv' must be P-256, P-384 or P-521";
	if (!octets(r, SWM_STR("x"), &x) || !octets(r, SWM_STR("y"), &y) || x.len != curve->len ||
	    y.len != curve->len)
		return "'x' or 'y' is missing, no base64url or of a wrong length";
	r->key->kind = SWM_KEY_EC;
	r->key->curve = curve->name;
	r->key->public_key = ec_key(r, curve->name, x, y);
	return r->key->public_key == NULL ? "'x' and 'y' are no point of the curve" : NULL;
}

static const char *
read_okp(struct reading *r)
{
	static const struct curve curves[] = { { "Ed25519", 32, EVP_PKEY_ED25519 },
	                                       { "Ed448", 57, EVP_PKEY_ED448 } };
	const struct curve *curve = find_curve(curves, sizeof curves / sizeof curves[0], r->jwk);
	swm_str x;

	if (curve == NULL)
		return "'crv' must be Ed25519 or Ed448";
	if (!octets(r, SWM_STR("x"), &x) || x.len != curve->len)
		return "'x' is missing, no base64url or of a wrong length";
	r->key->kind = SWM_KEY_OKP;
	r->key->curve = curve->name;
	r->key->public_key = EVP_PKEY_new_raw_public_key(curve->type, NULL, bytes(x), x.len);
	return r->key->public_key == NULL ? "'x' is no public key" : NULL;
}

static const char *
read_material(struct reading *r)
{
	static const struct {
		const char *name;
		const char *(*read)(struct reading *);
	} types[] = {
		{ "oct", read_oct }, { "RSA", read_rsa }, { "EC", read_ec }, { "OKP", read_okp }
	};
	swm_str type = swm_json_string(swm_json_get(r->jwk, SWM_STR("kty")));

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (swm_str_eq(type, swm_cstr(types[i].name)))
			return types[i].read(r);
	return "'kty' must be oct, RSA, EC or OKP";
}

/* False when use or key_ops exclude signatures (RFC 7517, 4.2 and 4.3). */
static bool
is_for_signatures(const swm_json *jwk)
{
	const swm_json *use = swm_json_get(jwk, SWM_STR("use"));
	const swm_json *operations = swm_json_get(jwk, SWM_STR("key_ops"));

	if (use != NULL && !swm_str_eq(swm_json_string(use), SWM_STR("sig")))
		return false;
	if (operations == NULL)
		return true;
	const swm_json *o = swm_json_first(operations);
	while (o != NULL && !swm_str_eq(swm_json_string(o), SWM_STR("verify")))
		o = swm_json_next(o);
	return o != NULL;
}

static const char *
read_common(struct reading *r)
{
	const swm_json *kid = swm_json_get(r->jwk, SWM_STR("kid"));
	const swm_json *alg = swm_json_get(r->jwk, SWM_STR("alg"));

	if (!is_for_signatures(r->jwk))
		return "'use' or 'key_ops' say that it is not for verifying";
	if (kid != NULL && swm_json_type_of(kid) != SWM_JSON_STRING)
		return "'kid' must be a string";
	if (kid != NULL) {
		r->key->kid = swm_arena_str(r->arena, swm_json_string(kid));
		r->no_memory |= r->key->kid.ptr == NULL;
	}
	if (alg == NULL)
		return NULL;
	r->key->only = swm_algorithm_find(swm_json_string(alg));
	return r->key->only == NULL ? "'alg' is no algorithm for signatures" : NULL;
}

int
swm_jwk_read(swm_key *out, swm_arena *arena, const swm_json *jwk, const char **why)
{
	struct reading r = { .jwk = jwk, .arena = arena, .key = out };

	*out = (swm_key){ .kind = SWM_KEY_OCT };
	/* errors raised here must not be left in the queue for other users of libcrypto */
	ERR_set_mark();
	*why = read_common(&r);
	if (*why == NULL)
		*why = read_material(&r);
	ERR_pop_to_mark();
	if (*why == NULL && out->only != NULL && !swm_key_fits(out, out->only))
		*why = "'alg' does not fit the key";
	return r.no_memory ? SWM_ENOMEM : *why != NULL ? SWM_ECONFIG : SWM_OK;
}
