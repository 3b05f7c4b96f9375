/* The parsers of single parameters; parse.c puts them together. */
#ifndef SWM_QUERY_PARSE_H
#define SWM_QUERY_PARSE_H

#include "base/buf.h"
#include "query/scanner.h"

/* select=...: the items up to the end of the text. */
int swm_parse_select(swm_scanner *s, swm_select_item **out);

/* order=... */
int swm_parse_order(swm_scanner *s, swm_order_term **out);

/*
 * after=(...): the keyset, the row after which a page begins. Any other value is a filter on a
 * column of that name.
 */
bool swm_is_position(const swm_pair *pair);
int swm_parse_position(swm_scanner *s, swm_position **out);

/* [not.]op[(modifier)].value into a condition that has its field already. */
int swm_parse_operation(swm_scanner *s, swm_condition *out);

/* and(...) or or(...), perhaps after not.; the operator is the part that is skipped. */
int swm_parse_logic(swm_scanner *s, swm_condition **out);

/*
 * True when a text begins like op. or op(modifier)., or with not., which only an operator can
 * follow.
 */
bool swm_query_is_operation(swm_str text);

/* True when a pair of this name is not a filter: select, order, a.b.limit, ... */
bool swm_query_is_reserved(swm_str name);

/*
 * Appends the parameter name that filters by a column: the column's, quoted where it has reserved
 * characters.
 */
void swm_query_write_name(swm_buf *to, swm_str column);

#endif
