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

/* True when "SWM_DB_URI=..." is the variable of db-uri with this prefix. */
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
	swm_str copy = swm_arena_str(change->config->arena,
	                             (swm_str){ e.ptr, swm_str_find(e, '=') });

	change->problems.no_memory |= copy.ptr == NULL;
	return (struct swm_origin){ copy, 0 };
}

static bool
take(struct swm_change *change, const char *const *environment, const char *prefix,
     const char *name)
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

/* The variable of an option, or of app.settings.* */
static bool
is_known(const char *entry, const char *prefix)
{
	swm_str app = SWM_STR("APP_SETTINGS_"), value;
	swm_str rest = swm_str_from(swm_cstr(entry), strlen(prefix));

	for (int i = 0; i < SWM_OPTION_COUNT; i++) {
		const struct swm_option *o = &swm_options[i];
		if (is_variable_of(entry, prefix, o->name, &value) ||
		    (o->alias != NULL && is_variable_of(entry, prefix, o->alias, &value)))
			return true;
	}
	return swm_str_starts(rest, app) && swm_str_find(rest, '=') > app.len;
}

/* DB_URI as a file would have it: db-uri. */
static void
write_setting(swm_str variable, swm_buf *to)
{
	for (size_t i = 0; i < variable.len; i++) {
		char c = variable.ptr[i];
		swm_buf_char(to, c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A'))
		                 : c == '_' ? '-'
		                 : c);
	}
}

/* "names no setting; did you mean SWM_DB_URI?" */
static void
write_unknown(const char *prefix, swm_str setting, swm_buf *to)
{
	const char *nearest = swm_option_nearest(setting);

	swm_buf_cstr(to, "names no setting");
	if (nearest == NULL)
		return;
	swm_buf_printf(to, "; did you mean %s", prefix);
	for (; *nearest != '\0'; nearest++)
		swm_buf_char(to, variable_character(*nearest));
	swm_buf_char(to, '?');
}

/* The value may be a secret, and is not repeated. */
static void
note_unknown(struct swm_change *change, const char *entry, const char *prefix)
{
	struct swm_origin origin = origin_of(change, entry);
	swm_buf setting = SWM_BUF_INIT, text = SWM_BUF_INIT;

	write_setting(swm_str_from(origin.source, strlen(prefix)), &setting);
	write_unknown(prefix, swm_buf_view(&setting), &text);
	change->problems.no_memory |= setting.failed || text.failed;
	if (!swm_change_removed(change, swm_buf_view(&setting), origin))
		swm_change_note(change, origin, swm_buf_view(&text));
	swm_buf_dispose(&setting);
	swm_buf_dispose(&text);
}

static void
note_all_unknown(struct swm_change *change, const char *const *environment)
{
	for (; *environment != NULL; environment++)
		for (size_t i = 0; i < PREFIX_COUNT; i++)
			if (swm_str_starts(swm_cstr(*environment), swm_cstr(prefixes[i])) &&
			    !is_known(*environment, prefixes[i]))
				note_unknown(change, *environment, prefixes[i]);
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
	for (size_t i = PREFIX_COUNT; i-- > 0;) /* later ones override earlier ones */
		take_apps(&change, environment, prefixes[i]);
	note_all_unknown(&change, environment);
	return swm_change_end(&change, err);
}
