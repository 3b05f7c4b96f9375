/*
 * Configuration: file, environment, program, checks, typed settings. What must be
 * true comes from PostgREST's configuration page and from swm.conf(5).
 */
#include "config.h"

#include "config/settings.h"
#include "config/values.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static swm_config *config;
static swm_error *err;
static const swm_settings *settings;

static void
setup(void)
{
	err = swm_error_new();
	ck_assert_ptr_nonnull(err);
	ck_assert_int_eq(swm_config_new(&config, err), SWM_OK);
	settings = NULL;
}

static void
teardown(void)
{
	swm_settings_unref(settings);
	swm_config_free(config);
	swm_error_free(err);
}

static int
parse_bytes(const char *bytes, size_t len)
{
	/* exactly so many bytes, so that a sanitizer sees a step beyond them */
	char *copy = malloc(len > 0 ? len : 1);
	memcpy(copy, bytes, len);
	swm_error_clear(err);
	int result = swm_config_parse(config, SWM_STR("swm.conf"), (swm_str){ copy, len }, err);
	free(copy);
	return result;
}

static int
parse(const char *text)
{
	return parse_bytes(text, strlen(text));
}

static const char *
message(void)
{
	return swm_error_message(err).ptr;
}

static const char *
details(void)
{
	return swm_error_details(err).ptr;
}

#define assert_parses(text) \
	do { \
		int result_ = parse(text); \
		ck_assert_msg(result_ == SWM_OK, "%d: %s", result_, message()); \
	} while (0)

#define assert_refused(text, what) \
	do { \
		ck_assert_int_eq(parse(text), SWM_ECONFIG); \
		ck_assert_str_eq(message(), what); \
	} while (0)

static const char *
get(const char *name)
{
	swm_str value;
	ck_assert_int_eq(swm_config_get(config, name, &value, err), SWM_OK);
	return value.ptr;
}

static void
resolve(void)
{
	int result = swm_settings_resolve(&settings, config, err);
	ck_assert_msg(result == SWM_OK, "%s", message());
}

#define assert_check_refused(what) \
	do { \
		ck_assert_int_eq(swm_config_check(config, err), SWM_ECONFIG); \
		ck_assert_str_eq(message(), what); \
	} while (0)

#define assert_view(view, text) \
	do { \
		ck_assert_ptr_nonnull((view).ptr); \
		ck_assert_str_eq((view).ptr, text); \
		ck_assert_uint_eq((view).len, strlen(text)); \
	} while (0)

/* --- the table --- */

START_TEST(names_are_unique_and_defaults_are_accepted)
{
	for (int i = 0; i < SWM_OPTION_COUNT; i++) {
		const struct swm_option *o = &swm_options[i];
		bool by_alias;
		ck_assert_int_eq(swm_option_find(swm_cstr(o->name), &by_alias), i);
		ck_assert(!by_alias);
		if (o->alias != NULL) {
			ck_assert_int_eq(swm_option_find(swm_cstr(o->alias), &by_alias), i);
			ck_assert(by_alias);
		}
		if (o->fallback != NULL)
			ck_assert_msg(swm_option_accepts((enum swm_option_id)i, swm_cstr(o->fallback)), "%s", o->name);
		if (i > 0)
			ck_assert_msg(strcmp(swm_options[i - 1].name, o->name) < 0, "%s is not in order", o->name);
	}
}
END_TEST

START_TEST(options_without_meaning_say_why)
{
	swm_str prefix = SWM_STR("Has no meaning here: ");
	for (int i = 0; i < SWM_OPTION_COUNT; i++)
		if (swm_option_has_flag((enum swm_option_id)i, 'I'))
			ck_assert(swm_str_starts(swm_cstr(swm_options[i].help), prefix));
}
END_TEST

/* The defaults of https://docs.postgrest.org/en/latest/references/configuration.html */
START_TEST(defaults_are_postgrests)
{
	resolve();
	ck_assert(!settings->db_aggregates_enabled);
	ck_assert_ptr_null(settings->db_anon_role.ptr);
	assert_view(settings->db_channel, "pgrst");
	ck_assert(settings->db_channel_enabled);
	ck_assert(settings->db_config);
	ck_assert_uint_eq(settings->db_extra_search_path.count, 1);
	assert_view(settings->db_extra_search_path.items[0], "public");
	ck_assert_int_eq(settings->db_max_rows, -1);
	ck_assert(!settings->db_plan_enabled);
	ck_assert_int_eq(settings->db_pool, 10);
	ck_assert_int_eq(settings->db_pool_acquisition_timeout, 10);
	ck_assert_int_eq(settings->db_pool_max_idletime, 30);
	ck_assert_int_eq(settings->db_pool_max_lifetime, 1800);
	ck_assert(settings->db_pool_automatic_recovery);
	ck_assert(settings->db_prepared_statements);
	ck_assert_uint_eq(settings->db_schemas.count, 1);
	assert_view(settings->db_schemas.items[0], "public");
	assert_view(settings->db_tx_end, "commit");
	assert_view(settings->db_uri, "postgresql://");
	assert_view(settings->jwt_role_claim_key, ".role");
	ck_assert_ptr_null(settings->jwt_secret.ptr);
	ck_assert(!settings->jwt_secret_is_base64);
	assert_view(settings->log_level, "error");
	assert_view(settings->openapi_mode, "follow-privileges");
	ck_assert_uint_eq(settings->server_cors_allowed_origins.count, 0);
	assert_view(settings->server_unix_socket_mode, "660");
	ck_assert_uint_eq(settings->app_count, 0);
}
END_TEST

/* --- the file's syntax --- */

START_TEST(postgrests_example_is_read)
{
	assert_parses("# postgrest.conf\n"
	              "\n"
	              "db-uri       = \"postgres://user:pass@host:5432/dbname\"\n"
	              "\n"
	              "  # should differ from authenticator\n"
	              "db-anon-role = \"anon\"\n"
	              "jwt-secret           = \"reallyreallyreallyreallyverysafe\"\n"
	              "jwt-secret-is-base64 = false\n"
	              "server-port = 3000\n");
	ck_assert_str_eq(get("db-uri"), "postgres://user:pass@host:5432/dbname");
	ck_assert_str_eq(get("db-anon-role"), "anon");
	ck_assert_str_eq(get("jwt-secret"), "reallyreallyreallyreallyverysafe");
	ck_assert_str_eq(get("jwt-secret-is-base64"), "false");
	ck_assert_int_eq(swm_config_check(config, err), SWM_OK);
}
END_TEST

