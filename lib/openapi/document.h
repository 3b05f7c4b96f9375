/* The document while it is written, shared by the files of lib/openapi. */
#ifndef SWM_OPENAPI_DOCUMENT_H
#define SWM_OPENAPI_DOCUMENT_H

#include "json/writer.h"
#include "openapi/openapi.h"

/* The column that a foreign key refers to; none when target is NULL. */
struct swm_openapi_key {
	const swm_relation *target;
	const swm_column *column;
};

struct swm_openapi {
	const swm_openapi_request *request;
	swm_json_writer json;
	swm_buf text;       /* a name or a comment while it is put together */
	swm_arena *scratch; /* for one relation or function at a time */
	bool ignore_privileges;
	bool no_memory;
	struct swm_openapi_key *keys; /* of the relation being written, one a column */
	swm_error *err;
};

/* Writes one thing and hands it on. */
int swm_openapi_piece(struct swm_openapi *doc);

/*
 * The members of "paths", "definitions" and "parameters" that describe relations; "paths" that
 * describe functions.
 */
int swm_openapi_relation_paths(struct swm_openapi *doc);
int swm_openapi_relation_definitions(struct swm_openapi *doc);
int swm_openapi_relation_parameters(struct swm_openapi *doc);
int swm_openapi_function_paths(struct swm_openapi *doc);

/* The methods shown for a relation; 0 when it is not shown at all. */
unsigned swm_openapi_shown(const struct swm_openapi *doc, const swm_relation *r);

/* Fills doc->keys, which live until the scratch memory is used again. */
void swm_openapi_find_keys(struct swm_openapi *doc, const swm_relation *r);

/* {"$ref": "#/<section>/<name>"}; the name may be in doc->text. */
void swm_openapi_ref(struct swm_openapi *doc, const char *section, swm_str name);

/* summary and description: a comment's first line, and the rest of it. */
void swm_openapi_comment(struct swm_openapi *doc, swm_str comment);
void swm_openapi_split_comment(swm_str comment, swm_str *summary, swm_str *description);

/* "responses" of one status or two without a body that is described. */
void swm_openapi_responses(struct swm_openapi *doc, const char *status, const char *description);
void swm_openapi_media_types(struct swm_openapi *doc, const char *member, bool csv);

/* Parts of a reference (RFC 6901 within a URI), and keys that no two columns share. */
void swm_openapi_write_pointer(swm_buf *to, swm_str name);
void swm_openapi_write_filter_key(swm_buf *to, swm_str relation, swm_str column);

/* The JSON type of a type: "string", "array", ...; NULL when it may be any. */
const char *swm_openapi_type(const swm_snapshot *snapshot, const swm_type *type);

/*
 * The members type, format, enum and items of an object that is open; NULL is a type that nobody
 * knows.
 */
void swm_openapi_write_type(struct swm_openapi *doc, const swm_type *type);

/*
 * The same for a parameter of a query string, where everything is text, and only some types may be
 * named.
 */
void swm_openapi_write_query_type(struct swm_openapi *doc, const swm_type *type, bool variadic);

/* maxLength and default of a column. */
void swm_openapi_write_limits(struct swm_openapi *doc, const swm_column *column);

/* How many characters a column of text may have; 0 when it has no limit. */
uint32_t swm_openapi_max_length(const swm_snapshot *snapshot, const swm_column *column);

/* The text of an SQL literal ('it''s'::text); false when the expression is none. */
bool swm_openapi_literal(swm_buf *to, swm_str sql);

/* A column's default as JSON of its type; false when it has none that JSON could say. */
bool swm_openapi_default(swm_buf *to, const char *type, const swm_type *base, uint32_t max_length,
                         swm_str sql);

#endif
