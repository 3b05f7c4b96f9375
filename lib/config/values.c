#include "config.h"

#include "config/values.h"

swm_str
swm_config_effective(const swm_config *config, enum swm_option_id id)
{
	const struct swm_value *v = &config->values.options[id];

	/* an empty list is one, any other empty value is as good as none */
	if (v->set && (v->text.len > 0 || swm_options[id].type == SWM_OPTION_LIST))
		return v->text;
	return swm_cstr(swm_options[id].fallback);
}

void
swm_change_begin(struct swm_change *change, swm_config *config)
{
	*change = (struct swm_change){
		.config = config,
		.values = config->values,
		.problems = SWM_PROBLEMS_INIT,
	};
	/* the array is the configuration's: copied when it changes */
	change->values.app_capacity = 0;
}

int
swm_change_end(struct swm_change *change, swm_error *err)
{
	int result = swm_problems_end(&change->problems, err);

	if (result == SWM_OK)
		change->config->values = change->values;
	return result;
}

/* A value in an error message, truncated for readability. */
static void
write_value(swm_str value, swm_buf *to)
{
	enum { LONGEST = 60 };
	size_t len = value.len;

	if (len > LONGEST)
		for (len = LONGEST; len > 0 && ((unsigned char)value.ptr[len] & 0xc0) == 0x80;)
			len--;
	swm_buf_printf(to, "\"%.*s%s\"", (int)len, value.ptr, len < value.len ? "..." : "");
}

static void
store(struct swm_change *change, struct swm_value *value, swm_str text, struct swm_origin origin)
{
	swm_str copy = swm_arena_str(change->config->arena, text);

	if (copy.ptr == NULL)
		change->problems.no_memory = true;
	*value = (struct swm_value){
		.set = true, .load = change->load, .text = copy, .origin = origin,
	};
}

static bool
already_set(struct swm_change *change, const struct swm_value *value, swm_str name,
            struct swm_origin origin)
{
	if (change->load == 0 || value->load != change->load)
		return false;
	swm_buf_printf(swm_problem(&change->problems, origin),
	               "%.*s is set twice; the first time in line %zu", (int)name.len, name.ptr,
	               value->origin.line);
	return true;
}

static void
set_option(struct swm_change *change, enum swm_option_id id, swm_str name, swm_str text,
           struct swm_origin origin)
{
	struct swm_value *value = &change->values.options[id];

	if (already_set(change, value, name, origin))
		return;
	if (text.len > 0 && !swm_option_accepts(id, text)) {
		swm_buf *to = swm_problem(&change->problems, origin);
		swm_buf_str(to, name);
		swm_buf_cstr(to, " must be ");
		swm_option_describe(id, to);
		swm_buf_cstr(to, ", not ");
		write_value(text, to);
		return;
	}
	store(change, value, text, origin);
}

static struct swm_app_value *
find_app(const struct swm_values *values, swm_str name)
{
	for (size_t i = 0; i < values->app_count; i++)
		if (swm_str_eq(values->apps[i].name, name))
			return &values->apps[i];
	return NULL;
}

/* The array may be the configuration's, so it is never written to in place. */
static bool
own_apps(struct swm_change *change, size_t count)
{
	struct swm_values *v = &change->values;

	if (count <= v->app_capacity)
		return true;
	size_t capacity = count < 8 ? 8 : count * 2;
	struct swm_app_value *apps =
		swm_arena_array(change->config->arena, capacity, sizeof apps[0]);
	if (apps == NULL)
		return false;
	if (v->app_count > 0)
		memcpy(apps, v->apps, v->app_count * sizeof apps[0]);
	v->apps = apps;
	v->app_capacity = capacity;
	return true;
}

static struct swm_app_value *
find_or_add_app(struct swm_change *change, swm_str name)
{
	struct swm_values *v = &change->values;

	if (!own_apps(change, v->app_count + 1))
		return NULL;
	struct swm_app_value *app = find_app(v, name);
	if (app != NULL)
		return app;
	swm_str copy = swm_arena_str(change->config->arena, name);
	if (copy.ptr == NULL)
		return NULL;
	v->apps[v->app_count] = (struct swm_app_value){ .name = copy };
	return &v->apps[v->app_count++];
}

