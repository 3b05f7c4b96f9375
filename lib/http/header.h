/* The grammar of header fields: Accept (RFC 9110), Prefer (RFC 7240), Range, Cookie (RFC 6265). */
#ifndef SWM_HTTP_HEADER_H
#define SWM_HTTP_HEADER_H

#include "base/arena.h"
#include "base/buf.h"
#include "error/error.h"

enum swm_media {
#define SWM_MEDIA(name, type, content_type) SWM_MEDIA_##name,
#include "http/media.def"
#undef SWM_MEDIA
	SWM_MEDIA_COUNT
};

/* The Content-Type of a media type. */
swm_str swm_media_content_type(enum swm_media media);

/* The same for one that the database writes; NULL when memory ran out. */
swm_str swm_media_content_type_of(swm_arena *arena, swm_str type);

/*
 * PostgREST's spelling of a media type: the full name if it is known, else the text with all
 * parameters.
 */
swm_str swm_media_name(swm_str type);

/* A media type that can be produced. */
typedef struct swm_offer {
	swm_str type; /* "text/csv", with the parameter ";nulls=stripped" where that is meant */
	int number;            /* whatever the caller calls it */
	bool is_cut; /* it may be the beginning of a longer name: each that begins so means it */
} swm_offer;

typedef struct swm_acceptable {
	int number;            /* index of the offer */
	swm_str range;         /* the text of the range that chose it, as in the field */
	swm_str type;          /* the media type of that range: "text/csv" or a wildcard */
} swm_acceptable;

/*
 * Chooses the offer that an Accept field prefers (RFC 9110, 12.5.1): for each offer the most
 * specific range counts; at equal quality the first range, and then the first offer. PostgREST's
 * own types (application/vnd.pgrst.) are chosen by name, never by a wildcard. An empty field
 * accepts anything. MEDIA_TYPE (SWM_EREFUSED).
 */
int swm_accept_negotiate(swm_acceptable *out, swm_str accept, const swm_offer *offers, size_t count,
                         swm_error *err);

/* The same among those of the table (a set of 1 << SWM_MEDIA_...), in its order. */
int swm_accept_choose(enum swm_media *out, swm_str accept, unsigned can, swm_error *err);

/* The offers of a set of the table's media types, in its order; returns how many. */
size_t swm_media_offers(swm_offer offers[SWM_MEDIA_COUNT], unsigned can);

/*
 * Options of EXPLAIN that a plan's media type may name
 * (https://www.postgresql.org/docs/15/sql-explain.html).
 */
enum swm_explain {
	SWM_EXPLAIN_ANALYZE = 1 << 0,
	SWM_EXPLAIN_VERBOSE = 1 << 1,
	SWM_EXPLAIN_SETTINGS = 1 << 2,
	SWM_EXPLAIN_BUFFERS = 1 << 3,
	SWM_EXPLAIN_WAL = 1 << 4,
};

/*
 * The request of a range with a plan's media type: options, and the media type that is explained,
 * empty when none is named.
 */
void swm_accept_plan(swm_str range, unsigned *options, swm_str *of);

/* Appends the Content-Type of a plan: "application/vnd.pgrst.plan+text; for=...". */
void swm_plan_content_type(swm_buf *to, enum swm_media format, swm_str of, unsigned options);

enum swm_count { SWM_COUNT_NONE, SWM_COUNT_EXACT, SWM_COUNT_PLANNED, SWM_COUNT_ESTIMATED };
enum swm_tx { SWM_TX_DEFAULT, SWM_TX_COMMIT, SWM_TX_ROLLBACK };

/* The handling of rows whose key already exists. */
enum swm_resolution { SWM_RESOLUTION_NONE, SWM_RESOLUTION_MERGE, SWM_RESOLUTION_IGNORE };

/* The representation a client gets of the rows it wrote (RFC 7240, 4.2). */
enum swm_return {
	SWM_RETURN_DEFAULT,
	SWM_RETURN_MINIMAL,
	SWM_RETURN_HEADERS,
	SWM_RETURN_REPRESENTATION
};

/* The value of columns that a row of a body does not name. */
enum swm_missing { SWM_MISSING_UNSAID, SWM_MISSING_NULL, SWM_MISSING_DEFAULT };

/* The parsed Prefer fields; the first occurrence of each preference counts. */
typedef struct swm_preferences {
	bool strict;             /* handling=strict */
	bool has_handling;
	enum swm_count count;
	enum swm_tx tx;
	enum swm_return returned;
	enum swm_resolution resolution;
	enum swm_missing missing;
	bool skip_errors;        /* errors=skip */
	bool by_key;             /* order=key */
	swm_str timezone;        /* empty when there is none */
	int64_t max_affected;    /* -1 when there is none */
	swm_str invalid;         /* those unknown, joined by ", "; empty when there are none */
} swm_preferences;

/* The views live as long as the arena and the field. SWM_ENOMEM. */
int swm_prefer_parse(swm_preferences *out, swm_arena *arena, swm_str prefer, swm_error *err);

/* Rows first to last, counted from 0. */
typedef struct swm_range {
	int64_t first;
	int64_t last; /* INT64_MAX when it is open */
} swm_range;

/*
 * "a-b" or "a-", with or without "items=". False when it is no such range, which is then ignored.
 */
bool swm_range_parse(swm_range *out, swm_str range);

/* True when the name is a token, and the value one line (RFC 9110, 5.1 and 5.5). */
bool swm_is_field(swm_str name, swm_str value);

/*
 * True when an If-None-Match field contains an entity tag, by weak comparison (RFC 9110, 8.8.3.2
 * and 13.1.2); `*` matches any.
 */
bool swm_etag_matches(swm_str if_none_match, swm_str etag);

/* Appends a Cookie field as a JSON object. */
void swm_cookies_to_json(swm_buf *to, swm_str cookie);

#endif
