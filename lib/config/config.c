#include "config.h"

#include "config/settings.h"
#include "config/values.h"

#include <stdlib.h>

int
swm_config_new(swm_config **out, swm_error *err)
{
	swm_error_clear(err);
	*out = NULL;
	swm_config *config = calloc(1, sizeof *config);
	if (config == NULL)
		return swm_fail_memory(err);
	config->arena = swm_arena_new();
	if (config->arena == NULL) {
		free(config);
		return swm_fail_memory(err);
	}
	*out = config;
	return SWM_OK;
}

void
swm_config_free(swm_config *config)
{
	if (config == NULL)
		return;
	swm_arena_free(config->arena);
	free(config);
}

int
swm_config_set(swm_config *config, const char *name, const char *value, swm_error *err)
{
	struct swm_change change;

	swm_error_clear(err);
	if (name == NULL || value == NULL)
		return swm_fail(err, SWM_ERR_ARGUMENT, SWM_STR("a name or value is NULL"));
	swm_change_begin(&change, config);
	swm_change_set(&change, swm_cstr(name), swm_cstr(value),
	               (struct swm_origin){ { NULL, 0 }, 0 });
	return swm_change_end(&change, err);
}

static swm_str
app_text(const swm_config *config, swm_str name)
{
	for (size_t i = 0; i < config->values.app_count; i++)
		if (swm_str_eq(config->values.apps[i].name, name))
			return config->values.apps[i].value.text;
	return (swm_str){ "", 0 };
}

int
swm_config_get(const swm_config *config, const char *name, swm_str *out, swm_error *err)
{
	bool by_alias;
	swm_str key = swm_cstr(name);
	enum swm_option_id id = swm_option_find(key, &by_alias);

	swm_error_clear(err);
	if (id < SWM_OPTION_COUNT)
		*out = swm_config_effective(config, id);
	else if (swm_str_starts(key, SWM_STR(SWM_APP_SETTINGS)))
		*out = app_text(config, key);
	else
		return swm_fail(err, SWM_ERR_CONFIG, SWM_STR("there is no such setting"));
	if (out->ptr == NULL)
		*out = (swm_str){ "", 0 };
	return SWM_OK;
}

int
swm_config_get_int64(const swm_config *config, const char *name, int64_t *out, swm_error *err)
{
	swm_str text;
	bool by_alias;
	enum swm_option_id id = swm_option_find(swm_cstr(name), &by_alias);
	int rc = swm_config_get(config, name, &text, err);

	if (rc == SWM_OK && (id == SWM_OPTION_COUNT || !swm_option_number(id, text, out)))
		rc = swm_fail(err, SWM_ERR_ARGUMENT, SWM_STR("the setting is not a number"));
	return rc;
}

static void
write_character(char c, swm_buf *to)
{
	static const char escaped[] = "\n\r\t\\\"", letters[] = "nrt\\\"";
	const char *at = memchr(escaped, c, sizeof escaped - 1);

	if (at != NULL)
		swm_buf_printf(to, "\\%c", letters[at - escaped]);
	else if (c == '$')
		swm_buf_cstr(to, "$$");
	else if ((unsigned char)c < 0x20)
		swm_buf_printf(to, "\\u%04x", c);
	else
		swm_buf_char(to, c);
}

static void
write_string(swm_str text, swm_buf *to)
{
	swm_buf_char(to, '"');
	for (size_t i = 0; i < text.len; i++)
		write_character(text.ptr[i], to);
	swm_buf_char(to, '"');
}

static void
write_option(const swm_config *config, enum swm_option_id id, swm_buf *to)
{
	enum swm_option_type type = swm_options[id].type;
	swm_str text = swm_config_effective(config, id);
	bool truth;

	if (text.len > 0 && type == SWM_OPTION_INTEGER)
		swm_buf_str(to, text);
	else if (type == SWM_OPTION_BOOLEAN && swm_option_boolean(text, &truth))
		swm_buf_cstr(to, truth ? "true" : "false");
	else if (config->values.options[id].text.len > 0 && swm_option_has_flag(id, 'S'))
		swm_buf_cstr(to, "\"***\"");
	else
		write_string(text, to);
}

