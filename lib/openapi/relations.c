/* Tables and views: their paths, what their rows look like, and what filters them. */
#include "config.h"

#include "openapi/document.h"

#include "http/url.h"
#include "query/parse.h"

enum { MAY_SELECT = 1, MAY_INSERT = 2, MAY_UPDATE = 4, MAY_DELETE = 8 };

/* The methods that the relation supports and the role has privileges for. */
unsigned
swm_openapi_shown(const struct swm_openapi *doc, const swm_relation *r)
{
	const swm_openapi_request *q = doc->request;
	const struct {
		char privilege;
		unsigned bit;
		bool possible;
	} all[] = {
		{ 'r', MAY_SELECT, true },
		{ 'a', MAY_INSERT, r->insertable },
		{ 'w', MAY_UPDATE, r->updatable },
		{ 'd', MAY_DELETE, r->deletable },
	};
	unsigned shown = 0;

	if (!swm_str_eq(r->schema, q->schema))
		return 0;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (all[i].possible &&
		    (doc->ignore_privileges ||
		     swm_snapshot_may(q->snapshot, q->role, r, all[i].privilege)))
			shown |= all[i].bit;
	return shown;
}

typedef void describe(struct swm_openapi *doc, const swm_relation *r, unsigned shown);

/* In the order of the snapshot: by name. */
static int
each_relation(struct swm_openapi *doc, describe *write)
{
	size_t count;
	const swm_relation *const *all = swm_snapshot_relations(doc->request->snapshot, &count);

	for (size_t i = 0; i < count; i++) {
		unsigned shown = swm_openapi_shown(doc, all[i]);
		if (shown == 0)
			continue;
		write(doc, all[i], shown);
		int rc = swm_openapi_piece(doc);
		if (rc != SWM_OK)
			return rc;
	}
	return SWM_OK;
}

/* --- paths ---------------------------------------------------------------- */

static void
write_key(struct swm_openapi *doc, const char *before, swm_str name)
{
	swm_buf_clear(&doc->text);
	swm_buf_cstr(&doc->text, before);
	swm_buf_str(&doc->text, name);
	doc->no_memory |= doc->text.failed;
	swm_json_write_key(&doc->json, swm_buf_view(&doc->text));
}

static void
ref_body(struct swm_openapi *doc, const swm_relation *r)
{
	swm_buf_clear(&doc->text);
	swm_buf_cstr(&doc->text, "body.");
	swm_buf_str(&doc->text, r->name);
	doc->no_memory |= doc->text.failed;
	swm_openapi_ref(doc, "parameters", swm_buf_view(&doc->text));
}

static void
ref_filters(struct swm_openapi *doc, const swm_relation *r)
{
	for (size_t i = 0; i < r->column_count; i++) {
		swm_buf_clear(&doc->text);
		swm_openapi_write_filter_key(&doc->text, r->name, r->columns[i].name);
		doc->no_memory |= doc->text.failed;
		swm_openapi_ref(doc, "parameters", swm_buf_view(&doc->text));
	}
}

/* An array of the rows, or a part of it. */
static void
responses_of_get(struct swm_openapi *doc, const swm_relation *r)
{
	swm_json_writer *w = &doc->json;

	swm_json_write_key(w, SWM_STR("responses"));
	swm_json_write_open(w, '{');
	swm_json_write_key(w, SWM_STR("200"));
	swm_json_write_open(w, '{');
	swm_json_write_member(w, "description", SWM_STR("OK"));
	swm_json_write_key(w, SWM_STR("schema"));
	swm_json_write_open(w, '{');
	swm_json_write_member(w, "type", SWM_STR("array"));
	swm_json_write_key(w, SWM_STR("items"));
	swm_openapi_ref(doc, "definitions", r->name);
	swm_json_write_close(w, '}');
	swm_json_write_close(w, '}');
	swm_json_write_key(w, SWM_STR("206"));
	swm_json_write_open(w, '{');
	swm_json_write_member(w, "description", SWM_STR("Partial Content"));
	swm_json_write_close(w, '}');
	swm_json_write_close(w, '}');
}

