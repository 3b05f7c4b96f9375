/*
 * Rows without the web: the devices whose name fits a pattern, in which * stands for any text.
 *
 *     cc rows.c -o rows $(pkg-config --cflags --libs libswm)
 *     ./rows swm.conf swm_reader 'e*'
 *
 * Also valid as C++17.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <swm.h>

static swm_str
view(const char *text)
{
	swm_str s = { text, strlen(text) };

	return s;
}

static int
report(const char *what, const swm_error *err)
{
	swm_str message = swm_error_message(err);

	fprintf(stderr, "%s: %.*s\n", what, (int)message.len, message.ptr);
	return 1;
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

/* select id, device_name from devices where device_name like '<pattern>' order by id limit 20 */
static int
build_query(swm_query **query, const char *pattern, swm_error *err)
{
	int rc = swm_query_new(query, "devices", err);

	if (rc == SWM_OK)
		rc = swm_query_select(*query, "id", NULL, NULL, err);
	if (rc == SWM_OK)
		rc = swm_query_select(*query, "device_name", NULL, "name", err);
	if (rc == SWM_OK)
		rc = swm_query_where(*query, "device_name", SWM_OP_LIKE, view(pattern), err);
	if (rc == SWM_OK)
		rc = swm_query_order(*query, "id", false, err);
	if (rc == SWM_OK)
		rc = swm_query_limit(*query, 20, err);
	return rc;
}

/* Column 0 is a number, column 1 a text. The result is the library's, for its caller to report. */
static int
print_rows(swm_rows *rows, swm_error *err)
{
	int rc;
	int64_t id;
	swm_str name;

	for (size_t column = 0; column < swm_rows_columns(rows); column++) {
		name = swm_rows_name(rows, column);
		printf("%-8.*s", (int)name.len, name.ptr);
	}
	putchar('\n');
	while ((rc = swm_rows_next(rows, err)) == 1) {
		if (swm_rows_int64(rows, 0, &id) != SWM_OK || swm_rows_text(rows, 1, &name) != SWM_OK)
			return SWM_EINVAL;
		printf("%-8" PRId64 "%.*s\n", id, (int)name.len, name.ptr);
	}
	return rc;
}

static int
print_devices(swm_engine *engine, const char *role, const char *pattern, swm_error *err)
{
	swm_session *session = NULL;
	swm_query *query = NULL;
	swm_rows *rows = NULL;
	int rc = swm_session_new(&session, engine, role, err);

	if (rc == SWM_OK)
		rc = build_query(&query, pattern, err);
	if (rc == SWM_OK)
		rc = swm_session_query(&rows, session, query, SWM_ROWS_STREAM, err);
	if (rc == SWM_OK)
		rc = print_rows(rows, err);
	swm_rows_close(rows);
	swm_query_free(query);
	swm_session_free(session);
	return rc;
}

int
main(int argc, char **argv)
{
	swm_error *err = swm_error_new();
	swm_engine *engine = NULL;
	int status = 0;

	if (argc != 4) {
		fprintf(stderr, "Usage: %s FILE ROLE PATTERN\n", argv[0]);
		status = 1;
	} else if (open_engine(&engine, argv[1], err) != SWM_OK) {
		status = report("open", err);
	} else if (print_devices(engine, argv[2], argv[3], err) != SWM_OK) {
		status = report("query", err);
	}
	swm_engine_close(engine);
	swm_error_free(err);
	return status;
}
