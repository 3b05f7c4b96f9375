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

/* Finds an option by name or alias; *by_alias says which. SWM_OPTION_COUNT when there is none. */
enum swm_option_id swm_option_find(swm_str name, bool *by_alias);

/* The replacement of a setting that older versions of PostgREST had; NULL for any other name. */
const char *swm_option_removed(swm_str name);

/* The known name that is most similar to an unknown one, or NULL. */
const char *swm_option_nearest(swm_str name);

bool swm_option_has_flag(enum swm_option_id id, char flag);

/* Validates a value (not the empty one, which means "not set"). */
bool swm_option_accepts(enum swm_option_id id, swm_str value);

/* Writes the allowed values: "a whole number from 1 to 10000". */
void swm_option_describe(enum swm_option_id id, swm_buf *to);

/* True for a value (not the empty one) that means false or disabled. */
bool swm_option_is_off(enum swm_option_id id, swm_str value);

/*
 * The value of an option for whole numbers or octal file modes, as a number; -1 for the empty
 * value. False for another option, or a value it cannot have.
 */
bool swm_option_number(enum swm_option_id id, swm_str value, int64_t *out);

/* true, on and 1, or false, off and 0, in any case. */
bool swm_option_boolean(swm_str value, bool *out);

#endif
