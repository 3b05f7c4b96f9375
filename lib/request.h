#ifndef SWM_LIB_REQUEST_H
#define SWM_LIB_REQUEST_H

#include "base/arena.h"
#include "base/str.h"

#include <swm/request.h>

typedef struct swm_field_line {
	swm_str name, value;
} swm_field_line;

struct swm_request {
	swm_str method, target;
	int abort_fd;
	swm_field_line *lines;
	size_t count, room;
};

/*
 * The value of a header field; lines of one name are joined by ", " (RFC 9110,
 * 5.3) in the arena. *out is empty, with ptr NULL, when there is none. False when
 * memory ran out.
 */
bool swm_request_header(swm_str *out, const swm_request *request, swm_arena *arena, swm_str name);

#endif
