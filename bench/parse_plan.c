/*
 * How long a query string takes to become SQL: parsed, planned and written, many times over.
 *
 *	parse-plan SCHEMA.sql SCHEMA ROUNDS TARGET
 *
 * The snapshot is made of the schema's text (tests/schema), a target is relation?query.
 * Prints the median, in microseconds, of ROUNDS rounds of as many requests as a round has.
 */
#include "config.h"

#include "../tests/schema/schema_text.h"
#include "query/query.h"
#include "sql/sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { A_ROUND = 2000 };

struct setting {
	const swm_settings *settings;
	swm_snapshot *snapshot;
	swm_str schema, target;
};

static void
must(int rc, swm_error *err)
{
	if (rc == SWM_OK)
		return;
	fprintf(stderr, "parse-plan: %s\n", swm_error_message(err).ptr);
	exit(1);
}

static void
make_statement(const struct setting *with, swm_error *err)
{
	swm_query *query;
	swm_read_plan *plan;
	swm_statement statement;

	must(swm_query_parse(&query, with->target, err), err);
	const swm_read_request request = { .schema = with->schema, .relation = query->relation, .ast = query->ast,
		.json = true, .iso_dates = true, .place = true };
	must(swm_plan_read(&plan, query->arena, with->snapshot, with->settings, &request, err), err);
	must(swm_sql_read(&statement, query->arena, plan, err), err);
	swm_query_free(query);
}

static double
microseconds_of_round(const struct setting *with, swm_error *err)
{
	struct timespec begin, end;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (int i = 0; i < A_ROUND; i++)
		make_statement(with, err);
	clock_gettime(CLOCK_MONOTONIC, &end);
	return ((double)(end.tv_sec - begin.tv_sec) * 1e6 + (double)(end.tv_nsec - begin.tv_nsec) / 1e3) / A_ROUND;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static struct setting
load(char **argv, swm_error *err)
{
	struct setting with = { .schema = swm_cstr(argv[2]), .target = swm_cstr(argv[4]) };
	swm_config *config;

	must(swm_config_new(&config, err), err);
	must(swm_config_set(config, "db-schemas", argv[2], err), err);
	must(swm_settings_resolve(&with.settings, config, err), err);
	swm_config_free(config);
	with.snapshot = schema_file_load(argv[1], with.settings);
	return with;
}

int
main(int argc, char **argv)
{
	swm_error *err = swm_error_new();
	int rounds = argc == 5 ? atoi(argv[3]) : 0;
	double *taken = rounds > 0 ? calloc((size_t)rounds, sizeof *taken) : NULL;

	if (taken == NULL || err == NULL) {
		fprintf(stderr, "usage: %s SCHEMA.sql SCHEMA ROUNDS TARGET\n", argv[0]);
		return 2;
	}
	struct setting with = load(argv, err);
	for (int i = 0; i < rounds; i++)
		taken[i] = microseconds_of_round(&with, err);
	qsort(taken, (size_t)rounds, sizeof *taken, compare);
	printf("%.2f us\n", taken[rounds / 2]);
	swm_snapshot_unref(with.snapshot);
	swm_settings_unref(with.settings);
	swm_error_free(err);
	free(taken);
	return 0;
}
