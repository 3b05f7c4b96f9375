/* swm query: one request through the library, its answer on standard output. */
#include "config.h"

#include "ask.h"
#include "command.h"
#include "table.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct query {
	const char *file, *target, *token, *role;
	const char *format; /* NULL: none was asked for */
	char **headers;     /* borrowed from argv */
	size_t header_count;
	bool include, wide;
};

/* Where the answer goes: standard output, or, when it is an error, standard error. */
struct answer {
	const struct query *query;
	struct screen screen;
	struct table table;
	struct text problem; /* an error's body, when it is to be told in lines */
	char *scalar;        /* the heading of an answer without columns */
	char range[96];      /* Content-Range */
	int status;
	bool wants_table;
	bool is_table;       /* the answer is rows, one a line */
	bool is_text;
	char last;           /* byte of the body */
};

static int
write_answer(struct answer *a, swm_str bytes)
{
	if (ask_is_success(a->status))
		return screen_write_data(&a->screen, bytes);
	if (isatty(STDERR_FILENO) == 1)
		text_print(stderr, bytes);
	else
		fwrite(bytes.ptr, 1, bytes.len, stderr);
	return ferror(stderr);
}

/* A field of the answer's head, or its status, when they were asked for. */
static int
write_field(struct answer *a, swm_str name, swm_str value)
{
	char *line;

	if (!a->query->include)
		return 0;
	int len = asprintf(&line, "%.*s: %.*s\n", (int)name.len, name.ptr, (int)value.len,
	                   value.ptr);
	if (len < 0)
		return -1;
	int result = write_answer(a, (swm_str){ line, (size_t)len });
	free(line);
	return result;
}

static int
take_status(void *user, int status)
{
	struct answer *a = user;
	char text[16];

	a->status = status;
	int len = snprintf(text, sizeof text, "%d", status);
	return write_field(a, SWM_STR("Status"), (swm_str){ text, (size_t)len });
}

static bool
starts(swm_str s, const char *prefix)
{
	size_t len = strlen(prefix);

	return s.len >= len && strncasecmp(s.ptr, prefix, len) == 0;
}

static int
take_header(void *user, swm_str name, swm_str value)
{
	struct answer *a = user;

	if (ask_is_field(name, "Content-Type")) {
		a->is_text = !starts(value, "application/octet-stream");
		a->is_table = a->wants_table && ask_is_success(a->status) &&
		              starts(value, "application/x-ndjson");
	}
	if (ask_is_field(name, "Content-Range"))
		snprintf(a->range, sizeof a->range, "%.*s", (int)value.len, value.ptr);
	return write_field(a, name, value);
}

/* People read lines; programs, and who asks for all of the answer, what the server would send. */
static bool
tells_in_lines(const struct answer *a)
{
	return !ask_is_success(a->status) && !a->query->include &&
	       (a->wants_table || isatty(STDERR_FILENO) == 1);
}

static int
take_body(void *user, swm_str piece)
{
	struct answer *a = user;

	if (piece.len == 0)
		return 0;
	if (a->last == '\0' && a->query->include && write_answer(a, SWM_STR("\n")) != 0)
		return -1;
	a->last = piece.ptr[piece.len - 1] == '\n' ? '\n' : 'x';
	if (a->is_table)
		return table_write(&a->table, piece);
	if (!tells_in_lines(a))
		return write_answer(a, piece);
	text_add(&a->problem, piece.ptr, piece.len);
	return a->problem.failed;
}

/* 'Name: value'; the form has been checked. */
static int
add_header(swm_request *request, const char *field)
{
	const char *colon = strchr(field, ':'), *value = colon + 1;

	while (*value == ' ' || *value == '\t')
		value++;
	return swm_request_add_header(request, (swm_str){ field, (size_t)(colon - field) },
	                              ask_view(value));
}

/*
 * The media type that the format needs; answers without rows (the document at the root) come as
 * they are.
 */
static const char *
accepted_media(const struct query *q, bool wants_table)
{
	static const char *const media[][2] = {
		{ "json", "application/json" },
		{ "csv", "text/csv" },
		{ "ndjson", "application/x-ndjson" },
	};

	if (wants_table)
		return "application/x-ndjson, */*;q=0.1";
	for (size_t i = 0; q->format != NULL && i < sizeof media / sizeof media[0]; i++)
		if (strcmp(q->format, media[i][0]) == 0)
			return media[i][1];
	return NULL;
}

static int
add_headers(swm_request *request, const struct query *q, const char *authorization,
            const char *media)
{
	int result = SWM_OK;

	for (size_t i = 0; i < q->header_count && result == SWM_OK; i++)
		result = add_header(request, q->headers[i]);
	if (result == SWM_OK && authorization != NULL)
		result = swm_request_add_header(request, SWM_STR("Authorization"),
		                                ask_view(authorization));
	if (result == SWM_OK && media != NULL)
		result = swm_request_add_header(request, SWM_STR("Accept"), ask_view(media));
	return result;
}

/* Ends an answer that broke off: prints the rows that have come, and the reason. */
static int
end_early(struct answer *a, int result, const swm_error *err)
{
	bool began = a->last != '\0';

	if (a->is_table && result != SWM_ESINK)
		table_end_rows(&a->table);
	if (screen_close(&a->screen) != 0 && result == SWM_ESINK)
		return EXIT_FAILED;
	if (screen_was_left(&a->screen))
		return EXIT_DONE;
	fflush(stdout);
	if (began)
		fprintf(stderr, "%sswm: the answer is not complete: ", a->is_table ? "" : "\n");
	return complain(err);
}

