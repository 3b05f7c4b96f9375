/* A JSON document as it is written, piece by piece; who writes sees to it that brackets pair. */
#ifndef SWM_JSON_WRITER_H
#define SWM_JSON_WRITER_H

#include "base/buf.h"

typedef struct swm_json_writer {
	swm_buf *to; /* may be emptied between any two calls */
	bool comma;  /* one must stand before what comes next */
} swm_json_writer;

/* '{' or '[', and what closes it. */
void swm_json_write_open(swm_json_writer *w, char bracket);
void swm_json_write_close(swm_json_writer *w, char bracket);

/* The name of the member that comes next. */
void swm_json_write_key(swm_json_writer *w, swm_str name);

void swm_json_write_string(swm_json_writer *w, swm_str value);
void swm_json_write_raw(swm_json_writer *w, swm_str json); /* a number, true, or any value that is JSON already */

/* A member that is a string. */
void swm_json_write_member(swm_json_writer *w, const char *name, swm_str value);

#endif