START_TEST(blanks_comments_and_line_ends)
{
	assert_parses("\xef\xbb\xbf" "db-pool=1#one\r\n"
	              "\t db-max-rows \t=\t 2 \t # two\r\n"
	              "db-channel = \"a # b\" # not a comment inside\r\n"
	              "db-anon-role = \"no newline behind\"");
	ck_assert_str_eq(get("db-pool"), "1");
	ck_assert_str_eq(get("db-max-rows"), "2");
	ck_assert_str_eq(get("db-channel"), "a # b");
	ck_assert_str_eq(get("db-anon-role"), "no newline behind");
}
END_TEST

START_TEST(nothing_is_a_configuration)
{
	assert_parses("");
	assert_parses("\n");
	assert_parses("#");
	assert_parses("   ");
}
END_TEST

START_TEST(values_of_one_type_written_as_another)
{
	assert_parses("db-pool = \"7\"\n"
	              "db-plan-enabled = \"true\"\n"
	              "db-aggregates-enabled = \"TRUE\"\n"
	              "db-prepared-statements = off\n"
	              "server-timing-enabled = \"1\"\n"
	              "server-unix-socket-mode = 600\n"
	              "log-query = true\n");
	resolve();
	ck_assert_int_eq(settings->db_pool, 7);
	ck_assert(settings->db_plan_enabled);
	ck_assert(settings->db_aggregates_enabled);
	ck_assert(!settings->db_prepared_statements);
	ck_assert(settings->server_timing_enabled);
	assert_view(settings->server_unix_socket_mode, "600");
	assert_view(settings->log_query, "true");
}
END_TEST

START_TEST(escapes_in_strings)
{
	assert_parses("app.settings.x = \"\\n\\r\\t\\\\\\\" \\u00e9 \\u20AC \\ud83d\\ude00\"\n"
	              "jwt-role-claim-key = \".\\\"https://www.example.com/role\\\".key\"\n");
	ck_assert_str_eq(get("app.settings.x"), "\n\r\t\\\" \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
	ck_assert_str_eq(get("jwt-role-claim-key"), ".\"https://www.example.com/role\".key");
}
END_TEST

START_TEST(wrong_escapes)
{
	const char *backslash = "swm.conf:1: a backslash in a string stands before one of n r t u \\ \"";
	const char *surrogate = "swm.conf:1: half a surrogate pair in a string";
	assert_refused("db-channel = \"\\x\"", backslash);
	assert_refused("db-channel = \"\\", backslash);
	assert_refused("db-channel = \"\\u12g4\"", "swm.conf:1: \\u stands before four hexadecimal digits");
	assert_refused("db-channel = \"\\u12", "swm.conf:1: \\u stands before four hexadecimal digits");
	assert_refused("db-channel = \"\\ud83d\"", surrogate);
	assert_refused("db-channel = \"\\ud83d\\u0041\"", surrogate);
	assert_refused("db-channel = \"\\ude00\"", surrogate);
	assert_refused("db-channel = \"\\u0000\"", "swm.conf:1: a string cannot have the character \\u0000");
}
END_TEST

START_TEST(dollars_and_variables)
{
	setenv("SWM_TEST_VARIABLE", "va\"l\\ue $x", 1);
	unsetenv("SWM_TEST_MISSING");
	assert_parses("app.settings.a = \"<$(SWM_TEST_VARIABLE)>\"\n"
	              "app.settings.b = \"a$$b$$(c)\"\n");
	ck_assert_str_eq(get("app.settings.a"), "<va\"l\\ue $x>");
	ck_assert_str_eq(get("app.settings.b"), "a$b$(c)");
	assert_refused("\napp.settings.a = \"$(SWM_TEST_MISSING)\"",
	               "swm.conf:2: the variable SWM_TEST_MISSING is not in the environment");
	assert_refused("app.settings.a = \"a$b\"",
	               "swm.conf:1: a $ in a string is written $$, and a variable $(NAME)");
	assert_refused("app.settings.a = \"$\"",
	               "swm.conf:1: a $ in a string is written $$, and a variable $(NAME)");
	assert_refused("app.settings.a = \"$(\"", "swm.conf:1: a variable in a string is written $(NAME)");
	assert_refused("app.settings.a = \"$()\"", "swm.conf:1: a variable in a string is written $(NAME)");
	assert_refused("app.settings.a = \"$(A", "swm.conf:1: a variable in a string is written $(NAME)");
}
END_TEST

START_TEST(a_string_of_several_lines)
{
	assert_parses("jwt-secret = \"{\n  \\\"keys\\\": []\n}\"\ndb-pool = 3\n");
	ck_assert_str_eq(get("jwt-secret"), "{\n  \"keys\": []\n}");
	ck_assert_str_eq(get("db-pool"), "3");
	/* and lines are counted on behind it */
	assert_refused("jwt-secret = \"a\nb\"\ndb-pool = 0\n",
	               "swm.conf:3: db-pool must be a whole number from 1 to 10000, not \"0\"");
}
END_TEST

START_TEST(a_quote_is_missing)
{
	assert_refused("db-pool = 1\ndb-channel = \"abc\ndb-anon-role = x\n",
	               "swm.conf:2: the string has no closing quote");
	assert_refused("db-channel = \"abc\ndb-anon-role = \"anon\"\n",
	               "swm.conf:2: there is more behind the value; does the string of line 1 lack its closing quote?");
	assert_refused("db-channel = \"", "swm.conf:1: the string has no closing quote");
}
END_TEST

START_TEST(lines_that_are_none)
{
	assert_refused("= 1", "swm.conf:1: a line is empty, a # comment, or NAME = VALUE");
	assert_refused("\"db-pool\" = 1", "swm.conf:1: a line is empty, a # comment, or NAME = VALUE");
	assert_refused("db-pool 1", "swm.conf:1: there is no = behind the first word: a line is NAME = VALUE");
	assert_refused("db-pool", "swm.conf:1: there is no = behind the first word: a line is NAME = VALUE");
	assert_refused("db-pool =", "swm.conf:1: db-pool has no value");
	assert_refused("db-pool = # 1", "swm.conf:1: db-pool has no value");
	assert_refused("db-pool = 1 2", "swm.conf:1: there is more behind the value");
	assert_refused("db-channel = \"a\"b", "swm.conf:1: there is more behind the value");
}
END_TEST

START_TEST(a_value_without_quotes_is_not_repeated)
{
	assert_refused("jwt-secret = hushhushhushhush",
	               "swm.conf:1: jwt-secret: a value is a number, true, false, or stands in double quotes");
	ck_assert_ptr_null(strstr(details(), "hush"));
}
END_TEST

/* --- names and values --- */

START_TEST(unknown_settings)
{
	assert_refused("\n\n\n\n\n\ndb-pol = 3", "swm.conf:7: unknown setting \"db-pol\"; did you mean \"db-pool\"?");
	assert_refused("db-shemas = \"a\"", "swm.conf:1: unknown setting \"db-shemas\"; did you mean \"db-schemas\"?");
	assert_refused("colour = 1", "swm.conf:1: unknown setting \"colour\"");
	assert_refused("DB-POOL = 1", "swm.conf:1: unknown setting \"DB-POOL\"");
	assert_refused("app.settings = 1", "swm.conf:1: unknown setting \"app.settings\"");
}
END_TEST

START_TEST(bad_numbers)
{
	static const char *const bad[] = {
		"ten", "0", "-1", "10001", "1.5", "1e3", "0x10", " 5", "5 ", "+", "-",
		"9223372036854775808", "99999999999999999999999999",
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char text[100], expected[200];
		snprintf(text, sizeof text, "\n\ndb-pool = \"%s\"", bad[i]);
		snprintf(expected, sizeof expected,
		         "swm.conf:3: db-pool must be a whole number from 1 to 10000, not \"%s\"", bad[i]);
		assert_refused(text, expected);
	}
	assert_refused("db-pool = ten", "swm.conf:1: db-pool must be a whole number from 1 to 10000, not \"ten\"");
	assert_refused("db-max-rows = -5", "swm.conf:1: db-max-rows must be a whole number of 0 or more, not \"-5\"");
	assert_parses("db-max-rows = 9223372036854775807\ndb-pool = 10000\nserver-threads = 1");
	resolve();
	ck_assert_int_eq(settings->db_max_rows, INT64_MAX);
}
END_TEST

START_TEST(bad_words)
{
	assert_refused("db-plan-enabled = \"maybe\"", "swm.conf:1: db-plan-enabled must be true or false, not \"maybe\"");
	assert_refused("log-level = \"loud\"",
	               "swm.conf:1: log-level must be one of crit, error, warn, info, debug, not \"loud\"");
	assert_refused("log-level = \"Error\"",
	               "swm.conf:1: log-level must be one of crit, error, warn, info, debug, not \"Error\"");
}
END_TEST

START_TEST(modes_of_the_socket)
{
	static const char *const good[] = { "600", "660", "777", "0660" };
	static const char *const bad[] = { "577", "778", "800", "66", "6600", "1777", "rw-", "06600" };
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		ck_assert_int_eq(swm_config_set(config, "server-unix-socket-mode", good[i], err), SWM_OK);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char expected[200];
		snprintf(expected, sizeof expected,
		         "server-unix-socket-mode must be an octal file mode from 600 to 777, not \"%s\"", bad[i]);
		ck_assert_int_eq(swm_config_set(config, "server-unix-socket-mode", bad[i], err), SWM_ECONFIG);
		ck_assert_str_eq(message(), expected);
	}
}
END_TEST

