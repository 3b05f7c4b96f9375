/*
 * The path of jwt-role-claim-key. One that begins with $, as in PostgREST since version 16,
 * is JSONPath by RFC 9535: of the values that it selects, the first counts. Any other is of
 * PostgREST's older dialect (references/auth: JWT Role Extraction): .key ."any key" [n]
 * [?(@ op "text")] with == != ^== ==^ *==, and slices [a:b] of a string.
 */
#ifndef SWM_AUTH_JSPATH_H
#define SWM_AUTH_JSPATH_H

#include "base/arena.h"
#include "error/error.h"
#include "json/json.h"

/* Threads: shared by many once parsed. */
typedef struct swm_jspath swm_jspath;

/*
 * *out and everything it points to live in the arena. SWM_ECONFIG: the text is not a valid path.
 * SWM_ENOMEM.
 */
int swm_jspath_parse(const swm_jspath **out, swm_arena *arena, swm_str text, swm_error *err);

/*
 * Follows the path: SWM_JSON_NONE when it leads to nothing. For SWM_JSON_STRING, text is the
 * string (or the slice of it), and lives as long as the document.
 */
enum swm_json_type swm_jspath_find(const swm_jspath *path, const swm_json *root, swm_str *text);

#endif
