/*
 * How far a long command is, as one line of a terminal that is drawn again and again; for anything
 * else than a terminal there is no line, and all of this does nothing.
 */
#ifndef SWM_CLI_PROGRESS_H
#define SWM_CLI_PROGRESS_H

#include "text.h"

enum progress_unit { PROGRESS_BYTES, PROGRESS_ROWS };

/* The contents of the progress line. */
struct progress_state {
	const char *label;
	enum progress_unit unit; /* of total */
	uint64_t total;          /* 0: unknown */
	uint64_t bytes, rows;    /* done; 0 bytes are not shown */
	uint64_t bytes_before, rows_before; /* done in an earlier run, not in this time */
	uint64_t elapsed_ms;
};

struct progress {
	struct progress_state state;
	FILE *stream;            /* NULL: it is no terminal */
	uint64_t started_ms, drawn_ms;
	bool is_drawn;
};

/* label and stream live as long as the progress. */
void progress_begin(struct progress *p, FILE *stream, const char *label, enum progress_unit unit,
                    uint64_t total);

/* For a command that goes on where it stopped: so much was done then. Call it after begin. */
void progress_resume(struct progress *p, uint64_t bytes, uint64_t rows);

/* Sets the totals so far. Call it as often as you like: it draws at most ten times a second. */
void progress_update(struct progress *p, uint64_t bytes, uint64_t rows);

/* Takes the line off the terminal, before a message; the next update draws it again. */
void progress_clear(struct progress *p);

/* The same, for good. */
void progress_end(struct progress *p);

/* Adds the line, of at most width columns. */
void progress_format(struct text *line, const struct progress_state *s, size_t width);

#endif
