#include "config.h"

#include "plan/call.h"

#include "plan/call_error.h"

#include <stdlib.h>

struct caller {
	swm_arena *arena;
	const swm_snapshot *snapshot;
	const swm_call_request *request;
	const swm_function *const *overloads;
	size_t overload_count;
	const swm_str *names; /* of the arguments: sorted, each once */
	size_t name_count;
	swm_error *err;
};

/*
 * Names
 */

static int
compare_names(const void *a, const void *b)
{
	return swm_str_cmp(*(const swm_str *)a, *(const swm_str *)b);
}

/* The arguments' names, in the order of their bytes, each once. */
static int
collect_names(struct caller *c)
{
	const swm_call_request *r = c->request;
	size_t count = r->pair_count + r->key_count, kept = 0;
	swm_str *names = swm_arena_array(c->arena, count, sizeof *names);

	if (names == NULL)
		return swm_fail_memory(c->err);
	for (size_t i = 0; i < r->pair_count; i++)
		names[i] = r->pairs[i].name;
	for (size_t i = 0; i < r->key_count; i++)
		names[r->pair_count + i] = r->keys[i];
	qsort(names, count, sizeof *names, compare_names);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || !swm_str_eq(names[kept - 1], names[i]))
			names[kept++] = names[i];
	c->names = names;
	c->name_count = kept;
	return SWM_OK;
}

static bool
is_given(const struct caller *c, swm_str name)
{
	return c->name_count > 0 &&
	       bsearch(&name, c->names, c->name_count, sizeof *c->names, compare_names) != NULL;
}

/*
 * Choosing
 */

/* True if the media type makes the whole body one value, whatever it contains. */
static bool
is_raw(const swm_call_request *r)
{
	return r->post && (r->content == SWM_CONTENT_TEXT || r->content == SWM_CONTENT_XML ||
	                   r->content == SWM_CONTENT_BYTES);
}

/* Its only parameter has no name, and a type that takes such a body. */
static bool
takes_body(const struct caller *c, const swm_function *f)
{
	if (!c->request->post || !f->takes_body)
		return false;
	swm_str type = f->parameters[0].type_name;
	switch (c->request->content) {
	case SWM_CONTENT_JSON:
		return swm_str_eq(type, SWM_STR("json")) || swm_str_eq(type, SWM_STR("jsonb"));
	case SWM_CONTENT_TEXT:
		return swm_str_eq(type, SWM_STR("text"));
	case SWM_CONTENT_XML:
		return swm_str_eq(type, SWM_STR("xml"));
	case SWM_CONTENT_BYTES:
		return swm_str_eq(type, SWM_STR("bytea"));
	default:
		return false;
	}
}

/*
 * {"": ...}: the empty name is that of a parameter without one, which takes the whole object as its
 * text.
 */
static bool
names_the_body(const struct caller *c, const swm_function *f)
{
	return f->takes_body && c->request->post && c->request->content == SWM_CONTENT_JSON &&
	       is_given(c, SWM_STR(""));
}

/*
 * Every argument is a parameter, and every parameter without a default is given. What takes the
 * body is given that.
 */
static bool
fits_by_names(const struct caller *c, const swm_function *f)
{
	size_t found = 0;

	if (is_raw(c->request) || c->request->whole_body || takes_body(c, f))
		return false;
	for (size_t i = 0; i < f->parameter_count; i++) {
		const swm_parameter *p = &f->parameters[i];
		bool given = p->name.len > 0 ? is_given(c, p->name) : names_the_body(c, f);
		if (p->required && !given)
			return false;
		found += given;
	}
	return found == c->name_count;
}

/* An empty body that would be one value is no argument either. */
static bool
needs_no_body(const struct caller *c, const swm_function *f)
{
	bool needs = !is_raw(c->request) || !c->request->no_body;

	for (size_t i = 0; i < f->parameter_count; i++)
		needs |= f->parameters[i].required;
	return !needs;
}

static bool
is_seen(const struct caller *c, const swm_function *f)
{
	return swm_snapshot_may_execute(c->snapshot, c->request->role, f);
}

/* The overloads that a test accepts; NULL when memory ran out. */
static const swm_function **
select_overloads(struct caller *c, bool (*fits)(const struct caller *c, const swm_function *f),
                 size_t *count)
{
	const swm_function **selected = swm_arena_array(c->arena, c->overload_count,
	                                                sizeof(const swm_function *));

	*count = 0;
	for (size_t i = 0; selected != NULL && i < c->overload_count; i++)
		if (fits(c, c->overloads[i]))
			selected[(*count)++] = c->overloads[i];
	return selected;
}

