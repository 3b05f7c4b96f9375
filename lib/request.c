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
	swm_arena_free(request->arena);
	free(request->lines);
	free(request);
}

void
swm_request_clear(swm_request *request)
{
	request->method = request->target = request->prefix = (swm_str){ NULL, 0 };
	request->uri = request->document_uri = request->query = (swm_str){ NULL, 0 };
	if (request->arena != NULL)
		swm_arena_reset(request->arena);
	request->abort_fd = -1;
	request->waited_ms = 0;
	request->body = NULL;
	request->admit = NULL;
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

swm_str
swm_request_method(const swm_request *request)
{
	return request->method;
}

swm_str
swm_request_target(const swm_request *request)
{
	return request->target;
}

void
swm_request_set_prefix(swm_request *request, swm_str prefix)
{
	while (prefix.len > 0 && prefix.ptr[prefix.len - 1] == '/')
		prefix.len--;
	request->prefix = prefix;
}

void
swm_request_set_admit(swm_request *request, swm_admit_function *admit, void *user)
{
	request->admit = admit;
	request->admit_user = user;
}

void
swm_request_set_abort_fd(swm_request *request, int fd)
{
	request->abort_fd = fd;
}

void
swm_request_set_waited(swm_request *request, int64_t milliseconds)
{
	request->waited_ms = milliseconds < 0 ? 0 : milliseconds;
}

void
swm_request_set_body(swm_request *request, const swm_body *body)
{
	request->body = body;
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

/* All values of a name, with ", " between them: to is NULL, or has room for what was counted so. */
static size_t
join_values(char *to, const swm_request *request, swm_str name, size_t *found, swm_str *first)
{
	size_t len = 0;

	*found = 0;
	for (size_t i = 0; i < request->count; i++) {
		const swm_field_line *line = &request->lines[i];
		if (!swm_str_caseeq(line->name, name))
			continue;
		if ((*found)++ > 0) {
			if (to != NULL)
				memcpy(to + len, ", ", 2);
			len += 2;
		} else {
			*first = line->value;
		}
		if (to != NULL && line->value.len > 0)
			memcpy(to + len, line->value.ptr, line->value.len);
		len += line->value.len;
	}
	return len;
}

bool
swm_request_header(swm_str *out, const swm_request *request, swm_arena *arena, swm_str name)
{
	swm_str first = { NULL, 0 };
	size_t found, len = join_values(NULL, request, name, &found, &first);

	*out = first;
	if (found == 1 && first.ptr == NULL)
		*out = (swm_str){ "", 0 }; /* there, and empty */
	if (found < 2)
		return true;
	char *joined = swm_arena_alloc(arena, len + 1);
	if (joined == NULL)
		return false;
	join_values(joined, request, name, &found, &first);
	*out = (swm_str){ joined, len };
	return true;
}

int
swm_request_read_body(swm_buf *to, const swm_request *request, size_t longest,
                      void (*write)(swm_buf *to, const void *bytes, size_t len), swm_error *err)
{
	const swm_body *body = request->body;
	char piece[16384];
	size_t len = 0;

	while (body != NULL) {
		ptrdiff_t n = body->read(body->user, piece, sizeof piece);
		if (n < 0 || (size_t)n > sizeof piece)
			return swm_fail(err, SWM_ERR_CANCELED);
		if (n == 0)
			break;
		len += (size_t)n;
		if (len > longest)
			return swm_fail_number(err, SWM_ERR_BODY_TOO_LARGE, (int64_t)longest);
		write(to, piece, (size_t)n);
		if (to->failed)
			return swm_fail_memory(err);
	}
	return SWM_OK;
}
