#include "config.h"

#include "openapi/document.h"

#include "http/url.h"

/* RFC 6901, 3 and 6: ~ and / are escaped, then all that a fragment may not have. */
void
swm_openapi_write_pointer(swm_buf *to, swm_str name)
{
	for (size_t i = 0; i < name.len; i++) {
		swm_str byte = { name.ptr + i, 1 };
		if (name.ptr[i] == '~')
			swm_buf_cstr(to, "~0");
		else if (name.ptr[i] == '/')
			swm_buf_cstr(to, "~1");
		else
			swm_url_encode(to, byte);
	}
}

/*
 * rowFilter.relation.column; the dots of a relation's own name would make other columns' keys of
 * it.
 */
void
swm_openapi_write_filter_key(swm_buf *to, swm_str relation, swm_str column)
{
	swm_buf_cstr(to, "rowFilter.");
	for (size_t i = 0; i < relation.len; i++) {
		if (relation.ptr[i] == '.' || relation.ptr[i] == '%')
			swm_buf_printf(to, "%%%02X", (unsigned char)relation.ptr[i]);
		else
			swm_buf_char(to, relation.ptr[i]);
	}
	swm_buf_char(to, '.');
	swm_buf_str(to, column);
}

void
swm_openapi_ref(struct swm_openapi *doc, const char *section, swm_str name)
{
	swm_buf reference = SWM_BUF_INIT;

	swm_buf_printf(&reference, "#/%s/", section);
	swm_openapi_write_pointer(&reference, name);
	swm_json_write_open(&doc->json, '{');
	swm_json_write_member(&doc->json, "$ref", swm_buf_view(&reference));
	swm_json_write_close(&doc->json, '}');
	doc->no_memory |= reference.failed;
	swm_buf_dispose(&reference);
}

/* Blank lines between the two belong to neither. */
void
swm_openapi_split_comment(swm_str comment, swm_str *summary, swm_str *description)
{
	size_t end = swm_str_find(comment, '\n');

	*summary = (swm_str){ comment.ptr, end };
	while (summary->len > 0 && summary->ptr[summary->len - 1] == '\r')
		summary->len--;
	*description = swm_str_from(comment, end);
	while (description->len > 0 && (description->ptr[0] == '\n' || description->ptr[0] == '\r'))
		*description = swm_str_from(*description, 1);
}

void
swm_openapi_comment(struct swm_openapi *doc, swm_str comment)
{
	swm_str summary, description;

	swm_openapi_split_comment(comment, &summary, &description);
	if (summary.len > 0)
		swm_json_write_member(&doc->json, "summary", summary);
	if (description.len > 0)
		swm_json_write_member(&doc->json, "description", description);
}
