#include "config.h"

#include "base/str.h"

#include "base/hash.h"

int
swm_str_cmp(swm_str a, swm_str b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int d = n == 0 ? 0 : memcmp(a.ptr, b.ptr, n);
	return d != 0 ? d : (a.len > b.len) - (a.len < b.len);
}

static unsigned char
lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool
swm_str_caseeq(swm_str a, swm_str b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.ptr[i]) != lower(b.ptr[i]))
			return false;
	return true;
}

bool
swm_str_starts(swm_str s, swm_str prefix)
{
	return s.len >= prefix.len && swm_str_eq((swm_str){ s.ptr, prefix.len }, prefix);
}

bool
swm_str_ends(swm_str s, swm_str suffix)
{
	return s.len >= suffix.len && swm_str_eq(swm_str_from(s, s.len - suffix.len), suffix);
}

swm_str
swm_str_from(swm_str s, size_t n)
{
	if (n >= s.len)
		return (swm_str){ NULL, 0 };
	return (swm_str){ s.ptr + n, s.len - n };
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

swm_str
swm_str_trim(swm_str s)
{
	while (s.len > 0 && is_blank(s.ptr[0]))
		s = swm_str_from(s, 1);
	while (s.len > 0 && is_blank(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

size_t
swm_str_find(swm_str s, char c)
{
	const char *p = s.len == 0 ? NULL : memchr(s.ptr, c, s.len);
	return p == NULL ? s.len : (size_t)(p - s.ptr);
}

bool
swm_str_cut(swm_str *rest, char separator, swm_str *piece)
{
	if (rest->ptr == NULL)
		return false;
	size_t at = swm_str_find(*rest, separator);
	*piece = (swm_str){ rest->ptr, at };
	if (at == rest->len)
		*rest = (swm_str){ NULL, 0 };
	else
		*rest = (swm_str){ rest->ptr + at + 1, rest->len - at - 1 };
	return true;
}

bool
swm_str_int64(swm_str s, int64_t *out)
{
	bool negative = s.len > 0 && s.ptr[0] == '-';
	size_t i = s.len > 0 && (s.ptr[0] == '-' || s.ptr[0] == '+');
	int64_t n = 0;

	if (i == s.len)
		return false;
	for (; i < s.len; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
		int digit = s.ptr[i] - '0';
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_sub_overflow(n, digit, &n)) /* the negative side is the wider one */
			return false;
	}
	if (!negative && n == INT64_MIN)
		return false;
	*out = negative ? n : -n;
	return true;
}

bool
swm_utf8_valid(swm_str s, size_t *bad)
{
	size_t i = 0;

	while (i < s.len) {
		unsigned char c = (unsigned char)s.ptr[i];
		if (c < 0x80 && s.len - i >= sizeof(uint64_t)) { /* most texts are mostly ASCII */
			uint64_t word;
			memcpy(&word, s.ptr + i, sizeof word);
			if ((word & UINT64_C(0x8080808080808080)) == 0) {
				i += sizeof word;
				continue;
			}
		}
		size_t more = c < 0x80 ? 0
		              : c >= 0xc2 && c <= 0xdf ? 1
		              : (c & 0xf0) == 0xe0 ? 2
		              : c >= 0xf0 && c <= 0xf4 ? 3
		              : 4;
		if (more == 4 || more > s.len - i - 1)
			goto invalid;
		if (more > 0) {
			/* no overlong form, no surrogate, nothing past U+10FFFF */
			unsigned char next = (unsigned char)s.ptr[i + 1];
			unsigned char low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
			unsigned char high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
			if (next < low || next > high)
				goto invalid;
		}
		for (size_t k = 2; k <= more; k++)
			if (((unsigned char)s.ptr[i + k] & 0xc0) != 0x80)
				goto invalid;
		i += more + 1;
	}
	return true;
invalid:
	if (bad != NULL)
		*bad = i;
	return false;
}

uint64_t
swm_str_hash(swm_str s)
{
	return swm_hash((swm_hash128){ 0, 0 }, s).high;
}

bool
swm_str_secure_eq(swm_str a, swm_str b)
{
	unsigned char different = 0;

	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		different |= (unsigned char)(a.ptr[i] ^ b.ptr[i]);
	return different == 0;
}

size_t
swm_str_distance(swm_str a, swm_str b, size_t limit)
{
	enum { LONGEST = 64 };
	size_t row[LONGEST + 1];

	if (a.len > LONGEST || b.len > LONGEST)
		return limit + 1;
	for (size_t j = 0; j <= b.len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			size_t best = diagonal + (a.ptr[i - 1] != b.ptr[j - 1]);
			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[b.len] > limit ? limit + 1 : row[b.len];
}