START_TEST(a_setting_that_stands_twice)
{
	assert_refused("db-pool = 1\n\n\ndb-pool = 2",
	               "swm.conf:4: db-pool is set twice; the first time in line 1");
	assert_refused("db-schemas = \"a\"\ndb-schema = \"b\"",
	               "swm.conf:2: db-schema is set twice; the first time in line 1");
	assert_refused("app.settings.x = \"a\"\napp.settings.x = \"b\"",
	               "swm.conf:2: app.settings.x is set twice; the first time in line 1");
	/* a second file overrides the first */
	assert_parses("db-pool = 1\napp.settings.x = \"a\"");
	assert_parses("db-pool = 2\napp.settings.x = \"b\"");
	ck_assert_str_eq(get("db-pool"), "2");
	ck_assert_str_eq(get("app.settings.x"), "b");
}
END_TEST

START_TEST(all_problems_are_told)
{
	assert_refused("db-pol = 1\ndb-pool = 0\ndb-channel = x\ndb-pool = 5\nlog-level = 3\n",
	               "swm.conf:1: unknown setting \"db-pol\"; did you mean \"db-pool\"?");
	ck_assert_str_eq(details(),
	                 "swm.conf:2: db-pool must be a whole number from 1 to 10000, not \"0\"\n"
	                 "swm.conf:3: db-channel: a value is a number, true, false, or stands in double quotes\n"
	                 "swm.conf:5: log-level must be one of crit, error, warn, info, debug, not \"3\"");
}
END_TEST

START_TEST(a_failed_file_changes_nothing)
{
	assert_parses("db-pool = 4\napp.settings.x = \"old\"");
	ck_assert_int_eq(parse("db-pool = 5\napp.settings.x = \"new\"\napp.settings.y = \"new\"\nnonsense"), SWM_ECONFIG);
	ck_assert_str_eq(get("db-pool"), "4");
	ck_assert_str_eq(get("app.settings.x"), "old");
	ck_assert_str_eq(get("app.settings.y"), "");
	resolve();
	ck_assert_uint_eq(settings->app_count, 1);
}
END_TEST

START_TEST(an_empty_value_is_not_set)
{
	assert_parses("db-anon-role = \"\"\ndb-max-rows = \"\"\ndb-pool = \"\"\njwt-secret = \"\"\n"
	              "log-level = \"\"\ndb-channel = \"\"\nserver-cors-allowed-origins = \"\"\n"
	              "db-extra-search-path = \"\"\n");
	resolve();
	ck_assert_ptr_null(settings->db_anon_role.ptr);
	ck_assert_ptr_null(settings->jwt_secret.ptr);
	ck_assert_int_eq(settings->db_max_rows, -1);
	ck_assert_int_eq(settings->db_pool, 10);
	assert_view(settings->log_level, "error");
	assert_view(settings->db_channel, "pgrst");
	ck_assert_uint_eq(settings->server_cors_allowed_origins.count, 0);
	ck_assert_uint_eq(settings->db_extra_search_path.count, 0);
}
END_TEST

