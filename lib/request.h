#ifndef SWM_LIB_REQUEST_H
#define SWM_LIB_REQUEST_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#include <swm/request.h>

typedef struct swm_field_line {
	swm_str name, value;
} swm_field_line;

struct swm_request {
	swm_str method, target;
	/* what the target is made of, where it came as variables */
	swm_str uri, document_uri, query;
	swm_arena *arena; /* of what was written for variables; NULL before the first */
	swm_str prefix; /* without a slash at its end */
	int abort_fd;
	int64_t waited_ms;
	const swm_body *body; /* NULL for none */
	swm_admit_function *admit; /* NULL for none */
	void *admit_user;
	swm_field_line *lines;
	size_t count, room;
};

/*
 * The value of a header field; lines of one name are joined by ", " (RFC 9110,
 * 5.3) in the arena. *out is empty, with ptr NULL, when there is none. False when
 * memory ran out.
 */
bool swm_request_header(swm_str *out, const swm_request *request, swm_arena *arena, swm_str name);

/* The longest body that is held in memory, as the argument of a function is. */
enum { SWM_BODY_LONGEST = 64 * 1024 * 1024 };

/*
 * Reads the whole body, each piece as write() puts it there. BODY_TOO_LARGE
 * (SWM_EREFUSED), SWM_ECANCELED, SWM_ENOMEM.
 */
int swm_request_read_body(swm_buf *to, const swm_request *request, size_t longest,
                          void (*write)(swm_buf *to, const void *bytes, size_t len),
                          swm_error *err);

#endif
