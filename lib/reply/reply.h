/*
 * An answer on its way to a sink: status and headers wait until the body is
 * complete, and then carry its length, or until it outgrows the buffer.
 */
#ifndef SWM_REPLY_REPLY_H
#define SWM_REPLY_REPLY_H

#include "base/arena.h"
#include "base/buf.h"
#include "config/settings.h"
#include "error/error.h"

#include <swm/request.h>

/*
 * A body up to this size is held and carries its Content-Length; a longer one is sent in such
 * pieces.
 */
enum { SWM_REPLY_BUFFER = 128 * 1024 };

/* The limit when a header depends on the last row, so that all of the body must be held. */
enum { SWM_REPLY_LARGEST_PAGE = 1024 * 1024 };

/*
 * The longest value of swm_reply_echo(); some five of them must fit a buffer of 16 KiB beside the
 * rest.
 */
enum { SWM_REPLY_LONGEST_ECHO = 2048 };

/*
 * The longest head, which is the status line and the header fields: nginx gives up a longer one
 * than the 16 KiB of fastcgi_buffer_size in nginx/swm.site, where FastCGI's records need a few
 * bytes of their own.
 */
enum { SWM_REPLY_LONGEST_HEAD = 16 * 1024 - 128 };

typedef struct swm_reply_header {
	struct swm_reply_header *next;
	swm_str name, value;
	bool spared; /* left out where the head would be too long */
} swm_reply_header;

typedef struct swm_reply {
	const swm_sink *sink;
	swm_arena *arena;
	bool no_body;          /* HEAD */
	bool begun;            /* status and headers have gone */
	bool failed;           /* memory ran out for a header */
	int status;
	size_t hold;           /* so much of the body waits */
	swm_reply_header *headers, **tail;
	swm_buf body;
} swm_reply;

void swm_reply_init(swm_reply *reply, const swm_sink *sink, swm_arena *arena, bool no_body);
void swm_reply_dispose(swm_reply *reply);

/* Forgets status, headers and body that have not gone yet, for another answer. */
void swm_reply_reset(swm_reply *reply);

/* Sets a header in place of any of its name; the value is copied. */
void swm_reply_set(swm_reply *reply, const char *name, swm_str value);

/*
 * As swm_reply_set(), for what an answer can do without, of a length that depends on what a
 * client sent: left out where it is too long itself or no line, or the head would be too long.
 */
void swm_reply_echo(swm_reply *reply, const char *name, swm_str value);

/* The first value of a header; a NULL pointer when it is not set. */
swm_str swm_reply_get(const swm_reply *reply, const char *name);

/* Removes all headers of a name. */
void swm_reply_remove(swm_reply *reply, swm_str name);

/* Adds one beside others of its name. */
void swm_reply_add(swm_reply *reply, swm_str name, swm_str value);

/* The length of the head without what may be left out. */
size_t swm_reply_head_length(const swm_reply *reply);

/*
 * Leaves out what may be so that the head fits, with some bytes to spare. RESPONSE_HEADERS_LONG
 * (SWM_EREFUSED).
 */
int swm_reply_fit(swm_reply *reply, size_t spare, swm_error *err);

/* True if the body has outgrown the buffer: swm_reply_flush() must then be called. */
bool swm_reply_is_full(const swm_reply *reply);

/*
 * Sends what is held. SWM_ESINK, SWM_ENOMEM, RESPONSE_HEADERS_LONG (SWM_EREFUSED); SWM_EINTERNAL
 * for a header that is none, of which nothing was sent.
 */
int swm_reply_flush(swm_reply *reply, swm_error *err);

/* Sends the rest, with Content-Length when nothing has gone before. */
int swm_reply_end(swm_reply *reply, swm_error *err);

/* Makes the reply an error's: its status, headers and JSON body. */
void swm_reply_error(swm_reply *reply, const swm_error *from, bool minimal);

/* Answers with an error of errors.def that takes no arguments, without any memory. SWM_ESINK. */
int swm_reply_brief(const swm_sink *sink, enum swm_error_id id, bool no_body, swm_error *err);

#endif