START_TEST(lists_are_cut_at_commas)
{
	assert_parses("db-schemas = \" api,Tenant 2 ,\xc3\xa9\xc3\xa9\"");
	resolve();
	ck_assert_uint_eq(settings->db_schemas.count, 3);
	assert_view(settings->db_schemas.items[0], "api");
	assert_view(settings->db_schemas.items[1], "Tenant 2");
	assert_view(settings->db_schemas.items[2], "\xc3\xa9\xc3\xa9");
}
END_TEST

START_TEST(app_settings_keep_their_order)
{
	char text[2000] = "";
	for (int i = 0; i < 40; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "app.settings.k%d = \"v%d\"\n", 39 - i, i);
	assert_parses(text);
	resolve();
	ck_assert_uint_eq(settings->app_count, 40);
	assert_view(settings->app_names[0], "app.settings.k39");
	assert_view(settings->app_values[0], "v0");
	assert_view(settings->app_names[39], "app.settings.k0");
	assert_view(settings->app_values[39], "v39");
}
END_TEST

/* PostgreSQL: "Custom options have two-part names", each part an identifier. */
START_TEST(app_settings_names_are_postgresqls)
{
	assert_parses("app.settings.Mixed_1.more = \"x\"");
	assert_refused("app.settings.a-b = \"x\"",
	               "swm.conf:1: app.settings.a-b is no name of a setting to PostgreSQL: "
	               "letters, digits and _ between dots");
	ck_assert_int_eq(parse("app.settings.1a = \"x\""), SWM_ECONFIG);
	ck_assert_int_eq(parse("app.settings. = \"x\""), SWM_ECONFIG);
	ck_assert_int_eq(parse("app.settings.a..b = \"x\""), SWM_ECONFIG);
}
END_TEST

/* --- bytes that are no text --- */

START_TEST(bytes_that_are_no_text)
{
	static const char nul[] = "db-pool = 1\ndb-channel = \"a\0b\"\n";
	ck_assert_int_eq(parse_bytes(nul, sizeof nul - 1), SWM_ECONFIG);
	ck_assert_str_eq(message(), "swm.conf:2: the line has a NUL byte");
	assert_refused("db-pool = 1\ndb-channel = \"\xff\"", "swm.conf:2: the line is not valid UTF-8 from byte 15 on");
	assert_refused("# \xc3", "swm.conf:1: the line is not valid UTF-8 from byte 3 on");
}
END_TEST

START_TEST(a_line_of_a_megabyte)
{
	size_t len = 1024 * 1024;
	char *text = malloc(len + 1);
	memset(text, 'x', len);
	memcpy(text, "db-pool = 1\ndb-channel = \"", 26);
	text[len] = '\0';
	assert_refused(text, "swm.conf:2: the line is longer than 65535 bytes");
	free(text);
}
END_TEST

START_TEST(many_problems_are_cut)
{
	size_t lines = 100000;
	char *text = malloc(lines * 2 + 1);
	for (size_t i = 0; i < lines; i++)
		memcpy(text + i * 2, "!\n", 2);
	text[lines * 2] = '\0';
	ck_assert_int_eq(parse(text), SWM_ECONFIG);
	ck_assert_uint_lt(swm_error_details(err).len, 10000);
	free(text);
}
END_TEST

START_TEST(a_long_value_is_cut_in_the_message)
{
	char value[400];
	memset(value, '7', sizeof value);
	/* the cut must not split a character */
	for (size_t i = 0; i + 1 < sizeof value; i += 2)
		memcpy(value + i, "\xc3\xa9", 2);
	value[0] = 'x';
	memcpy(value + 1, "\xc3\xa9", 2);
	for (size_t i = 3; i + 1 < sizeof value; i += 2)
		memcpy(value + i, "\xc3\xa9", 2);
	value[sizeof value - 1] = '\0';
	ck_assert_int_eq(swm_config_set(config, "db-pool", value, err), SWM_ECONFIG);
	ck_assert_uint_lt(swm_error_message(err).len, 150);
	ck_assert_ptr_nonnull(strstr(message(), "...\""));
	ck_assert_ptr_null(strstr(message(), "\xef\xbf\xbd"));
}
END_TEST

/* --- files --- */

static char path[64];

static void
write_file(const void *bytes, size_t len)
{
	strcpy(path, "/tmp/swm-test-config-XXXXXX");
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
	close(fd);
}

START_TEST(a_file_is_loaded)
{
	static const char text[] = "db-pool = 3\ndb-pol = 4\n";
	char expected[200];
	write_file(text, 12);
	ck_assert_int_eq(swm_config_load_file(config, path, err), SWM_OK);
	unlink(path);
	ck_assert_str_eq(get("db-pool"), "3");
	write_file(text, sizeof text - 1);
	ck_assert_int_eq(swm_config_load_file(config, path, err), SWM_ECONFIG);
	unlink(path);
	snprintf(expected, sizeof expected, "%s:2: unknown setting \"db-pol\"; did you mean \"db-pool\"?", path);
	ck_assert_str_eq(message(), expected);
}
END_TEST

START_TEST(a_missing_file)
{
	char expected[200];
	ck_assert_int_eq(swm_config_load_file(config, "/nonexistent/swm.conf", err), SWM_ESYSTEM);
	snprintf(expected, sizeof expected, "/nonexistent/swm.conf: %s", strerror(ENOENT));
	ck_assert_str_eq(message(), expected);
	ck_assert_int_eq(swm_config_load_file(config, "/", err), SWM_ESYSTEM);
	snprintf(expected, sizeof expected, "/: %s", strerror(EISDIR));
	ck_assert_str_eq(message(), expected);
	ck_assert_int_eq(swm_config_load_file(config, NULL, err), SWM_EINVAL);
}
END_TEST

static void
set_at_file(const char *name, const char *bytes, size_t len)
{
	char value[100];
	write_file(bytes, len);
	snprintf(value, sizeof value, "@%s", path);
	ck_assert_int_eq(swm_config_set(config, name, value, err), SWM_OK);
}

START_TEST(a_value_from_a_file)
{
	set_at_file("jwt-secret", "a secret of more than 32 characters\n\n", 37);
	resolve();
	unlink(path);
	assert_view(settings->jwt_secret, "a secret of more than 32 characters\n");
}
END_TEST

