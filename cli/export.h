/*
 * Parts of swm export. Rows are read in pages by key (doc/DIALECT.md), each of which is either
 * written as a whole or not at all, so that after a break it is known what comes next.
 */
#ifndef SWM_CLI_EXPORT_H
#define SWM_CLI_EXPORT_H

#include "progress.h"

/*
 * The query to export: the target given by the user, parsed
 */

struct export_query {
	char *target;
	char *base;          /* path and parameters but for those that say which of the rows */
	char *first;         /* these: "&offset=..." and "&after=...", for the first page alone */
	int64_t limit;       /* of all rows; -1: none */
	bool has_parameters; /* of base */
};

/* False: out of memory. Free it in either case. */
bool export_query_split(struct export_query *q, const char *target);
void export_query_free(struct export_query *q);

/*
 * The target of a page of so many rows (0: of all the rest), after the rows that were written
 * already; after is the position of the last one, or NULL. To be freed; NULL: out of memory.
 */
char *export_query_page(const struct export_query *q, uint64_t rows, const char *after,
                        uint64_t limit);

/*
 * Rows as they come: CSV or lines of JSON, as one document over all pages
 */

enum export_format { EXPORT_CSV, EXPORT_NDJSON, EXPORT_JSON };

struct export_rows {
	enum export_format format;
	bool begun;          /* something of the document is written */
	uint64_t count;      /* rows of the document */
	struct text header;  /* of CSV: the document's */
	struct text seen;    /* the answer's */
	bool in_header, in_quotes, in_line;
	bool has_changed;    /* the header is another than the document's */
	struct text out;     /* what is to be written */
};

/* Starts with an answer that continues after count rows; started as above. */
void export_rows_begin(struct export_rows *r, bool begun, uint64_t count);

/* Takes a piece of the answer. False: out of memory, or has_changed. */
bool export_rows_add(struct export_rows *r, swm_str piece);

/* The answer's end. False as above. */
bool export_rows_end(struct export_rows *r);

/* The document's end. */
void export_rows_finish(struct export_rows *r);

void export_rows_free(struct export_rows *r);

/*
 * Where they go: standard output, or FILE.part until all of them are there. What is known
 * of FILE.part stands in FILE.part.state, and is never ahead of it.
 */

struct export_place {
	uint64_t rows, bytes, header; /* of the bytes so many are the header of CSV */
	char *after;                  /* the parameter for what comes next; NULL: the beginning */
};

/* These must be unchanged for an export to be resumed. */
enum { EXPORT_CONFIG, EXPORT_SCHEMA, EXPORT_QUERY, EXPORT_ROLE, EXPORT_FORMAT, EXPORT_IDENTITY };

struct export_file {
	const char *name;       /* NULL: standard output */
	struct progress *progress; /* cleared before anything is said */
	const char *identity[EXPORT_IDENTITY];
	bool replaces;          /* a file of that name */
	char *part, *state, *new_state;
	int fd;
	struct export_place place; /* up to here it is written */
	uint64_t kept;          /* rows that are on the disk, and stand in the state */
	uint64_t loose;         /* bytes written after place */
};

/*
 * Opens FILE.part at its place; from the beginning if there is none, or with restart. False: an
 * error has been printed.
 */
bool export_file_open(struct export_file *f, bool restart);

/* Adds the header that an earlier run has written. False: an error has been printed. */
bool export_file_header(const struct export_file *f, struct text *header);

/* Writes. False: an error has been printed. */
bool export_file_write(struct export_file *f, const struct text *bytes);

/*
 * Records that the file is complete up to place: after so many rows, and where the next page
 * begins.
 */
bool export_file_advance(struct export_file *f, uint64_t rows, const char *after);

/* Removes the bytes written after place. False if that is impossible, as for standard output. */
bool export_file_take_back(struct export_file *f);

/* Syncs the file up to place to the disk. False: an error has been printed. */
bool export_file_keep(struct export_file *f);

/* Renames FILE.part to FILE. False: an error has been printed. */
bool export_file_finish(struct export_file *f);

/* Removes what no later run can use. */
void export_file_abandon(struct export_file *f);

void export_file_close(struct export_file *f);

#endif
