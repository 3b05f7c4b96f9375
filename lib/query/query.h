/* The public query: the name of a relation or function, and the query of its rows. */
#ifndef SWM_QUERY_QUERY_H
#define SWM_QUERY_QUERY_H

#include "query/ast.h"

struct swm_query {
	swm_arena *arena; /* of all below */
	swm_str schema;   /* empty for the default */
	swm_str relation; /* or, of a call, the function */
	bool is_call;
	swm_pair *arguments; /* arguments of the call, in any order */
	size_t argument_count, argument_room; /* room 0: the array is not for us to add to */
	swm_ast *ast;
};

#endif
