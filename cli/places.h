/*
 * Converts the places of rows in messages from the request to the file: a request counts its own
 * lines, from the header on, and its own rows.
 */
#ifndef SWM_CLI_PLACES_H
#define SWM_CLI_PLACES_H

#include "chunks.h"
#include "text.h"

struct place {
	const char *name; /* of the file */
	const struct chunks *chunks;
	const struct chunk *chunk;
};

/* The line of the file that is this line of the request. */
uint64_t place_line(const struct place *place, uint64_t line);

/* The line of the file that the details of an error (JSON) name first; 0: none. */
uint64_t place_find(const struct place *place, swm_str details);

/* Adds details, as JSON, with the lines, columns and rows of the file in them. */
void place_add_details(struct text *to, const struct place *place, swm_str details);

/* True if the details say more than a line number. */
bool place_says_more(swm_str details);

/*
 * Writes the rows that were left out, each as a line of JSON: where it is, why, and its text.
 * errors: the list of an answer to errors=skip. Non-zero: out of memory.
 */
int place_write_skipped(FILE *to, const struct place *place, enum chunk_form form, swm_str errors);

#endif
