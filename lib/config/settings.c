#include "config.h"

#include "config/settings.h"

#include "config/values.h"
#include "http/url.h"

#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>

struct swm_settings_owner {
	atomic_size_t references;
	swm_arena *arena;
};

struct resolver {
	const swm_config *config;
	swm_arena *arena;
	struct swm_problems problems;
};

/* Begins a problem with where the setting came from and its name. */
static swm_buf *
complain(struct resolver *r, enum swm_option_id id)
{
	swm_buf *to = swm_problem(&r->problems, r->config->values.options[id].origin);

	swm_buf_printf(to, "%s ", swm_options[id].name);
	return to;
}

static swm_str
keep(struct resolver *r, swm_str text)
{
	swm_str copy = swm_arena_str(r->arena, text);

	r->problems.no_memory |= copy.ptr == NULL;
	return copy;
}

/* Reads a whole file except one newline at its end, which editors add. */
static swm_str
file_text(struct resolver *r, enum swm_option_id id, const swm_buf *content)
{
	swm_str text = swm_buf_view(content);

	if (swm_str_ends(text, SWM_STR("\r\n")))
		text.len -= 2;
	else if (swm_str_ends(text, SWM_STR("\n")))
		text.len--;
	if (!swm_utf8_valid(text, NULL) || swm_str_find(text, '\0') < text.len)
		swm_buf_cstr(complain(r, id), "names a file that is not UTF-8 text");
	else if (text.len == 0)
		swm_buf_cstr(complain(r, id), "names a file that is empty");
	return keep(r, text);
}

static swm_str
read_at_file(struct resolver *r, enum swm_option_id id, const char *path)
{
	swm_buf content = SWM_BUF_INIT;
	swm_str text = { "", 0 };
	int number = swm_config_read(path, &content);

	if (number != 0)
		swm_problem_system(&r->problems, r->config->values.options[id].origin,
		                   swm_cstr(path), number);
	else
		text = file_text(r, id, &content);
	swm_buf_dispose(&content);
	return text;
}

static swm_str
read_STRING(struct resolver *r, enum swm_option_id id)
{
	swm_str text = swm_config_effective(r->config, id);

	if (text.ptr == NULL)
		return text;
	if (text.len > 1 && text.ptr[0] == '@' && swm_option_has_flag(id, 'F'))
		return read_at_file(r, id, text.ptr + 1);
	return keep(r, text);
}

static swm_str
read_ENUM(struct resolver *r, enum swm_option_id id)
{
	return read_STRING(r, id);
}

static int64_t
read_INTEGER(struct resolver *r, enum swm_option_id id)
{
	int64_t n;

	return swm_option_number(id, swm_config_effective(r->config, id), &n) ? n : -1;
}

static bool
read_BOOLEAN(struct resolver *r, enum swm_option_id id)
{
	bool truth = false;

	swm_option_boolean(swm_config_effective(r->config, id), &truth);
	return truth;
}

static swm_list
read_LIST(struct resolver *r, enum swm_option_id id)
{
	swm_str rest = keep(r, swm_config_effective(r->config, id)), item;
	size_t count = 0;

	if (swm_str_trim(rest).len == 0)
		return (swm_list){ NULL, 0 };
	for (size_t i = 0; i < rest.len; i++)
		count += rest.ptr[i] == ',';
	swm_str *items = swm_arena_array(r->arena, count + 1, sizeof items[0]);
	if (items == NULL) {
		r->problems.no_memory = true;
		return (swm_list){ NULL, 0 };
	}
	for (count = 0; swm_str_cut(&rest, ',', &item); count++) {
		items[count] = keep(r, swm_str_trim(item));
		if (items[count].len == 0)
			swm_buf_cstr(complain(r, id), "has an empty item");
	}
	return (swm_list){ items, count };
}

static void
read_apps(struct resolver *r, swm_settings *s)
{
	size_t count = r->config->values.app_count;
	swm_str *names = swm_arena_array(r->arena, count, sizeof names[0]);
	swm_str *values = swm_arena_array(r->arena, count, sizeof values[0]);

	if (names == NULL || values == NULL) {
		r->problems.no_memory = true;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		names[i] = keep(r, r->config->values.apps[i].name);
		values[i] = keep(r, r->config->values.apps[i].value.text);
	}
	s->app_names = names;
	s->app_values = values;
	s->app_count = count;
}

/* Standard or URL-safe, padded or not (RFC 4648, 4 and 5); PostgREST takes "." for "=" too. */
static bool
is_base64(swm_str text)
{
	text = swm_str_trim(text);
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (!swm_is_alnum(c) && (c == '\0' || strchr("+/-_=.", c) == NULL))
			return false;
	}
	return true;
}

static void
check_secret(struct resolver *r, const swm_settings *s)
{
	enum { SHORTEST = 32 };
	swm_str secret = s->jwt_secret;

	if (secret.ptr == NULL || secret.len == 0)
		return;
	if (s->jwt_secret_is_base64) {
		if (!is_base64(secret))
			swm_buf_cstr(complain(r, SWM_OPTION_ID_jwt_secret), "is not base64");
		return;
	}
	if (secret.len < SHORTEST && !swm_str_starts(swm_str_trim(secret), SWM_STR("{")))
		swm_buf_printf(complain(r, SWM_OPTION_ID_jwt_secret),
		               "must be at least %d characters long", SHORTEST);
}

/* A StringOrURI (RFC 7519, 2): with a colon it must be a URI. */
static void
check_audience(struct resolver *r, const swm_settings *s)
{
	if (swm_str_find(s->jwt_aud, ':') < s->jwt_aud.len && !swm_url_is_uri(s->jwt_aud))
		swm_buf_cstr(complain(r, SWM_OPTION_ID_jwt_aud), "has a colon, but is no URI");
}

