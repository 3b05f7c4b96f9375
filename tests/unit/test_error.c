/* Errors: the first one wins, and SQLSTATE -> status is PostgREST's table. */
#include "config.h"

#include "error/error.h"
#include "unit.h"

START_TEST(the_first_error_wins)
{
	swm_error *err = swm_error_new();

	ck_assert_int_eq(swm_error_result(err), SWM_OK);
	ck_assert_int_eq(swm_fail(err, SWM_ERR_TABLE_NOT_FOUND, SWM_STR("a"), SWM_STR("b")), SWM_ENOTFOUND);
	ck_assert_int_eq(swm_fail(err, SWM_ERR_PATH), SWM_ENOTFOUND);
	ck_assert_str_eq(swm_error_message(err).ptr, "Could not find the table 'a.b' in the schema cache");
	ck_assert_str_eq(swm_error_code(err).ptr, "PGRST205");
	ck_assert_int_eq(swm_error_http_status(err), 404);
	swm_error_clear(err);
	ck_assert_int_eq(swm_error_result(err), SWM_OK);
	ck_assert_uint_eq(swm_error_message(err).len, 0);
	ck_assert_int_eq(swm_fail_memory(err), SWM_ENOMEM);
	ck_assert_str_eq(swm_error_message(err).ptr, "Out of memory");
	ck_assert_int_eq(swm_fail(NULL, SWM_ERR_PATH), SWM_ENOTFOUND);
	swm_error_free(err);
}
END_TEST

START_TEST(bytes_that_are_no_text_do_not_reach_a_message)
{
	swm_error *err = swm_error_new();

	swm_fail(err, SWM_ERR_SCHEMA_NOT_EXPOSED, SWM_STR("a\xff%1"));
	ck_assert_str_eq(swm_error_message(err).ptr, "Invalid schema: a\xef\xbf\xbd%1");
	swm_error_free(err);
}
END_TEST

/* https://docs.postgrest.org/en/latest/references/errors.html#http-status-codes */
START_TEST(sqlstates_have_their_status)
{
	static const struct {
		const char *sqlstate, *message;
		bool anonymous;
		int status;
	} cases[] = {
		{ "08006", "", false, 503 }, { "09000", "", false, 500 }, { "0L000", "", false, 403 },
		{ "0P000", "", false, 403 }, { "23503", "", false, 409 }, { "23505", "", false, 409 },
		{ "23502", "", false, 400 }, { "25006", "", false, 405 }, { "25001", "", false, 500 },
		{ "28P01", "", false, 403 }, { "2D000", "", false, 500 }, { "38000", "", false, 500 },
		{ "39000", "", false, 500 }, { "3B000", "", false, 500 }, { "40001", "", false, 500 },
		{ "53400", "", false, 500 }, { "53300", "", false, 503 }, { "54001", "", false, 500 },
		{ "55006", "", false, 500 }, { "57014", "", false, 500 }, { "57P01", "", false, 503 },
		{ "58000", "", false, 500 }, { "F0000", "", false, 500 }, { "HV000", "", false, 500 },
		{ "P0001", "", false, 400 }, { "P0002", "", false, 500 }, { "XX000", "", false, 500 },
		{ "42883", "", false, 404 }, { "42883", "function xmlagg(record) does not exist", false, 406 },
		{ "42P01", "", false, 404 }, { "42P17", "", false, 500 },
		{ "42501", "", true, 401 }, { "42501", "", false, 403 }, { "42703", "", false, 400 },
		{ "22023", "role \"x\" does not exist", true, 401 }, { "22023", "invalid value", true, 400 },
		{ "21000", "UPDATE requires a WHERE clause", false, 400 }, { "21000", "more than one row", false, 500 },
		{ "PT402", "", false, 402 }, { "PTxyz", "", false, 500 }, { "PT999", "", false, 500 },
		{ "22P02", "", false, 400 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ck_assert_msg(swm_sqlstate_status(swm_cstr(cases[i].sqlstate), swm_cstr(cases[i].message),
		                                  cases[i].anonymous) == cases[i].status,
		              "%s %s", cases[i].sqlstate, cases[i].message);
}
END_TEST

static int
fail_with(swm_error *err, const char *sqlstate, int status)
{
	swm_error_clear(err);
	return swm_fail_sql(err, &(struct swm_sql_error){ .sqlstate = swm_cstr(sqlstate), .status = status });
}

/* https://www.postgresql.org/docs/15/errcodes-appendix.html: classes 08 and 53, and the shutdowns of class 57 */
START_TEST(trouble_that_passes_is_unavailability)
{
	static const char *const passes[] = { "08000", "08006", "53100", "53200", "53300", "57P01", "57P02", "57P03", "PT503" };
	static const char *const stays[] = { "53400", "57014", "57P04", "23505", "42P01", "XX000", "PT402", "PT500" };
	swm_error *err = swm_error_new();

	for (size_t i = 0; i < sizeof passes / sizeof passes[0]; i++) {
		ck_assert_int_eq(fail_with(err, passes[i], 0), SWM_EUNAVAILABLE);
		ck_assert_int_eq(swm_error_result(err), SWM_EUNAVAILABLE);
	}
	for (size_t i = 0; i < sizeof stays / sizeof stays[0]; i++) {
		ck_assert_int_eq(fail_with(err, stays[i], 0), SWM_EDATABASE);
		ck_assert_int_eq(swm_error_result(err), SWM_EDATABASE);
		ck_assert_int_eq(swm_error_retry_after(err), 0);
	}
	ck_assert_int_eq(fail_with(err, "08000", 402), SWM_EDATABASE); /* a code of the user's own */
	swm_error_free(err);
}
END_TEST

START_TEST(every_503_says_when_to_ask_again_but_one)
{
	static const char *const passes[] = { "08006", "53300", "57P01", "PT503" };
	swm_error *err = swm_error_new();

	for (size_t i = 0; i < sizeof passes / sizeof passes[0]; i++) {
		(void)fail_with(err, passes[i], 0);
		ck_assert_int_eq(swm_error_http_status(err), 503);
		ck_assert_int_ge(swm_error_retry_after(err), 1);
	}
	(void)fail_with(err, "P0001", 503);
	ck_assert_int_ge(swm_error_retry_after(err), 1);
	swm_error_clear(err);
	swm_fail(err, SWM_ERR_CONNECTION_LOST);
	ck_assert_int_ge(swm_error_retry_after(err), 1);
	ck_assert_int_eq(swm_fail_unknown(err, SWM_STR("")), SWM_EUNKNOWN);
	ck_assert_int_eq(swm_error_result(err), SWM_EUNKNOWN);
	ck_assert_int_eq(swm_error_http_status(err), 503);
	ck_assert_int_eq(swm_error_retry_after(err), 0);
	ck_assert_str_eq(swm_error_code(err).ptr, "SWM001");
	ck_assert_str_eq(swm_error_details(err).ptr, "Database client error. Retrying the connection.");
	ck_assert_int_eq(swm_fail_unknown(NULL, SWM_STR("gone")), SWM_EUNKNOWN);
	swm_error_free(err);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *s = suite_create("error");
	TCase *t = tcase_create("error");

	tcase_add_test(t, the_first_error_wins);
	tcase_add_test(t, bytes_that_are_no_text_do_not_reach_a_message);
	tcase_add_test(t, sqlstates_have_their_status);
	tcase_add_test(t, trouble_that_passes_is_unavailability);
	tcase_add_test(t, every_503_says_when_to_ask_again_but_one);
	suite_add_tcase(s, t);
	return s;
}
