/* SQL of the rows of a plan's nodes. For lib/sql only. */
#ifndef SWM_SQL_READ_H
#define SWM_SQL_READ_H

#include "sql/writer.h"

/* A field of the node's rows, with its path. */
void swm_put_field(swm_writer *w, const swm_plan_node *node, const swm_plan_field *field);

/* The name of the column in which a write returns the whole row: none that the relation has. */
void swm_put_row_name(swm_writer *w, const swm_relation *relation);

/* Conditions of a node's rows, joined by " AND " or " OR ". */
void swm_put_conditions(swm_writer *w, const swm_plan_node *node, const swm_plan_condition *first,
                        const char *between);

/* The rows of a plan's root, or what is made of them, as a statement. */
void swm_put_answer(swm_writer *w, const swm_read_plan *plan);

/* EXISTS (...): whether an embedded node has rows for its parent's row. */
void swm_put_exists(swm_writer *w, const swm_plan_node *node);

/*
 * The rows after a keyset position are several ranges of the order, one after the other: each alone
 * can be read from an index, all at once cannot. The number of ranges, and one or all of them as a
 * condition.
 */
size_t swm_position_ranges(const swm_plan_node *node);
void swm_put_position_range(swm_writer *w, const swm_plan_node *node, size_t index);
void swm_put_behind_position(swm_writer *w, const swm_plan_node *node);

#endif
