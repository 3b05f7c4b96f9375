/* The document from top to bottom. */
#include "config.h"

#include "openapi/document.h"

#include "http/url.h"

int
swm_openapi_piece(struct swm_openapi *doc)
{
	if (doc->no_memory || doc->request->to->failed)
		return swm_fail_memory(doc->err);
	return doc->request->flush(doc->request->user, doc->err);
}

void
swm_openapi_responses(struct swm_openapi *doc, const char *status, const char *description)
{
	swm_json_write_key(&doc->json, SWM_STR("responses"));
	swm_json_write_open(&doc->json, '{');
	swm_json_write_key(&doc->json, swm_cstr(status));
	swm_json_write_open(&doc->json, '{');
	swm_json_write_member(&doc->json, "description", swm_cstr(description));
	swm_json_write_close(&doc->json, '}');
	swm_json_write_close(&doc->json, '}');
}

void
swm_openapi_media_types(struct swm_openapi *doc, const char *member, bool csv)
{
	swm_json_write_key(&doc->json, swm_cstr(member));
	swm_json_write_open(&doc->json, '[');
	swm_json_write_string(&doc->json, SWM_STR("application/json"));
	swm_json_write_string(&doc->json, SWM_STR("application/vnd.pgrst.object+json;nulls=stripped"));
	swm_json_write_string(&doc->json, SWM_STR("application/vnd.pgrst.object+json"));
	if (csv)
		swm_json_write_string(&doc->json, SWM_STR("text/csv"));
	swm_json_write_close(&doc->json, ']');
}

/* --- the head ------------------------------------------------------------- */

/* A comment of one line is both title and description. */
static void
write_info(struct swm_openapi *doc)
{
	swm_str comment = swm_snapshot_schema_comment(doc->request->snapshot, doc->request->schema);
	swm_str title, description;

	swm_openapi_split_comment(comment, &title, &description);
	if (title.len == 0)
		title = SWM_STR("swm API");
	if (description.len == 0)
		description = comment.len > 0 ? title : SWM_STR("The tables, views and functions of a PostgreSQL schema");
	swm_json_write_key(&doc->json, SWM_STR("info"));
	swm_json_write_open(&doc->json, '{');
	swm_json_write_member(&doc->json, "title", title);
	swm_json_write_member(&doc->json, "description", description);
	swm_json_write_member(&doc->json, "version", SWM_STR(PACKAGE_VERSION));
	swm_json_write_close(&doc->json, '}');
}

/* The grammar of "host" has no place for the colons of IPv6. */
static void
write_host(struct swm_openapi *doc, const swm_web_address *a)
{
	if (swm_str_starts(a->host, SWM_STR("[")))
		return;
	swm_buf_clear(&doc->text);
	swm_buf_str(&doc->text, a->host);
	swm_buf_char(&doc->text, ':');
	if (a->port.len > 0)
		swm_buf_str(&doc->text, a->port);
	else
		swm_buf_cstr(&doc->text, a->https ? "443" : "80");
	doc->no_memory |= doc->text.failed;
	swm_json_write_member(&doc->json, "host", swm_buf_view(&doc->text));
}

/* Paths follow it, and begin with a slash themselves. */
static void
write_base_path(struct swm_openapi *doc, swm_str path)
{
	while (path.len > 1 && path.ptr[path.len - 1] == '/')
		path.len--;
	swm_json_write_member(&doc->json, "basePath", path.len == 0 ? SWM_STR("/") : path);
}

/* Without an address the document is about the host that serves it: OpenAPI's own default. */
static void
write_address(struct swm_openapi *doc)
{
	swm_web_address a;

	if (!swm_web_address_parse(&a, doc->request->settings->openapi_server_proxy_uri)) {
		write_base_path(doc, SWM_STR("/"));
		return;
	}
	write_host(doc, &a);
	write_base_path(doc, a.path);
	swm_json_write_key(&doc->json, SWM_STR("schemes"));
	swm_json_write_open(&doc->json, '[');
	swm_json_write_string(&doc->json, a.https ? SWM_STR("https") : SWM_STR("http"));
	swm_json_write_close(&doc->json, ']');
}

/* OpenAPI 2.0 has no bearer tokens: they are keys of a header. */
static void
write_security(struct swm_openapi *doc)
{
	swm_json_writer *w = &doc->json;

	swm_json_write_key(w, SWM_STR("securityDefinitions"));
	swm_json_write_open(w, '{');
	swm_json_write_key(w, SWM_STR("JWT"));
	swm_json_write_open(w, '{');
	swm_json_write_member(w, "type", SWM_STR("apiKey"));
	swm_json_write_member(w, "in", SWM_STR("header"));
	swm_json_write_member(w, "name", SWM_STR("Authorization"));
	swm_json_write_member(w, "description", SWM_STR("The token, with \"Bearer \" (without quotes) before it"));
	swm_json_write_close(w, '}');
	swm_json_write_close(w, '}');
	swm_json_write_key(w, SWM_STR("security"));
	swm_json_write_raw(w, SWM_STR("[{\"JWT\":[]}]"));
}

static void
write_external_docs(struct swm_openapi *doc)
{
	swm_json_write_key(&doc->json, SWM_STR("externalDocs"));
	swm_json_write_open(&doc->json, '{');
	swm_json_write_member(&doc->json, "description", SWM_STR("PostgREST Documentation"));
	swm_json_write_member(&doc->json, "url", SWM_STR("https://docs.postgrest.org/en/latest/references/api.html"));
	swm_json_write_close(&doc->json, '}');
}