/* The parameters that each method takes. */
static const struct method {
	const char *name;
	unsigned bit;
	bool filters, body;
	const char *parameters[8]; /* of "parameters" */
	const char *status, *description; /* NULL for GET's */
} methods[] = {
	{ "get", MAY_SELECT, true, false,
	  { "select", "order", "range", "rangeUnit", "offset", "limit", "preferCount" },
	  NULL, NULL },
	{ "post", MAY_INSERT, false, true, { "select", "preferPost" }, "201", "Created" },
	{ "patch", MAY_UPDATE, true, true, { "preferReturn" }, "204", "No Content" },
	{ "delete", MAY_DELETE, true, false, { "preferReturn" }, "204", "No Content" },
};

static void
write_method(struct swm_openapi *doc, const swm_relation *r, const struct method *m)
{
	swm_json_writer *w = &doc->json;

	swm_json_write_key(w, swm_cstr(m->name));
	swm_json_write_open(w, '{');
	swm_json_write_key(w, SWM_STR("tags"));
	swm_json_write_open(w, '[');
	swm_json_write_string(w, r->name);
	swm_json_write_close(w, ']');
	swm_openapi_comment(doc, r->comment);
	swm_json_write_key(w, SWM_STR("parameters"));
	swm_json_write_open(w, '[');
	if (m->filters)
		ref_filters(doc, r);
	if (m->body)
		ref_body(doc, r);
	for (size_t i = 0; m->parameters[i] != NULL; i++)
		swm_openapi_ref(doc, "parameters", swm_cstr(m->parameters[i]));
	swm_json_write_close(w, ']');
	if (m->status == NULL)
		responses_of_get(doc, r);
	else
		swm_openapi_responses(doc, m->status, m->description);
	swm_json_write_close(w, '}');
}

static void
write_path(struct swm_openapi *doc, const swm_relation *r, unsigned shown)
{
	swm_buf_clear(&doc->text);
	swm_buf_char(&doc->text, '/');
	swm_url_encode(&doc->text, r->name); /* braces, too, which stand for parameters of a path */
	doc->no_memory |= doc->text.failed;
	swm_json_write_key(&doc->json, swm_buf_view(&doc->text));
	swm_json_write_open(&doc->json, '{');
	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
		if ((shown & methods[i].bit) != 0)
			write_method(doc, r, &methods[i]);
	swm_json_write_close(&doc->json, '}');
}

int
swm_openapi_relation_paths(struct swm_openapi *doc)
{
	return each_relation(doc, write_path);
}

/* --- definitions ---------------------------------------------------------- */

static bool
is_primary(const swm_relation *r, size_t column)
{
	for (size_t i = 0; i < r->primary_key_count; i++)
		if (r->primary_key[i] == column)
			return true;
	return false;
}

/* Clients know keys by the elements <pk/> and <fk/> in these notes. */
static void
write_notes(struct swm_openapi *doc, const swm_relation *r, size_t column)
{
	const struct swm_openapi_key *key = doc->keys == NULL ? NULL : &doc->keys[column];
	bool primary = is_primary(r, column), foreign = key != NULL && key->target != NULL;

	if (!primary && !foreign)
		return;
	swm_buf_cstr(&doc->text, doc->text.len > 0 ? "\n\nNote:" : "Note:");
	if (primary)
		swm_buf_cstr(&doc->text, "\nThis is a Primary Key.<pk/>");
	if (!foreign)
		return;
	swm_str table = key->target->name, name = key->column->name;
	swm_buf_printf(&doc->text,
	               "\nThis is a Foreign Key to `%.*s.%.*s`.<fk table='%.*s' column='%.*s'/>",
	               (int)table.len, table.ptr, (int)name.len, name.ptr, (int)table.len,
	               table.ptr, (int)name.len, name.ptr);
}

static void
write_property(struct swm_openapi *doc, const swm_relation *r, size_t column)
{
	const swm_column *c = &r->columns[column];

	swm_json_write_key(&doc->json, c->name);
	swm_json_write_open(&doc->json, '{');
	swm_buf_clear(&doc->text);
	swm_buf_str(&doc->text, c->comment);
	write_notes(doc, r, column);
	doc->no_memory |= doc->text.failed;
	if (doc->text.len > 0)
		swm_json_write_member(&doc->json, "description", swm_buf_view(&doc->text));
	swm_openapi_write_type(doc, c->type);
	swm_openapi_write_limits(doc, c);
	swm_json_write_close(&doc->json, '}');
}

