/* Views of bytes: comparing, cutting, searching, numbers, UTF-8. */
#ifndef SWM_BASE_STR_H
#define SWM_BASE_STR_H

#include <string.h>
#include <swm/types.h>

static inline swm_str
swm_cstr(const char *s)
{
	return (swm_str){ s, s == NULL ? 0 : strlen(s) };
}

/* The two arguments of "%.*s"; a text is cut at its first NUL. */
#define SWM_PRINTED(s) ((int)(s).len), ((s).len == 0 ? "" : (s).ptr)

/* An ASCII letter or digit, whatever the locale. */
static inline bool
swm_is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static inline bool
swm_str_eq(swm_str a, swm_str b)
{
	/* most names that are as long differ in their first letter already */
	return a.len == b.len &&
	       (a.len == 0 || (a.ptr[0] == b.ptr[0] && memcmp(a.ptr, b.ptr, a.len) == 0));
}

/* Order by bytes, a prefix first. */
int swm_str_cmp(swm_str a, swm_str b);

/* Equality of ASCII text without regard to case. */
bool swm_str_caseeq(swm_str a, swm_str b);

bool swm_str_starts(swm_str s, swm_str prefix);
bool swm_str_ends(swm_str s, swm_str suffix);

/* Without the first n bytes; empty when there are fewer. */
swm_str swm_str_from(swm_str s, size_t n);

/* Without blanks, tabs, carriage returns and newlines at both ends. */
swm_str swm_str_trim(swm_str s);

/* The byte order mark in UTF-8, which a text may begin with. */
#define SWM_BYTE_ORDER_MARK "\xef\xbb\xbf"

/* The index of the first such byte; s.len when there is none. */
size_t swm_str_find(swm_str s, char c);

/*
 * Cuts the text before the first separator off *rest (all of it when there is none) and returns
 * it; *rest then begins after the separator. False once *rest is used up: the text "a," has the
 * pieces "a" and "".
 */
bool swm_str_cut(swm_str *rest, char separator, swm_str *piece);

/* The whole text as a decimal int64 with an optional sign. False when it is none or too big. */
bool swm_str_int64(swm_str s, int64_t *out);

/* True for well-formed UTF-8 (RFC 3629); otherwise *bad is the index of the first wrong byte. */
bool swm_utf8_valid(swm_str s, size_t *bad);

/* A hash for tables; not for secrets. */
uint64_t swm_str_hash(swm_str s);

/* Comparison whose time does not depend on where the bytes differ. */
bool swm_str_secure_eq(swm_str a, swm_str b);

/*
 * The edit distance of two names in bytes (Levenshtein). Distances above limit are returned as
 * limit + 1.
 */
size_t swm_str_distance(swm_str a, swm_str b, size_t limit);

#endif
