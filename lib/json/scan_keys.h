/* The names of an object's members, and whether others have the same. For lib/json/scan.c. */
#ifndef SWM_JSON_SCAN_KEYS_H
#define SWM_JSON_SCAN_KEYS_H

#include "base/arena.h"
#include "base/buf.h"

/* Zeroed to begin with. */
typedef struct swm_json_keys {
	swm_arena *arena;
	swm_str *names;       /* in the order in which they came */
	uint64_t *seen;       /* the number of the object that had each last */
	uint16_t *sorted;     /* indexes of names */
	size_t count, room;
	uint64_t object;      /* counts from 1; 1 is the one whose names are kept */
	size_t found;         /* names of the current object, each once */
	size_t expected;      /* index of the name expected next if the order is the same */
	bool left_out, differ, failed;
} swm_json_keys;

void swm_json_keys_begin(swm_json_keys *keys);

/* A name of the current object. */
void swm_json_keys_add(swm_json_keys *keys, swm_str name);

/* A name that is too long to be kept. */
void swm_json_keys_add_long(swm_json_keys *keys);

void swm_json_keys_end(swm_json_keys *keys);

#endif