START_TEST(the_newline_of_a_file_does_not_count)
{
	set_at_file("db-uri", "host=a\r\n", 8);
	resolve();
	unlink(path);
	assert_view(settings->db_uri, "host=a");
}
END_TEST

START_TEST(an_at_sign_means_a_file_only_where_it_may)
{
	assert_parses("db-anon-role = \"@/nonexistent\"");
	resolve();
	assert_view(settings->db_anon_role, "@/nonexistent");
}
END_TEST

START_TEST(a_value_from_a_bad_file)
{
	char expected[200];
	assert_parses("\njwt-secret = \"@/nonexistent/secret\"");
	ck_assert_int_eq(swm_config_check(config, err), SWM_ESYSTEM);
	snprintf(expected, sizeof expected, "swm.conf:2: /nonexistent/secret: %s", strerror(ENOENT));
	ck_assert_str_eq(message(), expected);
	set_at_file("jwt-secret", "\n", 1);
	assert_check_refused("jwt-secret names a file that is empty");
	unlink(path);
	set_at_file("jwt-secret", "abc\0def", 7);
	assert_check_refused("jwt-secret names a file that is not UTF-8 text");
	unlink(path);
	set_at_file("jwt-secret", "short\n", 6);
	assert_check_refused("jwt-secret must be at least 32 characters long");
	unlink(path);
}
END_TEST

/* --- environment and program --- */

START_TEST(the_environment)
{
	static const char *const environment[] = {
		"PATH=/bin", "SWM_DB_URI=host=a password=b=c", "PGRST_DB_URI=host=z", "PGRST_DB_POOL=3",
		"PGRST_DB_ANON_ROLE=anon", "SWM_DB_ANON_ROLE=", "SWM_APP_SETTINGS_FOO=bar",
		"PGRST_APP_SETTINGS_FOO=other", "PGRST_APP_SETTINGS_MY_KEY=$(not) \"changed\"",
		"PGRST_DB_SCHEMA=one", "SWM_UNKNOWN=1", "SWM_", "SWM_DB_POOLS=9", "SWM_db_pool=8", NULL,
	};
	assert_parses("db-anon-role = \"file\"\ndb-channel = \"kept\"");
	ck_assert_int_eq(swm_config_load_environment(config, environment, err), SWM_OK);
	ck_assert_str_eq(get("db-uri"), "host=a password=b=c");
	ck_assert_str_eq(get("db-pool"), "3");
	ck_assert_str_eq(get("db-anon-role"), "");
	ck_assert_str_eq(get("db-channel"), "kept");
	ck_assert_str_eq(get("app.settings.foo"), "bar");
	ck_assert_str_eq(get("app.settings.my_key"), "$(not) \"changed\"");
	ck_assert_str_eq(get("db-schemas"), "one");
}
END_TEST

START_TEST(a_prefix_counts_more_than_a_name)
{
	static const char *const environment[] = { "PGRST_DB_SCHEMAS=two", "SWM_DB_SCHEMA=one", NULL };
	ck_assert_int_eq(swm_config_load_environment(config, environment, err), SWM_OK);
	ck_assert_str_eq(get("db-schemas"), "one");
}
END_TEST

START_TEST(a_bad_environment)
{
	static const char *const environment[] = { "SWM_LOG_LEVEL=loud", "PGRST_DB_POOL=ten", "SWM_DB_CHANNEL=\xff", NULL };
	ck_assert_int_eq(swm_config_load_environment(config, environment, err), SWM_ECONFIG);
	ck_assert_str_eq(message(), "SWM_DB_CHANNEL: db-channel is not valid UTF-8");
	ck_assert_str_eq(details(),
	                 "PGRST_DB_POOL: db-pool must be a whole number from 1 to 10000, not \"ten\"\n"
	                 "SWM_LOG_LEVEL: log-level must be one of crit, error, warn, info, debug, not \"loud\"");
	ck_assert_int_eq(swm_config_load_environment(config, NULL, err), SWM_EINVAL);
}
END_TEST

START_TEST(the_program)
{
	swm_str value;
	ck_assert_int_eq(swm_config_set(config, "db-pool", "12", err), SWM_OK);
	ck_assert_int_eq(swm_config_set(config, "db-pool", "13", err), SWM_OK);
	ck_assert_str_eq(get("db-pool"), "13");
	ck_assert_int_eq(swm_config_set(config, "max-rows", "5", err), SWM_OK);
	ck_assert_str_eq(get("db-max-rows"), "5");
	ck_assert_str_eq(get("max-rows"), "5");
	ck_assert_int_eq(swm_config_set(config, "root-spec", "root", err), SWM_OK);
	ck_assert_str_eq(get("db-root-spec"), "root");
	ck_assert_int_eq(swm_config_set(config, "db-pool", "ten", err), SWM_ECONFIG);
	ck_assert_str_eq(message(), "db-pool must be a whole number from 1 to 10000, not \"ten\"");
	ck_assert_int_eq(swm_config_set(config, "nonsense", "1", err), SWM_ECONFIG);
	ck_assert_int_eq(swm_config_set(config, NULL, "1", err), SWM_EINVAL);
	ck_assert_int_eq(swm_config_set(config, "db-pool", NULL, err), SWM_EINVAL);
	ck_assert_int_eq(swm_config_get(config, "nonsense", &value, err), SWM_ECONFIG);
	ck_assert_str_eq(get("db-anon-role"), "");
	/* a success leaves the error clear */
	ck_assert_int_eq(swm_error_result(err), SWM_OK);
	ck_assert_int_eq(swm_config_set(config, "db-pool", "ten", NULL), SWM_ECONFIG);
}
END_TEST

