/*
 * FastCGI records as a web server sends them, taken apart. No I/O, and nothing is
 * believed: whatever the bytes are, reading ends with an event.
 */
#ifndef SWM_CGI_RECORDS_H
#define SWM_CGI_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <swm/types.h>

enum {
	RECORDS_BUFFER = 16 * 1024,
	RECORDS_PARAMS_MAX = 1024 * 1024, /* names and values of one request */
};

enum records_event {
	RECORDS_MORE,      /* all that has come was read */
	RECORDS_REQUEST,   /* the parameters of a request are complete */
	RECORDS_BODY,      /* *piece of its body */
	RECORDS_END,       /* its body is complete */
	RECORDS_ABORTED,   /* the web server has given it up */
	RECORDS_REPLY,     /* *piece is to be sent to the web server */
	RECORDS_BROKEN,    /* no FastCGI, or too much of it: the connection is of no more use */
	RECORDS_NO_MEMORY, /* likewise */
};

/* The reader of one connection. Begin with records_init(). */
struct records {
	unsigned char buffer[RECORDS_BUFFER];
	size_t at, end; /* the unread part of the buffer */
	/* the record that is being read */
	enum { RECORDS_HEADER, RECORDS_CONTENT, RECORDS_PADDING } stage; /* its next part */
	unsigned char type, padding;
	unsigned id;
	size_t length, left; /* bytes of its content, and how many are to be read */
	/* the request */
	enum { RECORDS_IDLE, RECORDS_IN_PARAMS, RECORDS_IN_BODY } state;
	unsigned request_id;
	bool keep;      /* the connection is kept after the answer */
	bool too_large; /* it has more than RECORDS_PARAMS_MAX, and params are empty */
	char *params;
	size_t params_length, params_room;
	char reply[48];
};

void records_init(struct records *records);
void records_dispose(struct records *records);

/* For another connection; memory is kept. */
void records_reset(struct records *records);

/* The place for what comes next, and how much fits there; never 0 after RECORDS_MORE. */
size_t records_room(struct records *records, unsigned char **to);
void records_add(struct records *records, size_t length);

/* True: something has come that was not read yet. */
bool records_has_more(const struct records *records);

/*
 * Reads on to the next event. A piece lives until records_room() or the next call.
 * The parameters live until the call after RECORDS_END.
 */
enum records_event records_next(struct records *records, swm_str *piece);

/* The first pair of rest, which it is taken off. False at the end, and where rest is no pair. */
bool records_pair(swm_str *rest, swm_str *name, swm_str *value);

swm_str records_params(const struct records *records);

#endif
