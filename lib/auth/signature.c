#include "config.h"

#include "auth/keys.h"

#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

static const swm_algorithm algorithms[] = {
#define SWM_ALGORITHM(name, kind, digest, digest_len, curve) \
	{ { name, sizeof name - 1 }, SWM_KEY_##kind, digest, digest_len, curve },
#include "auth/algorithms.def"
#undef SWM_ALGORITHM
};

const swm_algorithm *
swm_algorithm_find(swm_str name)
{
	for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++)
		if (swm_str_eq(algorithms[i].name, name))
			return &algorithms[i];
	return NULL;
}

bool
swm_key_fits(const swm_key *key, const swm_algorithm *algorithm)
{
	if (key->only != NULL && key->only != algorithm)
		return false;
	if (algorithm->curve != NULL &&
	    (key->curve == NULL || strcmp(key->curve, algorithm->curve) != 0))
		return false;
	return key->kind == algorithm->kind ||
	       (key->kind == SWM_KEY_RSA && algorithm->kind == SWM_KEY_RSA_PSS);
}

bool
swm_key_hmac(const swm_key *key, const swm_algorithm *algorithm, swm_str text,
             unsigned char mac[SWM_HMAC_LONGEST])
{
	if (key->kind != SWM_KEY_OCT || algorithm->kind != SWM_KEY_OCT)
		return false;
	return EVP_Q_mac(NULL, "HMAC", NULL, algorithm->digest, NULL, key->secret.ptr,
	                 key->secret.len, (const unsigned char *)text.ptr, text.len, mac,
	                 SWM_HMAC_LONGEST, NULL) != NULL;
}

static int
verify_hmac(const swm_key *key, const swm_algorithm *algorithm, swm_str text, swm_str signature)
{
	unsigned char mac[SWM_HMAC_LONGEST];

	if (!swm_key_hmac(key, algorithm, text, mac))
		return SWM_ENOMEM;
	bool same = signature.len == algorithm->digest_len &&
	            CRYPTO_memcmp(mac, signature.ptr, signature.len) == 0;
	OPENSSL_cleanse(mac, sizeof mac); /* the right answer to a wrong token */
	return same ? SWM_OK : SWM_EAUTH;
}

/* RSASSA-PSS with a salt as long as the digest and MGF1 with the same digest (RFC 7518, 3.5). */
static bool
set_pss(EVP_PKEY_CTX *ctx)
{
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) > 0 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) > 0;
}

/*
 * True when libcrypto failed for want of memory; an invalid signature leaves another error, or
 * none.
 */
static bool
has_no_memory(void)
{
	return ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE;
}

static int
verify_public(const swm_key *key, const swm_algorithm *algorithm, swm_str text, swm_str signature)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pkey_ctx = NULL; /* belongs to ctx */

	if (ctx == NULL)
		return SWM_ENOMEM;
	bool right = EVP_DigestVerifyInit_ex(ctx, &pkey_ctx, algorithm->digest, NULL, NULL,
	                                     key->public_key, NULL) == 1 &&
	             (algorithm->kind != SWM_KEY_RSA_PSS || set_pss(pkey_ctx)) &&
	             EVP_DigestVerify(ctx, (const unsigned char *)signature.ptr, signature.len,
	                              (const unsigned char *)text.ptr, text.len) == 1;
	EVP_MD_CTX_free(ctx);
	return right ? SWM_OK : has_no_memory() ? SWM_ENOMEM : SWM_EAUTH;
}

/*
 * Two integers of one length (RFC 7518, 3.4) as the DER that libcrypto wants; the caller frees it.
 */
static int
der_of(swm_str signature, unsigned char **der)
{
	const unsigned char *bytes = (const unsigned char *)signature.ptr;
	int half = (int)(signature.len / 2), len = -1;
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(bytes, half, NULL), *s = BN_bin2bn(bytes + half, half, NULL);

	if (sig != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(sig, r, s)) {
		r = s = NULL; /* they belong to sig now */
		len = i2d_ECDSA_SIG(sig, der);
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(sig);
	return len;
}

static int
verify_ecdsa(const swm_key *key, const swm_algorithm *algorithm, swm_str text, swm_str signature)
{
	unsigned char *der = NULL;
	size_t half = ((size_t)EVP_PKEY_get_bits(key->public_key) + 7) / 8;

	if (signature.len != 2 * half)
		return SWM_EAUTH;
	int len = der_of(signature, &der);
	swm_str in_der = { (const char *)der, len > 0 ? (size_t)len : 0 };
	int rc = len <= 0 ? SWM_ENOMEM : verify_public(key, algorithm, text, in_der);
	OPENSSL_free(der);
	return rc;
}

int
swm_key_verify(const swm_key *key, const swm_algorithm *algorithm, swm_str text, swm_str signature)
{
	if (!swm_key_fits(key, algorithm))
		return SWM_EAUTH;
	/* a wrong signature must not be found in the queue by other users of libcrypto */
	ERR_set_mark();
	int rc = key->kind == SWM_KEY_OCT ? verify_hmac(key, algorithm, text, signature) :
	         key->kind == SWM_KEY_EC  ? verify_ecdsa(key, algorithm, text, signature) :
	                                    verify_public(key, algorithm, text, signature);
	ERR_pop_to_mark();
	return rc;
}
