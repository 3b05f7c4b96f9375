#include "config.h"

#include "auth/base64.h"

#include "base/str.h"

/* RFC 4648, table 2 */
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static int
sextet(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' :
	       c >= 'a' && c <= 'z' ? c - 'a' + 26 :
	       c >= '0' && c <= '9' ? c - '0' + 52 :
	       c == '-' ? 62 : c == '_' ? 63 : -1;
}

/* The bytes of one to four characters; how many, or 0 when they are none. */
static size_t
decode_group(unsigned char *to, const char *from, size_t len)
{
	uint32_t bits = 0;

	if (len == 1)
		return 0;
	for (size_t i = 0; i < 4; i++) {
		int six = i < len ? sextet(from[i]) : 0;
		if (six < 0)
			return 0;
		bits = bits << 6 | (uint32_t)six;
	}
	if ((len == 2 && (bits & 0xffff) != 0) || (len == 3 && (bits & 0xff) != 0))
		return 0;
	for (size_t i = 0; i < len - 1; i++)
		to[i] = (unsigned char)(bits >> (16 - 8 * i));
	return len - 1;
}

int
swm_base64url_decode(swm_str *out, swm_arena *arena, swm_str text)
{
	unsigned char *bytes = swm_arena_alloc(arena, text.len / 4 * 3 + 4);
	size_t len = 0;

	if (bytes == NULL)
		return SWM_ENOMEM;
	while (text.len > 0) {
		size_t group = text.len < 4 ? text.len : 4;
		size_t n = decode_group(bytes + len, text.ptr, group);
		if (n == 0)
			return SWM_EPARSE;
		len += n;
		text = swm_str_from(text, group);
	}
	*out = (swm_str){ (const char *)bytes, len };
	return SWM_OK;
}

int
swm_base64_decode_lenient(swm_str *out, swm_arena *arena, swm_str text)
{
	text = swm_str_trim(text);
	char *copy = swm_arena_alloc(arena, text.len + 1);
	if (copy == NULL)
		return SWM_ENOMEM;
	for (size_t i = 0; i < text.len; i++)
		copy[i] = text.ptr[i] == '+' ? '-' : text.ptr[i] == '/' ? '_' : text.ptr[i];
	while (text.len > 0 && (copy[text.len - 1] == '=' || copy[text.len - 1] == '.'))
		text.len--;
	return swm_base64url_decode(out, arena, (swm_str){ copy, text.len });
}

void
swm_base64url_encode(swm_buf *to, swm_str bytes)
{
	for (size_t i = 0; i < bytes.len; i += 3) {
		size_t n = bytes.len - i < 3 ? bytes.len - i : 3;
		uint32_t bits = 0;
		for (size_t k = 0; k < 3; k++)
			bits = bits << 8 | (k < n ? (unsigned char)bytes.ptr[i + k] : 0);
		char group[4];
		for (size_t k = 0; k < 4; k++)
			group[k] = alphabet[bits >> (18 - 6 * k) & 63];
		swm_buf_add(to, group, n + 1);
	}
}
