/*
 * Rows, each a line of JSON, as an aligned table. The widths come from the first rows; those after
 * them are printed as they come, so that a million of them takes no more memory.
 */
#ifndef SWM_CLI_TABLE_H
#define SWM_CLI_TABLE_H

#include "screen.h"

struct table {
	struct screen *screen;
	bool wide;                 /* nothing is cut */
	const char *scalar;        /* the heading of lines that are no objects */
	struct column *columns;
	size_t count, shown, room;
	swm_str *cells;            /* of one row */
	struct text sample, line;  /* the first rows; the part of a row that has come */
	struct text row, cell;     /* what is printed of them */
	uint64_t rows;
	uint64_t homeless;         /* values under names that were in none of the first rows */
	bool begun;                /* the widths are known, the heading is printed */
	bool failed;               /* out of memory */
};

/* scalar lives as long as the table. */
void table_begin(struct table *t, struct screen *screen, bool wide, const char *scalar);

/* Takes a piece of the lines. Non-zero: there is no use in going on. */
int table_write(struct table *t, swm_str piece);

/* Prints what is left of the rows. Non-zero as above. */
int table_end_rows(struct table *t);

/* Prints how many there were: content_range is that header's value, or empty. */
int table_end(struct table *t, swm_str content_range);

void table_free(struct table *t);

#endif
