#include "config.h"

#include "reply/reply.h"

void
swm_reply_init(swm_reply *reply, const swm_sink *sink, swm_arena *arena, bool no_body)
{
	*reply = (swm_reply){ .sink = sink, .arena = arena, .no_body = no_body };
	swm_reply_reset(reply);
}

void
swm_reply_dispose(swm_reply *reply)
{
	swm_buf_dispose(&reply->body);
}

void
swm_reply_reset(swm_reply *reply)
{
	reply->status = 200;
	reply->hold = SWM_REPLY_BUFFER;
	reply->failed = false;
	reply->headers = NULL;
	reply->tail = &reply->headers;
	swm_buf_clear(&reply->body);
}

/* True: the text would end the line it stands in, and could begin another field (RFC 9110, 5.5). */
static bool
breaks_line(swm_str text)
{
	return text.len > 0 && (memchr(text.ptr, '\r', text.len) != NULL ||
	                        memchr(text.ptr, '\n', text.len) != NULL ||
	                        memchr(text.ptr, '\0', text.len) != NULL);
}

static void
add_header(swm_reply *reply, swm_str name, swm_str value, bool spared)
{
	swm_reply_header *h = swm_arena_alloc(reply->arena, sizeof *h);

	if (h != NULL) {
		h->spared = spared;
		h->name = swm_arena_str(reply->arena, name);
		h->value = swm_arena_str(reply->arena, value);
	}
	if (h == NULL || h->name.ptr == NULL || h->value.ptr == NULL) {
		reply->failed = true;
		return;
	}
	*reply->tail = h;
	reply->tail = &h->next;
}

void
swm_reply_add(swm_reply *reply, swm_str name, swm_str value)
{
	add_header(reply, name, value, false);
}

swm_str
swm_reply_get(const swm_reply *reply, const char *name)
{
	for (const swm_reply_header *h = reply->headers; h != NULL; h = h->next)
		if (swm_str_caseeq(h->name, swm_cstr(name)))
			return h->value;
	return (swm_str){ NULL, 0 };
}

void
swm_reply_remove(swm_reply *reply, swm_str name)
{
	swm_reply_header **h = &reply->headers;

	while (*h != NULL) {
		if (swm_str_caseeq((*h)->name, name))
			*h = (*h)->next;
		else
			h = &(*h)->next;
	}
	reply->tail = h;
}

void
swm_reply_set(swm_reply *reply, const char *name, swm_str value)
{
	swm_reply_remove(reply, swm_cstr(name));
	swm_reply_add(reply, swm_cstr(name), value);
}

void
swm_reply_echo(swm_reply *reply, const char *name, swm_str value)
{
	if (value.len > SWM_REPLY_LONGEST_ECHO || breaks_line(value))
		return;
	swm_reply_remove(reply, swm_cstr(name));
	add_header(reply, swm_cstr(name), value, true);
}

/* "Name: value" and the end of the line. */
static size_t
line_length(const swm_reply_header *h)
{
	return h->name.len + h->value.len + 4;
}

size_t
swm_reply_head_length(const swm_reply *reply)
{
	size_t len = sizeof "Status: 431 Request Header Fields Too Large\r\n\r\n";

	for (const swm_reply_header *h = reply->headers; h != NULL; h = h->next)
		len += h->spared ? 0 : line_length(h);
	return len;
}

/* Keeps of what may be left out, in the order in which it was set, as much as there is room for. */
static void
leave_out(swm_reply *reply, size_t room)
{
	swm_reply_header **at = &reply->headers;

	while (*at != NULL) {
		swm_reply_header *h = *at;
		bool fits = !h->spared || line_length(h) <= room;
		if (h->spared && fits)
			room -= line_length(h);
		if (fits)
			at = &h->next;
		else
			*at = h->next;
	}
	reply->tail = at;
}

int
swm_reply_fit(swm_reply *reply, size_t spare, swm_error *err)
{
	size_t len = swm_reply_head_length(reply) + spare;

	if (len > SWM_REPLY_LONGEST_HEAD)
		return swm_fail_number(err, SWM_ERR_RESPONSE_HEADERS_LONG, SWM_REPLY_LONGEST_HEAD);
	leave_out(reply, SWM_REPLY_LONGEST_HEAD - len);
	return SWM_OK;
}

bool
swm_reply_is_full(const swm_reply *reply)
{
	return reply->body.len >= (reply->begun ? SWM_REPLY_BUFFER : reply->hold);
}

static bool
has_broken_header(const swm_reply *reply)
{
	for (const swm_reply_header *h = reply->headers; h != NULL; h = h->next)
		if (h->name.len == 0 || breaks_line(h->name) || breaks_line(h->value))
			return true;
	return false;
}

static int
send_head(swm_reply *reply, swm_error *err)
{
	const swm_sink *sink = reply->sink;

	if (reply->failed)
		return swm_fail_memory(err);
	if (has_broken_header(reply))
		return swm_fail(err, SWM_ERR_INTERNAL,
		                SWM_STR("A header field has a line break or no name"));
	reply->begun = true;
	if (sink->status(sink->user, reply->status) != 0)
		return swm_fail(err, SWM_ERR_SINK);
	for (const swm_reply_header *h = reply->headers; h != NULL; h = h->next)
		if (sink->header(sink->user, h->name, h->value) != 0)
			return swm_fail(err, SWM_ERR_SINK);
	return SWM_OK;
}

int
swm_reply_flush(swm_reply *reply, swm_error *err)
{
	int rc = SWM_OK;

	if (reply->body.failed)
		return swm_fail_memory(err);
	if (!reply->begun)
		rc = swm_reply_fit(reply, 0, err);
	if (rc == SWM_OK && !reply->begun)
		rc = send_head(reply, err);
	if (rc == SWM_OK && reply->body.len > 0 && !reply->no_body &&
	    reply->sink->body(reply->sink->user, swm_buf_view(&reply->body)) != 0)
		rc = swm_fail(err, SWM_ERR_SINK);
	swm_buf_clear(&reply->body);
	return rc;
}

int
swm_reply_end(swm_reply *reply, swm_error *err)
{
	/* a length is no part of an answer without content (RFC 9110, 8.6), nor told by HEAD */
	bool has_length = !reply->begun && !reply->no_body && reply->status != 204 &&
	                  reply->status != 304;
	swm_buf length = SWM_BUF_INIT;

	if (!reply->begun && (reply->status == 204 || reply->status == 304))
		swm_buf_clear(&reply->body); /* whoever set the status */
	if (has_length) {
		swm_buf_int(&length, (int64_t)reply->body.len);
		swm_reply_set(reply, "Content-Length", swm_buf_view(&length));
		reply->failed |= length.failed;
		swm_buf_dispose(&length);
	}
	return swm_reply_flush(reply, err);
}
