/* Entity tags and If-None-Match (RFC 9110, 8.8.3, 13.1.2 and 15.4.5). */
#include "config.h"

#include "serve/serving.h"

#include "base/hash.h"

#include <endian.h>

/*
 * The tag covers the body and the headers that the client keeps using after a 304: the number of
 * rows, and the link to the next page.
 */
static swm_hash128
hash_answer(const struct serving *s)
{
	static const char *const names[] = { "Content-Type", "Content-Range", "Link" };
	swm_hash128 h = swm_hash((swm_hash128){ 0, 0 }, swm_buf_view(&s->reply.body));

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		h = swm_hash(h, swm_reply_get(&s->reply, names[i]));
	return h;
}

/* Weak, as a page by Range is not a byte range of the whole answer. */
static swm_str
tag_answer(struct serving *s)
{
	swm_buf tag = SWM_BUF_INIT;
	swm_hash128 h = hash_answer(s);
	uint64_t words[] = { htobe64(h.high), htobe64(h.low) }; /* the same on every machine */

	swm_buf_cstr(&tag, "W/\"");
	swm_buf_hex(&tag, words, sizeof words);
	swm_buf_char(&tag, '"');
	swm_reply_set(&s->reply, "ETag", swm_buf_view(&tag));
	s->reply.failed |= tag.failed;
	swm_buf_dispose(&tag);
	return swm_reply_get(&s->reply, "ETag");
}

static void
become_not_modified(struct serving *s)
{
	s->reply.status = 304;
	swm_buf_clear(&s->reply.body);
	swm_reply_remove(&s->reply, SWM_STR("Content-Type"));
	swm_reply_remove(&s->reply, SWM_STR("Content-Range"));
}

void
swm_set_etag(struct serving *s)
{
	swm_str tag = swm_reply_get(&s->reply, "ETag");

	if (!swm_serving_is(s, "GET") && !swm_serving_is(s, "HEAD"))
		return;
	if (s->reply.status != 200 && s->reply.status != 206)
		return;
	if (tag.ptr == NULL && (!s->reply.no_body || s->progress.if_none_match.len > 0) &&
	    !s->reply.body.failed)
		tag = tag_answer(s);
	if (s->progress.if_none_match.len > 0 && tag.len > 0 &&
	    swm_etag_matches(s->progress.if_none_match, tag))
		become_not_modified(s);
}
