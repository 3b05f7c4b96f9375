#include "config.h"

#include "request.h"

#include "error/error.h"

#include <stdlib.h>

int
swm_request_new(swm_request **out, swm_error *err)
{
	swm_error_clear(err);
	*out = calloc(1, sizeof **out);
	if (*out == NULL)
		return swm_fail_memory(err);
	(*out)->abort_fd = -1;
	return SWM_OK;
}

void
swm_request_free(swm_request *request)
{
	if (request == NULL)
		return;
	free(request->lines);
	free(request);
}

void
swm_request_clear(swm_request *request)
{
	request->method = request->target = (swm_str){ NULL, 0 };
	request->abort_fd = -1;
	request->count = 0;
}

void
swm_request_set_method(swm_request *request, swm_str method)
{
	request->method = method;
}

void
swm_request_set_target(swm_request *request, swm_str target)
{
	request->target = target;
}

void
swm_request_set_abort_fd(swm_request *request, int fd)
{
	request->abort_fd = fd;
}

int
swm_request_add_header(swm_request *request, swm_str name, swm_str value)
{
	if (request->count == request->room) {
		size_t room = request->room == 0 ? 32 : request->room * 2;
		swm_field_line *lines = realloc(request->lines, room * sizeof *lines);
		if (lines == NULL)
			return SWM_ENOMEM;
		request->lines = lines;
		request->room = room;
	}
	request->lines[request->count++] = (swm_field_line){ name, value };
	return SWM_OK;
}

/* The bytes of `a, b` in the arena; ptr NULL when memory ran out. */
static swm_str
join(swm_arena *arena, swm_str a, swm_str b)
{
	char *p = swm_arena_alloc(arena, a.len + b.len + 3);

	if (p == NULL)
		return (swm_str){ NULL, 0 };
	memcpy(p, a.ptr, a.len);
	memcpy(p + a.len, ", ", 2);
	if (b.len > 0)
		memcpy(p + a.len + 2, b.ptr, b.len);
	return (swm_str){ p, a.len + 2 + b.len };
}

bool
swm_request_header(swm_str *out, const swm_request *request, swm_arena *arena, swm_str name)
{
	*out = (swm_str){ NULL, 0 };
	for (size_t i = 0; i < request->count; i++) {
		const swm_field_line *line = &request->lines[i];
		if (!swm_str_caseeq(line->name, name))
			continue;
		*out = out->ptr == NULL ? (swm_str){ line->value.ptr == NULL ? "" : line->value.ptr, line->value.len }
		                        : join(arena, *out, line->value);
		if (out->ptr == NULL)
			return false;
	}
	return true;
}
