/* The table of options (options.def): what a name means, and which values it may have. */
#ifndef SWM_CONFIG_OPTION_H
#define SWM_CONFIG_OPTION_H

#include "base/buf.h"
#include "base/str.h"

enum swm_option_type {
	SWM_OPTION_STRING,
	SWM_OPTION_ENUM,
	SWM_OPTION_INTEGER,
	SWM_OPTION_BOOLEAN,
	SWM_OPTION_LIST,
};

enum swm_option_id {
#define SWM_OPTION(field, ...) SWM_OPTION_ID_##field,
#include "config/options.def"
#undef SWM_OPTION
	SWM_OPTION_COUNT
};

struct swm_option {
	const char *name;
	enum swm_option_type type;
	const char *fallback; /* NULL: not set */
	const char *alias;    /* an older name, or NULL */
	const char *flags;
	const char *range;    /* or NULL */
	const char *help;
};

extern const struct swm_option swm_options[SWM_OPTION_COUNT];

/* By name or alias; *by_alias says which. SWM_OPTION_COUNT: there is none. */
enum swm_option_id swm_option_find(swm_str name, bool *by_alias);

/* What took the place of a setting that older versions of PostgREST had; NULL: it is none of them. */
const char *swm_option_removed(swm_str name);

/* The name that is most like an unknown one, or NULL. */
const char *swm_option_nearest(swm_str name);

bool swm_option_has_flag(enum swm_option_id id, char flag);

/* Whether the option may have this value (not the empty one, which means "not set"). */
bool swm_option_accepts(enum swm_option_id id, swm_str value);

/* Writes what it may have: "a whole number from 1 to 10000". */
void swm_option_describe(enum swm_option_id id, swm_buf *to);

/* Whether a value (not the empty one) says false or disabled. */
bool swm_option_is_off(enum swm_option_id id, swm_str value);

/*
 * The number that a value is, of an option whose values are whole numbers or octal file modes; -1 for
 * the empty value. False: the option has other values, or cannot have this one.
 */
bool swm_option_number(enum swm_option_id id, swm_str value, int64_t *out);

/* true, on and 1, or false, off and 0, in any case. */
bool swm_option_boolean(swm_str value, bool *out);

#endif
