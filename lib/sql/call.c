/*
 * A function as an item of FROM. What returns rows stands there itself, so that
 * PostgreSQL can inline it; a value stands in a select list of its own, where a set of
 * them comes one by one and a record needs no list of columns.
 */
#include "config.h"

#include "sql/call.h"

#include "plan/call.h"

/* The row that a JSON object of arguments is made into; no embedded relation has this number. */
static const char *
record_of(const swm_plan_call *call)
{
	/* it names its value */
	return swm_str_eq(call->function->name, SWM_STR("_0")) ? "\"_00\"" : "\"_0\"";
}

/* A polymorphic parameter's type follows from the argument; there is none to be cast to. */
static void
put_cast(swm_writer *w, const swm_parameter *p)
{
	if (p->type == NULL || p->type->kind == 'p')
		return;
	swm_put(w, "::");
	swm_buf_str(&w->text, p->type_name);
}

static void
put_value(swm_writer *w, const swm_plan_argument *a)
{
	if (a->parameter->variadic)
		swm_put_list_param(w, a->values);
	else if (a->values->is_null)
		swm_put(w, "NULL");
	else
		swm_put_param(w, a->values->text);
	put_cast(w, a->parameter);
}

/* A JSON string would stay one in a column of JSON; text that is cast is read as JSON. */
static bool
is_json_text(const swm_plan_call *call, const swm_parameter *p)
{
	return call->is_text && p->type != NULL && p->type->is_json;
}

static void
put_argument(swm_writer *w, const swm_plan_call *call, const swm_plan_argument *a)
{
	if (a->parameter->variadic)
		swm_put(w, "VARIADIC ");
	swm_put_identifier(w, a->parameter->name);
	swm_put(w, " := ");
	if (call->form == SWM_CALL_VALUES) {
		put_value(w, a);
		return;
	}
	swm_put(w, record_of(call));
	swm_put(w, ".");
	swm_put_identifier(w, a->parameter->name);
	if (is_json_text(call, a->parameter))
		put_cast(w, a->parameter);
}

static void
put_function(swm_writer *w, const swm_plan_call *call)
{
	const swm_function *f = call->function;

	swm_put_qualified(w, f->schema, f->name);
	swm_put(w, "(");
	if (call->form == SWM_CALL_BODY && call->as_bytes) {
		swm_put(w, "convert_to(");
		swm_put_body_param(w, call->body);
		swm_put(w, "::text, 'UTF8')");
	} else if (call->form == SWM_CALL_BODY) {
		swm_put_body_param(w, call->body);
		put_cast(w, &f->parameters[0]);
	}
	for (size_t i = 0; i < call->argument_count; i++) {
		swm_put(w, i == 0 ? "" : ", ");
		put_argument(w, call, &call->arguments[i]);
	}
	swm_put(w, ")");
}

/* json_to_record($1) AS "_0"("a" integer, ...): what is not there, or null, is null. */
static void
put_record(swm_writer *w, const swm_plan_call *call)
{
	swm_put(w, "json_to_record(");
	swm_put_body_param(w, call->body);
	swm_put(w, call->in_array ? "::json->0) AS " : "::json) AS ");
	swm_put(w, record_of(call));
	for (size_t i = 0; i < call->argument_count; i++) {
		const swm_parameter *p = call->arguments[i].parameter;
		swm_put(w, i == 0 ? "(" : ", ");
		swm_put_identifier(w, p->name);
		swm_put(w, " ");
		bool as_text = p->type == NULL || is_json_text(call, p);
		swm_buf_str(&w->text, as_text ? SWM_STR("text") : p->type_name);
	}
	swm_put(w, "), LATERAL ");
}

void
swm_put_call(swm_writer *w, const swm_plan_call *call)
{
	const swm_function *f = call->function;

	if (call->form == SWM_CALL_OBJECT && call->argument_count > 0)
		put_record(w, call);
	if (f->row != NULL) {
		put_function(w, call);
		return;
	}
	swm_put(w, "(SELECT ");
	put_function(w, call);
	swm_put(w, " AS ");
	swm_put_identifier(w, f->name);
	swm_put(w, ")");
}
