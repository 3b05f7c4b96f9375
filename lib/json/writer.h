/* Writes a JSON document piece by piece; the caller must close the brackets it opens. */
#ifndef SWM_JSON_WRITER_H
#define SWM_JSON_WRITER_H

#include "base/buf.h"

typedef struct swm_json_writer {
	swm_buf *to; /* may be emptied between any two calls */
	bool comma;  /* a comma is needed before the next value */
} swm_json_writer;

/* '{' or '[', and its closing bracket. */
void swm_json_write_open(swm_json_writer *w, char bracket);
void swm_json_write_close(swm_json_writer *w, char bracket);

/* The name of the member that comes next. */
void swm_json_write_key(swm_json_writer *w, swm_str name);

void swm_json_write_string(swm_json_writer *w, swm_str value);
/* a number, true, or any value that is JSON already */
void swm_json_write_raw(swm_json_writer *w, swm_str json);

/* A member that is a string. */
void swm_json_write_member(swm_json_writer *w, const char *name, swm_str value);

#endif
