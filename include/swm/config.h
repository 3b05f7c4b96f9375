/* Configuration as PostgREST has it, from a file, an environment or the program. */
#ifndef SWM_CONFIG_H
#define SWM_CONFIG_H

#include <swm/error.h>
#include <swm/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A set of settings while it is being put together. Names are PostgREST's
 * ("db-uri", "app.settings.x"; swm.conf(5) lists them all). A later call
 * overrides an earlier one: file < environment < program is the usual order.
 *
 * Threads: belongs to one thread at a time; an engine takes its own copy.
 */
typedef struct swm_config swm_config;

/* Makes a configuration with every default. *out is owned by the caller. SWM_ENOMEM. */
SWM_API int swm_config_new(swm_config **out, swm_error *err) SWM_MUST_CHECK;

/* Frees it; NULL is allowed. Engines opened with it are not touched. */
SWM_API void swm_config_free(swm_config *config);

/*
 * Reads a file in PostgREST's syntax: lines `name = value`, where a value is a
 * "string" with backslash escapes, a number, or true or false; `#` begins a
 * comment; $(NAME) in a string is the variable NAME of the process's environment
 * and $$ is a single $. The empty string means that the setting is not set, and
 * in a list that it has no items.
 *
 * SWM_ECONFIG: a line cannot be read, a name is unknown or stands twice, or a value
 * is out of its range. The message names file and line; the error's details have
 * the further problems of the file, one a line. SWM_ESYSTEM: the file cannot be
 * read. SWM_ENOMEM. After a failure the configuration is unchanged.
 */
SWM_API int swm_config_load_file(swm_config *config, const char *path,
                                 swm_error *err) SWM_MUST_CHECK;

/*
 * Takes the settings that stand in an environment (NULL-terminated array of
 * "NAME=value", as `environ` is): SWM_DB_URI is db-uri, SWM_APP_SETTINGS_X is
 * app.settings.x; the prefix PGRST_ is understood too and SWM_ wins over it. A
 * variable that begins with a prefix and names no setting is ignored, with a warning
 * (swm_config_warnings()). The library never reads the process's environment by itself.
 *
 * SWM_ECONFIG: a value is out of its range (the message names the variable, and
 * the details further ones, one a line). SWM_ENOMEM. After a failure the
 * configuration is unchanged.
 */
SWM_API int swm_config_load_environment(swm_config *config, const char *const *environment,
                                        swm_error *err) SWM_MUST_CHECK;

/*
 * Sets one setting from text: what would stand between the quotes in a file, but
 * nothing in it is escaped or replaced. Both are copied.
 * SWM_ECONFIG: the name is unknown or the value out of its range. SWM_EINVAL: one
 * of them is NULL. SWM_ENOMEM.
 */
SWM_API int swm_config_set(swm_config *config, const char *name, const char *value,
                           swm_error *err) SWM_MUST_CHECK;

/*
 * The value of a setting as text (its default where it was not set, "" where it
 * has none); NUL-terminated after its end. A secret is not hidden. *out
 * lives until the configuration is changed or freed. SWM_ECONFIG: the name is unknown.
 */
SWM_API int swm_config_get(const swm_config *config, const char *name, swm_str *out,
                           swm_error *err) SWM_MUST_CHECK;

/*
 * The value of a setting that is a whole number, in the unit that swm.conf(5) gives; -1 where it
 * was not set and has no default, as no such setting is negative. A file mode is the number that
 * its octal digits stand for (0660). *out is written on success alone. SWM_ECONFIG: the name is
 * unknown. SWM_EINVAL: the setting is not a number.
 */
SWM_API int swm_config_get_int64(const swm_config *config, const char *name, int64_t *out,
                                 swm_error *err) SWM_MUST_CHECK;

/*
 * Checks what no single setting can say: that @files can be read, that the
 * secret is long enough, that a schema is named. swm_engine_open() checks the
 * same. SWM_ECONFIG, with further problems in the details, one a line; SWM_ESYSTEM:
 * a file cannot be read; SWM_ENOMEM.
 */
SWM_API int swm_config_check(const swm_config *config, swm_error *err) SWM_MUST_CHECK;

/*
 * Hands each setting, in the order of swm.conf(5), to a function: its name and
 * its value as a file would have it; secrets that were set, and all of
 * app.settings.*, are given as "***". Stops when the function returns non-zero, and
 * returns that. SWM_ENOMEM.
 */
SWM_API int swm_config_each(const swm_config *config,
                            int (*each)(void *user, swm_str name, swm_str value), void *user);

/*
 * Things worth saying that are no errors: a setting that has no meaning behind a
 * web server, one that is not in effect yet, one that PostgREST has removed, a deprecated
 * name, a variable that names no setting. As swm_config_each().
 */
SWM_API int swm_config_warnings(const swm_config *config, int (*each)(void *user, swm_str warning),
                                void *user);

#ifdef __cplusplus
}
#endif
#endif
