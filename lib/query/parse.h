/* The parsers of single parameters; parse.c puts them together. */
#ifndef SWM_QUERY_PARSE_H
#define SWM_QUERY_PARSE_H

#include "query/scanner.h"

/* select=...: the items up to the end of the text. */
int swm_parse_select(swm_scanner *s, swm_select_item **out);

/* order=... */
int swm_parse_order(swm_scanner *s, swm_order_term **out);

/* after=(...): the row behind which a page begins. Any other value is a filter on a column of that name. */
bool swm_is_position(const swm_pair *pair);
int swm_parse_position(swm_scanner *s, swm_position **out);

/*
 * [not.]op[(modifier)].value into a condition that has its field already.
 * enclosed: the value ends at `,` or `)`; else it is the rest of the text.
 */
int swm_parse_operation(swm_scanner *s, swm_condition *out, bool enclosed);

/* and(...), or(...), with not. before it, or a filter: the logic tree. */
int swm_parse_logic(swm_scanner *s, swm_condition **out);

#endif
