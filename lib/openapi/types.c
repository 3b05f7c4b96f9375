/*
 * Types: what JSON makes of them, and as format OpenAPI's own of integers, else the name that
 * PostgreSQL has for them (https://docs.postgrest.org/en/latest/references/api/openapi.html). A
 * domain is shown as its base type, except that one on a user-defined type keeps its own name.
 */
#include "config.h"

#include "openapi/document.h"

static const swm_type *
base_of(const swm_snapshot *snapshot, const swm_type *type)
{
	const swm_type *base = type == NULL ? NULL : swm_snapshot_type(snapshot, type->base_oid);

	return base == NULL ? type : base;
}

/* The formats of whole numbers (OpenAPI 2.0, Data Types); empty for any other type. */
static swm_str
integer_format(const swm_type *base)
{
	static const swm_str formats[][2] = {
		{ { "smallint", 8 }, { "int32", 5 } },
		{ { "integer", 7 }, { "int32", 5 } },
		{ { "bigint", 6 }, { "int64", 5 } },
	};

	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
		if (swm_str_eq(base->name, formats[i][0]))
			return formats[i][1];
	return (swm_str){ NULL, 0 };
}

/*
 * A domain on a type of the users' own, which is not an array, goes by its own name, as in
 * PostgREST.
 */
static void
write_format(struct swm_openapi *doc, const swm_type *type, const swm_type *base)
{
	swm_str format = integer_format(base);
	bool own = !base->is_array && !swm_str_eq(base->schema, SWM_STR("pg_catalog"));

	swm_json_write_member(&doc->json, "format",
	                      format.len > 0 ? format
	                      : own          ? type->name
	                                     : base->name);
}

const char *
swm_openapi_type(const swm_snapshot *snapshot, const swm_type *type)
{
	const swm_type *base = base_of(snapshot, type);

	if (base == NULL || base->is_json)
		return NULL;
	if (base->is_array)
		return "array";
	switch (base->form) {
	case SWM_FORM_BOOL:
		return "boolean";
	case SWM_FORM_NUMBER:
		return integer_format(base).len > 0 ? "integer" : "number";
	default:
		return "string";
	}
}

static void
write_enum(struct swm_openapi *doc, const swm_type *base)
{
	if (base->enum_count == 0) /* a list of none is not allowed */
		return;
	swm_json_write_key(&doc->json, SWM_STR("enum"));
	swm_json_write_open(&doc->json, '[');
	for (size_t i = 0; i < base->enum_count; i++)
		swm_json_write_string(&doc->json, base->enum_labels[i]);
	swm_json_write_close(&doc->json, ']');
}

static const swm_type *
element_of(const swm_snapshot *snapshot, const swm_type *array)
{
	return array->element_oid == 0 ? NULL : swm_snapshot_type(snapshot, array->element_oid);
}

void
swm_openapi_write_type(struct swm_openapi *doc, const swm_type *type)
{
	const swm_snapshot *snapshot = doc->request->snapshot;
	const swm_type *base = base_of(snapshot, type);
	const char *name = swm_openapi_type(snapshot, type);

	if (name != NULL)
		swm_json_write_member(&doc->json, "type", swm_cstr(name));
	if (base == NULL)
		return;
	write_format(doc, type, base);
	if (name != NULL && strcmp(name, "string") == 0)
		write_enum(doc, base);
	if (!base->is_array)
		return;
	name = swm_openapi_type(snapshot, element_of(snapshot, base));
	swm_json_write_key(&doc->json, SWM_STR("items"));
	swm_json_write_open(&doc->json, '{');
	if (name != NULL)
		swm_json_write_member(&doc->json, "type", swm_cstr(name));
	swm_json_write_close(&doc->json, '}');
}

/* Arrays are literals there ({1,2}), as json is. */
static void
write_plain_type(struct swm_openapi *doc, const swm_type *type)
{
	const swm_type *base = base_of(doc->request->snapshot, type);
	const char *name = swm_openapi_type(doc->request->snapshot, type);
	bool plain = name != NULL && strcmp(name, "array") != 0;

	swm_json_write_member(&doc->json, "type", plain ? swm_cstr(name) : SWM_STR("string"));
	if (base != NULL)
		write_format(doc, type, base);
}

void
swm_openapi_write_query_type(struct swm_openapi *doc, const swm_type *type, bool variadic)
{
	const swm_type *base = base_of(doc->request->snapshot, type);

	if (!variadic || base == NULL || !base->is_array) {
		write_plain_type(doc, type);
		return;
	}
	swm_json_write_member(&doc->json, "type", SWM_STR("array"));
	swm_json_write_member(&doc->json, "collectionFormat", SWM_STR("multi"));
	swm_json_write_key(&doc->json, SWM_STR("items"));
	swm_json_write_open(&doc->json, '{');
	write_plain_type(doc, element_of(doc->request->snapshot, base));
	swm_json_write_close(&doc->json, '}');
}

/* The number in parentheses of character varying(20). */
static uint32_t
modifier_of(swm_str type_name)
{
	swm_str number = swm_str_from(type_name, swm_str_find(type_name, '(') + 1);
	int64_t n;

	number.len = swm_str_find(number, ')');
	return swm_str_int64(number, &n) && n > 0 && n <= UINT32_MAX ? (uint32_t)n : 0;
}

uint32_t
swm_openapi_max_length(const swm_snapshot *snapshot, const swm_column *column)
{
	static const swm_str limited[] = {
		{ "character varying", 17 },
		{ "character", 9 },
		{ "bit", 3 },
		{ "bit varying", 11 },
	};
	const swm_type *base = base_of(snapshot, column->type);

	if (base == NULL)
		return 0;
	if (column->type->kind == 'd')
		return column->type->max_length;
	for (size_t i = 0; i < sizeof limited / sizeof limited[0]; i++)
		if (swm_str_eq(base->name, limited[i]))
			return modifier_of(column->type_name);
	return 0;
}

void
swm_openapi_write_limits(struct swm_openapi *doc, const swm_column *column)
{
	const swm_snapshot *snapshot = doc->request->snapshot;
	uint32_t max_length = swm_openapi_max_length(snapshot, column);
	const char *type = swm_openapi_type(snapshot, column->type);
	swm_buf number = SWM_BUF_INIT;

	if (max_length > 0) {
		swm_buf_int(&number, max_length);
		swm_json_write_key(&doc->json, SWM_STR("maxLength"));
		swm_json_write_raw(&doc->json, swm_buf_view(&number));
	}
	swm_buf_clear(&doc->text);
	if (swm_openapi_default(&doc->text, type, base_of(snapshot, column->type), max_length,
	                        column->default_sql)) {
		swm_json_write_key(&doc->json, SWM_STR("default"));
		swm_json_write_raw(&doc->json, swm_buf_view(&doc->text));
	}
	doc->no_memory |= number.failed || doc->text.failed;
	swm_buf_dispose(&number);
}
