#include "config.h"

#include "plan/call_error.h"

#include "base/buf.h"
#include "base/fuzzy.h"

#include <stdlib.h>

static void
put_names(swm_buf *to, const swm_str *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		swm_buf_cstr(to, i == 0 ? "" : ", ");
		swm_buf_str(to, names[i]);
	}
}

/* Writes the arguments after the function's name in the message. */
static void
put_arguments(swm_buf *to, const swm_str *names, size_t count)
{
	if (count == 0) {
		swm_buf_cstr(to, " without parameters");
		return;
	}
	swm_buf_char(to, '(');
	put_names(to, names, count);
	swm_buf_char(to, ')');
}

static void
put_searched_names(swm_buf *to, const swm_str *names, size_t count)
{
	if (count == 0) {
		swm_buf_cstr(to, " without parameters");
		return;
	}
	swm_buf_cstr(to, count == 1 ? " with parameter " : " with parameters ");
	put_names(to, names, count);
}

/* The type that a body goes to as it is; NULL for one that has names. */
static const char *
type_of_raw(const swm_call_request *r)
{
	if (!r->post)
		return NULL;
	return r->content == SWM_CONTENT_TEXT  ? "text" :
	       r->content == SWM_CONTENT_XML   ? "xml" :
	       r->content == SWM_CONTENT_BYTES ? "bytea" : NULL;
}

static void
set_searched(swm_error *err, const swm_call_request *r, const swm_str *names, size_t count)
{
	swm_buf details = SWM_BUF_INIT;
	const char *raw = type_of_raw(r);

	swm_buf_cstr(&details, "Searched for the function ");
	swm_buf_str(&details, r->schema);
	swm_buf_char(&details, '.');
	swm_buf_str(&details, r->name);
	if (raw != NULL) {
		swm_buf_cstr(&details, " with a single unnamed ");
		swm_buf_cstr(&details, raw);
		swm_buf_cstr(&details, " parameter");
	} else {
		put_searched_names(&details, names, count);
	}
	if (r->post && r->content == SWM_CONTENT_JSON)
		swm_buf_cstr(&details, " or with a single unnamed json/jsonb parameter");
	swm_buf_cstr(&details, ", but no matches were found in the schema cache.");
	swm_error_set_details(err, swm_buf_view(&details));
	swm_buf_dispose(&details);
}

static int
compare_names(const void *a, const void *b)
{
	return swm_str_cmp(*(const swm_str *)a, *(const swm_str *)b);
}

/* "(a, b)": the parameters' names, sorted; ptr is NULL when memory ran out. */
static swm_str
parameters_text(const swm_function *f, swm_arena *arena)
{
	swm_str *names = swm_arena_array(arena, f->parameter_count, sizeof *names),
		text = { NULL, 0 };
	swm_buf list = SWM_BUF_INIT;

	if (names == NULL)
		return text;
	for (size_t i = 0; i < f->parameter_count; i++)
		names[i] = f->parameters[i].name;
	qsort(names, f->parameter_count, sizeof *names, compare_names);
	swm_buf_char(&list, '(');
	put_names(&list, names, f->parameter_count);
	swm_buf_char(&list, ')');
	if (!list.failed)
		text = swm_arena_str(arena, swm_buf_view(&list));
	swm_buf_dispose(&list);
	return text;
}

/*
 * The parameter list among the overloads' that is nearest to the arguments; ptr is NULL when none
 * is near.
 */
static swm_str
nearest_parameters(const swm_snapshot *snapshot, swm_str role, const swm_str *names, size_t count,
                   const swm_function *const *overloads, size_t overload_count, swm_arena *arena)
{
	swm_fuzzy fuzzy;
	swm_buf given = SWM_BUF_INIT;
	swm_str nearest = { NULL, 0 };

	swm_buf_char(&given, '(');
	put_names(&given, names, count);
	swm_buf_char(&given, ')');
	if (!given.failed && swm_fuzzy_start(&fuzzy, swm_buf_view(&given))) {
		for (size_t i = 0; i < overload_count; i++) {
			bool may = swm_snapshot_may_execute(snapshot, role, overloads[i]);
			swm_str text = may ? parameters_text(overloads[i], arena)
			                   : (swm_str){ NULL, 0 };
			if (text.ptr != NULL)
				swm_fuzzy_offer(&fuzzy, text);
		}
		nearest = swm_fuzzy_nearest(&fuzzy);
	}
	swm_buf_dispose(&given);
	return nearest;
}

