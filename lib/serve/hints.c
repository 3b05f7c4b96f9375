/* Hints about the most common mistakes, added to errors raised elsewhere. */
#include "config.h"

#include "serve/serving.h"

#include "http/url.h"

/* The value that PostgreSQL could not read, quoted in its message; empty when it quotes nothing. */
static swm_str
quoted_text(swm_str message)
{
	size_t begin = swm_str_find(message, '"'), end = message.len;

	while (end > begin && message.ptr[end - 1] != '"')
		end--;
	if (end < begin + 2)
		return (swm_str){ NULL, 0 };
	return (swm_str){ message.ptr + begin + 1, end - begin - 2 };
}

/* True if the texts differ only in that one has plus signs, at least one, in place of blanks. */
static bool
has_plus_for_blank(const char *text, swm_str blanks)
{
	bool any = false;

	for (size_t i = 0; i < blanks.len; i++) {
		bool is_plus = blanks.ptr[i] == ' ' && text[i] == '+';
		if (text[i] != blanks.ptr[i] && !is_plus)
			return false;
		any |= is_plus;
	}
	return any;
}

/* A + in a query string is a blank, as in `ts=gte.2025-01-01T00:00:00+00:00`. */
void
swm_hint_at_plus(struct serving *s)
{
	/* a time, a phone number; each place of the query is compared with it */
	enum { LONGEST = 100 };
	swm_str query, refused = quoted_text(swm_error_message(s->err));

	if (!swm_str_starts(swm_error_code(s->err), SWM_STR("22")) || refused.len == 0 ||
	    refused.len > LONGEST || swm_str_find(s->asked->query, '+') == s->asked->query.len ||
	    swm_error_has_hint(s->err) ||
	    swm_url_decode(&query, s->arena, s->asked->query, false, 0, NULL) != SWM_OK)
		return;
	for (size_t i = 0; i + refused.len <= query.len; i++) {
		if (!has_plus_for_blank(query.ptr + i, refused))
			continue;
		swm_error_set_hint(s->err, SWM_STR("A + in a URL is a blank: write %2B"));
		return;
	}
}
