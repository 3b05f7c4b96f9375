/*
 * Values of a JSON text as views of it, never printed again. The text must have passed
 * swm_json_valid(); the views live as long as it.
 */
#ifndef SWM_JSON_RAW_H
#define SWM_JSON_RAW_H

#include "base/buf.h"

/* A member of an object, or an element of an array. */
typedef struct swm_json_item {
	swm_str name;  /* as it stands, with its quotes; empty in an array */
	swm_str value; /* as it stands, without blanks around it */
	swm_str rest;  /* what follows it */
} swm_json_item;

/* The first one. False when there is none, or the text is neither object nor array. */
bool swm_json_item_first(swm_json_item *out, swm_str container);
bool swm_json_item_next(swm_json_item *item);

/* The length of the value at the start of the text. */
size_t swm_json_length(swm_str text);

/*
 * The name of an object's first member, without checking the rest. False when the text does not
 * begin an object with a member.
 */
bool swm_json_first_name(swm_str *out, swm_str object);

/* Decodes a string to UTF-8. False when it is not a string; memory failures show in the buffer. */
bool swm_json_unquote(swm_buf *to, swm_str string);

/* True when an encoded string decodes to exactly this text. */
bool swm_json_says(swm_str string, swm_str text);

/* The member of a name; of several it is the last. False when there is none. */
bool swm_json_member(swm_str *out, swm_str object, swm_str name);

/*
 * Finds the value of a JSON Pointer (RFC 6901): 1. 0 when it is not a pointer, or points to
 * nothing. SWM_ENOMEM.
 */
int swm_json_at(swm_str *out, swm_str document, swm_str pointer);

#endif
