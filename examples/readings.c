/*
 * Relations in one another: devices whose name fits a pattern, each with its latest readings.
 *
 *     cc readings.c -o readings $(pkg-config --cflags --libs libswm)
 *     ./readings swm.conf swm_reader 'e*'
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

static int
select_column(swm_query_node *node, const char *column, swm_error *err)
{
	swm_selection value;

	memset(&value, 0, sizeof value);
	value.size = sizeof value;
	value.column = view(column);
	return swm_node_select(node, &value, err);
}

/* readings:consumption(date,amount), the latest two */
static int
embed_readings(swm_query_node *devices, swm_error *err)
{
	swm_embedding relation;
	swm_ordering by;
	swm_query_node *readings = NULL;

	memset(&relation, 0, sizeof relation);
	relation.size = sizeof relation;
	relation.relation = view("consumption");
	relation.alias = view("readings");
	memset(&by, 0, sizeof by);
	by.size = sizeof by;
	by.column = view("date");
	by.direction = SWM_DESCENDING;

	int rc = swm_node_embed(&readings, devices, &relation, err);
	if (rc == SWM_OK)
		rc = select_column(readings, "date", err);
	if (rc == SWM_OK)
		rc = select_column(readings, "amount", err);
	if (rc == SWM_OK)
		rc = swm_node_order(readings, &by, err);
	if (rc == SWM_OK)
		rc = swm_node_limit(readings, 2, err);
	return rc;
}

/* The query string of the same: device_name=like.PATTERN&select=device_name,readings:consumption(date,amount)&... */
static int
build_query(swm_query **query, const char *pattern, swm_error *err)
{
	int rc = swm_query_new(query, "devices", err);

	if (rc == SWM_OK)
		rc = swm_query_where(*query, "device_name", SWM_OP_LIKE, view(pattern), err);
	if (rc == SWM_OK)
		rc = swm_query_order(*query, "id", false, err);
	if (rc == SWM_OK)
		rc = select_column(swm_query_root(*query), "device_name", err);
	if (rc == SWM_OK)
		rc = embed_readings(swm_query_root(*query), err);
	return rc;
}

/* What is embedded comes as the text of a JSON document. */
static int
print_rows(swm_rows *rows, swm_error *err)
{
	int rc;
	swm_str name, readings;

	while ((rc = swm_rows_next(rows, err)) == 1) {
		if (swm_rows_text(rows, 0, &name) != SWM_OK || swm_rows_text(rows, 1, &readings) != SWM_OK)
			return SWM_EINVAL;
		printf("%.*s: %.*s\n", (int)name.len, name.ptr, (int)readings.len, readings.ptr);
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
