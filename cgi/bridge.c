#include "config.h"

#include "bridge.h"
#include "log.h"

#include <stdio.h>
#include <string.h>

/* The answer while it is being written. */
struct answer {
	FCGX_Stream *out;
	bool in_body; /* the blank line after the header fields was written */
	bool stalled; /* the web server kept us waiting for too long */
	int status;
	uint64_t bytes; /* length of the body */
};

/* The request's body while it is being read. */
struct incoming {
	FCGX_Stream *in;
	int64_t announced; /* -1: not known */
	int64_t taken;
};

/* Parameters that the bridge itself uses; SWM_... are settings of the web server's site. */
struct params {
	swm_str content_length, address, protocol, asks, prefix;
};

/* libfcgi's lengths are int, and its fast path does not look at the stream's error. */
static int
put(struct answer *answer, swm_str text)
{
	enum { PIECE = 1 << 20 };

	while (text.len > 0) {
		int length = text.len < PIECE ? (int)text.len : PIECE;

		if (FCGX_PutStr(text.ptr, length, answer->out) != length || FCGX_GetError(answer->out) != 0)
			return 1;
		text.ptr += length;
		text.len -= (size_t)length;
	}
	return 0;
}

static int
put_status(void *user, int status)
{
	struct answer *answer = user;
	char line[64];
	swm_str text = { line, 0 };

	answer->status = status;
	text.len = (size_t)snprintf(line, sizeof(line), "Status: %03d %s\r\n", status,
	                            swm_http_reason(status));
	return put(answer, text);
}

static int
put_header(void *user, swm_str name, swm_str value)
{
	struct answer *answer = user;

	return put(answer, name) != 0 || put(answer, SWM_STR(": ")) != 0 || put(answer, value) != 0
	       || put(answer, SWM_STR("\r\n")) != 0;
}

static int
end_headers(struct answer *answer)
{
	if (answer->in_body)
		return 0;
	answer->in_body = true;
	return put(answer, SWM_STR("\r\n"));
}

static int
put_body(void *user, swm_str piece)
{
	struct answer *answer = user;

	if (end_headers(answer) != 0 || put(answer, piece) != 0)
		return 1;
	answer->bytes += piece.len;
	return 0;
}

bool
bridge_init(struct bridge *bridge, swm_engine *engine, bool (*admit)(void *user), void *user)
{
	memset(bridge, 0, sizeof(*bridge));
	bridge->engine = engine;
	bridge->admit = admit;
	bridge->user = user;
	bridge->error = swm_error_new();
	return bridge->error != NULL && swm_request_new(&bridge->request, bridge->error) == SWM_OK;
}

void
bridge_dispose(struct bridge *bridge)
{
	swm_request_free(bridge->request);
	swm_error_free(bridge->error);
	memset(bridge, 0, sizeof(*bridge));
}

/* The next parameter, up to a NUL: an environment variable would end there too. */
static bool
next_param(swm_str *rest, swm_str *name, swm_str *value)
{
	if (!records_pair(rest, name, value))
		return false;
	value->len = strnlen(value->ptr, value->len);
	return true;
}

static bool
is_named(swm_str name, swm_str wanted)
{
	return name.len == wanted.len && memcmp(name.ptr, wanted.ptr, name.len) == 0;
}

/* Reads those of the bridge, and gives all to the request. After SWM_ENOMEM params are complete. */
static int
read_params(struct params *params, swm_request *request, swm_str rest)
{
	const struct {
		swm_str name;
		swm_str *value;
	} wanted[] = {
		{ SWM_STR("CONTENT_LENGTH"), &params->content_length },
		{ SWM_STR("REMOTE_ADDR"), &params->address },
		{ SWM_STR("SERVER_PROTOCOL"), &params->protocol },
		{ SWM_STR("SWM_ASKS"), &params->asks },
		{ SWM_STR("SWM_PREFIX"), &params->prefix },
	};
	swm_str name, value;
	int rc = SWM_OK;

	memset(params, 0, sizeof(*params));
	while (next_param(&rest, &name, &value)) {
		for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
			if (is_named(name, wanted[i].name))
				*wanted[i].value = value;
		if (rc == SWM_OK)
			rc = swm_request_add_variable(request, name, value);
	}
	return rc;
}

/* swm_admit_function: only the anonymous are put off. */
static bool
admit(void *user, bool anonymous)
{
	struct bridge *bridge = user;

	bridge->put_off = anonymous && !bridge->admit(bridge->user);
	return !bridge->put_off;
}

/* The body that CONTENT_LENGTH announces; -1 for one of unknown length. */
static int64_t
announced_length(swm_str text)
{
	int64_t length = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9' || length > INT64_MAX / 10 - 1)
			return -1;
		length = length * 10 + (text.ptr[i] - '0');
	}
	return text.len == 0 ? -1 : length;
}

