/* Shared by lib/json/feed.c and the parsers of rows. */
#ifndef SWM_JSON_FEED_ROWS_H
#define SWM_JSON_FEED_ROWS_H

#include "base/buf.h"
#include "json/fault.h"
#include "json/feed.h"

/* The cell index of a name that was not chosen. */
#define SWM_FEED_UNKNOWN SIZE_MAX

/* A sorted list of names, and which cell each is. */
typedef struct swm_feed_names_list {
	const swm_str *names;
	size_t *sorted; /* indexes of names */
	size_t count;
} swm_feed_names_list;

bool swm_feed_sort(swm_feed_names_list *list, swm_arena *arena, const swm_str *names, size_t count);
size_t swm_feed_find(const swm_feed_names_list *list, swm_str name);

enum swm_row_end {
	SWM_ROW_TAKEN,   /* *end is after it */
	SWM_ROW_MORE,    /* more of it follows the bytes at hand */
	SWM_ROW_BAD,     /* *end is where reading can continue, or NULL; the error was set */
	SWM_ROW_TOO_MANY, /* CSV: the same, and it has more fields than there is room for */
};

/* A field of CSV; a view of the line. */
typedef struct swm_csv_field {
	char *ptr;
	size_t len;
	bool quoted, doubled; /* in quotes, without them; with doubled ones in it */
} swm_csv_field;

/*
 * Parses one line of CSV. At most most fields are stored, all are counted. why: the error. last:
 * no more bytes will come.
 */
enum swm_row_end swm_csv_fields(char *at, char *end_of_text, bool last, swm_csv_field *fields,
                                size_t most, size_t *count, char **end, const char **why);

/* Unquotes a field of a complete row in place. */
swm_cell swm_csv_cell(swm_csv_field *field);

/* A member of a JSON object while it is read. */
typedef struct swm_json_member_seen {
	swm_str name; /* as it stands, without its quotes */
	bool name_escaped;
	swm_cell value;
} swm_json_member_seen;

enum swm_object_result {
	SWM_OBJECT_TAKEN,
	SWM_OBJECT_OTHER,    /* it is a value of another kind */
	SWM_OBJECT_INVALID,  /* it is no JSON */
	SWM_OBJECT_TOO_DEEP, /* at *fault */
};

/*
 * Reads the object that the text is, and calls back for each member. outside: the depth of what it
 * is nested in. *has_nul: it contains the character NUL.
 */
enum swm_object_result swm_json_object(swm_str text, int outside,
                                       void (*member)(void *user, const swm_json_member_seen *seen),
                                       void *user, bool *has_nul, size_t *fault);

/* Finds the end of an object in pieces. Zeroed to begin with. */
typedef struct swm_json_extent {
	size_t at;
	int64_t depth;
	bool in_string, escaped;
} swm_json_extent;

/* True when the object that text begins with is whole; at is then its length. */
bool swm_json_extent_find(swm_json_extent *extent, swm_str text);

#endif
