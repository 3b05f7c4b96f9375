/* Reading the JSON that the library has written, without a copy; never beyond its end. */
#ifndef SWM_CLI_JSON_H
#define SWM_CLI_JSON_H

#include "text.h"

/* Takes the next member off the text of an object ({...}, or its rest). False at its end. */
bool json_next_member(swm_str *object, swm_str *name, swm_str *value);

/* Takes the next element off the text of an array. False at its end. */
bool json_next_element(swm_str *array, swm_str *value);

/* The value of a member with a name that needs no escapes; empty when there is none. */
swm_str json_member(swm_str object, const char *name);

bool json_is_string(swm_str value);
bool json_is_number(swm_str value);
bool json_is_null(swm_str value);
bool json_is_true(swm_str value);

/* Adds a value as people read it: strings without quotes and escapes, the others without blanks. */
void json_add_value(struct text *to, swm_str value);

/* Adds a text as a JSON string; bytes that are no UTF-8 become the replacement character. */
void json_add_quoted(struct text *to, swm_str text);

/* Adds a value as JSON, with every character as it is but the blanks between. */
void json_add_compact(struct text *to, swm_str value);

#endif
