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

/* What Content-Type says for a media type. */
swm_str swm_media_content_type(enum swm_media media);

/*
 * Chooses among what can be given (a set of 1 << SWM_MEDIA_...) what an Accept
 * field likes best; an empty field accepts anything and gets the first. A range
 * with q=0 is not acceptable (RFC 9110, 12.4.2). MEDIA_TYPE (SWM_EREFUSED).
 */
int swm_accept_choose(enum swm_media *out, swm_str accept, unsigned can, swm_error *err);

enum swm_count { SWM_COUNT_NONE, SWM_COUNT_EXACT, SWM_COUNT_PLANNED, SWM_COUNT_ESTIMATED };
enum swm_tx { SWM_TX_DEFAULT, SWM_TX_COMMIT, SWM_TX_ROLLBACK };

/* What a Prefer field asks for; of each preference the first occurrence counts. */
typedef struct swm_preferences {
	bool strict;             /* handling=strict */
	bool has_handling;
	enum swm_count count;
	enum swm_tx tx;
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

/* "a-b" or "a-", with or without "items=". False when it is no such range, which is then ignored. */
bool swm_range_parse(swm_range *out, swm_str range);

/* Whether the name is a token, and the value one line (RFC 9110, 5.1 and 5.5). */
bool swm_is_field(swm_str name, swm_str value);

/* Appends a Cookie field as a JSON object. */
void swm_cookies_to_json(swm_buf *to, swm_str cookie);

#endif