static void
set_hint(swm_error *err, swm_str schema, swm_str name, swm_str parameters)
{
	swm_buf hint = SWM_BUF_INIT;

	swm_buf_cstr(&hint, "Perhaps you meant to call the function ");
	swm_buf_str(&hint, schema);
	swm_buf_char(&hint, '.');
	swm_buf_str(&hint, name);
	swm_buf_str(&hint, parameters);
	swm_error_set_hint(err, swm_buf_view(&hint));
	swm_buf_dispose(&hint);
}

int
swm_call_fail_not_found(const swm_snapshot *snapshot, const swm_call_request *r,
                        const swm_str *names, size_t name_count,
                        const swm_function *const *overloads, size_t overload_count,
                        swm_arena *arena, swm_error *err)
{
	swm_buf arguments = SWM_BUF_INIT;
	swm_str nearest, none = { NULL, 0 };
	bool raw = type_of_raw(r) != NULL;

	if (!raw)
		put_arguments(&arguments, names, name_count);
	int rc = swm_fail(err, SWM_ERR_FUNCTION_NOT_FOUND, r->schema, r->name,
	                  swm_buf_view(&arguments));
	swm_buf_dispose(&arguments);
	set_searched(err, r, names, name_count);
	if (raw) /* its parameters have no names that could be meant */
		return rc;
	bool has_seen = false;
	for (size_t i = 0; i < overload_count; i++)
		has_seen |= swm_snapshot_may_execute(snapshot, r->role, overloads[i]);
	nearest = has_seen ? nearest_parameters(snapshot, r->role, names, name_count, overloads,
	                                        overload_count, arena)
	                   : swm_snapshot_nearest_function(snapshot, r->schema, r->role, r->name);
	if (nearest.ptr != NULL && has_seen)
		set_hint(err, r->schema, r->name, nearest);
	else if (nearest.ptr != NULL)
		set_hint(err, r->schema, nearest, none);
	return rc;
}

static swm_str
type_of(const swm_parameter *p)
{
	return p->type == NULL ? p->type_name : p->type->name;
}

/* Fewer parameters first, then by their names and types. */
static int
compare_functions(const void *a, const void *b)
{
	const swm_function *f = *(const swm_function *const *)a,
			   *g = *(const swm_function *const *)b;

	if (f->parameter_count != g->parameter_count)
		return f->parameter_count < g->parameter_count ? -1 : 1;
	for (size_t i = 0; i < f->parameter_count; i++) {
		int order = swm_str_cmp(f->parameters[i].name, g->parameters[i].name);
		if (order == 0)
			order = swm_str_cmp(type_of(&f->parameters[i]), type_of(&g->parameters[i]));
		if (order != 0)
			return order;
	}
	return 0;
}

/* schema.name(a => integer, b => text) */
static void
put_signature(swm_buf *to, const swm_function *f)
{
	swm_buf_str(to, f->schema);
	swm_buf_char(to, '.');
	swm_buf_str(to, f->name);
	swm_buf_char(to, '(');
	for (size_t i = 0; i < f->parameter_count; i++) {
		swm_buf_cstr(to, i == 0 ? "" : ", ");
		swm_buf_str(to, f->parameters[i].name);
		swm_buf_cstr(to, " => ");
		swm_buf_str(to, type_of(&f->parameters[i]));
	}
	swm_buf_char(to, ')');
}

int
swm_call_fail_ambiguous(const swm_snapshot *snapshot, swm_str role, const swm_function **candidates,
                        size_t count, swm_error *err)
{
	swm_buf list = SWM_BUF_INIT;

	qsort(candidates, count, sizeof *candidates, compare_functions);
	for (size_t i = 0; i < count; i++) {
		if (!swm_snapshot_may_execute(snapshot, role, candidates[i]))
			continue;
		swm_buf_cstr(&list, list.len == 0 ? "" : ", ");
		put_signature(&list, candidates[i]);
	}
	int rc = swm_fail(err, SWM_ERR_AMBIGUOUS_FUNCTION, swm_buf_view(&list));
	swm_buf_dispose(&list);
	swm_error_set_hint(
		err, SWM_STR("Try renaming the parameters or the function itself in the database "
	                     "so function overloading can be resolved"));
	return rc;
}
