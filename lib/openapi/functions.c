/*
 * Functions: /rpc/{function}. A path can have each method once, so overloads are
 * described together: a parameter is required if all of them require it, and has a
 * type if they agree on it.
 */
#include "config.h"

#include "openapi/document.h"

#include "http/url.h"

/* A parameter of one or more overloads. */
struct merged {
	swm_str name;
	const swm_type *type; /* NULL when they differ */
	bool variadic;
	size_t seen, required; /* in how many overloads */
};

/* The overloads of a name that are described. */
struct overloads {
	const swm_function **items;
	size_t count;
};

static bool
is_shown(const struct swm_openapi *doc, const swm_function *f)
{
	const swm_openapi_request *q = doc->request;

	return doc->ignore_privileges || swm_snapshot_may_execute(q->snapshot, q->role, f);
}

/* --- parameters ----------------------------------------------------------- */

static struct merged *
find_or_add(struct merged *all, size_t *count, const swm_parameter *p)
{
	for (size_t i = 0; i < *count; i++)
		if (swm_str_eq(all[i].name, p->name))
			return &all[i];
	all[*count] = (struct merged){ .name = p->name, .type = p->type, .variadic = p->variadic };
	return &all[(*count)++];
}

/* The parameters of all of them, in the order in which they appear. NULL when memory ran out. */
static struct merged *
merge(struct swm_openapi *doc, const struct overloads *o, size_t *count)
{
	size_t most = 1;

	*count = 0;
	for (size_t i = 0; i < o->count; i++)
		most += o->items[i]->parameter_count;
	struct merged *all = swm_arena_array(doc->scratch, most, sizeof *all);
	for (size_t i = 0; i < o->count && all != NULL; i++) {
		const swm_function *f = o->items[i];
		for (size_t k = 0; k < f->parameter_count; k++) {
			const swm_parameter *p = &f->parameters[k];
			if (p->name.len == 0)
				continue;
			struct merged *m = find_or_add(all, count, p);
			if (m->type != p->type)
				m->type = NULL;
			m->variadic &= p->variadic;
			m->required += p->required;
			m->seen++;
		}
	}
	doc->no_memory |= all == NULL;
	return all;
}

static swm_str
required_text(bool required)
{
	return required ? SWM_STR("true") : SWM_STR("false");
}

static void
write_query_parameters(struct swm_openapi *doc, const struct overloads *o)
{
	swm_json_writer *w = &doc->json;
	size_t count;
	struct merged *all = merge(doc, o, &count);

	for (size_t i = 0; i < count && all != NULL; i++) {
		swm_json_write_open(w, '{');
		swm_json_write_member(w, "name", all[i].name);
		swm_json_write_key(w, SWM_STR("required"));
		swm_json_write_raw(w, required_text(all[i].required == o->count));
		swm_json_write_member(w, "in", SWM_STR("query"));
		swm_openapi_write_query_type(doc, all[i].type, all[i].variadic);
		swm_json_write_close(w, '}');
	}
}

static void
write_required(struct swm_openapi *doc, const struct merged *all, size_t count, size_t overloads)
{
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		if (all[i].required < overloads)
			continue;
		if (!any) {
			swm_json_write_key(&doc->json, SWM_STR("required"));
			swm_json_write_open(&doc->json, '[');
		}
		any = true;
		swm_json_write_string(&doc->json, all[i].name);
	}
	if (any)
		swm_json_write_close(&doc->json, ']');
}

static swm_str
comment_of(const struct overloads *o)
{
	for (size_t i = 0; i < o->count; i++)
		if (o->items[i]->comment.len > 0)
			return o->items[i]->comment;
	return SWM_STR("");
}

/* The members of an object with an argument for each parameter. */
static void
write_arguments(struct swm_openapi *doc, const struct overloads *o)
{
	swm_json_writer *w = &doc->json;
	size_t count;
	struct merged *all = merge(doc, o, &count);

	if (all == NULL)
		return;
	swm_str comment = comment_of(o);

	if (comment.len > 0)
		swm_json_write_member(w, "description", comment);
	swm_json_write_member(w, "type", SWM_STR("object"));
	write_required(doc, all, count, o->count);
	swm_json_write_key(w, SWM_STR("properties"));
	swm_json_write_open(w, '{');
	for (size_t i = 0; i < count; i++) {
		swm_json_write_key(w, all[i].name);
		swm_json_write_open(w, '{');
		swm_openapi_write_type(doc, all[i].type);
		swm_json_write_close(w, '}');
	}
	swm_json_write_close(w, '}');
}

/* --- methods -------------------------------------------------------------- */