START_TEST(numbers)
{
	static const struct {
		const char *name, *value;
		int64_t number;
	} cases[] = {
		{ "db-pool", NULL, 10 },
		{ "db-pool", "12", 12 },
		{ "db-pool", "", 10 },
		{ "db-max-rows", NULL, -1 },
		{ "db-max-rows", "0", 0 },
		{ "db-max-rows", "9223372036854775807", INT64_MAX },
		{ "max-rows", "5", 5 },
		{ "server-threads", "", -1 },
		{ "server-unix-socket-mode", NULL, 0660 },
		{ "server-unix-socket-mode", "0777", 0777 },
	};
	static const struct {
		const char *name;
		int result;
	} refused[] = {
		{ "nonsense", SWM_ECONFIG }, { "app.settings.x", SWM_EINVAL },
		{ "db-uri", SWM_EINVAL }, { "log-level", SWM_EINVAL }, { "db-schemas", SWM_EINVAL },
		{ "db-config", SWM_EINVAL }, { "admin-server-unix-socket-mode", SWM_EINVAL },
	};
	int64_t number = 0;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (cases[i].value != NULL)
			ck_assert_int_eq(swm_config_set(config, cases[i].name, cases[i].value, err), SWM_OK);
		ck_assert_int_eq(swm_config_get_int64(config, cases[i].name, &number, err), SWM_OK);
		ck_assert_msg(number == cases[i].number, "%s: %lld", cases[i].name, (long long)number);
	}
	ck_assert_int_eq(swm_config_set(config, "app.settings.x", "1", err), SWM_OK);
	number = 42;
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		ck_assert_int_eq(swm_config_get_int64(config, refused[i].name, &number, err),
		                 refused[i].result);
		ck_assert_int_eq(swm_error_result(err), refused[i].result);
		ck_assert_int_eq(number, 42);
	}
}
END_TEST

/* --- checks --- */

START_TEST(secrets)
{
	/* RFC 7518, 3.2: a key of at least 256 bits for HS256 */
	assert_parses("jwt-secret = \"0123456789012345678901234567890\"");
	assert_check_refused("swm.conf:1: jwt-secret must be at least 32 characters long");
	assert_parses("jwt-secret = \"01234567890123456789012345678901\"");
	ck_assert_int_eq(swm_config_check(config, err), SWM_OK);
	assert_parses("jwt-secret = \" {\\\"kty\\\":\\\"oct\\\",\\\"k\\\":\\\"cmVhbGx5cmVhbGx5cmVhbGx5cmVhbGx5dmVyeXNhZmU\\\"}\"");
	ck_assert_int_eq(swm_config_check(config, err), SWM_OK);
	assert_parses("jwt-secret = \"-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_\"\njwt-secret-is-base64 = true");
	ck_assert_int_eq(swm_config_check(config, err), SWM_OK);
	assert_parses("\njwt-secret = \"not base64\"\njwt-secret-is-base64 = true");
	assert_check_refused("swm.conf:2: jwt-secret is not base64");
}
END_TEST

/* A StringOrURI (RFC 7519, 2). */
START_TEST(audience)
{
	static const char *const good[] = { "", "an audience", "https://a.example/b?c#d", "urn:x:%20" };
	static const char *const bad[] = { "http://a b", "1a:b", ":b", "a b:c", "urn:x:%2", "urn:x:\xc3\xa4" };
	char text[64];

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		snprintf(text, sizeof text, "jwt-aud = \"%s\"", good[i]);
		assert_parses(text);
		ck_assert_msg(swm_config_check(config, err) == SWM_OK, "%s", good[i]);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		snprintf(text, sizeof text, "jwt-aud = \"%s\"", bad[i]);
		assert_parses(text);
		assert_check_refused("swm.conf:1: jwt-aud has a colon, but is no URI");
	}
}
END_TEST

START_TEST(schemas)
{
	assert_parses("db-schemas = \"\"");
	assert_check_refused("swm.conf:1: db-schemas must name a schema");
	assert_parses("db-schemas = \"a,,b\"");
	assert_check_refused("swm.conf:1: db-schemas has an empty item");
	assert_parses("db-schemas = \"a, pg_catalog, information_schema\"");
	assert_check_refused("swm.conf:1: db-schemas must not contain pg_catalog");
	ck_assert_str_eq(details(), "swm.conf:1: db-schemas must not contain information_schema");
}
END_TEST

START_TEST(other_checks)
{
	char long_path[200];
	assert_parses("db-anon-role = \"none\"\nserver-trace-header = \"X-Request-Id\"");
	assert_check_refused("swm.conf:1: db-anon-role must not be \"none\"");
	assert_parses("db-anon-role = \"anon\"\nserver-trace-header = \"X: y\"");
	assert_check_refused("swm.conf:2: server-trace-header is not the name of a header");
	assert_parses("server-trace-header = \"\"");
	memset(long_path, 'a', 108); /* sun_path has 108 bytes (unix(7)), one of them for the NUL */
	long_path[108] = '\0';
	ck_assert_int_eq(swm_config_set(config, "server-unix-socket", long_path, err), SWM_OK);
	assert_check_refused("server-unix-socket is longer than the 107 bytes that a socket's path may have");
}
END_TEST

/* --- showing it --- */

static int
write_line(void *user, swm_str name, swm_str value)
{
	swm_buf *to = user;
	swm_buf_str(to, name);
	swm_buf_cstr(to, " = ");
	swm_buf_str(to, value);
	swm_buf_char(to, '\n');
	return 0;
}

static int
stop_at_third(void *user, swm_str name, swm_str value)
{
	int *count = user;
	(void)name;
	(void)value;
	return ++*count == 3 ? 42 : 0;
}

START_TEST(what_is_shown_can_be_read_again)
{
	swm_buf first = SWM_BUF_INIT, second = SWM_BUF_INIT;
	assert_parses("db-schemas = \"a, b\"\ndb-channel = \"q\\\" b\\\\ n\\n t\\t d$$ \\u0001 \xc3\xa9\"\n"
	              "db-pool = 4\ndb-plan-enabled = \"1\"\n");
	ck_assert_int_eq(swm_config_each(config, write_line, &first), 0);
	ck_assert_ptr_nonnull(strstr(first.ptr, "\ndb-plan-enabled = true\n"));
	ck_assert_ptr_nonnull(strstr(first.ptr, "\ndb-pool = 4\n"));
	ck_assert_ptr_nonnull(strstr(first.ptr, "\ndb-anon-role = \"\"\n"));
	ck_assert_ptr_nonnull(strstr(first.ptr, "\ndb-schemas = \"a, b\"\n"));
	assert_parses(first.ptr);
	ck_assert_str_eq(get("db-channel"), "q\" b\\ n\n t\t d$ \x01 \xc3\xa9");
	/* what was a default is set now: the connection string is then a secret */
	ck_assert_int_eq(swm_config_set(config, "db-uri", "", err), SWM_OK);
	ck_assert_int_eq(swm_config_each(config, write_line, &second), 0);
	ck_assert_str_eq(first.ptr, second.ptr);
	swm_buf_dispose(&first);
	swm_buf_dispose(&second);
}
END_TEST

