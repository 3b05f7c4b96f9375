#include "config.h"

#include "export.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Decodes a character of a URL and moves *at past it. */
static char
next_character(swm_str s, size_t *at)
{
	char digits[3] = { 0 };

	if (s.ptr[*at] != '%' || s.len - *at < 3 || !isxdigit((unsigned char)s.ptr[*at + 1]) ||
	    !isxdigit((unsigned char)s.ptr[*at + 2]))
		return s.ptr[(*at)++];
	memcpy(digits, s.ptr + *at + 1, 2);
	*at += 3;
	return (char)strtol(digits, NULL, 16);
}

/* True if encoded text begins with the given text; *at is then the position after it. */
static bool
begins(swm_str s, const char *with, size_t *at)
{
	*at = 0;
	for (; *with != '\0'; with++)
		if (*at >= s.len || next_character(s, at) != *with)
			return false;
	return true;
}

/* A number that is all of the text; -1: it is none. */
static int64_t
number_of(swm_str s)
{
	char text[24], *end;

	if (s.len == 0 || s.len >= sizeof text || !isdigit((unsigned char)s.ptr[0]))
		return -1;
	memcpy(text, s.ptr, s.len);
	text[s.len] = '\0';
	errno = 0;
	long long number = strtoll(text, &end, 10);
	return *end == '\0' && errno == 0 ? number : -1;
}

static void
add_pair(struct text *to, const char *before, swm_str pair)
{
	text_add(to, before, 1);
	text_add(to, pair.ptr, pair.len);
}

/* A limit that is not a number is left to the server to reject. */
static void
take_pair(struct export_query *q, struct text *base, struct text *first, swm_str pair)
{
	size_t at;

	if (begins(pair, "limit=", &at) && q->limit == -1) {
		q->limit = number_of((swm_str){ pair.ptr + at, pair.len - at });
		if (q->limit >= 0)
			return;
	}
	if (begins(pair, "offset=", &at) || begins(pair, "after=(", &at)) {
		add_pair(first, "&", pair);
		return;
	}
	add_pair(base, q->has_parameters ? "&" : "?", pair);
	q->has_parameters = true;
}

/* A copy of the text with a NUL at the end, owned by the caller; NULL if out of memory. */
static char *
string_of(struct text *t)
{
	text_add(t, "", 1);
	if (!t->failed)
		return t->bytes;
	text_free(t);
	return NULL;
}

bool
export_query_split(struct export_query *q, const char *target)
{
	struct text base = { 0 }, first = { 0 };
	size_t path = strcspn(target, "?");

	*q = (struct export_query){ .limit = -1, .target = strdup(target) };
	text_add(&base, target, path);
	for (const char *at = target + path; *at != '\0';) {
		size_t len = strcspn(++at, "&");
		if (len > 0)
			take_pair(q, &base, &first, (swm_str){ at, len });
		at += len;
	}
	q->base = string_of(&base);
	q->first = string_of(&first);
	return q->target != NULL && q->base != NULL && q->first != NULL;
}

void
export_query_free(struct export_query *q)
{
	free(q->target);
	free(q->base);
	free(q->first);
}

char *
export_query_page(const struct export_query *q, uint64_t rows, const char *after, uint64_t limit)
{
	uint64_t left = q->limit < 0 ? UINT64_MAX : (uint64_t)q->limit - rows;
	char *target, number[32] = "";

	if (after == NULL && limit == 0)
		return strdup(q->target);
	if (limit == 0 || limit > left)
		limit = left;
	if (limit != UINT64_MAX)
		snprintf(number, sizeof number, "&limit=%llu", (unsigned long long)limit);
	int len = asprintf(&target, "%s%s%s%s%s", q->base, q->has_parameters ? "" : "?", number,
	                   after == NULL ? q->first : "&", after == NULL ? "" : after);
	return len < 0 ? NULL : target;
}
