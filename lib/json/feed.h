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
 * Reads the bytes with swm_body's read(), which see. begin: bytes that were read already; they are
 * copied. The feed lives in the arena, except for its buffers. NULL when memory ran out. window:
 * how many bytes are held initially, before a long row; 0 for the default.
 */
swm_feed *swm_feed_new(swm_arena *arena, enum swm_feed_form form, swm_str begin, size_t window,
                       ptrdiff_t (*read)(void *user, char *to, size_t room), void *user);

/* The same for a text in memory: *text becomes the part that is left. */
swm_feed *swm_feed_of(swm_arena *arena, enum swm_feed_form form, swm_str *text);

void swm_feed_dispose(swm_feed *feed); /* NULL is allowed */

/*
 * The names of the header, which must not repeat, or of the first row's members, each once. A byte
 * order mark before them is skipped. 1; 0: there is no row (CSV has a header, or the error is BODY
 * without one). Negative as swm_feed_next().
 */
int swm_feed_names(swm_feed *feed, const swm_str **names, size_t *count, swm_error *err);

/*
 * Chooses the cells of a row and their order. exact: each row must have exactly these members;
 * otherwise further members are skipped, and absent ones are missing. Not for CSV, whose header
 * fixes the names. SWM_ENOMEM. Call it after swm_feed_names(), before the first row is read.
 */
int swm_feed_choose(swm_feed *feed, const swm_str *names, size_t count, bool exact, swm_error *err);

/*
 * Reads the next row: 1 and its cells, as many as were chosen, valid until the next call. 0: no
 * more. BODY (SWM_EPARSE): the row is invalid; the details say where. 22P05 (SWM_EDATABASE), as in
 * PostgreSQL: it contains the character NUL. SWM_ECANCELED: the body ends too early. SWM_ENOMEM.
 */
int swm_feed_next(swm_feed *feed, const swm_cell **cells, swm_error *err);

/*
 * The line of the body in which the last row begins, also a failed one, and the row's number, both
 * from 1.
 */
int64_t swm_feed_line(const swm_feed *feed);
int64_t swm_feed_row(const swm_feed *feed);

/* True when reading can continue after the row that failed. */
bool swm_feed_can_skip(const swm_feed *feed);

#endif
