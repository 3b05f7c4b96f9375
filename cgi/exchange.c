#include "config.h"

#include "exchange.h"

#include "clock.h"

#include <errno.h>
#include <fastcgi.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	STRETCH = 1 << 20, /* bytes that must be moved within the patience */
	TAIL = 2 * FCGI_HEADER_LEN + sizeof(FCGI_EndRequestBody), /* the end of an answer */
	PADDING = 8,
};

void
exchange_init(struct exchange *exchange, int patience_ms)
{
	records_init(&exchange->records);
	exchange->fd = -1;
	exchange->patience_ms = patience_ms;
}

void
exchange_dispose(struct exchange *exchange)
{
	records_dispose(&exchange->records);
}

void
exchange_open(struct exchange *exchange, int fd)
{
	exchange->fd = fd;
	records_reset(&exchange->records);
}

struct records *
exchange_park(struct exchange *exchange)
{
	struct records *parked = malloc(sizeof(*parked));

	if (parked == NULL)
		return NULL;
	*parked = exchange->records;
	records_init(&exchange->records);
	return parked;
}

bool
exchange_has_more(const struct exchange *exchange)
{
	return records_has_more(&exchange->records);
}

/* Waits for the web server; false when it has kept us waiting for too long. */
static bool
wait_for(struct exchange *exchange, short events)
{
	struct pollfd one = { exchange->fd, events, 0 };
	int64_t start = clock_ms(), left = exchange->patience_ms - exchange->waited_ms;
	int rc = left > 0 ? poll(&one, 1, (int)left) : 0;

	exchange->waited_ms += clock_ms() - start;
	exchange->stalled = rc == 0;
	return rc > 0 || (rc < 0 && errno == EINTR);
}

/* True: the call that failed is to be tried again. */
static bool
may_retry(struct exchange *exchange, short events)
{
	bool would_block = errno == EAGAIN || errno == EWOULDBLOCK;

	return errno == EINTR || (would_block && wait_for(exchange, events));
}

static void
note_moved(struct exchange *exchange, size_t length)
{
	exchange->moved += length;
	if (exchange->moved < STRETCH)
		return;
	exchange->moved = 0;
	exchange->waited_ms = 0;
}

static bool
send_all(struct exchange *exchange, const void *from, size_t length)
{
	const char *at = from;

	while (length > 0) {
		ssize_t sent = send(exchange->fd, at, length, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0 && may_retry(exchange, POLLOUT))
			continue;
		if (sent < 0)
			return false;
		note_moved(exchange, (size_t)sent);
		at += sent;
		length -= (size_t)sent;
	}
	return true;
}

static bool
receive_some(struct exchange *exchange)
{
	unsigned char *to;
	size_t room = records_room(&exchange->records, &to);
	ssize_t length;

	do
		length = recv(exchange->fd, to, room, MSG_DONTWAIT);
	while (length < 0 && may_retry(exchange, POLLIN));
	if (length <= 0)
		return false;
	note_moved(exchange, (size_t)length);
	records_add(&exchange->records, (size_t)length);
	return true;
}

/* The next event that is for us; RECORDS_BROKEN also when the connection is. */
static enum records_event
next_event(struct exchange *exchange, swm_str *piece)
{
	for (;;) {
		enum records_event event = records_next(&exchange->records, piece);

		if (event == RECORDS_MORE ? !receive_some(exchange)
		    : event == RECORDS_REPLY && !send_all(exchange, piece->ptr, piece->len))
			return RECORDS_BROKEN;
		if (event != RECORDS_MORE && event != RECORDS_REPLY)
			return event;
	}
}

/* FCGX_Stream.fillBuffProc: the next piece of the request's body. */
static void
fill_in(FCGX_Stream *in)
{
	struct exchange *exchange = in->data;
	struct records *records = &exchange->records;
	swm_str piece;
	enum records_event event = next_event(exchange, &piece);

	if (event == RECORDS_BODY) {
		in->rdNext = records->buffer + (piece.ptr - (const char *)records->buffer);
		in->stopUnget = in->rdNext;
		in->stop = in->wrNext = in->rdNext + piece.len;
		return;
	}
	in->isClosed = 1;
	in->FCGI_errno = event == RECORDS_END ? 0 : FCGX_PROTOCOL_ERROR;
}

