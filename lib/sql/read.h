/* Rows of a plan's nodes, as SQL. For this room only. */
#ifndef SWM_SQL_READ_H
#define SWM_SQL_READ_H

#include "sql/writer.h"

/* A field of the node's rows, with its path. */
void swm_put_field(swm_writer *w, const swm_plan_node *node, const swm_plan_field *field);

/* Conditions of a node's rows, joined by " AND " or " OR ". */
void swm_put_conditions(swm_writer *w, const swm_plan_node *node, const swm_plan_condition *first, const char *between);

/* EXISTS (...): whether an embedded node has rows for its parent's row. */
void swm_put_exists(swm_writer *w, const swm_plan_node *node);

#endif
