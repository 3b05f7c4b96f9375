/* JSONPath by RFC 9535, for paths that begin with $. */
#ifndef SWM_AUTH_JSONPATH_H
#define SWM_AUTH_JSONPATH_H

#include "base/arena.h"
#include "json/json.h"

/* Threads: shared by many once parsed. */
typedef struct swm_jsonpath swm_jsonpath;

/*
 * out and everything it points to live in the arena, and so must the text. SWM_ECONFIG: the text
 * is not a well-formed and valid query (RFC 9535, 2), or has an invalid regular expression;
 * SWM_ENOMEM.
 */
int swm_jsonpath_parse(const swm_jsonpath **out, swm_arena *arena, swm_str text);

/*
 * The first node of the list that the query selects, as the others do not count here; NULL
 * when it selects none. False when that took too long to find out.
 */
bool swm_jsonpath_first(const swm_json **out, const swm_jsonpath *path, const swm_json *root);

#endif
