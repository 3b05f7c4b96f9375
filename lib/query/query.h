/* The public query: a relation's name and what is asked of it. */
#ifndef SWM_QUERY_QUERY_H
#define SWM_QUERY_QUERY_H

#include "query/ast.h"

struct swm_query {
	swm_arena *arena; /* of all below */
	swm_str schema;   /* empty for the default */
	swm_str relation;
	swm_ast *ast;
};

#endif
