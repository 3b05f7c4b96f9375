/* SQLSTATE -> HTTP status, as PostgREST's errors page has it. */
#include "config.h"

#include "error/error.h"

/* The first entry whose prefix fits decides, so the longer ones stand first. */
static const struct {
	const char *prefix;
	int status;
} statuses[] = {
	{ "08", 503 },    /* connection exception */
	{ "09", 500 },    /* triggered action exception */
	{ "0L", 403 },    /* invalid grantor */
	{ "0P", 403 },    /* invalid role specification */
	{ "23503", 409 }, /* foreign_key_violation */
	{ "23505", 409 }, /* unique_violation */
	{ "25006", 405 }, /* read_only_sql_transaction */
	{ "21", 500 },    /* cardinality violation */
	{ "25", 500 },    /* invalid transaction state */
	{ "28", 403 },    /* invalid authorization specification */
	{ "2D", 500 },    /* invalid transaction termination */
	{ "38", 500 },    /* external routine exception */
	{ "39", 500 },    /* external routine invocation exception */
	{ "3B", 500 },    /* savepoint exception */
	{ "40", 500 },    /* transaction rollback */
	{ "53400", 500 }, /* configuration_limit_exceeded */
	{ "53", 503 },    /* insufficient resources */
	{ "54", 500 },    /* program limit exceeded */
	{ "55", 500 },    /* object not in prerequisite state */
	{ "57P01", 503 }, /* admin_shutdown */
	{ "57", 500 },    /* operator intervention */
	{ "58", 500 },    /* system error */
	{ "F0", 500 },    /* configuration file error */
	{ "HV", 500 },    /* foreign data wrapper error */
	{ "P0001", 400 }, /* raise_exception */
	{ "P0", 500 },    /* PL/pgSQL error */
	{ "XX", 500 },    /* internal error */
	{ "42883", 404 }, /* undefined_function */
	{ "42P01", 404 }, /* undefined_table */
	{ "42P17", 500 }, /* invalid_object_definition: infinite recursion */
};

/* RAISE SQLSTATE 'PTxyz' sets the status itself. */
static int
raised_status(swm_str sqlstate)
{
	int64_t status;
	if (!swm_str_int64(swm_str_from(sqlstate, 2), &status) || status < 200 || status > 599) /* 1xx are never final */
		return 500;
	return (int)status;
}

int
swm_sqlstate_status(swm_str sqlstate, swm_str message, bool authenticated)
{
	if (swm_str_starts(sqlstate, SWM_STR("PT")))
		return raised_status(sqlstate);
	if (swm_str_eq(sqlstate, SWM_STR("42501")))
		return authenticated ? 403 : 401;
	/* SET ROLE of a role that is not there is told by its words alone */
	if (swm_str_eq(sqlstate, SWM_STR("22023")))
		return swm_str_starts(message, SWM_STR("role ")) &&
		       swm_str_ends(message, SWM_STR(" does not exist")) ? 401 : 400;
	/* pg-safeupdate blames the client */
	if (swm_str_eq(sqlstate, SWM_STR("21000")) &&
	    swm_str_ends(message, SWM_STR("requires a WHERE clause")))
		return 400;
	/* rows of a type that cannot be put into one document of XML: not acceptable, as PostgREST has it */
	if (swm_str_eq(sqlstate, SWM_STR("42883")) && swm_str_starts(message, SWM_STR("function xmlagg(")))
		return 406;
	for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
		if (swm_str_starts(sqlstate, swm_cstr(statuses[i].prefix)))
			return statuses[i].status;
	return 400;
}
