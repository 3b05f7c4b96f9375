/*
 * The rows of a body that comes in pieces: CSV, one JSON object a line, or an array of
 * objects. One row is in memory at a time, as cells that point into it; nothing is built.
 */
#ifndef SWM_JSON_FEED_H
#define SWM_JSON_FEED_H

#include "base/arena.h"
#include "error/error.h"

enum swm_feed_form { SWM_FEED_CSV, SWM_FEED_LINES, SWM_FEED_ARRAY };

/* A row may have so many bytes. */
enum { SWM_FEED_LONGEST_ROW = 8 * 1024 * 1024 };

enum swm_cell_kind {
	SWM_CELL_MISSING, /* the row has no such member */
	SWM_CELL_NULL,
	SWM_CELL_TEXT,    /* characters, as they are */
	SWM_CELL_STRING,  /* a JSON string, as it stands, with its quotes */
	SWM_CELL_JSON,    /* any other JSON value, as it stands */
};

typedef struct swm_cell {
	enum swm_cell_kind kind;
	bool escaped; /* a STRING with a backslash in it */
	swm_str text;
} swm_cell;

typedef struct swm_feed swm_feed;

/*
 * Where the bytes come from: as swm_body's read(), which see. begin is what was read
 * already; it is copied. The feed lives in the arena but for its buffers. NULL when memory
 * ran out. window: how many bytes are held to begin with, before a long row; 0 for as many as is well.
 */
swm_feed *swm_feed_new(swm_arena *arena, enum swm_feed_form form, swm_str begin, size_t window,
                       ptrdiff_t (*read)(void *user, char *to, size_t room), void *user);

/* The same of a text that is held whole: *text becomes what is left of it. */
swm_feed *swm_feed_of(swm_arena *arena, enum swm_feed_form form, swm_str *text);

void swm_feed_dispose(swm_feed *feed); /* NULL is allowed */

/*
 * The header's names, which are refused when one stands there twice, or those of the first row's
 * members, each once. A byte order mark before them is passed over. 1; 0: there is no row (CSV has
 * a header, or BODY is what it lacks). Negative as swm_feed_next().
 */
int swm_feed_names(swm_feed *feed, const swm_str **names, size_t *count, swm_error *err);

/*
 * Which cells a row gives, and in what order. exact: each row must have just these members;
 * else what it has beside is passed over, and what it has not is missing. Not for CSV, whose
 * header says it once. SWM_ENOMEM. To be called behind swm_feed_names(), before a row is
 * taken.
 */
int swm_feed_choose(swm_feed *feed, const swm_str *names, size_t count, bool exact, swm_error *err);

/*
 * The next row: 1, and its cells, as many as were chosen, until the next call. 0: no more.
 * BODY (SWM_EPARSE), whose details say where: it is no such row. 22P05
 * (SWM_EDATABASE), as PostgreSQL has it: it holds the character NUL. SWM_ECANCELED: the
 * body ends too early. SWM_ENOMEM.
 */
int swm_feed_next(swm_feed *feed, const swm_cell **cells, swm_error *err);

/* Of the row that came last, or failed: the line of the body it begins in, from 1; and which row it is, from 1. */
int64_t swm_feed_line(const swm_feed *feed);
int64_t swm_feed_row(const swm_feed *feed);

/* Whether one may go on behind the row that failed. */
bool swm_feed_can_skip(const swm_feed *feed);

#endif