/* Writes a record's header, and returns the place after it. */
static unsigned char *
put_header(unsigned char *to, const struct exchange *exchange, int type, size_t length,
           size_t padding)
{
	unsigned id = exchange->records.request_id;
	const FCGI_Header header = { FCGI_VERSION_1, (unsigned char)type,
		(unsigned char)(id >> 8), (unsigned char)id,
		(unsigned char)(length >> 8), (unsigned char)length, (unsigned char)padding, 0 };

	memcpy(to, &header, sizeof(header));
	return to + sizeof(header);
}

/* The records that end an answer. */
static unsigned char *
put_end(unsigned char *to, const struct exchange *exchange)
{
	const FCGI_EndRequestBody body = { .protocolStatus = FCGI_REQUEST_COMPLETE };

	to = put_header(to, exchange, FCGI_STDOUT, 0, 0);
	to = put_header(to, exchange, FCGI_END_REQUEST, sizeof(body), 0);
	memcpy(to, &body, sizeof(body));
	return to + sizeof(body);
}

/* An empty buffer: the record's header goes before what is written. */
static void
empty_out(struct exchange *exchange)
{
	FCGX_Stream *out = &exchange->out;

	out->wrNext = exchange->buffer + FCGI_HEADER_LEN;
	out->stop = out->rdNext = exchange->buffer + sizeof(exchange->buffer) - PADDING - TAIL;
}

/* FCGX_Stream.emptyBuffProc: sends what was written as one record, and the end of the answer. */
static void
flush_out(FCGX_Stream *out, int at_end)
{
	struct exchange *exchange = out->data;
	unsigned char *content = exchange->buffer + FCGI_HEADER_LEN, *end = out->wrNext;
	size_t length = (size_t)(end - content), padding = -length % PADDING;

	if (length > 0) {
		put_header(exchange->buffer, exchange, FCGI_STDOUT, length, padding);
		memset(end, 0, padding);
		end += padding;
	}
	if (at_end)
		end = put_end(end, exchange);
	unsigned char *from = length > 0 ? exchange->buffer : content;
	bool sent = send_all(exchange, from, (size_t)(end - from));
	empty_out(exchange);
	if (!sent) {
		out->FCGI_errno = EPIPE;
		out->isClosed = 1;
		out->stop = out->rdNext = out->wrNext;
	}
}

/* The streams of a request that has come. */
static void
open_streams(struct exchange *exchange)
{
	exchange->in = (FCGX_Stream){ .isReader = 1, .fillBuffProc = fill_in, .data = exchange };
	exchange->out = (FCGX_Stream){ .emptyBuffProc = flush_out, .data = exchange };
	empty_out(exchange);
}

static void
forget_waits(struct exchange *exchange)
{
	exchange->waited_ms = 0;
	exchange->moved = 0;
	exchange->stalled = false;
}

bool
exchange_accept(struct exchange *exchange)
{
	swm_str piece;

	forget_waits(exchange);
	if (next_event(exchange, &piece) != RECORDS_REQUEST)
		return false;
	open_streams(exchange);
	return true;
}

void
exchange_resume(struct exchange *exchange, int fd, struct records *parked)
{
	records_dispose(&exchange->records);
	exchange->records = *parked;
	free(parked);
	exchange->fd = fd;
	forget_waits(exchange);
	open_streams(exchange);
}

bool
exchange_is_left(const struct exchange *exchange)
{
	struct pollfd one = { exchange->fd, POLLRDHUP, 0 };

	return poll(&one, 1, 0) > 0;
}

bool
exchange_finish(struct exchange *exchange)
{
	return FCGX_FClose(&exchange->out) == 0 && exchange->records.keep;
}

void
exchange_abort(struct exchange *exchange)
{
	/*
	 * A record of a version that does not exist. Only whole records were written, so
	 * this stands where the next would. nginx without fastcgi_keep_conn takes a
	 * closed connection for the end of the answer; a broken record never.
	 */
	static const unsigned char broken[FCGI_HEADER_LEN] = { 0 };

	(void)!send(exchange->fd, broken, sizeof(broken), MSG_NOSIGNAL | MSG_DONTWAIT);
}
