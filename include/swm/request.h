/* Web requests: a request in, status, headers and body through a sink out. */
#ifndef SWM_REQUEST_H
#define SWM_REQUEST_H

#include <swm/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * One web request of PostgREST's dialect. Nothing is copied: the bytes of each view must stay
 * until the request is freed or cleared.
 * Threads: belongs to one thread at a time.
 */
typedef struct swm_request swm_request;

/* Makes an empty request, owned by the caller. SWM_ENOMEM. */
SWM_API int swm_request_new(swm_request **out, swm_error *err) SWM_MUST_CHECK;

/* Frees it; NULL is allowed. */
SWM_API void swm_request_free(swm_request *request);

/* Empties it for the next use, keeping its memory. */
SWM_API void swm_request_clear(swm_request *request);

/* The method, as in the request line: "GET". */
SWM_API void swm_request_set_method(swm_request *request, swm_str method);

/*
 * The request target as it was sent (RFC 9112, 3.2.1): path and query,
 * percent-encoded. The path begins at the API's root, or with the prefix.
 */
SWM_API void swm_request_set_target(swm_request *request, swm_str target);

/*
 * The path at which the API is mounted, "/rest/v1"; empty, the default, for the root. It is
 * taken off a target that begins with it, and stands before the paths in Location and
 * Content-Location.
 */
SWM_API void swm_request_set_prefix(swm_request *request, swm_str prefix);

/*
 * Adds a header field; the name's case does not matter. Fields of one name are
 * joined by commas as RFC 9110, 5.3 has it. SWM_ENOMEM.
 */
SWM_API int swm_request_add_header(swm_request *request, swm_str name,
                                   swm_str value) SWM_MUST_CHECK;

/*
 * Takes one variable of a request as CGI has it (RFC 3875, 4.1), for a program that is given
 * them by FastCGI, SCGI or its environment, in place of the calls above:
 *
 *   REQUEST_METHOD                 is the method
 *   REQUEST_URI                    is the target; without it, or while it is empty, that is
 *   DOCUMENT_URI, QUERY_STRING     the one, and after a ? the other unless it is empty
 *   CONTENT_TYPE, CONTENT_LENGTH   are header fields unless they are empty
 *   HTTP_...                       are header fields, HTTP_IF_MATCH is if-match; the two forms
 *                                  HTTP_CONTENT_TYPE and HTTP_CONTENT_LENGTH do not count
 *
 * Others do not count. Of several of one name the last counts, but header fields are added as by
 * swm_request_add_header(). The name is copied, the value is not. SWM_ENOMEM.
 */
SWM_API int swm_request_add_variable(swm_request *request, swm_str name,
                                     swm_str value) SWM_MUST_CHECK;

/*
 * The method and the target as they were set or follow from variables, for a log; empty while
 * there is none. They live until the request is changed, cleared or freed.
 */
SWM_API swm_str swm_request_method(const swm_request *request);
SWM_API swm_str swm_request_target(const swm_request *request);

/*
 * The source of a body. It is read in order, once, and only when the request
 * needs it; what is left over belongs to the caller. Read by the thread that
 * serves the request.
 */
typedef struct swm_body {
	size_t size; /* sizeof(swm_body) */
	void *user;
	/*
	 * Writes at most room bytes (1 or more) and returns how many; 0 at the end of the
	 * body; negative when it ends too early, as the client went away: the request then
	 * ends with SWM_ECANCELED.
	 */
	ptrdiff_t (*read)(void *user, char *to, size_t room);
} swm_body;

/* The body; NULL, the default, for none. The struct is not copied either. */
SWM_API void swm_request_set_body(swm_request *request, const swm_body *body);

/*
 * A file descriptor that becomes readable-at-end or broken when the client goes
 * away (a socket); its query is then cancelled. -1, the default, for none.
 */
SWM_API void swm_request_set_abort_fd(swm_request *request, int fd);

/*
 * Milliseconds for which the request has waited before it was given to the engine;
 * they count towards db-pool-acquisition-timeout. 0, the default, for none.
 */