/*
 * A client that goes away while its body is on its way ends the stream too early.
 * The stream's own end (RFC 3875, 4.2) is that of a body whose length nobody knows.
 */
static ptrdiff_t
read_body(void *user, char *to, size_t room)
{
	enum { PIECE = 1 << 20 }; /* libfcgi's lengths are int */
	struct incoming *incoming = user;
	int asked = room < PIECE ? (int)room : PIECE;
	int length = FCGX_GetStr(to, asked, incoming->in);

	if (FCGX_GetError(incoming->in) != 0)
		return -1;
	incoming->taken += length;
	return length < asked && incoming->taken < incoming->announced ? -1 : length;
}

/*
 * Reads the request's body to its end. Its records, also the empty one that ends
 * it, would otherwise be taken for the next request of a kept connection.
 */
static bool
skip_body(struct incoming *incoming)
{
	char trash[4096];
	ptrdiff_t length;

	while ((length = read_body(incoming, trash, sizeof(trash))) > 0)
		;
	return length == 0;
}

static int
end_answer(struct answer *answer, int rc)
{
	return rc == SWM_OK && end_headers(answer) != 0 ? SWM_ESINK : rc;
}

static void
log_failure(const char *what, const swm_error *err)
{
	char text[64];

	snprintf(text, sizeof(text), "%s: %s", what, swm_error_code(err).ptr);
	log_message(SWM_LOG_ERROR, text, swm_error_message(err));
}

/* A client that went away has done so itself; an answer that broke off is our failure. */
static bool
client_left(const struct answer *answer, int rc)
{
	return !answer->stalled && (rc == SWM_ECANCELED || rc == SWM_ESINK);
}

static const char *
note_of(const struct answer *answer, int rc)
{
	if (rc == SWM_OK)
		return NULL;
	return client_left(answer, rc) ? "(client went away)" : "(broken off)";
}

static void
log_answer(const struct bridge *bridge, const struct params *params, const struct answer *answer,
           int rc)
{
	const struct log_access access = {
		.address = params->address,
		.method = swm_request_method(bridge->request),
		.target = swm_request_target(bridge->request),
		.protocol = params->protocol,
		.status = answer->status,
		.bytes = answer->bytes,
		.note = note_of(answer, rc),
	};

	if (rc != SWM_OK && answer->stalled)
		log_message(SWM_LOG_ERROR, "answer broken off",
		            SWM_STR("the client was too slow for longer than server-stall-timeout"));
	else if (rc != SWM_OK && !client_left(answer, rc))
		log_failure("answer broken off", bridge->error);
	log_request(&access);
}

/* Has the engine answer the request. rc is the result of reading its parameters. */
static int
answer_request(struct bridge *bridge, const struct params *params, int rc, struct answer *answer,
               const struct exchange *exchange)
{
	const swm_sink sink = { sizeof(sink), answer, put_status, put_header, put_body };
	swm_request *request = bridge->request;

	if (exchange->records.too_large)
		return swm_request_refuse(request, SWM_REFUSAL_HEADER_TOO_LARGE, &sink, bridge->error);
	if (rc != SWM_OK)
		return swm_request_refuse(request, SWM_REFUSAL_NOT_SERVED, &sink, bridge->error);
	/* no client can set this: its header fields are parameters that begin with HTTP_ */
	if (is_named(params->asks, SWM_STR("authorization")))
		return swm_engine_authorize(bridge->engine, request, &sink, bridge->error);
	return swm_engine_serve(bridge->engine, request, &sink, bridge->error);
}

enum bridge_outcome
bridge_serve(struct bridge *bridge, struct exchange *exchange, int64_t waited_ms)
{
	swm_request *request = bridge->request;
	struct answer answer = { .out = &exchange->out };
	struct params params;
	int rc = read_params(&params, request, records_params(&exchange->records));
	struct incoming incoming = { &exchange->in, announced_length(params.content_length), 0 };
	const swm_body body = { sizeof(body), &incoming, read_body };

	swm_request_set_prefix(request, params.prefix);
	swm_request_set_body(request, &body);
	swm_request_set_abort_fd(request, exchange->fd);
	swm_request_set_waited(request, waited_ms);
	swm_request_set_admit(request, admit, bridge);
	bridge->put_off = false;
	/* a client may have gone while its request waited: no connection is needed to say so */
	rc = waited_ms > 0 && exchange_is_left(exchange)
	     ? SWM_ECANCELED
	     : end_answer(&answer, answer_request(bridge, &params, rc, &answer, exchange));
	if (rc == SWM_OK && !bridge->put_off && !skip_body(&incoming))
		rc = SWM_ECANCELED;
	answer.stalled = exchange->stalled;
	if (!bridge->put_off)
		log_answer(bridge, &params, &answer, rc);
	swm_request_clear(request);
	if (bridge->put_off)
		return BRIDGE_PUT_OFF;
	return rc == SWM_OK ? BRIDGE_COMPLETE : BRIDGE_BROKEN;
}
