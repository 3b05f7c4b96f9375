/* Percent-encoding (RFC 3986, 2.1) and the pairs of a query string. */
#ifndef SWM_HTTP_URL_H
#define SWM_HTTP_URL_H

#include "base/arena.h"
#include "base/buf.h"
#include "error/error.h"

/*
 * Decodes a piece of a URL: %XX, and `+` as a blank where plus is set. The result is valid UTF-8
 * without NUL bytes. where is the offset of the piece, for positions in errors. URL_SYNTAX
 * (SWM_EPARSE), SWM_ENOMEM.
 */
int swm_url_decode(swm_str *out, swm_arena *arena, swm_str raw, bool plus, size_t where,
                   swm_error *err);

/* Appends text with all but unreserved characters (RFC 3986, 2.3) percent-encoded. */
void swm_url_encode(swm_buf *to, swm_str text);

typedef struct swm_pair {
	swm_str name, value; /* decoded */
	bool has_value;      /* there was a `=` */
	bool is_null;        /* a null argument from a program: it has no text */
} swm_pair;

/*
 * The pairs of a query string, in order; only `&` separates them, and empty ones
 * are passed over. A name without `=` has the empty value. Errors as above.
 */
int swm_url_pairs(swm_pair **out, size_t *count, swm_arena *arena, swm_str query, size_t where,
                  swm_error *err);

/* A web address: scheme://[user@]host[:port][/path]; anything after that is ignored. */
typedef struct swm_web_address {
	bool https;
	swm_str host, port; /* port is empty when not given */
	swm_str path;       /* begins with / unless it is empty */
} swm_web_address;

/* The views point into the text. False when it is no address of http or https. */
bool swm_web_address_parse(swm_web_address *out, swm_str text);

/*
 * Checks for a scheme, and after the colon only characters that a URI can have (RFC 3986, 2 and
 * 3.1).
 */
bool swm_url_is_uri(swm_str s);

/* The pairs sorted by name (those of one name stay in order) and encoded again: "a=1&b=2&c". */
int swm_url_canonical(swm_buf *to, swm_arena *arena, const swm_pair *pairs, size_t count,
                      swm_error *err);

#endif