static int
end_answer(struct answer *a)
{
	int result = 0;

	if (a->is_table)
		result = table_end(&a->table, ask_view(a->range));
	else if (tells_in_lines(a))
		ask_print_problem(a->status, (swm_str){ a->problem.bytes, a->problem.len });
	else if (a->is_text && a->last != '\0' && a->last != '\n')
		result = write_answer(a, SWM_STR("\n"));
	if (screen_close(&a->screen) != 0)
		result = -1;
	if (a->table.failed && result != 0)
		return complain(NULL);
	bool good = ask_is_success(a->status) && (result == 0 || screen_was_left(&a->screen));
	return good ? EXIT_DONE : EXIT_FAILED;
}

/*
 * The last segment of the path: the name of a function, which is the column of its scalar result.
 */
static char *
last_segment(const char *target)
{
	size_t len = strcspn(target, "?"), start = len;

	while (start > 0 && target[start - 1] != '/')
		start--;
	return strndup(target + start, len - start);
}

static void
begin_answer(struct answer *a, const struct query *q, const char *target)
{
	bool is_chosen = q->format != NULL;

	for (size_t i = 0; i < q->header_count; i++)
		is_chosen |= strncasecmp(q->headers[i], "Accept:", strlen("Accept:")) == 0;
	*a = (struct answer){ .query = q, .is_text = true, .scalar = last_segment(target) };
	a->wants_table = is_chosen ? q->format != NULL && strcmp(q->format, "table") == 0
	                           : isatty(STDOUT_FILENO) == 1;
	enum screen_lines of_table = q->wide ? SCREEN_CHOPPED : SCREEN_FITTING;
	screen_open(&a->screen, a->wants_table ? of_table : SCREEN_FOLDED);
	table_begin(&a->table, &a->screen, q->wide, a->scalar == NULL ? "" : a->scalar);
}

struct asked {
	const char *target, *authorization;
	swm_str prefix; /* the path that a URL of this configuration's API begins with */
};

static int
serve(swm_engine *engine, const struct query *q, const struct asked *asked, swm_error *err)
{
	struct answer answer;
	swm_sink sink = { sizeof sink, &answer, take_status, take_header, take_body };
	swm_request *request;
	int result = swm_request_new(&request, err);

	begin_answer(&answer, q, asked->target);
	if (result == SWM_OK) {
		swm_request_set_method(request, SWM_STR("GET"));
		swm_request_set_target(request, ask_view(asked->target));
		swm_request_set_prefix(request, asked->prefix);
		result = add_headers(request, q, asked->authorization,
		                     accepted_media(q, answer.wants_table));
		if (result == SWM_OK)
			result = swm_engine_serve(engine, request, &sink, err);
		swm_request_free(request);
	}
	int status = result == SWM_OK ? end_answer(&answer) : end_early(&answer, result, err);
	table_free(&answer.table);
	text_free(&answer.problem);
	free(answer.scalar);
	return status;
}

static int
run_query(const struct query *q, const swm_config *config, swm_error *err)
{
	swm_engine *engine = NULL;
	bool is_url;
	char *target = ask_target(q->target, &is_url);
	char *authorization = make_authorization(config, q->token, q->role, err);
	struct asked asked = { target, authorization, is_url ? ask_mount(config) : SWM_STR("") };
	int status = EXIT_FAILED;

	if (authorization != NULL && authorization[0] == '\0')
		asked.authorization = NULL;
	if (target == NULL)
		complain(NULL);
	else if (authorization != NULL && swm_engine_open(&engine, config, NULL, err) != SWM_OK)
		complain(err);
	else if (authorization != NULL)
		status = serve(engine, q, &asked, err);
	swm_engine_close(engine);
	free(authorization);
	free(target);
	return status;
}

static int
take_query_option(void *wish, const struct command *self, int option, char *value)
{
	struct query *q = wish;

	switch (option) {
	case OPTION_query_token:
		q->token = value;
		return EXIT_DONE;
	case OPTION_query_role:
		q->role = value;
		return EXIT_DONE;
	case OPTION_query_include:
		q->include = true;
		return EXIT_DONE;
	case OPTION_query_format:
		q->format = value;
		return EXIT_DONE;
	case OPTION_query_wide:
		q->wide = true;
		return EXIT_DONE;
	default:
		if (value[0] == ':' || strchr(value, ':') == NULL)
			return usage_error(self, "a header is 'Name: value', not '%s'", value);
		q->headers[q->header_count++] = value;
		return EXIT_DONE;
	}
}

static int
read_query(const struct command *self, struct query *q, int argc, char **argv)
{
	int status = read_arguments(self, argc, argv, take_query_option, q);

	if (status != ARGUMENTS_READ)
		return status;
	if (q->token != NULL && q->role != NULL)
		return usage_error(self, "--token and --role exclude each other");
	for (size_t i = 0; q->format != NULL && i < q->header_count; i++)
		if (strncasecmp(q->headers[i], "Accept:", strlen("Accept:")) == 0)
			return usage_error(self, "--format and a header Accept exclude each other");
	q->file = argv[optind];
	q->target = argv[optind + 1];
	return ARGUMENTS_READ;
}

static int
load_and_run(const struct query *q)
{
	swm_error *err = swm_error_new();
	swm_config *config = NULL;
	int status = load_config(&config, q->file, err) == SWM_OK ? run_query(q, config, err)
	                                                         : complain(err);

	swm_config_free(config);
	swm_error_free(err);
	return status;
}

int
query_run(const struct command *self, int argc, char **argv)
{
	struct query q = { .headers = calloc((size_t)argc, sizeof(char *)) };

	if (q.headers == NULL)
		return complain(NULL);
	int status = read_query(self, &q, argc, argv);
	if (status == ARGUMENTS_READ)
		status = load_and_run(&q);
	free(q.headers);
	return status;
}