START_TEST(no_secret_is_shown)
{
	swm_buf shown = SWM_BUF_INIT;
	assert_parses("db-uri = \"host=a password=hush\"\njwt-secret = \"hushhushhushhushhushhushhushhushhush\"\n"
	              "app.settings.key = \"hush\"\n");
	ck_assert_int_eq(swm_config_each(config, write_line, &shown), 0);
	ck_assert_ptr_null(strstr(shown.ptr, "hush"));
	ck_assert_ptr_nonnull(strstr(shown.ptr, "\ndb-uri = \"***\"\n"));
	ck_assert_ptr_nonnull(strstr(shown.ptr, "\njwt-secret = \"***\"\n"));
	ck_assert_ptr_nonnull(strstr(shown.ptr, "\napp.settings.key = \"***\"\n"));
	swm_buf_dispose(&shown);
}
END_TEST

START_TEST(showing_stops_when_told)
{
	int count = 0;
	ck_assert_int_eq(swm_config_each(config, stop_at_third, &count), 42);
	ck_assert_int_eq(count, 3);
}
END_TEST

static int
write_warning(void *user, swm_str warning)
{
	swm_buf_str(user, warning);
	swm_buf_char(user, '\n');
	return 0;
}

START_TEST(warnings)
{
	swm_buf said = SWM_BUF_INIT;
	ck_assert_int_eq(swm_config_warnings(config, write_warning, &said), 0);
	ck_assert_uint_eq(said.len, 0);
	assert_parses("server-host = \"!4\"\nserver-port = 3000\nmax-rows = 10\n");
	ck_assert_int_eq(swm_config_warnings(config, write_warning, &said), 0);
	ck_assert_str_eq(said.ptr,
	                 "swm.conf:3: max-rows is the old name of db-max-rows\n"
	                 "swm.conf:1: server-host is ignored: the web server listens.\n"
	                 "swm.conf:2: server-port is ignored: the web server listens.\n");
	swm_buf_dispose(&said);
}
END_TEST

/* A value that the option accepts and that is not its default. */
static const char *
some_value(const struct swm_option *o)
{
	static char word[64];

	switch (o->type) {
	case SWM_OPTION_INTEGER:
		return "1024";
	case SWM_OPTION_BOOLEAN:
		return "true";
	case SWM_OPTION_ENUM: /* the last of them is never "off" */
		snprintf(word, sizeof word, "%s", strrchr(o->range, ' ') + 1);
		return word;
	default:
		return o->range != NULL ? "600" : "postgresql";
	}
}

static size_t
warnings_of(const char *name, const char *value, swm_buf *said)
{
	char line[256];
	swm_config *own;
	size_t lines = 0;

	snprintf(line, sizeof line, "\n%s = \"%s\"\n", name, value);
	swm_buf_clear(said);
	ck_assert_int_eq(swm_config_new(&own, err), SWM_OK);
	ck_assert_msg(swm_config_parse(own, SWM_STR("swm.conf"), swm_cstr(line), err) == SWM_OK, "%s: %s", line,
	              message());
	ck_assert_int_eq(swm_config_warnings(own, write_warning, said), 0);
	swm_config_free(own);
	for (size_t i = 0; i < said->len; i++)
		lines += said->ptr[i] == '\n';
	return lines;
}

START_TEST(a_setting_without_effect_is_never_silent)
{
	swm_buf said = SWM_BUF_INIT;

	for (int i = 0; i < SWM_OPTION_COUNT; i++) {
		const struct swm_option *o = &swm_options[i];
		char place[128];
		bool marked = strpbrk(o->flags, "IN") != NULL;
		snprintf(place, sizeof place, "swm.conf:2: %s is ", o->name);
		ck_assert_msg(warnings_of(o->name, some_value(o), &said) == marked, "%s: %s", o->name, swm_buf_text(&said));
		ck_assert(!marked || swm_str_starts(swm_buf_view(&said), swm_cstr(place)));
	}
	/* what is switched off is as it is */
	ck_assert_uint_eq(warnings_of("db-config", "false", &said), 0);
	ck_assert_uint_eq(warnings_of("db-channel-enabled", "off", &said), 0);
	ck_assert_uint_eq(warnings_of("log-query", "disabled", &said), 0);
	ck_assert_uint_eq(warnings_of("db-pre-config", "", &said), 0);
	ck_assert_uint_eq(warnings_of("db-pre-config", "api.f", &said), 1);
	ck_assert_str_eq(swm_buf_text(&said), "swm.conf:2: db-pre-config is not in effect yet\n");
	swm_buf_dispose(&said);
}
END_TEST

/* PostgREST's CHANGELOG: these were in versions before 14. */
START_TEST(settings_of_older_versions_of_postgrest)
{
	swm_buf said = SWM_BUF_INIT;
	const char *const environment[] = { "PGRST_DB_USE_LEGACY_GUCS=true", NULL };

	assert_parses("db-use-legacy-gucs = false\ndb-embed-default-join = \"inner\"\n"
	              "raw-media-types = \"image/png\"\nadmin-server-config-enabled = true\n"
	              "server-proxy-uri = \"https://example.com\"\n");
	ck_assert_int_eq(swm_config_load_environment(config, environment, err), SWM_OK);
	ck_assert_int_eq(swm_config_warnings(config, write_warning, &said), 0);
	ck_assert_str_eq(
		said.ptr,
		"swm.conf:5: server-proxy-uri is the old name of openapi-server-proxy-uri\n"
		"swm.conf:1: db-use-legacy-gucs is ignored, a setting of older versions of PostgREST: "
		"SQL reads headers, cookies and claims as JSON, as in request.headers\n"
		"swm.conf:2: db-embed-default-join is ignored, a setting of older versions of PostgREST: "
		"a select asks for an inner join with !inner\n"
		"swm.conf:3: raw-media-types is ignored, a setting of older versions of PostgREST: "
		"a function or an aggregate answers with a media type\n"
		"swm.conf:4: admin-server-config-enabled is ignored, a setting of older versions of PostgREST: "
		"there is no admin server\n"
		"PGRST_DB_USE_LEGACY_GUCS: db-use-legacy-gucs is ignored, a setting of older versions of PostgREST: "
		"SQL reads headers, cookies and claims as JSON, as in request.headers\n");
	swm_buf_dispose(&said);
}
END_TEST

