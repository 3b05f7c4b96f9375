#include "config.h"

#include "auth/digest.h"

#include "base/buf.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct swm_digest {
	EVP_MD_CTX *context;
	bool failed;
};

swm_digest *
swm_digest_new(void)
{
	swm_digest *d = calloc(1, sizeof *d);

	if (d == NULL)
		return NULL;
	d->context = EVP_MD_CTX_new();
	d->failed = d->context == NULL || EVP_DigestInit_ex(d->context, EVP_sha256(), NULL) != 1;
	return d;
}

void
swm_digest_free(swm_digest *digest)
{
	if (digest == NULL)
		return;
	EVP_MD_CTX_free(digest->context);
	free(digest);
}

void
swm_digest_add(swm_digest *digest, swm_str bytes)
{
	digest->failed = digest->failed ||
	                 (bytes.len > 0 &&
	                  EVP_DigestUpdate(digest->context, bytes.ptr, bytes.len) != 1);
}

void
swm_digest_field(swm_digest *digest, swm_str field)
{
	uint64_t len = field.len;

	swm_digest_add(digest, (swm_str){ (const char *)&len, sizeof len });
	swm_digest_add(digest, field);
}

swm_str
swm_digest_end(swm_digest *digest, swm_arena *arena)
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	swm_buf hex = SWM_BUF_INIT;
	swm_str digits = { NULL, 0 };

	digest->failed = digest->failed || EVP_DigestFinal_ex(digest->context, bytes, &len) != 1;
	swm_buf_hex(&hex, bytes, len);
	if (!digest->failed && !hex.failed)
		digits = swm_arena_str(arena, swm_buf_view(&hex));
	swm_buf_dispose(&hex);
	return digits;
}