SWM_API void swm_request_set_waited(swm_request *request, int64_t milliseconds);

/*
 * Asked once, when it is known who sends a request and before anything else is done for it, by the
 * thread that serves it. anonymous: it has the anonymous role, with a token or without. False:
 * swm_engine_serve() returns SWM_ECANCELED at once; nothing was read from the body or given to the
 * sink, and the request may be served later. So a program bounds how many of its threads the
 * anonymous occupy. OPTIONS, a request whose token is no good, and
 * swm_engine_authorize() do not ask. Experimental: it may change with the next version.
 */
typedef bool swm_admit_function(void *user, bool anonymous);

/* NULL, the default: every request is admitted. */
SWM_API void swm_request_set_admit(swm_request *request, swm_admit_function *admit, void *user);

/*
 * The destination of an answer. All three functions are needed. Each returns 0, or non-zero to
 * give up (the answer then ends with SWM_ESINK). Views live for the call alone.
 */
typedef struct swm_sink {
	size_t size; /* sizeof(swm_sink) */
	void *user;
	/* Called once, first, with an HTTP status (100..599). */
	int (*status)(void *user, int status);
	/*
	 * Called for each header field, before the body. The name is never empty, and neither it nor
	 * the value has a CR, LF or NUL.
	 */
	int (*header)(void *user, swm_str name, swm_str value);
	/* Called with pieces of the body, in order; not at all when there is none. */
	int (*body)(void *user, swm_str piece);
} swm_sink;

/*
 * The reason phrase of an HTTP status (RFC 9110, 15), as a status line has it after the number;
 * "" for a status that has none here. Lives for ever. Threads: any.
 */
SWM_API const char *swm_http_reason(int status);

/*
 * Answers a request. An error of the request or of the database is itself an answer, with its
 * status and a JSON body, and returns SWM_OK. So is running out of memory, which needs none for
 * its answer.
 *
 * A negative result means that the answer, if it began, is not complete and must not look so to
 * the client: SWM_ECANCELED (the client went away), SWM_ESINK, and when the answer has begun
 * SWM_EUNAVAILABLE, SWM_EDATABASE, SWM_EUNKNOWN or SWM_ENOMEM. After SWM_ESINK and SWM_EUNKNOWN
 * what the request wrote may be in the database; after the others it is not. SWM_EINVAL: a
 * function of the sink or of the body is NULL, or its size is not one of this library's; the
 * message names it.
 */
SWM_API int swm_engine_serve(swm_engine *engine, const swm_request *request, const swm_sink *sink,
                             swm_error *err) SWM_MUST_CHECK;

/*
 * Answers, in place of the request, whether its sender has a good token, for a web server
 * that asks before it takes a large body: 204, or 403 with what the sender is to be told
 * with 401: WWW-Authenticate, Proxy-Status, and the body in the header Swm-Refusal. The
 * request needs no method, target or body. Results as of swm_engine_serve().
 */
SWM_API int swm_engine_authorize(swm_engine *engine, const swm_request *request,
                                 const swm_sink *sink, swm_error *err) SWM_MUST_CHECK;

/* A program's reason for not giving a request to the engine. */
enum swm_refusal {
	SWM_REFUSAL_NOT_SERVED = 0,       /* 500, PGRSTX00: it lacks memory, for example */
	SWM_REFUSAL_HEADER_TOO_LARGE = 1, /* 431, PGRST100: the header is longer than it takes */
};

/*
 * Answers a request that the program itself refuses, in the form that errors of the engine have: a
 * status and a JSON body, but for HEAD. Of the request only the method counts; while it is not
 * set, the body is sent. Needs no memory and no engine. SWM_ESINK. SWM_EINVAL: as of
 * swm_engine_serve(), or why is none of its enum. Threads: as the request.
 */
SWM_API int swm_request_refuse(const swm_request *request, enum swm_refusal why,
                               const swm_sink *sink, swm_error *err) SWM_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