/* Functions that take the body's members by name are preferred to those that take it as a whole. */
static int
choose(struct caller *c, const swm_function **out, bool *whole_body)
{
	static bool (*const tests[])(const struct caller *c, const swm_function *f) = {
		fits_by_names, takes_body, needs_no_body
	};
	const swm_call_request *r = c->request;
	const swm_function **fitting = NULL;
	size_t count = 0;

	for (size_t i = 0; i < sizeof tests / sizeof tests[0] && count == 0; i++) {
		fitting = select_overloads(c, tests[i], &count);
		if (fitting == NULL)
			return swm_fail_memory(c->err);
		*whole_body = count > 0 &&
		              (tests[i] == takes_body || names_the_body(c, fitting[0]));
	}
	if (count == 0)
		return swm_call_fail_not_found(c->snapshot, r, c->names, c->name_count,
		                               c->overloads, c->overload_count, c->arena, c->err);
	if (count > 1)
		return swm_call_fail_ambiguous(c->snapshot, r->role, fitting, count, c->err);
	*out = fitting[0];
	return SWM_OK;
}

/*
 * Arguments
 */

/* All texts of a name, or the last one alone. */
static int
collect_values(struct caller *c, const swm_parameter *p, const swm_value **out)
{
	const swm_call_request *r = c->request;
	swm_value *last = NULL;

	for (size_t i = 0; i < r->pair_count; i++) {
		if (!swm_str_eq(r->pairs[i].name, p->name))
			continue;
		swm_value *v = last == NULL || p->variadic ? swm_arena_alloc(c->arena, sizeof *v)
		                                           : last;
		if (v == NULL)
			return swm_fail_memory(c->err);
		v->text = r->pairs[i].value;
		v->is_null = r->pairs[i].is_null;
		if (last == NULL)
			*out = v;
		else if (v != last)
			last->next = v;
		last = v;
	}
	return SWM_OK;
}

static int
collect_arguments(struct caller *c, swm_plan_call *call)
{
	const swm_function *f = call->function;
	swm_plan_argument *arguments = swm_arena_array(c->arena, f->parameter_count,
	                                               sizeof *arguments);
	int rc = SWM_OK;

	if (arguments == NULL)
		return swm_fail_memory(c->err);
	for (size_t i = 0; i < f->parameter_count && rc == SWM_OK; i++) {
		const swm_parameter *p = &f->parameters[i];
		if (p->name.len == 0 || !is_given(c, p->name))
			continue;
		arguments[call->argument_count].parameter = p;
		if (call->form == SWM_CALL_VALUES)
			rc = collect_values(c, p, &arguments[call->argument_count].values);
		call->argument_count++;
	}
	call->arguments = arguments;
	return rc;
}

static enum swm_call_form
form_of(const swm_call_request *r, bool whole_body)
{
	bool has_members = r->content == SWM_CONTENT_JSON || r->content == SWM_CONTENT_CSV;

	if (whole_body)
		return SWM_CALL_BODY;
	return r->post && has_members ? SWM_CALL_OBJECT : SWM_CALL_VALUES;
}

int
swm_plan_call_of(const swm_plan_call **out, swm_arena *arena, const swm_snapshot *snapshot,
                 const swm_call_request *request, swm_error *err)
{
	struct caller c = { .arena = arena, .snapshot = snapshot, .request = request, .err = err };
	swm_plan_call *call = swm_arena_alloc(arena, sizeof *call);
	bool whole_body;

	if (call == NULL)
		return swm_fail_memory(err);
	c.overloads = swm_snapshot_functions(snapshot, request->schema, request->name,
	                                     &c.overload_count);
	if (request->seen_only)
		c.overloads = select_overloads(&c, is_seen, &c.overload_count);
	int rc = request->seen_only && c.overloads == NULL ? swm_fail_memory(err)
	                                                   : collect_names(&c);
	if (rc == SWM_OK)
		rc = choose(&c, &call->function, &whole_body);
	if (rc != SWM_OK)
		return rc;
	call->form = form_of(request, whole_body);
	call->body = request->body;
	call->as_bytes = whole_body && request->content == SWM_CONTENT_JSON &&
	                 swm_str_eq(call->function->parameters[0].type_name, SWM_STR("bytea"));
	call->in_array = request->in_array;
	call->is_text = request->content == SWM_CONTENT_CSV;
	*out = call;
	return collect_arguments(&c, call);
}