static void
write_head(struct swm_openapi *doc)
{
	swm_json_write_member(&doc->json, "swagger", SWM_STR("2.0"));
	write_info(doc);
	write_address(doc);
	swm_openapi_media_types(doc, "consumes", true);
	swm_openapi_media_types(doc, "produces", true);
	if (doc->request->settings->openapi_security_active)
		write_security(doc);
	write_external_docs(doc);
}

/* --- paths and parameters that do not come from the schema ----------------- */

static void
write_root_path(struct swm_openapi *doc)
{
	swm_json_writer *w = &doc->json;

	swm_json_write_key(w, SWM_STR("/"));
	swm_json_write_open(w, '{');
	swm_json_write_key(w, SWM_STR("get"));
	swm_json_write_open(w, '{');
	swm_json_write_key(w, SWM_STR("tags"));
	swm_json_write_raw(w, SWM_STR("[\"Introspection\"]"));
	swm_json_write_member(w, "summary", SWM_STR("OpenAPI description (this document)"));
	swm_json_write_key(w, SWM_STR("produces"));
	swm_json_write_raw(w, SWM_STR("[\"application/openapi+json\",\"application/json\"]"));
	swm_openapi_responses(doc, "200", "OK");
	swm_json_write_close(w, '}');
	swm_json_write_close(w, '}');
}

/* The parameters of every relation, by the names that the document has for them. */
static const struct parameter {
	const char *key, *name, *in, *description;
	const char *values[6];
	const char *fallback;
} parameters[] = {
	{ "preferParams", "Prefer", "header", "Preference", { NULL }, NULL },
	{ "preferReturn", "Prefer", "header", "Preference",
	  { "return=representation", "return=minimal", "return=headers-only" }, NULL },
	{ "preferCount", "Prefer", "header", "Preference",
	  { "count=exact", "count=planned", "count=estimated" }, NULL },
	{ "preferPost", "Prefer", "header", "Preference",
	  { "return=representation", "return=minimal", "return=headers-only",
	    "resolution=ignore-duplicates", "resolution=merge-duplicates" }, NULL },
	{ "select", "select", "query", "Filtering Columns", { NULL }, NULL },
	{ "on_conflict", "on_conflict", "query", "On Conflict", { NULL }, NULL },
	{ "order", "order", "query", "Ordering", { NULL }, NULL },
	{ "range", "Range", "header", "Limiting and Pagination", { NULL }, NULL },
	{ "rangeUnit", "Range-Unit", "header", "Limiting and Pagination", { NULL }, "items" },
	{ "offset", "offset", "query", "Limiting and Pagination", { NULL }, NULL },
	{ "limit", "limit", "query", "Limiting and Pagination", { NULL }, NULL },
};

static void
write_parameter(struct swm_openapi *doc, const struct parameter *p)
{
	swm_json_writer *w = &doc->json;

	swm_json_write_key(w, swm_cstr(p->key));
	swm_json_write_open(w, '{');
	swm_json_write_member(w, "name", swm_cstr(p->name));
	swm_json_write_member(w, "description", swm_cstr(p->description));
	swm_json_write_key(w, SWM_STR("required"));
	swm_json_write_raw(w, SWM_STR("false"));
	swm_json_write_member(w, "in", swm_cstr(p->in));
	swm_json_write_member(w, "type", SWM_STR("string"));
	if (p->values[0] != NULL) {
		swm_json_write_key(w, SWM_STR("enum"));
		swm_json_write_open(w, '[');
		for (size_t i = 0; p->values[i] != NULL; i++)
			swm_json_write_string(w, swm_cstr(p->values[i]));
		swm_json_write_close(w, ']');
	}
	if (p->fallback != NULL)
		swm_json_write_member(w, "default", swm_cstr(p->fallback));
	swm_json_write_close(w, '}');
}

/* --- all of it ------------------------------------------------------------ */

static void
open_section(struct swm_openapi *doc, const char *name)
{
	swm_json_write_key(&doc->json, swm_cstr(name));
	swm_json_write_open(&doc->json, '{');
}

static int
write_paths(struct swm_openapi *doc)
{
	open_section(doc, "paths");
	write_root_path(doc);
	int rc = swm_openapi_relation_paths(doc);
	if (rc == SWM_OK)
		rc = swm_openapi_function_paths(doc);
	swm_json_write_close(&doc->json, '}');
	return rc;
}

static int
write_definitions(struct swm_openapi *doc)
{
	open_section(doc, "definitions");
	int rc = swm_openapi_relation_definitions(doc);
	swm_json_write_close(&doc->json, '}');
	return rc;
}

static int
write_parameters(struct swm_openapi *doc)
{
	open_section(doc, "parameters");
	for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++)
		write_parameter(doc, &parameters[i]);
	int rc = swm_openapi_relation_parameters(doc);
	swm_json_write_close(&doc->json, '}');
	return rc;
}

static int
write_document(struct swm_openapi *doc)
{
	swm_json_write_open(&doc->json, '{');
	write_head(doc);
	int rc = write_paths(doc);
	if (rc == SWM_OK)
		rc = write_definitions(doc);
	if (rc == SWM_OK)
		rc = write_parameters(doc);
	if (rc != SWM_OK)
		return rc;
	swm_json_write_close(&doc->json, '}');
	return swm_openapi_piece(doc);
}

int
swm_openapi_write(const swm_openapi_request *request, swm_error *err)
{
	struct swm_openapi doc = {
		.request = request, .json = { request->to, false }, .scratch = swm_arena_new(), .err = err,
		.ignore_privileges = swm_str_eq(request->settings->openapi_mode, SWM_STR("ignore-privileges")),
	};
	int rc = doc.scratch == NULL ? swm_fail_memory(err) : write_document(&doc);

	swm_buf_dispose(&doc.text);
	swm_arena_free(doc.scratch);
	return rc;
}
