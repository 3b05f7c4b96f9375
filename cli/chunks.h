/*
 * CSV, lines of JSON and a JSON array, cut into chunks of whole records while they are read. Where
 * a record ends is told as the library's own readers tell it; what is in it is theirs to judge.
 * The bytes and the limit alone decide where chunks end, so a second run cuts them the same.
 */
#ifndef SWM_CLI_CHUNKS_H
#define SWM_CLI_CHUNKS_H

#include <swm.h>

enum chunk_form { CHUNK_CSV, CHUNK_LINES, CHUNK_ARRAY };

/* The library refuses a longer row. */
enum { CHUNK_LONGEST_RECORD = 8 * 1024 * 1024 };

/* Where in the records the bytes that have been seen end. */
struct record_scan {
	enum chunk_form form;
	int state;
	size_t depth;        /* JSON: of brackets that are open */
	bool ended;          /* the record ends here */
	bool has_text;       /* it is not blank */
	const char *problem; /* a text of this program: what comes can be no record */
};

/* Starts after a CSV's header, or an array's opening bracket. */
void record_scan_begin(struct record_scan *r, enum chunk_form form);

/*
 * Takes bytes up to the end of the record, or all; returns how many. A record ends after its
 * newline; an element of an array before the next comma or the bracket, and the comma belongs to
 * the element after it.
 */
size_t record_scan_take(struct record_scan *r, const char *bytes, size_t len);

/* Whole records, one after the other. */
struct chunk {
	swm_str bytes;
	uint64_t offset;  /* in the file */
	uint64_t line;    /* that it begins in, from 1 */
	uint64_t column;  /* characters of that line in front of it */
	uint64_t record;  /* the first one's number, from 0; blank lines have none */
	uint64_t records; /* how many there are */
};

/* Takes a record off the front of a chunk that has records left, without what stands before it. */
struct chunk chunk_take(struct chunk *rest, enum chunk_form form);

/* Takes about half of the records, one at least, off the front of a chunk that has two or more. */
struct chunk chunk_take_half(struct chunk *rest, enum chunk_form form);

struct chunks {
	enum chunk_form form;
	size_t limit; /* bytes of a chunk; a longer record is one for itself */
	ptrdiff_t (*read)(void *user, char *to, size_t room);
	void *user;

	/* CSV's first record, or all up to an array's bracket; a byte order mark is part of it */
	char *header;
	size_t header_len;
	uint64_t header_lines;  /* newlines in it */
	uint64_t header_column; /* characters after the last of them */

	struct record_scan scan;
	char *buffer;
	size_t room, len;
	size_t scanned; /* bytes of the buffer that the scan has seen */
	size_t taken;   /* bytes of the chunk that was given last */
	bool begun, ended;
	struct chunk next; /* without its bytes */

	/* what went wrong, and in which line; errno says more of SWM_ESYSTEM */
	const char *problem;
	uint64_t problem_line;
};

/*
 * read: as of swm_body, but for a negative result, with which errno is set. The caller owns the
 * chunks, and the object that user points to. SWM_ENOMEM.
 */
int chunks_open(struct chunks *c, enum chunk_form form, size_t limit,
                ptrdiff_t (*read)(void *user, char *to, size_t room), void *user);

/*
 * The next chunk, until the next call; it has no records at the end of the file. SWM_ENOMEM.
 * SWM_ESYSTEM: the file cannot be read. SWM_EPARSE: see problem.
 */
int chunks_next(struct chunks *c, struct chunk *chunk);

void chunks_close(struct chunks *c);

#endif
