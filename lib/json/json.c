#include "config.h"

#include "json/json.h"

#include "base/str.h"
#include "json/grammar.h"

#include <cJSON.h>

/* A swm_json is a cJSON; the struct is never defined, these two functions convert. */
static const cJSON *
node(const swm_json *value)
{
	return (const cJSON *)value;
}

static const swm_json *
handle(const cJSON *value)
{
	return (const swm_json *)value;
}

/*
 * cJSON alone accepts more than JSON (any control character as a blank, 01, raw controls in
 * strings) and ends a string at \u0000, so that "role\u0000x" would read as "role". The grammar is
 * checked first, so its C strings are complete.
 */
swm_json *
swm_json_parse(swm_str text)
{
	if (!swm_json_valid(text))
		return NULL;
	return (swm_json *)cJSON_ParseWithLength(text.ptr, text.len);
}

/* Not every version of cJSON accepts longer numbers; in a string so many digits do no harm. */
static bool
has_long_number(swm_str text)
{
	enum { LONGEST = 63 };
	size_t len = 0;

	for (size_t i = 0; i < text.len && len <= LONGEST; i++) {
		char c = text.ptr[i];
		bool is_part = c != '\0' && strchr("0123456789-+.eE", c) != NULL;
		len = is_part ? len + 1 : 0;
	}
	return len > LONGEST;
}

int
swm_json_why_not(swm_str text)
{
	return swm_json_valid(text) && !has_long_number(text) ? SWM_ENOMEM : SWM_EPARSE;
}

void
swm_json_free(swm_json *doc)
{
	cJSON_Delete((cJSON *)doc);
}

enum swm_json_type
swm_json_type_of(const swm_json *value)
{
	if (value == NULL)
		return SWM_JSON_NONE;
	switch (node(value)->type & 0xff) {
	case cJSON_False:
	case cJSON_True:
		return SWM_JSON_BOOL;
	case cJSON_Number:
		return SWM_JSON_NUMBER;
	case cJSON_String:
		return SWM_JSON_STRING;
	case cJSON_Array:
		return SWM_JSON_ARRAY;
	case cJSON_Object:
		return SWM_JSON_OBJECT;
	default:
		return SWM_JSON_NULL;
	}
}

const swm_json *
swm_json_get(const swm_json *object, swm_str name)
{
	const swm_json *found = NULL;

	if (swm_json_type_of(object) != SWM_JSON_OBJECT)
		return NULL;
	for (const swm_json *m = swm_json_first(object); m != NULL; m = swm_json_next(m))
		if (swm_str_eq(swm_json_name(m), name))
			found = m;
	return found;
}

const swm_json *
swm_json_first(const swm_json *container)
{
	return container == NULL ? NULL : handle(node(container)->child);
}

const swm_json *
swm_json_next(const swm_json *child)
{
	return child == NULL ? NULL : handle(node(child)->next);
}

swm_str
swm_json_name(const swm_json *member)
{
	return swm_cstr(member == NULL ? NULL : node(member)->string);
}

swm_str
swm_json_string(const swm_json *value)
{
	return swm_cstr(swm_json_type_of(value) == SWM_JSON_STRING ? node(value)->valuestring
	                                                           : NULL);
}

double
swm_json_number(const swm_json *value)
{
	return swm_json_type_of(value) == SWM_JSON_NUMBER ? node(value)->valuedouble : 0;
}

bool
swm_json_bool(const swm_json *value)
{
	return value != NULL && cJSON_IsTrue(node(value));
}