static void
write_required(struct swm_openapi *doc, const swm_relation *r)
{
	bool any = false;

	for (size_t i = 0; i < r->column_count; i++) {
		if (r->columns[i].nullable)
			continue;
		if (!any) { /* a list of none is not allowed */
			swm_json_write_key(&doc->json, SWM_STR("required"));
			swm_json_write_open(&doc->json, '[');
		}
		any = true;
		swm_json_write_string(&doc->json, r->columns[i].name);
	}
	if (any)
		swm_json_write_close(&doc->json, ']');
}

static void
write_definition(struct swm_openapi *doc, const swm_relation *r, unsigned shown)
{
	(void)shown;
	swm_openapi_find_keys(doc, r);
	swm_json_write_key(&doc->json, r->name);
	swm_json_write_open(&doc->json, '{');
	if (r->comment.len > 0)
		swm_json_write_member(&doc->json, "description", r->comment);
	swm_json_write_member(&doc->json, "type", SWM_STR("object"));
	write_required(doc, r);
	swm_json_write_key(&doc->json, SWM_STR("properties"));
	swm_json_write_open(&doc->json, '{');
	for (size_t i = 0; i < r->column_count; i++)
		write_property(doc, r, i);
	swm_json_write_close(&doc->json, '}');
	swm_json_write_close(&doc->json, '}');
}

int
swm_openapi_relation_definitions(struct swm_openapi *doc)
{
	return each_relation(doc, write_definition);
}

/* --- parameters ----------------------------------------------------------- */

static void
write_body(struct swm_openapi *doc, const swm_relation *r)
{
	swm_json_writer *w = &doc->json;

	write_key(doc, "body.", r->name);
	swm_json_write_open(w, '{');
	swm_json_write_member(w, "name", r->name);
	swm_json_write_member(w, "description", r->name);
	swm_json_write_member(w, "in", SWM_STR("body"));
	swm_json_write_key(w, SWM_STR("required"));
	swm_json_write_raw(w, SWM_STR("false"));
	swm_json_write_key(w, SWM_STR("schema"));
	swm_openapi_ref(doc, "definitions", r->name);
	swm_json_write_close(w, '}');
}

/*
 * Its value is an operator and what follows it (gte.5), so it is a string whatever the column is.
 */
static void
write_filter(struct swm_openapi *doc, const swm_relation *r, const swm_column *c)
{
	swm_json_writer *w = &doc->json;

	swm_buf_clear(&doc->text);
	swm_openapi_write_filter_key(&doc->text, r->name, c->name);
	swm_json_write_key(w, swm_buf_view(&doc->text));
	doc->no_memory |= doc->text.failed;
	swm_json_write_open(w, '{');
	swm_buf_clear(&doc->text);
	swm_query_write_name(&doc->text, c->name);
	swm_json_write_member(w, "name", swm_buf_view(&doc->text));
	doc->no_memory |= doc->text.failed;
	if (c->comment.len > 0)
		swm_json_write_member(w, "description", c->comment);
	swm_json_write_key(w, SWM_STR("required"));
	swm_json_write_raw(w, SWM_STR("false"));
	swm_json_write_member(w, "in", SWM_STR("query"));
	swm_json_write_member(w, "type", SWM_STR("string"));
	swm_json_write_close(w, '}');
}

/* Only those that a shown method refers to. */
static void
write_parameters(struct swm_openapi *doc, const swm_relation *r, unsigned shown)
{
	if ((shown & (MAY_INSERT | MAY_UPDATE)) != 0)
		write_body(doc, r);
	if ((shown & (MAY_SELECT | MAY_UPDATE | MAY_DELETE)) == 0)
		return;
	for (size_t i = 0; i < r->column_count; i++)
		write_filter(doc, r, &r->columns[i]);
}

int
swm_openapi_relation_parameters(struct swm_openapi *doc)
{
	return each_relation(doc, write_parameters);
}