static void
check_schemas(struct resolver *r, const swm_settings *s)
{
	static const char *const system_schemas[] = { "pg_catalog", "information_schema" };

	if (s->db_schemas.count == 0)
		swm_buf_cstr(complain(r, SWM_OPTION_ID_db_schemas), "must name a schema");
	for (size_t i = 0; i < s->db_schemas.count; i++)
		for (size_t k = 0; k < sizeof system_schemas / sizeof system_schemas[0]; k++)
			if (swm_str_eq(s->db_schemas.items[i], swm_cstr(system_schemas[k])))
				swm_buf_printf(complain(r, SWM_OPTION_ID_db_schemas),
				               "must not contain %s", system_schemas[k]);
}

/* SET ROLE none means the login role, which must never serve a request. */
static void
check_anonymous_role(struct resolver *r, const swm_settings *s)
{
	if (swm_str_caseeq(s->db_anon_role, SWM_STR("none")))
		swm_buf_cstr(complain(r, SWM_OPTION_ID_db_anon_role), "must not be \"none\"");
}

/* It is sent back, so it must be a field name (RFC 9110, 5.6.2). */
static void
check_trace_header(struct resolver *r, const swm_settings *s)
{
	for (size_t i = 0; i < s->server_trace_header.len; i++) {
		char c = s->server_trace_header.ptr[i];
		if (swm_is_alnum(c) || strchr("!#$%&'*+-.^_`|~", c) != NULL)
			continue;
		swm_buf_cstr(complain(r, SWM_OPTION_ID_server_trace_header),
		             "is not the name of a header");
		return;
	}
}

static void
check_proxy_uri(struct resolver *r, const swm_settings *s)
{
	swm_web_address address;

	if (s->openapi_server_proxy_uri.len > 0 &&
	    !swm_web_address_parse(&address, s->openapi_server_proxy_uri))
		swm_buf_cstr(complain(r, SWM_OPTION_ID_openapi_server_proxy_uri),
		             "must be an address like https://example.com:8443/basePath");
}

static void
check_socket(struct resolver *r, const swm_settings *s)
{
	size_t longest = sizeof ((struct sockaddr_un *)NULL)->sun_path - 1;

	if (s->server_unix_socket.len > longest)
		swm_buf_printf(complain(r, SWM_OPTION_ID_server_unix_socket),
		               "is longer than the %zu bytes that a socket's path may have",
		               longest);
}

static void
read_places(struct resolver *r, swm_settings *s)
{
	swm_str *places = swm_arena_array(r->arena, SWM_OPTION_COUNT, sizeof places[0]);
	swm_buf place = SWM_BUF_INIT;

	for (int i = 0; places != NULL && i < SWM_OPTION_COUNT; i++) {
		const struct swm_value *value = &r->config->values.options[i];
		swm_buf_clear(&place);
		if (value->set)
			swm_origin_write(value->origin, &place);
		places[i] = keep(r, swm_buf_view(&place));
	}
	r->problems.no_memory |= places == NULL || place.failed;
	swm_buf_dispose(&place);
	s->places = places;
}

swm_str
swm_settings_place(const swm_settings *settings, enum swm_option_id id)
{
	return settings->places == NULL ? SWM_STR("") : settings->places[id];
}

void
swm_settings_blame(const swm_settings *settings, enum swm_option_id id, swm_error *err)
{
	if (swm_error_result(err) == SWM_ECONFIG)
		swm_error_prefix(err, swm_settings_place(settings, id));
}

static int
fill(struct resolver *r, swm_settings *s, swm_error *err)
{
#define SWM_OPTION(field, name, type, ...) s->field = read_##type(r, SWM_OPTION_ID_##field);
#include "config/options.def"
#undef SWM_OPTION
	read_apps(r, s);
	read_places(r, s);
	check_secret(r, s);
	check_audience(r, s);
	check_schemas(r, s);
	check_anonymous_role(r, s);
	check_trace_header(r, s);
	check_proxy_uri(r, s);
	check_socket(r, s);
	return swm_problems_end(&r->problems, err);
}

static swm_settings *
new_settings(swm_arena *arena)
{
	swm_settings *s = swm_arena_alloc(arena, sizeof *s);
	struct swm_settings_owner *owner = swm_arena_alloc(arena, sizeof *owner);

	if (s == NULL || owner == NULL)
		return NULL;
	atomic_init(&owner->references, 1);
	owner->arena = arena;
	s->owner = owner;
	return s;
}

int
swm_settings_resolve(const swm_settings **out, const swm_config *config, swm_error *err)
{
	struct resolver r = { .config = config,
		              .arena = swm_arena_new(),
		              .problems = SWM_PROBLEMS_INIT };
	swm_settings *s = r.arena == NULL ? NULL : new_settings(r.arena);

	*out = NULL;
	int result = s == NULL ? swm_fail_memory(err) : fill(&r, s, err);
	if (result != SWM_OK) {
		swm_arena_free(r.arena);
		return result;
	}
	*out = s;
	return SWM_OK;
}

const swm_settings *
swm_settings_ref(const swm_settings *settings)
{
	atomic_fetch_add_explicit(&settings->owner->references, 1, memory_order_relaxed);
	return settings;
}

void
swm_settings_unref(const swm_settings *settings)
{
	if (settings == NULL)
		return;
	/* acquire: all uses by other threads happen before the free */
	if (atomic_fetch_sub_explicit(&settings->owner->references, 1, memory_order_acq_rel) == 1)
		swm_arena_free(settings->owner->arena);
}
