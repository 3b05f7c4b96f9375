#include "config.h"

#include "refresh.h"

/* Each proves that the tables have changed once more since the snapshot was read. */
enum { MOST_TRIES = 16 };

enum swm_doubt
swm_doubt_of(const swm_error *err, bool unknown_names)
{
	static const struct {
		swm_str code;
		enum swm_doubt doubt;
	} doubts[] = {
		{ { "42703", 5 }, SWM_DOUBT_CERTAIN }, /* undefined_column */
		{ { "42P01", 5 }, SWM_DOUBT_CERTAIN }, /* undefined_table */
		{ { "42883", 5 }, SWM_DOUBT_MAYBE },   /* undefined_function: operators too */
		{ { "42725", 5 }, SWM_DOUBT_MAYBE },   /* ambiguous_function */
		{ { "42804", 5 }, SWM_DOUBT_MAYBE },   /* datatype_mismatch */
		{ { "42846", 5 }, SWM_DOUBT_MAYBE },   /* cannot_coerce */
		{ { "42704", 5 }, SWM_DOUBT_MAYBE },   /* undefined_object: types */
		/* invalid_column_reference: no such index of a conflict */
		{ { "42P10", 5 }, SWM_DOUBT_MAYBE },
	};
	swm_str code = swm_error_code(err);

	if (swm_error_is(err, SWM_ERR_TABLES_CHANGED))
		return SWM_DOUBT_CERTAIN;
	if (swm_error_is(err, SWM_ERR_SESSION_CHANGED))
		return SWM_DOUBT_STATEMENT;
	if (!swm_error_is_of_statement(err) || unknown_names)
		return SWM_DOUBT_NONE;
	for (size_t i = 0; i < sizeof doubts / sizeof doubts[0]; i++)
		if (swm_str_eq(doubts[i].code, code))
			return doubts[i].doubt;
	return SWM_DOUBT_NONE;
}

bool
swm_refresh(swm_engine *engine, const swm_snapshot *used, enum swm_doubt doubt, int tries)
{
	bool sure = doubt == SWM_DOUBT_CERTAIN;

	if (doubt == SWM_DOUBT_NONE)
		return false;
	if (doubt == SWM_DOUBT_STATEMENT)
		return tries == 0;
	if (tries < (sure ? MOST_TRIES : 1))
		return swm_engine_refresh(engine, used, sure);
	swm_engine_stop_refreshing(engine, sure);
	return false;
}
