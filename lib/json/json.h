/*
 * Small JSON documents: claims, keys, values set by SQL. Never a client's rows: numbers are
 * doubles here (cJSON). Threads: a document may be read by many.
 */
#ifndef SWM_JSON_JSON_H
#define SWM_JSON_JSON_H

#include <swm/types.h>

typedef struct swm_json swm_json;

enum swm_json_type {
	SWM_JSON_NONE, /* also the type of NULL: a missing member */
	SWM_JSON_NULL,
	SWM_JSON_BOOL,
	SWM_JSON_NUMBER,
	SWM_JSON_STRING,
	SWM_JSON_ARRAY,
	SWM_JSON_OBJECT,
};

/*
 * The whole text as one value. NULL when it is no JSON (RFC 8259), no UTF-8, has a
 * NUL, even as \u0000, a number of more than 63 characters, nests too deep
 * (lib/json/grammar.h) or memory ran out.
 */
swm_json *swm_json_parse(swm_str text);

/* Why a text has given NULL: SWM_EPARSE, or SWM_ENOMEM. */
int swm_json_why_not(swm_str text);
void swm_json_free(swm_json *doc);

/* All below accept NULL as a value that is not there. */
enum swm_json_type swm_json_type_of(const swm_json *value);

/*
 * A member by its exact name; NULL when there is none or it is no object. Of
 * several members of one name it is the last, as RFC 7515 and 7519 (section 4 of
 * each) want of tokens and as PostgreSQL reads json.
 */
const swm_json *swm_json_get(const swm_json *object, swm_str name);

/* Members and elements in order; NULL at the end. */
const swm_json *swm_json_first(const swm_json *container);
const swm_json *swm_json_next(const swm_json *child);
swm_str swm_json_name(const swm_json *member);

/* Empty, 0, false for another type. */
swm_str swm_json_string(const swm_json *value);
double swm_json_number(const swm_json *value);
bool swm_json_bool(const swm_json *value);

#endif