START_TEST(variables_that_name_nothing)
{
	swm_buf said = SWM_BUF_INIT;
	const char *const environment[] = { "SWM_DB_URL=postgres://u:hush@h", "PGRST_DB_ANON_ROLES=hush", "SWM_DB_POOL=3",
		"SWM_ZZZZZZ=1", "SWMX=1", "PGRST_APP_SETTINGS_=hush", "SWM_APP_SETTINGS_X=hush", "SWM_db_pool=1", NULL };

	ck_assert_int_eq(swm_config_load_environment(config, environment, err), SWM_OK);
	ck_assert_int_eq(swm_config_warnings(config, write_warning, &said), 0);
	ck_assert_str_eq(said.ptr,
	                 "SWM_DB_URL: names no setting; did you mean SWM_DB_URI?\n"
	                 "PGRST_DB_ANON_ROLES: names no setting; did you mean PGRST_DB_ANON_ROLE?\n"
	                 "SWM_ZZZZZZ: names no setting\n"
	                 "PGRST_APP_SETTINGS_: names no setting\n"
	                 "SWM_db_pool: names no setting; did you mean SWM_DB_POOL?\n");
	swm_buf_dispose(&said);
}
END_TEST

/* What only keys, paths and libpq can say has its place as well, all of it at once. */
START_TEST(checks_of_other_rooms_have_their_place)
{
	assert_parses("\ndb-uri = \"mysql://x\"\n\njwt-role-claim-key = \"role\"\n");
	ck_assert_int_eq(swm_config_check(config, err), SWM_ECONFIG);
	ck_assert_str_eq(message(), "swm.conf:4: failed to parse jwt-role-claim-key value (role)");
	ck_assert_str_eq(details(), "swm.conf:2: db-uri is no connection string of libpq");
	assert_parses("\n\njwt-secret = \"{\\\"kty\\\":\\\"zzz\\\"}\"\njwt-role-claim-key = \".role\"");
	const char *const environment[] = { "SWM_DB_URI=mysql://u:hush@h", NULL };
	ck_assert_int_eq(swm_config_load_environment(config, environment, err), SWM_OK);
	ck_assert_int_eq(swm_config_check(config, err), SWM_ECONFIG);
	ck_assert_msg(strncmp(message(), "swm.conf:3: ", 12) == 0, "%s", message());
	ck_assert_str_eq(details(), "SWM_DB_URI: db-uri is no connection string of libpq");
}
END_TEST

START_TEST(settings_outlive_the_configuration)
{
	assert_parses("db-anon-role = \"anon\"\ndb-schemas = \"a,b\"\napp.settings.x = \"y\"");
	resolve();
	const swm_settings *again = swm_settings_ref(settings);
	ck_assert_ptr_eq(again, settings);
	swm_config_free(config);
	config = NULL;
	swm_settings_unref(again);
	assert_view(settings->db_anon_role, "anon");
	assert_view(settings->db_schemas.items[1], "b");
	assert_view(settings->app_values[0], "y");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("config");
	TCase *cases = tcase_create("config");

	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, names_are_unique_and_defaults_are_accepted);
	tcase_add_test(cases, options_without_meaning_say_why);
	tcase_add_test(cases, defaults_are_postgrests);
	tcase_add_test(cases, postgrests_example_is_read);
	tcase_add_test(cases, blanks_comments_and_line_ends);
	tcase_add_test(cases, nothing_is_a_configuration);
	tcase_add_test(cases, values_of_one_type_written_as_another);
	tcase_add_test(cases, escapes_in_strings);
	tcase_add_test(cases, wrong_escapes);
	tcase_add_test(cases, dollars_and_variables);
	tcase_add_test(cases, a_string_of_several_lines);
	tcase_add_test(cases, a_quote_is_missing);
	tcase_add_test(cases, lines_that_are_none);
	tcase_add_test(cases, a_value_without_quotes_is_not_repeated);
	tcase_add_test(cases, unknown_settings);
	tcase_add_test(cases, bad_numbers);
	tcase_add_test(cases, bad_words);
	tcase_add_test(cases, modes_of_the_socket);
	tcase_add_test(cases, a_setting_that_stands_twice);
	tcase_add_test(cases, all_problems_are_told);
	tcase_add_test(cases, a_failed_file_changes_nothing);
	tcase_add_test(cases, an_empty_value_is_not_set);
	tcase_add_test(cases, lists_are_cut_at_commas);
	tcase_add_test(cases, app_settings_keep_their_order);
	tcase_add_test(cases, app_settings_names_are_postgresqls);
	tcase_add_test(cases, bytes_that_are_no_text);
	tcase_add_test(cases, a_line_of_a_megabyte);
	tcase_add_test(cases, many_problems_are_cut);
	tcase_add_test(cases, a_long_value_is_cut_in_the_message);
	tcase_add_test(cases, a_file_is_loaded);
	tcase_add_test(cases, a_missing_file);
	tcase_add_test(cases, a_value_from_a_file);
	tcase_add_test(cases, the_newline_of_a_file_does_not_count);
	tcase_add_test(cases, an_at_sign_means_a_file_only_where_it_may);
	tcase_add_test(cases, a_value_from_a_bad_file);
	tcase_add_test(cases, the_environment);
	tcase_add_test(cases, a_prefix_counts_more_than_a_name);
	tcase_add_test(cases, a_bad_environment);
	tcase_add_test(cases, the_program);
	tcase_add_test(cases, numbers);
	tcase_add_test(cases, secrets);
	tcase_add_test(cases, audience);
	tcase_add_test(cases, schemas);
	tcase_add_test(cases, other_checks);
	tcase_add_test(cases, what_is_shown_can_be_read_again);
	tcase_add_test(cases, no_secret_is_shown);
	tcase_add_test(cases, showing_stops_when_told);
	tcase_add_test(cases, warnings);
	tcase_add_test(cases, a_setting_without_effect_is_never_silent);
	tcase_add_test(cases, settings_of_older_versions_of_postgrest);
	tcase_add_test(cases, variables_that_name_nothing);
	tcase_add_test(cases, checks_of_other_rooms_have_their_place);
	tcase_add_test(cases, settings_outlive_the_configuration);
	suite_add_tcase(suite, cases);
	return suite;
}