typedef int each_function(void *user, swm_str name, swm_str value);

static int
each_option(const swm_config *config, each_function *each, void *user, swm_buf *value)
{
	for (int i = 0; i < SWM_OPTION_COUNT; i++) {
		swm_buf_clear(value);
		write_option(config, (enum swm_option_id)i, value);
		if (value->failed)
			return SWM_ENOMEM;
		int stop = each(user, swm_cstr(swm_options[i].name), swm_buf_view(value));
		if (stop != 0)
			return stop;
	}
	return 0;
}

/* Values of app.settings.* are often keys, so none of them is shown. */
static int
each_app(const swm_config *config, each_function *each, void *user)
{
	for (size_t i = 0; i < config->values.app_count; i++) {
		const struct swm_app_value *app = &config->values.apps[i];
		swm_str value = app->value.text.len == 0 ? SWM_STR("\"\"") : SWM_STR("\"***\"");
		int stop = each(user, app->name, value);
		if (stop != 0)
			return stop;
	}
	return 0;
}

int
swm_config_each(const swm_config *config, each_function *each, void *user)
{
	swm_buf value = SWM_BUF_INIT;
	int stop = each_option(config, each, user, &value);

	swm_buf_dispose(&value);
	return stop != 0 ? stop : each_app(config, each, user);
}

static void
write_ignored(enum swm_option_id id, swm_buf *to)
{
	swm_str why = swm_cstr(swm_options[id].help), known = SWM_STR("Has no meaning here: ");

	if (swm_str_starts(why, known))
		why = swm_str_from(why, known.len);
	swm_buf_printf(to, "%s is ignored: ", swm_options[id].name);
	swm_buf_str(to, why);
}

typedef int warning_function(void *user, swm_str warning);

static void
write_alias(enum swm_option_id id, swm_buf *to)
{
	swm_buf_printf(to, "%s is the old name of %s", swm_options[id].alias, swm_options[id].name);
}

static void
write_no_effect(enum swm_option_id id, swm_buf *to)
{
	swm_buf_printf(to, "%s is not in effect yet", swm_options[id].name);
}

/* Reports the warnings about an option to each. */
static int
warn_of_option(const swm_config *config, enum swm_option_id id, warning_function *each, void *user)
{
	const struct swm_value *value = &config->values.options[id];
	bool has_value = value->set && value->text.len > 0;
	const struct {
		bool is_so;
		void (*write)(enum swm_option_id id, swm_buf *to);
	} warnings[] = {
		{ value->set && value->by_alias, write_alias },
		{ has_value && swm_option_has_flag(id, 'I'), write_ignored },
		{ has_value && swm_option_has_flag(id, 'N') && !swm_option_is_off(id, value->text),
		  write_no_effect },
	};
	int stop = 0;

	for (size_t i = 0; i < sizeof warnings / sizeof warnings[0] && stop == 0; i++) {
		swm_buf text = SWM_BUF_INIT;
		if (!warnings[i].is_so)
			continue;
		swm_origin_write(value->origin, &text);
		warnings[i].write(id, &text);
		stop = text.failed ? SWM_ENOMEM : each(user, swm_buf_view(&text));
		swm_buf_dispose(&text);
	}
	return stop;
}

/* In order of appearance; at most SWM_PROBLEMS_MAX. */
static int
warn_of_notes(const struct swm_note *note, warning_function *each, void *user)
{
	swm_buf text = SWM_BUF_INIT;

	if (note == NULL)
		return 0;
	int stop = warn_of_notes(note->next, each, user);
	if (stop != 0)
		return stop;
	swm_origin_write(note->origin, &text);
	swm_buf_cstr(&text, note->text);
	stop = text.failed ? SWM_ENOMEM : each(user, swm_buf_view(&text));
	swm_buf_dispose(&text);
	return stop;
}

int
swm_config_warnings(const swm_config *config, warning_function *each, void *user)
{
	int stop = 0;

	for (int i = 0; i < SWM_OPTION_COUNT && stop == 0; i++)
		stop = warn_of_option(config, (enum swm_option_id)i, each, user);
	return stop != 0 ? stop : warn_of_notes(config->values.notes, each, user);
}