static bool
may_begin_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (unsigned char)c >= 0x80;
}

/*
 * PostgreSQL refuses a custom setting whose parts are not identifiers, and so
 * would fail each request (valid_custom_variable_name() of its guc.c).
 */
static bool
is_parameter_name(swm_str name)
{
	bool begins = true;

	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		if (c == '.'
		        ? begins
		        : !may_begin_name(c) && (begins || !((c >= '0' && c <= '9') || c == '$')))
			return false;
		begins = c == '.';
	}
	return !begins;
}

static void
set_app(struct swm_change *change, swm_str name, swm_str text, struct swm_origin origin)
{
	if (!is_parameter_name(name)) {
		swm_buf_printf(
		    swm_problem(&change->problems, origin),
		    "%.*s is no name of a setting to PostgreSQL: letters, digits and _ between dots",
		    (int)name.len, name.ptr);
		return;
	}
	struct swm_app_value *app = find_or_add_app(change, name);
	if (app == NULL)
		change->problems.no_memory = true;
	else if (!already_set(change, &app->value, name, origin))
		store(change, &app->value, text, origin);
}

static void
unknown(struct swm_change *change, swm_str name, struct swm_origin origin)
{
	const char *nearest = swm_option_nearest(name);
	swm_buf *to = swm_problem(&change->problems, origin);

	swm_buf_cstr(to, "unknown setting ");
	write_value(name, to);
	if (nearest != NULL)
		swm_buf_printf(to, "; did you mean \"%s\"?", nearest);
}

void
swm_change_note(struct swm_change *change, struct swm_origin origin, swm_str text)
{
	swm_arena *arena = change->config->arena;

	if (change->values.note_count >= SWM_PROBLEMS_MAX)
		return;
	struct swm_note *note = swm_arena_alloc(arena, sizeof *note);
	swm_str copy = swm_arena_str(arena, text);
	if (note == NULL || copy.ptr == NULL) {
		change->problems.no_memory = true;
		return;
	}
	*note = (struct swm_note){ origin, copy.ptr, change->values.notes };
	change->values.notes = note;
	change->values.note_count++;
}

bool
swm_change_removed(struct swm_change *change, swm_str name, struct swm_origin origin)
{
	const char *instead = swm_option_removed(name);
	swm_buf text = SWM_BUF_INIT;

	if (instead == NULL)
		return false;
	swm_buf_str(&text, name);
	swm_buf_printf(&text, " is ignored, a setting of older versions of PostgREST: %s", instead);
	change->problems.no_memory |= text.failed;
	swm_change_note(change, origin, swm_buf_view(&text));
	swm_buf_dispose(&text);
	return true;
}

/* PostgreSQL's text has neither. */
static bool
is_text(struct swm_change *change, swm_str name, swm_str text, struct swm_origin origin)
{
	size_t bad;
	const char *wrong = swm_str_find(text, '\0') < text.len ? "contains a NUL character"
		: !swm_utf8_valid(text, &bad) ? "is not valid UTF-8" : NULL;

	if (wrong != NULL)
		swm_buf_printf(swm_problem(&change->problems, origin), "%.*s %s", (int)name.len,
		               name.ptr, wrong);
	return wrong == NULL;
}

void
swm_change_set(struct swm_change *change, swm_str name, swm_str text, struct swm_origin origin)
{
	bool by_alias;
	enum swm_option_id id = swm_option_find(name, &by_alias);

	if (id == SWM_OPTION_COUNT && !swm_str_starts(name, SWM_STR(SWM_APP_SETTINGS))) {
		if (swm_change_removed(change, name, origin))
			return;
		unknown(change, name, origin);
		return;
	}
	if (!is_text(change, name, text, origin))
		return;
	if (id == SWM_OPTION_COUNT) {
		set_app(change, name, text, origin);
		return;
	}
	set_option(change, id, name, text, origin);
	change->values.options[id].by_alias = by_alias;
}
