#include "config.h"

#include "http/content.h"

#include "http/header.h"

static const swm_str types[] = {
#define SWM_CONTENT(name, type) { type, sizeof type - 1 },
#include "http/content.def"
#undef SWM_CONTENT
};

static swm_str
type_of(swm_str field)
{
	return swm_str_trim((swm_str){ field.ptr, swm_str_find(field, ';') });
}

enum swm_content
swm_content_of(swm_str field)
{
	swm_str type = type_of(field), name = swm_media_name(field); /* an array of PostgREST's own type is JSON */

	if (swm_str_trim(field).len == 0)
		return SWM_CONTENT_JSON;
	for (int i = 0; i < SWM_CONTENT_OTHER; i++)
		if (swm_str_caseeq(types[i], type) || swm_str_eq(types[i], name))
			return (enum swm_content)i;
	return SWM_CONTENT_OTHER;
}

int
swm_content_fail(swm_error *err, swm_str field)
{
	return swm_fail(err, SWM_ERR_CONTENT_TYPE, swm_media_name(field));
}
