/*
 * The settings of an engine: a swm_config resolved into typed fields, with
 * @files read and everything checked. Immutable and reference-counted.
 */
#ifndef SWM_CONFIG_SETTINGS_H
#define SWM_CONFIG_SETTINGS_H

#include "base/str.h"
#include "config/option.h"

#include <swm/config.h>

typedef struct swm_list {
	const swm_str *items;
	size_t count;
} swm_list;

/*
 * One field an option of options.def: STRING and ENUM are swm_str (ptr NULL when
 * not set, else NUL-terminated), INTEGER is int64_t (-1 when not set), BOOLEAN is
 * bool, LIST is swm_list.
 */
#define SWM_SETTING_STRING swm_str
#define SWM_SETTING_ENUM swm_str
#define SWM_SETTING_INTEGER int64_t
#define SWM_SETTING_BOOLEAN bool
#define SWM_SETTING_LIST swm_list

typedef struct swm_settings {
#define SWM_OPTION(field, name, type, ...) SWM_SETTING_##type field;
#include "config/options.def"
#undef SWM_OPTION
	/* app.settings.*: full names and values, in the order of the file */
	const swm_str *app_names;
	const swm_str *app_values;
	size_t app_count;
	/* where each option was set, "swm.conf:7: " or empty, by enum swm_option_id */
	const swm_str *places;
	struct swm_settings_owner *owner; /* the memory of all this, and its references */
} swm_settings;

/* Resolves and checks; *out has one reference. SWM_ECONFIG, SWM_ESYSTEM, SWM_ENOMEM. */
int swm_settings_resolve(const swm_settings **out, const swm_config *config, swm_error *err);

const swm_settings *swm_settings_ref(const swm_settings *settings);
void swm_settings_unref(const swm_settings *settings); /* NULL is allowed */

/* The place where the option was set; empty when there is none. */
swm_str swm_settings_place(const swm_settings *settings, enum swm_option_id id);

/* Puts the option's place before the message of an error caused by its value. */
void swm_settings_blame(const swm_settings *settings, enum swm_option_id id, swm_error *err);

#endif
