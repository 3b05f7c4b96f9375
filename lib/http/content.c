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

static enum swm_content
content_named(swm_str type)
{
	int i = 0;

	while (i < SWM_CONTENT_OTHER && !swm_str_caseeq(types[i], type))
		i++;
	return (enum swm_content)i;
}

enum swm_content
swm_content_of(swm_str field)
{
	if (swm_str_trim(field).len == 0)
		return SWM_CONTENT_JSON;
	enum swm_content content = content_named(type_of(field));
	/* an array of PostgREST's own type is JSON */
	return content != SWM_CONTENT_OTHER ? content : content_named(swm_media_name(field));
}

int
swm_content_fail(swm_error *err, swm_str field)
{
	return swm_fail(err, SWM_ERR_CONTENT_TYPE, swm_media_name(field));
}

int
swm_content_check_coding(swm_error *err, swm_str field)
{
	swm_str rest = field, coding;

	while (swm_str_cut(&rest, ',', &coding)) {
		coding = swm_str_trim(coding);
		if (coding.len == 0 || swm_str_caseeq(coding, SWM_STR("identity")))
			continue;
		int rc = swm_fail(err, SWM_ERR_CONTENT_CODING, coding);
		swm_error_add_header(err, SWM_STR("Accept-Encoding"), SWM_STR("identity"));
		return rc;
	}
	return SWM_OK;
}
