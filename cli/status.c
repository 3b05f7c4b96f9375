/* swm status: whether swm-fcgi and the database are up, and what they do. */
#include "config.h"

#include "command.h"
#include "fcgi.h"
#include "json.h"
#include "table.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Milliseconds for either; who asks is at a terminal, or a probe that is called every so often. */
enum { LONGEST_WAIT = 5000 };

struct status {
	const char *file, *socket, *format;
	swm_config *config;
	struct fcgi_answer fcgi;
	swm_str database;    /* the JSON object of swm_status_read(); empty: there is none */
	struct text problem; /* then why not, in one line */
};

static swm_str
view(const char *s)
{
	return (swm_str){ s, strlen(s) };
}

static swm_str
text_view(const struct text *t)
{
	return (swm_str){ t->bytes, t->len };
}

static bool
fcgi_is_up(const struct status *s)
{
	return s->fcgi.status > 0 && s->fcgi.status < 500;
}

static bool
all_is_up(const struct status *s)
{
	return (s->socket == NULL || fcgi_is_up(s)) && s->database.len > 0;
}

/* A JSON string, of text that has no control characters. */
static void
add_quoted(struct text *to, swm_str s)
{
	text_add(to, "\"", 1);
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '"' || s.ptr[i] == '\\')
			text_add(to, "\\", 1);
		text_add(to, s.ptr + i, 1);
	}
	text_add(to, "\"", 1);
}

static void
add_problem(struct text *to, swm_str problem)
{
	text_format(to, ",\"problem\":");
	if (problem.len > 0)
		add_quoted(to, problem);
	else
		text_format(to, "null");
}

static void
add_fcgi_json(struct text *to, const struct status *s)
{
	struct text socket = { 0 };

	if (s->socket == NULL) {
		text_format(to, "null");
		return;
	}
	text_add_data(&socket, view(s->socket));
	text_format(to, "{\"up\":%s,\"status\":%d,\"milliseconds\":%" PRId64 ",\"socket\":",
	            fcgi_is_up(s) ? "true" : "false", s->fcgi.status, s->fcgi.milliseconds);
	add_quoted(to, text_view(&socket));
	add_problem(to, view(s->fcgi.problem));
	text_format(to, "}");
	text_free(&socket);
}

/* Appends the members of the library's JSON after our own. */
static void
add_database_json(struct text *to, const struct status *s)
{
	swm_str rest = s->database, name, value;

	text_format(to, "{\"up\":%s", s->database.len > 0 ? "true" : "false");
	add_problem(to, text_view(&s->problem));
	while (json_next_member(&rest, &name, &value)) {
		text_format(to, ",");
		text_add(to, name.ptr, name.len);
		text_format(to, ":");
		json_add_compact(to, value);
	}
	text_format(to, "}");
}

static int
print_json(const struct status *s)
{
	struct text t = { 0 };
	struct screen screen;

	text_format(&t, "{\"up\":%s,\"fcgi\":", all_is_up(s) ? "true" : "false");
	add_fcgi_json(&t, s);
	text_format(&t, ",\"database\":");
	add_database_json(&t, s);
	text_format(&t, "}\n");
	screen_open(&screen, SCREEN_FOLDED);
	int result = t.failed ? complain(NULL) : screen_write_data(&screen, text_view(&t));
	if (screen_close(&screen) != 0)
		result = -1;
	text_free(&t);
	return result == 0 || screen_was_left(&screen) ? EXIT_DONE : EXIT_FAILED;
}

static void
add_fcgi_line(struct text *to, const struct status *s)
{
	text_format(to, "swm-fcgi     ");
	if (s->socket == NULL) {
		text_format(to, "not asked: neither server-unix-socket nor --socket says where\n");
		return;
	}
	if (fcgi_is_up(s))
		text_format(to, "up: answered within %" PRId64 " ms", s->fcgi.milliseconds);
	else if (s->fcgi.status > 0)
		text_format(to, "in trouble: it answers with status %d", s->fcgi.status);
	else
		text_format(to, "down: %s", s->fcgi.problem);
	text_format(to, ", ");
	text_add_data(to, view(s->socket));
	text_format(to, "\n");
}

/* A member as people read it. */
static void
add_member(struct text *to, const char *before, swm_str object, const char *name,
           const char *behind)
{
	text_format(to, "%s", before);
	json_add_value(to, json_member(object, name));
	text_format(to, "%s", behind);
}

static void
add_connections_line(struct text *to, const struct status *s)
{
	swm_str c = json_member(s->database, "connections");
	int64_t pool;

	if (swm_config_get_int64(s->config, "db-pool", &pool, NULL) != SWM_OK)
		pool = 0;
	add_member(to, "connections  ", c, "total", "");
	text_format(to, " (of db-pool %lld, of max_connections ", (long long)pool);
	add_member(to, "", s->database, "max_connections", "): ");
	add_member(to, "", c, "active", " active, ");
	add_member(to, "", c, "idle", " idle, ");
	add_member(to, "", c, "idle_in_transaction", " idle in a transaction, ");
	add_member(to, "", c, "waiting", " waiting for locks\n");
}

