#include "config.h"

#include "http/header.h"

#include "json/escape.h"

/* Digits alone: no sign, no blank. */
static bool
parse_number(swm_str s, int64_t *out)
{
	return s.len > 0 && s.ptr[0] >= '0' && s.ptr[0] <= '9' && swm_str_int64(s, out);
}

bool
swm_range_parse(swm_range *out, swm_str range)
{
	swm_str s = swm_str_trim(range);

	if (swm_str_starts(s, SWM_STR("items=")))
		s = swm_str_from(s, strlen("items="));
	size_t dash = swm_str_find(s, '-');
	if (dash == s.len || !parse_number((swm_str){ s.ptr, dash }, &out->first))
		return false;
	swm_str last = swm_str_from(s, dash + 1);
	out->last = INT64_MAX;
	return last.len == 0 || parse_number(last, &out->last);
}

void
swm_cookies_to_json(swm_buf *to, swm_str cookie)
{
	swm_str rest = cookie, piece;
	char before = '{';

	while (swm_str_cut(&rest, ';', &piece)) {
		piece = swm_str_trim(piece);
		size_t equals = swm_str_find(piece, '=');
		if (equals == piece.len)
			continue;
		swm_buf_char(to, before);
		before = ',';
		swm_json_quote(to, (swm_str){ piece.ptr, equals });
		swm_buf_char(to, ':');
		swm_json_quote(to, swm_str_from(piece, equals + 1));
	}
	if (before == '{')
		swm_buf_char(to, '{');
	swm_buf_char(to, '}');
}