static void
open_method(struct swm_openapi *doc, const char *method, const struct overloads *o)
{
	swm_json_writer *w = &doc->json;

	swm_json_write_key(w, swm_cstr(method));
	swm_json_write_open(w, '{');
	swm_buf_clear(&doc->text);
	swm_buf_cstr(&doc->text, "(rpc) ");
	swm_buf_str(&doc->text, o->items[0]->name);
	doc->no_memory |= doc->text.failed;
	swm_json_write_key(w, SWM_STR("tags"));
	swm_json_write_open(w, '[');
	swm_json_write_string(w, swm_buf_view(&doc->text));
	swm_json_write_close(w, ']');
	swm_openapi_comment(doc, comment_of(o));
	swm_openapi_media_types(doc, "produces", false);
	swm_json_write_key(w, SWM_STR("parameters"));
	swm_json_write_open(w, '[');
}

static void
close_method(struct swm_openapi *doc)
{
	swm_json_write_close(&doc->json, ']');
	swm_openapi_responses(doc, "200", "OK");
	swm_json_write_close(&doc->json, '}');
}

static void
write_get(struct swm_openapi *doc, const struct overloads *o)
{
	open_method(doc, "get", o);
	write_query_parameters(doc, o);
	close_method(doc);
}

/* named: the overloads whose arguments have names; none means that the body is the argument. */
static void
write_post(struct swm_openapi *doc, const struct overloads *all, const struct overloads *named)
{
	swm_json_writer *w = &doc->json;

	open_method(doc, "post", all);
	swm_json_write_open(w, '{');
	swm_json_write_member(w, "name", SWM_STR("args"));
	swm_json_write_key(w, SWM_STR("required"));
	swm_json_write_raw(w, SWM_STR("true"));
	swm_json_write_member(w, "in", SWM_STR("body"));
	swm_json_write_key(w, SWM_STR("schema"));
	swm_json_write_open(w, '{');
	if (named->count > 0)
		write_arguments(doc, named);
	else
		swm_openapi_write_type(doc, all->items[0]->parameters[0].type);
	swm_json_write_close(w, '}');
	swm_json_write_close(w, '}');
	swm_openapi_ref(doc, "parameters", SWM_STR("preferParams"));
	close_method(doc);
}

/* --- paths ---------------------------------------------------------------- */

static void
keep(struct overloads *o, const swm_function *f)
{
	o->items[o->count++] = f;
}

static bool
new_overloads(struct swm_openapi *doc, struct overloads *o, size_t most)
{
	*o = (struct overloads){ swm_arena_array(doc->scratch, most, sizeof(const swm_function *)),
		                 0 };
	doc->no_memory |= o->items == NULL;
	return o->items != NULL;
}

/* GET is for functions that change nothing, and has no body. */
static void
write_path(struct swm_openapi *doc, const swm_function *const *functions, size_t count)
{
	struct overloads all, named, readers;

	swm_arena_reset(doc->scratch);
	if (!new_overloads(doc, &all, count) || !new_overloads(doc, &named, count) ||
	    !new_overloads(doc, &readers, count))
		return;
	for (size_t i = 0; i < count; i++) {
		if (!is_shown(doc, functions[i]))
			continue;
		keep(&all, functions[i]);
		if (!functions[i]->takes_body)
			keep(&named, functions[i]);
		if (!functions[i]->takes_body && functions[i]->volatility != 'v')
			keep(&readers, functions[i]);
	}
	if (all.count == 0)
		return;
	swm_buf_clear(&doc->text);
	swm_buf_cstr(&doc->text, "/rpc/");
	swm_url_encode(&doc->text, functions[0]->name);
	doc->no_memory |= doc->text.failed;
	swm_json_write_key(&doc->json, swm_buf_view(&doc->text));
	swm_json_write_open(&doc->json, '{');
	if (readers.count > 0)
		write_get(doc, &readers);
	write_post(doc, &all, &named);
	swm_json_write_close(&doc->json, '}');
}

int
swm_openapi_function_paths(struct swm_openapi *doc)
{
	size_t count;
	const swm_function *const *all = swm_snapshot_all_functions(doc->request->snapshot, &count);

	for (size_t i = 0, end; i < count; i = end) {
		for (end = i + 1; end < count && swm_str_eq(all[end]->name, all[i]->name) &&
		                  swm_str_eq(all[end]->schema, all[i]->schema); end++)
			;
		if (!swm_str_eq(all[i]->schema, doc->request->schema))
			continue;
		write_path(doc, all + i, end - i);
		int rc = swm_openapi_piece(doc);
		if (rc != SWM_OK)
			return rc;
	}
	return SWM_OK;
}
