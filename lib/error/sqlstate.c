/* SQLSTATE -> HTTP status, as PostgREST's errors page has it, and -> result. */
#include "config.h"

#include "error/error.h"

/* The first entry whose prefix fits decides, so the longer ones stand first. */
static const struct entry {
	const char *prefix;
	int status;
	int result;
} entries[] = {
	{ "08", 503, SWM_EUNAVAILABLE },    /* connection exception */
	{ "09", 500, SWM_EDATABASE },       /* triggered action exception */
	{ "0L", 403, SWM_EDATABASE },       /* invalid grantor */
	{ "0P", 403, SWM_EDATABASE },       /* invalid role specification */
	{ "23503", 409, SWM_EDATABASE },    /* foreign_key_violation */
	{ "23505", 409, SWM_EDATABASE },    /* unique_violation */
	{ "25006", 405, SWM_EDATABASE },    /* read_only_sql_transaction */
	{ "21", 500, SWM_EDATABASE },       /* cardinality violation */
	{ "25", 500, SWM_EDATABASE },       /* invalid transaction state */
	{ "28", 403, SWM_EDATABASE },       /* invalid authorization specification */
	{ "2D", 500, SWM_EDATABASE },       /* invalid transaction termination */
	{ "38", 500, SWM_EDATABASE },       /* external routine exception */
	{ "39", 500, SWM_EDATABASE },       /* external routine invocation exception */
	{ "3B", 500, SWM_EDATABASE },       /* savepoint exception */
	{ "40", 500, SWM_EDATABASE },       /* transaction rollback */
	{ "53400", 500, SWM_EDATABASE },    /* configuration_limit_exceeded */
	{ "53", 503, SWM_EUNAVAILABLE },    /* insufficient resources */
	{ "54", 500, SWM_EDATABASE },       /* program limit exceeded */
	{ "55", 500, SWM_EDATABASE },       /* object not in prerequisite state */
	{ "57P01", 503, SWM_EUNAVAILABLE }, /* admin_shutdown */
	{ "57P02", 500, SWM_EUNAVAILABLE }, /* crash_shutdown */
	{ "57P03", 500, SWM_EUNAVAILABLE }, /* cannot_connect_now */
	{ "57", 500, SWM_EDATABASE },       /* operator intervention */
	{ "58", 500, SWM_EDATABASE },       /* system error */
	{ "F0", 500, SWM_EDATABASE },       /* configuration file error */
	{ "HV", 500, SWM_EDATABASE },       /* foreign data wrapper error */
	{ "P0001", 400, SWM_EDATABASE },    /* raise_exception */
	{ "P0", 500, SWM_EDATABASE },       /* PL/pgSQL error */
	{ "XX", 500, SWM_EDATABASE },       /* internal error */
	{ "42883", 404, SWM_EDATABASE },    /* undefined_function */
	{ "42P01", 404, SWM_EDATABASE },    /* undefined_table */
	{ "42P17", 500, SWM_EDATABASE },    /* invalid_object_definition: infinite recursion */
};

static const struct entry *
entry_of(swm_str sqlstate)
{
	for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++)
		if (swm_str_starts(sqlstate, swm_cstr(entries[i].prefix)))
			return &entries[i];
	return NULL;
}

/* RAISE SQLSTATE 'PTxyz' sets the status itself. */
static int
raised_status(swm_str sqlstate)
{
	int64_t status;
	/* 1xx are never final */
	if (!swm_str_int64(swm_str_from(sqlstate, 2), &status) || status < 200 || status > 599)
		return 500;
	return (int)status;
}

int
swm_raised_result(int status)
{
	return status == 503 ? SWM_EUNAVAILABLE : SWM_EDATABASE;
}

int
swm_sqlstate_status(swm_str sqlstate, swm_str message, bool anonymous)
{
	if (swm_str_starts(sqlstate, SWM_STR("PT")))
		return raised_status(sqlstate);
	if (swm_str_eq(sqlstate, SWM_STR("42501")))
		return anonymous ? 401 : 403;
	/* SET ROLE of a missing role can be recognized only by its message */
	if (swm_str_eq(sqlstate, SWM_STR("22023")))
		return swm_str_starts(message, SWM_STR("role ")) &&
		       swm_str_ends(message, SWM_STR(" does not exist")) ? 401 : 400;
	/* pg-safeupdate blames the client */
	if (swm_str_eq(sqlstate, SWM_STR("21000")) &&
	    swm_str_ends(message, SWM_STR("requires a WHERE clause")))
		return 400;
	/*
	 * rows of a type that cannot be put into one document of XML: not acceptable, as PostgREST
	 * has it
	 */
	if (swm_str_eq(sqlstate, SWM_STR("42883")) &&
	    swm_str_starts(message, SWM_STR("function xmlagg(")))
		return 406;
	const struct entry *entry = entry_of(sqlstate);
	return entry == NULL ? 400 : entry->status;
}

int
swm_sqlstate_result(swm_str sqlstate)
{
	const struct entry *entry = entry_of(sqlstate);

	if (swm_str_starts(sqlstate, SWM_STR("PT")))
		return swm_raised_result(raised_status(sqlstate));
	return entry == NULL ? SWM_EDATABASE : entry->result;
}
