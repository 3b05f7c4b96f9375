/*
 * A web request without a web server: its answer goes to standard output.
 *
 *     cc requests.c -o requests $(pkg-config --cflags --libs libswm)
 *     ./requests swm.conf GET '/devices?id=eq.15' 'Accept: text/csv'
 *
 * Also valid as C++17.
 */
#include <stdio.h>
#include <string.h>
#include <swm.h>

static swm_str
view(const char *text)
{
	swm_str s = { text, strlen(text) };

	return s;
}

/* What the sink's functions share. Each returns non-zero when it cannot write. */
struct answer {
	FILE *to;
	bool in_body;
};

static int
put_status(void *user, int status)
{
	struct answer *answer = (struct answer *)user;

	return fprintf(answer->to, "HTTP/1.1 %d %s\n", status, swm_http_reason(status)) < 0;
}

static int
put_header(void *user, swm_str name, swm_str value)
{
	struct answer *answer = (struct answer *)user;

	return fprintf(answer->to, "%.*s: %.*s\n", (int)name.len, name.ptr, (int)value.len, value.ptr) < 0;
}

static int
put_body(void *user, swm_str piece)
{
	struct answer *answer = (struct answer *)user;

	if (!answer->in_body && putc('\n', answer->to) == EOF)
		return 1;
	answer->in_body = true;
	return fwrite(piece.ptr, 1, piece.len, answer->to) != piece.len;
}

static int
open_engine(swm_engine **engine, const char *file, swm_error *err)
{
	swm_config *config = NULL;
	int rc = swm_config_new(&config, err);

	if (rc == SWM_OK)
		rc = swm_config_load_file(config, file, err);
	if (rc == SWM_OK)
		rc = swm_engine_open(engine, config, NULL, err);
	swm_config_free(config); /* the engine has a copy */
	return rc;
}

/* "Name: value" */
static int
add_header(swm_request *request, const char *line)
{
	const char *colon = strchr(line, ':');
	swm_str name = { line, 0 };

	if (colon == NULL)
		return SWM_EINVAL;
	name.len = (size_t)(colon - line);
	return swm_request_add_header(request, name, view(colon + 1 + strspn(colon + 1, " ")));
}

static int
serve(swm_engine *engine, char **argv, swm_error *err)
{
	struct answer answer = { stdout, false };
	swm_sink sink = { sizeof(sink), &answer, put_status, put_header, put_body };
	swm_request *request = NULL;
	int rc = swm_request_new(&request, err);

	if (rc == SWM_OK) {
		swm_request_set_method(request, view(argv[2]));
		swm_request_set_target(request, view(argv[3]));
	}
	for (char **header = argv + 4; rc == SWM_OK && *header != NULL; header++)
		rc = add_header(request, *header);
	if (rc == SWM_OK)
		rc = swm_engine_serve(engine, request, &sink, err);
	putchar('\n');
	swm_request_free(request);
	return rc;
}

int
main(int argc, char **argv)
{
	swm_error *err = swm_error_new();
	swm_engine *engine = NULL;
	swm_str message;
	int rc = SWM_EINVAL;

	if (argc < 4) {
		fprintf(stderr, "Usage: %s FILE METHOD TARGET [HEADER: VALUE]...\n", argv[0]);
	} else {
		rc = open_engine(&engine, argv[1], err);
		if (rc == SWM_OK)
			rc = serve(engine, argv, err);
		message = swm_error_message(err);
		if (rc != SWM_OK)
			fprintf(stderr, "%s: error %d: %.*s\n", argv[0], rc, (int)message.len, message.ptr);
	}
	swm_engine_close(engine);
	swm_error_free(err);
	return rc != SWM_OK;
}
