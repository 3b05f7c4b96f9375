#include "config.h"

#include "schema/load.h"

/* https://www.rfc-editor.org/rfc/rfc6838#section-4.2 */
static bool
is_restricted_name(swm_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!swm_is_alnum(s.ptr[i]) && memchr("!#$&-^_.+", s.ptr[i], 9) == NULL)
			return false;
	return s.len > 0 && s.len <= 127 && swm_is_alnum(s.ptr[0]);
}

static bool
is_media_type(swm_str s)
{
	size_t slash = swm_str_find(s, '/');

	if (swm_str_eq(s, SWM_STR(SWM_ANY_MEDIA_TYPE)))
		return true;
	return slash < s.len && is_restricted_name((swm_str){ s.ptr, slash }) &&
	       is_restricted_name(swm_str_from(s, slash + 1));
}

swm_str
swm_load_media_type(struct swm_load *load, const swm_type *type)
{
	if (type == NULL || type->kind != 'd' || !is_media_type(type->typname))
		return SWM_STR("");
	char *lower = swm_load_array(load, type->typname.len + 1, 1);
	for (size_t i = 0; i < type->typname.len && lower != NULL; i++) {
		char c = type->typname.ptr[i];
		lower[i] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
	}
	return (swm_str){ lower, lower == NULL ? 0 : type->typname.len };
}

int
swm_load_media_handlers(struct swm_load *load, const PGresult *rows)
{
	enum { RELATION, SCHEMA, NAME, TYPE };
	swm_snapshot *s = load->snapshot;
	size_t count = (size_t)PQntuples(rows);

	s->media_handlers = swm_load_array(load, count, sizeof *s->media_handlers);
	if (s->media_handlers == NULL)
		return SWM_ENOMEM;
	for (int row = 0; row < (int)count; row++) {
		const swm_type *type = swm_snapshot_type(s, swm_load_oid(rows, row, TYPE));
		swm_str media_type = swm_load_media_type(load, type);
		if (media_type.len == 0)
			continue;
		s->media_handlers[s->media_handler_count++] = (swm_media_handler){
			.schema = swm_load_schema_name(load, swm_load_cell(rows, row, SCHEMA)),
			.name = swm_load_text(load, rows, row, NAME),
			.media_type = media_type,
			.type = type,
			.relation_oid = swm_load_oid(rows, row, RELATION),
		};
	}
	return SWM_OK;
}

int
swm_load_geojson(struct swm_load *load, const PGresult *rows)
{
	if (PQntuples(rows) > 0)
		load->snapshot->geojson_schema = swm_load_text(load, rows, 0, 0);
	return SWM_OK;
}
