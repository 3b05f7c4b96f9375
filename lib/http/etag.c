#include "config.h"

#include "http/header.h"

/* "..." of W/"..." */
static swm_str
without_weakness(swm_str tag)
{
	return swm_str_starts(tag, SWM_STR("W/")) ? swm_str_from(tag, 2) : tag;
}

/*
 * Takes a tag, which may have commas in its quotes, off the list; false at its end, or where it is
 * none.
 */
static bool
cut_tag(swm_str *rest, swm_str *tag)
{
	while (rest->len > 0 &&
	       (rest->ptr[0] == ',' || rest->ptr[0] == ' ' || rest->ptr[0] == '\t'))
		*rest = swm_str_from(*rest, 1);
	*tag = without_weakness(*rest);
	if (!swm_str_starts(*tag, SWM_STR("\"")))
		return false;
	size_t end = 1 + swm_str_find(swm_str_from(*tag, 1), '"');
	if (end >= tag->len)
		return false;
	tag->len = end + 1;
	*rest = swm_str_from(*rest, (size_t)(tag->ptr - rest->ptr) + tag->len);
	return true;
}

bool
swm_etag_matches(swm_str if_none_match, swm_str etag)
{
	swm_str rest = swm_str_trim(if_none_match), tag;

	if (swm_str_eq(rest, SWM_STR("*")))
		return true;
	while (cut_tag(&rest, &tag))
		if (swm_str_eq(tag, without_weakness(etag)))
			return true;
	return false;
}