static void
add_database_lines(struct text *to, const struct status *s)
{
	swm_str d = s->database;

	if (d.len == 0) {
		text_format(to, "database     down: ");
		text_add(to, s->problem.bytes, s->problem.len);
		text_format(to, "\n");
		return;
	}
	add_member(to, "database     up: PostgreSQL ", d, "server_version", "");
	if (json_is_true(json_member(d, "in_recovery")))
		text_format(to, " (a standby)");
	add_member(to, ", database ", d, "database", "");
	add_member(to, " as ", d, "login", "\n");
	if (json_is_null(json_member(d, "schema_version")))
		text_format(to, "schema swm   not installed, or not by sql/08-version.sql\n");
	else
		add_member(to, "schema swm   version ", d, "schema_version", "\n");
	add_connections_line(to, s);
}

/* An array of objects as a table; nothing when it is empty or null. */
static int
print_list(struct screen *screen, const char *title, swm_str array)
{
	struct table table;
	swm_str row;
	int result = 0;

	if (array.len == 0 || *array.ptr != '[' || !json_next_element(&array, &row))
		return 0;
	result = screen_write(screen, title, strlen(title));
	table_begin(&table, screen, false, "");
	do {
		if (result == 0)
			result = table_write(&table, row);
		if (result == 0)
			result = table_write(&table, SWM_STR("\n"));
	} while (result == 0 && json_next_element(&array, &row));
	if (result == 0)
		result = table_end_rows(&table);
	table_free(&table);
	return result;
}

static int
print_table(const struct status *s)
{
	struct text t = { 0 };
	struct screen screen;

	screen_open(&screen, SCREEN_FITTING);
	add_fcgi_line(&t, s);
	add_database_lines(&t, s);
	int result = t.failed ? -1 : screen_write(&screen, t.bytes, t.len);
	swm_str running = json_member(s->database, "running");
	swm_str slowest = json_member(s->database, "slowest");
	if (result == 0)
		result = print_list(&screen, "\nRunning now:\n", running);
	if (result == 0)
		result = print_list(&screen, "\nSlowest by mean:\n", slowest);
	if (screen_close(&screen) != 0)
		result = -1;
	text_free(&t);
	return result == 0 || screen_was_left(&screen) ? EXIT_DONE : EXIT_FAILED;
}

/* The details say what it is; the message, that it is tried again, which we do not. */
static void
tell_problem(struct text *to, const swm_error *err)
{
	swm_str message = swm_error_message(err), details = swm_error_details(err);

	text_add_data(to, details.len > 0 ? details : message);
	if (to->len == 0)
		text_format(to, "out of memory");
}

static int
print_status(struct status *s, swm_error *err)
{
	char *database = NULL;
	bool is_json = s->format == NULL ? isatty(STDOUT_FILENO) != 1
	                                 : strcmp(s->format, "json") == 0;

	if (s->socket != NULL)
		fcgi_ask(&s->fcgi, s->socket, LONGEST_WAIT);
	if (swm_status_read(&database, s->config, LONGEST_WAIT, err) == SWM_OK)
		s->database = view(database);
	else
		tell_problem(&s->problem, err);
	int result = is_json ? print_json(s) : print_table(s);
	swm_status_free(database);
	text_free(&s->problem);
	return result == EXIT_DONE && all_is_up(s) ? EXIT_DONE : EXIT_FAILED;
}

static int
load_and_print(struct status *s)
{
	swm_error *err = swm_error_new();
	swm_str socket;
	int status = EXIT_FAILED;

	if (load_config(&s->config, s->file, err) != SWM_OK ||
	    swm_config_check(s->config, err) != SWM_OK ||
	    swm_config_get(s->config, "server-unix-socket", &socket, err) != SWM_OK) {
		complain(err);
	} else {
		if (s->socket == NULL && socket.len > 0)
			s->socket = socket.ptr;
		status = print_status(s, err);
	}
	swm_config_free(s->config);
	swm_error_free(err);
	return status;
}

static int
take_status_option(void *wish, const struct command *self, int option, char *value)
{
	struct status *s = wish;

	(void)self;
	if (option == OPTION_status_socket)
		s->socket = value;
	else
		s->format = value;
	return EXIT_DONE;
}

int
status_run(const struct command *self, int argc, char **argv)
{
	struct status s = { 0 };
	int result = read_arguments(self, argc, argv, take_status_option, &s);

	if (result != ARGUMENTS_READ)
		return result;
	s.file = argv[optind];
	return load_and_print(&s);
}
