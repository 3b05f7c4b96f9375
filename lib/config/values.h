/* Internals of swm_config: its values, and changes that are made completely or not at all. */
#ifndef SWM_CONFIG_VALUES_H
#define SWM_CONFIG_VALUES_H

#include "base/arena.h"
#include "config/option.h"
#include "config/problems.h"

#include <swm/config.h>

struct swm_value {
	bool set;
	bool by_alias;
	unsigned load; /* the file that set it, counted from 1; 0 for none */
	swm_str text;  /* NUL-terminated */
	struct swm_origin origin;
};

/* app.settings.* */
struct swm_app_value {
	swm_str name; /* the whole of it, NUL-terminated */
	struct swm_value value;
};

/* A warning about a name that is not an option: a removed setting, or an unknown variable. */
struct swm_note {
	struct swm_origin origin;
	const char *text;
	const struct swm_note *next; /* the one before it */
};

struct swm_values {
	struct swm_value options[SWM_OPTION_COUNT];
	struct swm_app_value *apps;
	size_t app_count, app_capacity;
	const struct swm_note *notes; /* the newest first, SWM_PROBLEMS_MAX at most */
	size_t note_count;
};

struct swm_config {
	swm_arena *arena; /* memory of every text and array in it, replaced ones too */
	struct swm_values values;
	unsigned loads;
};

/* The effective value: as set, or its default; ptr is NULL for "not set". */
swm_str swm_config_effective(const swm_config *config, enum swm_option_id id);

struct swm_change {
	swm_config *config;
	struct swm_values values; /* the values once the change is made */
	unsigned load;            /* 0 unless a name may stand only once, as in a file */
	struct swm_problems problems;
};

void swm_change_begin(struct swm_change *change, swm_config *config);

/*
 * Sets one by name or notes a problem. The text is copied; the origin's must live as long as the
 * config.
 */
void swm_change_set(struct swm_change *change, swm_str name, swm_str text,
                    struct swm_origin origin);

/* Notes a warning; both are copied to the configuration, as far as there is room. */
void swm_change_note(struct swm_change *change, struct swm_origin origin, swm_str text);

/* Notes that a setting is one of an older PostgREST; false when it is none. */
bool swm_change_removed(struct swm_change *change, swm_str name, struct swm_origin origin);

/* Makes the change if there was no problem; frees what it held. */
int swm_change_end(struct swm_change *change, swm_error *err);

/* The prefix of settings that swm passes on without interpreting them. */
#define SWM_APP_SETTINGS "app.settings."

/* As swm_config_load_file(), of bytes in memory; name is what errors call them. */
int swm_config_parse(swm_config *config, swm_str name, swm_str text, swm_error *err);

/* Appends a whole file. 0, or errno (EFBIG when it is larger than 16 MiB). */
int swm_config_read(const char *path, swm_buf *to);

#endif
