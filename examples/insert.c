/*
 * A year of readings of a device, written at once; run again, it writes them anew by their key.
 *
 *     cc insert.c -o insert $(pkg-config --cflags --libs libswm)
 *     ./insert swm.conf swm_writer 15
 *
 * Also valid as C++17.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <swm.h>

static int
report(const char *what, const swm_error *err)
{
	swm_str message = swm_error_message(err), details = swm_error_details(err);

	fprintf(stderr, "%s: %.*s %.*s\n", what, (int)message.len, message.ptr, (int)details.len, details.ptr);
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

enum { DATE, DEVICE, AMOUNT, UNIT, COLUMNS };

/* 12 months of 28 days each are good enough for an example. */
static int
add_day(swm_insert *insert, int64_t device, int day, swm_error *err)
{
	char text[32];
	swm_str date = { text, (size_t)snprintf(text, sizeof text, "2011-%02d-%02d", day / 28 + 1, day % 28 + 1) };
	int rc = swm_insert_text(insert, DATE, date);

	if (rc == SWM_OK)
		rc = swm_insert_int64(insert, DEVICE, device);
	if (rc == SWM_OK)
		rc = swm_insert_double(insert, AMOUNT, 0.25 * (day % 7));
	if (rc == SWM_OK)
		rc = swm_insert_text(insert, UNIT, SWM_STR("kWh"));
	return rc == SWM_OK ? swm_insert_row(insert, err) : rc;
}

static int
write_year(swm_session *session, int64_t device, int64_t *affected, swm_error *err)
{
	static const char *const columns[COLUMNS] = { "date", "device_id", "amount", "unit" };
	static const char *const key[] = { "device_id", "date", "unit" };
	swm_insert_options options;
	swm_insert *insert = NULL;

	memset(&options, 0, sizeof options);
	options.size = sizeof options;
	options.conflict = SWM_INSERT_OR_UPDATE;
	options.key = key;
	options.key_columns = 3;
	int rc = swm_insert_new(&insert, session, "consumption", columns, COLUMNS, &options, err);
	for (int day = 0; rc == SWM_OK && day < 12 * 28; day++)
		rc = add_day(insert, device, day, err);
	if (rc == SWM_OK)
		rc = swm_insert_commit(insert, affected, err);
	swm_insert_free(insert); /* without the commit nothing is kept */
	return rc;
}

int
main(int argc, char **argv)
{
	swm_error *err = swm_error_new();
	swm_engine *engine = NULL;
	swm_session *session = NULL;
	int64_t affected = 0;
	int status = 0;

	if (argc != 4) {
		fprintf(stderr, "Usage: %s FILE ROLE DEVICE\n", argv[0]);
		status = 1;
	} else if (open_engine(&engine, argv[1], err) != SWM_OK || swm_session_new(&session, engine, argv[2], err) != SWM_OK) {
		status = report("open", err);
	} else if (write_year(session, strtoll(argv[3], NULL, 10), &affected, err) != SWM_OK) {
		status = report("write", err);
	} else {
		printf("%lld readings\n", (long long)affected);
	}
	swm_session_free(session);
	swm_engine_close(engine);
	swm_error_free(err);
	return status;
}
