#include "config.h"

#include "http/url.h"

#include <inttypes.h>
#include <stdio.h>

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static int
fail_at(swm_error *err, size_t offset, const char *details)
{
	int rc = swm_fail_number(err, SWM_ERR_URL_SYNTAX, (int64_t)offset + 1);
	swm_error_set_details(err, swm_cstr(details));
	return rc;
}

int
swm_url_decode(swm_str *out, swm_arena *arena, swm_str raw, bool plus, size_t where, swm_error *err)
{
	char *to = swm_arena_alloc(arena, raw.len + 1);
	size_t n = 0, bad;

	if (to == NULL)
		return swm_fail_memory(err);
	for (size_t i = 0; i < raw.len; i++) {
		char c = raw.ptr[i];
		size_t begin = i;
		if (c == '%') {
			int high = raw.len - i > 2 ? hex(raw.ptr[i + 1]) : -1;
			int low = high >= 0 ? hex(raw.ptr[i + 2]) : -1;
			if (low < 0)
				return fail_at(
				    err, where + i,
				    "a percent sign must be followed by two hexadecimal digits");
			c = (char)(high << 4 | low);
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		if (c == '\0')
			return fail_at(err, where + begin, "a NUL byte is not allowed");
		to[n++] = c;
	}
	*out = (swm_str){ to, n };
	if (!swm_utf8_valid(*out, &bad))
		return fail_at(err, where, "the text is not valid UTF-8");
	return SWM_OK;
}

static bool
is_unreserved(char c)
{
	return swm_is_alnum(c) || c == '-' || c == '_' || c == '.' || c == '~';
}

void
swm_url_encode(swm_buf *to, swm_str text)
{
	static const char digits[] = "0123456789ABCDEF";
	char *at = text.len > SIZE_MAX / 3 ? NULL : swm_buf_reserve(to, 3 * text.len);

	if (at == NULL) {
		to->failed = true;
		return;
	}
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if (is_unreserved(text.ptr[i])) {
			*at++ = text.ptr[i];
			continue;
		}
		*at++ = '%';
		*at++ = digits[c >> 4];
		*at++ = digits[c & 15];
	}
	*at = '\0'; /* swm_buf_reserve() leaves room for it */
	to->len = (size_t)(at - to->ptr);
}

int
swm_url_pairs(swm_pair **out, size_t *count, swm_arena *arena, swm_str query, size_t where,
              swm_error *err)
{
	size_t n = 1;
	swm_str rest = query, piece;

	for (size_t i = 0; i < query.len; i++)
		n += query.ptr[i] == '&';
	swm_pair *pairs = swm_arena_array(arena, n, sizeof *pairs);
	if (pairs == NULL)
		return swm_fail_memory(err);
	*count = 0;
	while (swm_str_cut(&rest, '&', &piece)) {
		swm_pair *p = &pairs[*count];
		if (piece.len == 0)
			continue;
		size_t at = where + (size_t)(piece.ptr - query.ptr);
		size_t equals = swm_str_find(piece, '=');
		p->has_value = equals < piece.len;
		int rc = swm_url_decode(&p->name, arena, (swm_str){ piece.ptr, equals }, true, at,
		                        err);
		if (rc == SWM_OK)
			rc = swm_url_decode(&p->value, arena, swm_str_from(piece, equals + 1), true,
			                    at + equals + 1, err);
		if (rc != SWM_OK)
			return rc;
		(*count)++;
	}
	*out = pairs;
	return SWM_OK;
}

/* A stable merge sort by name: the number of pairs is the client's choice. */
static void
sort_pairs(swm_pair *pairs, swm_pair *spare, size_t count)
{
	if (count < 2)
		return;
	size_t half = count / 2, i = 0, k = half, n = 0;
	sort_pairs(pairs, spare, half);
	sort_pairs(pairs + half, spare, count - half);
	while (i < half || k < count) {
		bool left = k == count ||
		            (i < half && swm_str_cmp(pairs[i].name, pairs[k].name) <= 0);
		spare[n++] = left ? pairs[i++] : pairs[k++];
	}
	memcpy(pairs, spare, count * sizeof *pairs);
}

