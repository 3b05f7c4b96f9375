/*
 * Which function is called, and with what
 * (https://docs.postgrest.org/en/latest/references/api/functions.html). Overloads are
 * told apart by the names of the arguments alone.
 */
#ifndef SWM_PLAN_CALL_H
#define SWM_PLAN_CALL_H

#include "http/content.h"
#include "http/url.h"
#include "query/ast.h"
#include "schema/schema.h"

enum swm_call_form {
	SWM_CALL_VALUES, /* each argument has a text, of a query string or a form */
	SWM_CALL_OBJECT, /* a JSON object has them */
	SWM_CALL_BODY,   /* the body as it is, for a function of one parameter without a name */
};

typedef struct swm_plan_argument {
	const swm_parameter *parameter;
	const swm_value *values; /* VALUES: one, or of a variadic parameter all that were given */
} swm_plan_argument;

typedef struct swm_plan_call {
	const swm_function *function;
	enum swm_call_form form;
	const swm_plan_argument *arguments; /* those given, in the function's order */
	size_t argument_count;
	swm_str body;   /* OBJECT, BODY; as the request has it */
	/* BODY: the parameter is bytea, and the body has not been put into its form */
	bool as_bytes;
	bool in_array;  /* OBJECT: it is the first element of an array */
	bool is_text;   /* OBJECT: its values are text, of CSV; else JSON */
} swm_plan_call;

/* The call as the request asks for it. */
typedef struct swm_call_request {
	swm_str schema, name;
	swm_str role;             /* what it may not execute is named in no error */
	bool seen_only;           /* that is not there at all */
	bool post;                /* with a body of this type */
	enum swm_content content;
	const swm_pair *pairs;    /* of a query string or a form */
	size_t pair_count;
	const swm_str *keys;      /* of a JSON body */
	size_t key_count;
	/* it has no names, or more than any function: it is for one that takes all of it */
	bool whole_body;
	bool no_body;             /* of a content that is one value: nothing was sent */
	bool in_array;
	swm_str body;             /* of every POST but a form; NUL-terminated */
} swm_call_request;

/*
 * FUNCTION_NOT_FOUND (SWM_ENOTFOUND), with what was searched for and, as hint, the nearest
 * name or list of parameters; AMBIGUOUS_FUNCTION (SWM_EREFUSED) with the candidates; SWM_ENOMEM.
 */
int swm_plan_call_of(const swm_plan_call **out, swm_arena *arena, const swm_snapshot *snapshot,
                     const swm_call_request *request, swm_error *err);

#endif
