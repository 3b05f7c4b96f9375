/* Settings from an environment: SWM_DB_URI is db-uri. */
#include "config.h"

#include "config/values.h"

/* The first that has a setting wins. */
static const char *const prefixes[] = { "SWM_", "PGRST_" };
enum { PREFIX_COUNT = sizeof prefixes / sizeof prefixes[0] };

static char
variable_character(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c == '-' || c == '.' ? '_' : c;
}

/* Whether "SWM_DB_URI=..." is the variable of db-uri with this prefix. */
static bool
is_variable_of(const char *entry, const char *prefix, const char *name, swm_str *value)
{
	swm_str e = swm_cstr(entry), n = swm_cstr(name);

	if (!swm_str_starts(e, swm_cstr(prefix)))
		return false;
	e = swm_str_from(e, strlen(prefix));
	if (e.len <= n.len || e.ptr[n.len] != '=')
		return false;
	for (size_t i = 0; i < n.len; i++)
		if (e.ptr[i] != variable_character(n.ptr[i]))
			return false;
	*value = (swm_str){ e.ptr + n.len + 1, e.len - n.len - 1 };
	return true;
}

/* The variable's name becomes the origin, and lives as long as the configuration. */
static struct swm_origin
origin_of(struct swm_change *change, const char *entry)
{
	swm_str e = swm_cstr(entry);
	swm_str copy = swm_arena_str(change->config->arena, (swm_str){ e.ptr, swm_str_find(e, '=') });

	change->problems.no_memory |= copy.ptr == NULL;
	return (struct swm_origin){ copy, 0 };
}

static bool
take(struct swm_change *change, const char *const *environment, const char *prefix, const char *name)
{
	swm_str value;

	if (name == NULL)
		return false;
	for (; *environment != NULL; environment++) {
		if (!is_variable_of(*environment, prefix, name, &value))
			continue;
		swm_change_set(change, swm_cstr(name), value, origin_of(change, *environment));
		return true;
	}
	return false;
}

static void
take_option(struct swm_change *change, const char *const *environment, const struct swm_option *o)
{
	for (size_t i = 0; i < PREFIX_COUNT; i++)
		if (take(change, environment, prefixes[i], o->name) ||
		    take(change, environment, prefixes[i], o->alias))
			return;
}

/* SWM_APP_SETTINGS_FOO=x is app.settings.foo: PostgREST's names are lower case. */
static void
take_app(struct swm_change *change, const char *entry, swm_str rest)
{
	swm_str name = { rest.ptr, swm_str_find(rest, '=') };
	swm_buf full = SWM_BUF_INIT;

	if (name.len == 0 || name.len == rest.len)
		return;
	swm_buf_cstr(&full, SWM_APP_SETTINGS);
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		swm_buf_char(&full, c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c);
	}
	if (full.failed)
		change->problems.no_memory = true;
	else
		swm_change_set(change, swm_buf_view(&full), swm_str_from(rest, name.len + 1),
		               origin_of(change, entry));
	swm_buf_dispose(&full);
}

static void
take_apps(struct swm_change *change, const char *const *environment, const char *prefix)
{
	swm_str app = SWM_STR("APP_SETTINGS_");

	for (; *environment != NULL; environment++) {
		swm_str entry = swm_cstr(*environment), rest = swm_str_from(entry, strlen(prefix));
		if (swm_str_starts(entry, swm_cstr(prefix)) && swm_str_starts(rest, app))
			take_app(change, *environment, swm_str_from(rest, app.len));
	}
}

int
swm_config_load_environment(swm_config *config, const char *const *environment, swm_error *err)
{
	struct swm_change change;

	swm_error_clear(err);
	if (environment == NULL)
		return swm_fail(err, SWM_ERR_ARGUMENT, SWM_STR("the environment is NULL"));
	swm_change_begin(&change, config);
	for (int i = 0; i < SWM_OPTION_COUNT; i++)
		take_option(&change, environment, &swm_options[i]);
	for (size_t i = PREFIX_COUNT; i-- > 0;) /* what wins comes last, and overrides */
		take_apps(&change, environment, prefixes[i]);
	return swm_change_end(&change, err);
}