int
swm_url_canonical(swm_buf *to, swm_arena *arena, const swm_pair *pairs, size_t count,
                  swm_error *err)
{
	if (count == 0)
		return SWM_OK;
	swm_pair *sorted = swm_arena_array(arena, count, sizeof *sorted);
	swm_pair *spare = swm_arena_array(arena, count, sizeof *spare);
	if (sorted == NULL || spare == NULL)
		return swm_fail_memory(err);
	memcpy(sorted, pairs, count * sizeof *pairs);
	sort_pairs(sorted, spare, count);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			swm_buf_char(to, '&');
		swm_url_encode(to, sorted[i].name);
		if (sorted[i].has_value) /* only a pair with `=` is a filter */
			swm_buf_char(to, '=');
		swm_url_encode(to, sorted[i].value);
	}
	return to->failed ? swm_fail_memory(err) : SWM_OK;
}

static bool
may_be_in_scheme(char c, bool first)
{
	bool digit = c >= '0' && c <= '9';

	return first ? swm_is_alnum(c) && !digit
	             : swm_is_alnum(c) || c == '+' || c == '-' || c == '.';
}

bool
swm_url_is_uri(swm_str s)
{
	size_t i = 0;

	for (; i < s.len && s.ptr[i] != ':'; i++)
		if (!may_be_in_scheme(s.ptr[i], i == 0))
			return false;
	if (i == 0 || i == s.len)
		return false;
	for (; i < s.len; i++) {
		bool escape = s.ptr[i] == '%' && i + 2 < s.len && hex(s.ptr[i + 1]) >= 0 &&
		              hex(s.ptr[i + 2]) >= 0;
		if (!escape && !is_unreserved(s.ptr[i]) &&
		    (s.ptr[i] == '\0' || strchr(":/?#[]@!$&'()*+,;=", s.ptr[i]) == NULL))
			return false;
	}
	return true;
}

/* A reg-name of RFC 3986, 3.2.2, or an IPv6 address in its brackets. */
static bool
is_host(swm_str host)
{
	bool ipv6 = swm_str_starts(host, SWM_STR("[")) && swm_str_ends(host, SWM_STR("]"));

	if (ipv6)
		host = (swm_str){ host.ptr + 1, host.len - 2 };
	for (size_t i = 0; i < host.len; i++)
		if (!is_unreserved(host.ptr[i]) && !(ipv6 && host.ptr[i] == ':'))
			return false;
	return host.len > 0;
}

static bool
is_port(swm_str port)
{
	int64_t number;

	return port.len == 0 ||
	       (port.ptr[0] >= '0' && port.ptr[0] <= '9' && swm_str_int64(port, &number) &&
	        number > 0 && number <= UINT16_MAX);
}

/* The first of some bytes; s.len when there is none. */
static size_t
find_any(swm_str s, const char *bytes)
{
	size_t at = 0;

	while (at < s.len && (s.ptr[at] == '\0' || strchr(bytes, s.ptr[at]) == NULL))
		at++;
	return at;
}

static bool
is_printable(swm_str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] <= ' ' || text.ptr[i] == 0x7f)
			return false;
	return true;
}

bool
swm_web_address_parse(swm_web_address *out, swm_str text)
{
	size_t colon = swm_str_find(text, ':');
	swm_str scheme = { text.ptr, colon }, rest = swm_str_from(text, colon);

	out->https = swm_str_caseeq(scheme, SWM_STR("https"));
	if (!(out->https || swm_str_caseeq(scheme, SWM_STR("http"))) ||
	    !swm_str_starts(rest, SWM_STR("://")))
		return false;
	rest = swm_str_from(rest, 3);
	swm_str authority = { rest.ptr, find_any(rest, "/?#") };
	rest = swm_str_from(rest, authority.len);
	out->path = (swm_str){ rest.ptr, find_any(rest, "?#") };
	size_t user = swm_str_find(authority, '@');
	if (user < authority.len)
		authority = swm_str_from(authority, user + 1);
	size_t bracket = swm_str_find(authority, ']'); /* the colons before it are IPv6's */
	size_t behind = bracket < authority.len ? bracket + 1 : 0;
	size_t end = behind + swm_str_find(swm_str_from(authority, behind), ':');
	out->host = (swm_str){ authority.ptr, end };
	out->port = swm_str_from(authority, end + 1);
	return is_host(out->host) && is_port(out->port) && is_printable(out->path);
}
