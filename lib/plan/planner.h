/* The state of the planner. For lib/plan only. */
#ifndef SWM_PLAN_PLANNER_H
#define SWM_PLAN_PLANNER_H

#include "plan/plan.h"

/*
 * Limits of a request, so that its cost is bounded before it reaches the database. Parentheses are
 * bounded by the scanner (SWM_DEEPEST). Of a result: MaxTupleAttributeNumber
 * (https://www.postgresql.org/docs/15/limits.html).
 */
enum {
	SWM_MOST_COLUMNS = 1664,
	SWM_MOST_FILTERS = 10000,
	SWM_MOST_EMBEDS = 100,
	SWM_DEEPEST_EMBED = 16,
	SWM_MOST_POSITION = 8
};

typedef struct swm_planner {
	swm_arena *arena;
	const swm_snapshot *snapshot;
	const swm_settings *settings;
	const swm_read_request *request;
	bool runs_user_code;
	bool unknown_names;
	unsigned embed_count, filter_count;
	swm_error *err;
} swm_planner;

/* Oids that never change (pg_type.dat). */
enum { SWM_OID_BYTEA = 17, SWM_OID_JSON = 114, SWM_OID_JSONB = 3802 };

/*
 * The name that the request uses for a node's relation, or for the function that returns its rows.
 */
swm_str swm_plan_called(const swm_planner *p, const swm_plan_node *node);

/*
 * The name of a node's relation for an error: its own, if the role may see it, else what the
 * request calls it.
 */
swm_str swm_plan_told_name(const swm_planner *p, const swm_plan_node *node);

/* A name and path as a field of the node's rows. */
int swm_plan_field_of(swm_planner *p, const swm_plan_node *node, const swm_field *field,
                      swm_plan_field *out);

/* True if the field's values are of type json, and not of jsonb or text. */
bool swm_plan_ends_in_json(const swm_plan_node *node, const swm_plan_field *field);

/*
 * The type of a field, or of a computed field's result; NULL after a path, and where it is not
 * known.
 */
const swm_type *swm_plan_type_of(const swm_plan_node *node, const swm_plan_field *field);

/* Gives a node a name in the statement that no other has. */
int swm_plan_alias(swm_planner *p, swm_plan_node *node);

/* The same for a root, or what is written to, if its own name could be one of the SQL around it. */
int swm_plan_root_alias(swm_planner *p, swm_plan_node *root);

/* The outputs of a node and, through them, all that is embedded in it. */
int swm_plan_outputs(swm_planner *p, swm_plan_node *node);

/*
 * Resolving names (lib/plan/names.c). The embedded node whose rows a filter asks for, NULL when it
 * asks for a field; the one that order=name(...) means; and the output of that one that is called
 * as the field is. NULL when there is none.
 */
bool swm_plan_asks_for_rows(const swm_condition *filter);
const swm_plan_node *swm_plan_filtered_embed(const swm_plan_node *node,
                                             const swm_condition *filter);
swm_plan_node *swm_plan_ordering_embed(const swm_plan_node *node, swm_str name);
const swm_plan_output *swm_plan_ordering_output(const swm_plan_node *node, const swm_field *field);

int swm_plan_conditions(swm_planner *p, const swm_plan_node *node, const swm_condition *asked,
                        swm_plan_condition **out);
int swm_plan_order_of(swm_planner *p, swm_plan_node *node, const swm_order_term *asked,
                      swm_plan_order **out);
int swm_plan_range(swm_planner *p, swm_plan_node *node, const swm_query_node *asked,
                   const swm_range *range);


/* Orders a table's rows by its primary key where nothing else orders them; *by_key: so it was. */
int swm_plan_key_order(swm_planner *p, swm_plan_node *root, bool *by_key);

/* Where the root's page begins, and whether its last row can tell where the next one does. */
int swm_plan_position(swm_planner *p, swm_plan_node *root);
int swm_plan_place_of(swm_planner *p, const swm_plan_node *root, const swm_plan_place **out);

/* 42703, as PostgreSQL says it of what is asked of the relation or value. */
int swm_plan_fail_no_column(swm_planner *p, swm_str of, swm_str name);

int swm_plan_fail_not_embedded(swm_planner *p, swm_str name);
int swm_plan_fail_too_many(swm_planner *p, const char *where, int most, const char *what);

#endif
