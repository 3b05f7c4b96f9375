/* swm query: one request through the library, its answer on standard output. */
#include "config.h"

#include "command.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct query {
	const char *file, *target, *token, *role;
	char **headers; /* borrowed from argv */
	size_t header_count;
	bool include;
};

/* Where the answer goes: standard output, or standard error when it is an error. */
struct answer {
	const struct query *query;
	FILE *to;
	int status;
	bool is_text;
	char last; /* byte of the body */
};

static bool
is_success(int status)
{
	return status >= 200 && status <= 299;
}

static int
take_status(void *user, int status)
{
	struct answer *a = user;

	a->status = status;
	a->to = is_success(status) ? stdout : stderr;
	return a->query->include && fprintf(a->to, "Status: %d\n", status) < 0;
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

	if (name.len == strlen("Content-Type") && starts(name, "Content-Type"))
		a->is_text = starts(value, "application/octet-stream") == 0;
	return a->query->include && fprintf(a->to, "%.*s: %.*s\n", (int)name.len, name.ptr,
	                                    (int)value.len, value.ptr) < 0;
}

static int
take_body(void *user, swm_str piece)
{
	struct answer *a = user;

	if (piece.len == 0)
		return 0;
	if (a->last == '\0' && a->query->include)
		fputc('\n', a->to);
	a->last = piece.ptr[piece.len - 1] == '\n' ? '\n' : 'x';
	return fwrite(piece.ptr, 1, piece.len, a->to) != piece.len;
}

/* Of a URL as another client would have it: what follows the host. */
static const char *
skip_origin(const char *query)
{
	static const char *const schemes[] = { "http://", "https://" };

	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
		if (strncasecmp(query, schemes[i], strlen(schemes[i])) == 0)
			return query + strlen(schemes[i]) + strcspn(query + strlen(schemes[i]), "/?");
	return query;
}

/* A shell's user writes blanks and letters of any language; a target has them encoded (RFC 3986, 2.1). */
static char *
make_target(const char *query)
{
	char *target = NULL;
	size_t len;
	FILE *to = open_memstream(&target, &len);

	if (to == NULL)
		return NULL;
	query = skip_origin(query);
	if (query[0] != '/')
		fputc('/', to);
	for (; *query != '\0'; query++) {
		unsigned char c = (unsigned char)*query;
		if (c <= ' ' || c >= 0x7f || c == '#')
			fprintf(to, "%%%02X", c);
		else
			fputc(c, to);
	}
	if (fclose(to) != 0) {
		free(target);
		return NULL;
	}
	return target;
}

static swm_str
view(const char *s)
{
	return (swm_str){ s, strlen(s) };
}

/* 'Name: value'; the form has been checked. */
static int
add_header(swm_request *request, const char *field)
{
	const char *colon = strchr(field, ':'), *value = colon + 1;

	while (*value == ' ' || *value == '\t')
		value++;
	return swm_request_add_header(request, (swm_str){ field, (size_t)(colon - field) }, view(value));
}

static int
add_headers(swm_request *request, const struct query *q, const char *authorization)
{
	int result = SWM_OK;

	for (size_t i = 0; i < q->header_count && result == SWM_OK; i++)
		result = add_header(request, q->headers[i]);
	if (result == SWM_OK && authorization != NULL)
		result = swm_request_add_header(request, SWM_STR("Authorization"), view(authorization));
	return result;
}

static int
finish(struct answer *a, int result, const swm_error *err)
{
	if (result != SWM_OK) {
		fflush(stdout);
		fputs(a->last == '\0' ? "" : "\nswm: the answer is not complete: ", stderr);
		return complain(err);
	}
	if (a->is_text && a->last != '\0' && a->last != '\n')
		fputc('\n', a->to);
	return is_success(a->status) ? EXIT_DONE : EXIT_FAILED;
}

static int
serve(swm_engine *engine, const struct query *q, const char *target, const char *authorization,
      swm_error *err)
{
	struct answer answer = { .query = q, .to = stdout, .is_text = true };
	swm_sink sink = { sizeof sink, &answer, take_status, take_header, take_body };
	swm_request *request;
	int result = swm_request_new(&request, err);

	if (result == SWM_OK) {
		swm_request_set_method(request, SWM_STR("GET"));
		swm_request_set_target(request, view(target));
		result = add_headers(request, q, authorization);
		if (result == SWM_OK)
			result = swm_engine_serve(engine, request, &sink, err);
		swm_request_free(request);
	}
	return finish(&answer, result, err);
}

/* "Bearer TOKEN", "" when the query has no token, NULL when it cannot be made (said). */
static char *
make_authorization(const swm_config *config, const struct query *q, swm_error *err)
{
	enum { SECONDS = 300 };
	char *signed_token = NULL, *text = NULL;
	const char *token = q->token;

	if (q->role != NULL) {
		token = signed_token = make_token(config, q->role, SECONDS, NULL, NULL, err);
		if (token == NULL)
			return NULL;
	}
	int printed = token == NULL ? asprintf(&text, "%s", "") : asprintf(&text, "Bearer %s", token);
	swm_token_free(signed_token);
	if (printed >= 0)
		return text;
	complain(NULL);
	return NULL;
}

static int
run_query(const struct query *q, const swm_config *config, swm_error *err)
{
	swm_engine *engine = NULL;
	char *target = make_target(q->target);
	char *authorization = make_authorization(config, q, err);
	int status = EXIT_FAILED;

	if (target == NULL)
		complain(NULL);
	else if (authorization != NULL && swm_engine_open(&engine, config, NULL, err) != SWM_OK)
		complain(err);
	else if (authorization != NULL)
		status = serve(engine, q, target, authorization[0] == '\0' ? NULL : authorization, err);
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
