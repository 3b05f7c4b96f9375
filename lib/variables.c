/* Requests as CGI has them: variables in place of a request line and header fields. */
#include "config.h"

#include "request.h"

/* DOCUMENT_URI?QUERY_STRING, where there is no REQUEST_URI. */
static int
compose_target(swm_request *request)
{
	swm_str path = request->document_uri, query = request->query;
	char *text = swm_arena_alloc(request->arena, path.len + 1 + query.len);

	if (text == NULL)
		return SWM_ENOMEM;
	if (path.len > 0)
		memcpy(text, path.ptr, path.len);
	request->target = (swm_str){ text, path.len };
	if (query.len == 0)
		return SWM_OK;
	text[path.len] = '?';
	memcpy(text + path.len + 1, query.ptr, query.len);
	request->target.len += 1 + query.len;
	return SWM_OK;
}

static int
set_target(swm_request *request)
{
	if (request->uri.len == 0)
		return compose_target(request);
	request->target = request->uri;
	return SWM_OK;
}

/* REQUEST_URI and DOCUMENT_URI are not in RFC 3875; nginx and Apache have them. */
static swm_str *
part_of_target(swm_request *request, swm_str name)
{
	const struct {
		swm_str name;
		swm_str *part;
	} parts[] = {
		{ SWM_STR("REQUEST_URI"), &request->uri },
		{ SWM_STR("DOCUMENT_URI"), &request->document_uri },
		{ SWM_STR("QUERY_STRING"), &request->query },
	};

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if (swm_str_eq(parts[i].name, name))
			return parts[i].part;
	return NULL;
}

static bool
is_of_content(swm_str name)
{
	return swm_str_eq(name, SWM_STR("CONTENT_TYPE")) ||
	       swm_str_eq(name, SWM_STR("CONTENT_LENGTH"));
}

/*
 * The header field that a variable carries, if any. Content-Type and Content-Length have
 * variables of their own (RFC 3875, 4.1.18); nginx sends both forms, and both together would
 * read as a field that was sent twice.
 */
static bool
is_field(swm_str *name, swm_str value)
{
	const swm_str prefix = SWM_STR("HTTP_");

	if (is_of_content(*name))
		return value.len > 0;
	if (name->len == prefix.len || !swm_str_starts(*name, prefix))
		return false;
	*name = swm_str_from(*name, prefix.len);
	return !is_of_content(*name);
}

/* In lower case, with dashes. */
static int
add_field(swm_request *request, swm_str name, swm_str value)
{
	char *spelt = swm_arena_alloc(request->arena, name.len);

	if (spelt == NULL)
		return SWM_ENOMEM;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		if (c == '_')
			c = '-';
		else if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		spelt[i] = c;
	}
	return swm_request_add_header(request, (swm_str){ spelt, name.len }, value);
}

int
swm_request_add_variable(swm_request *request, swm_str name, swm_str value)
{
	swm_str *part = part_of_target(request, name);

	if (request->arena == NULL)
		request->arena = swm_arena_new();
	if (request->arena == NULL)
		return SWM_ENOMEM;
	if (part != NULL) {
		*part = value;
		return set_target(request);
	}
	if (swm_str_eq(name, SWM_STR("REQUEST_METHOD"))) {
		swm_request_set_method(request, value);
		return SWM_OK;
	}
	return is_field(&name, value) ? add_field(request, name, value) : SWM_OK;
}
