/* The line that says how far a long command is. */
#include "config.h"

#include "progress.h"
#include "unit.h"

#include <string.h>

static const char *
line_of(const struct progress_state *s, size_t width)
{
	static char answer[512];
	struct text line = { 0 };

	progress_format(&line, s, width);
	ck_assert_uint_le(line.width, width);
	ck_assert_uint_lt(line.len, sizeof answer);
	snprintf(answer, sizeof answer, "%.*s", (int)line.len, line.len > 0 ? line.bytes : "");
	text_free(&line);
	return answer;
}

START_TEST(all_parts)
{
	struct progress_state s = { .label = "devices", .unit = PROGRESS_BYTES, .total = 4000000,
		                    .bytes = 1000000, .rows = 25000, .elapsed_ms = 2000 };

	ck_assert_str_eq(line_of(&s, 120), "devices  25% [========>                       ]"
	                                   "  25000 rows, 1.0 MB, 12500 rows/s, 0:06 left");
}
END_TEST

START_TEST(what_does_not_fit_is_left_out)
{
	struct progress_state s = { .label = "devices", .unit = PROGRESS_ROWS, .total = 100000,
		                    .bytes = 1000000, .rows = 25000, .elapsed_ms = 2000 };

	ck_assert_str_eq(line_of(&s, 59), "devices  25%  25000 rows, 1.0 MB, 12500 rows/s, 0:06 left");
	ck_assert_str_eq(line_of(&s, 57), "devices  25%  25000 rows, 1.0 MB, 12500 rows/s, 0:06 left");
	ck_assert_str_eq(line_of(&s, 56), "devices  25%  25000 rows, 12500 rows/s, 0:06 left");
	ck_assert_str_eq(line_of(&s, 40), "devices  25%  25000 rows, 0:06 left");
	ck_assert_str_eq(line_of(&s, 30), "devices  25%  25000 rows");
	ck_assert_str_eq(line_of(&s, 20), "devices  25%");
	ck_assert_str_eq(line_of(&s, 12), "devices  25%");
}
END_TEST

START_TEST(never_wider_than_the_terminal)
{
	struct progress_state s = { .label = "a table with a long name", .unit = PROGRESS_ROWS,
		                    .total = 3, .bytes = 12345678, .rows = 2, .elapsed_ms = 4000000 };

	for (size_t width = 0; width < 200; width++)
		line_of(&s, width);
}
END_TEST

START_TEST(without_a_total_the_time_is_what_it_took)
{
	struct progress_state s = { .label = "x", .rows = 1, .bytes = 999, .elapsed_ms = 3723000 };

	ck_assert_str_eq(line_of(&s, 100), "x   1 row, 999 B, 0 rows/s, 1:02:03");
}
END_TEST

START_TEST(no_rate_before_there_is_one)
{
	struct progress_state s = { .label = "x", .unit = PROGRESS_ROWS, .total = 10, .rows = 9,
		                    .elapsed_ms = 999 };

	ck_assert_str_eq(line_of(&s, 20), "x  90%  9 rows");
	s.elapsed_ms = 0;
	s.rows = 0;
	ck_assert_str_eq(line_of(&s, 20), "x   0%  0 rows");
}
END_TEST

START_TEST(what_an_earlier_run_did_is_not_of_this_time)
{
	struct progress_state s = { .label = "x", .unit = PROGRESS_ROWS, .total = 4000, .rows = 2000,
		                    .rows_before = 1000, .elapsed_ms = 10000 };

	ck_assert_str_eq(line_of(&s, 45), "x  50%  2000 rows, 100 rows/s, 0:20 left");
	s.rows = 1000;
	ck_assert_str_eq(line_of(&s, 37), "x  25%  1000 rows, 0 rows/s");
}
END_TEST

START_TEST(an_estimated_total_may_be_too_small)
{
	struct progress_state s = { .label = "x", .unit = PROGRESS_ROWS, .total = 10, .rows = 20,
		                    .elapsed_ms = 2000 };

	ck_assert_str_eq(line_of(&s, 80), "x 100% [================================]"
	                                  "  20 rows, 10 rows/s");
}
END_TEST

START_TEST(large_numbers)
{
	struct progress_state s = { .label = "x", .unit = PROGRESS_BYTES, .total = UINT64_MAX,
		                    .bytes = UINT64_MAX, .rows = UINT64_MAX, .elapsed_ms = 1 };

	ck_assert_str_eq(line_of(&s, 46), "x 100%  18446744073709551615 rows, 18.4 EB");
	s.total = 0;
	s.bytes = 999949;
	ck_assert_str_eq(line_of(&s, 47), "x   18446744073709551615 rows, 999.9 kB, 0:00");
	s.bytes = 999999;
	ck_assert_str_eq(line_of(&s, 46), "x   18446744073709551615 rows, 1.0 MB, 0:00");
}
END_TEST

START_TEST(a_label_is_harmless)
{
	struct progress_state s = { .label = "a\x1b[2J", .rows = 2 };

	ck_assert_ptr_null(strchr(line_of(&s, 80), '\x1b'));
}
END_TEST

START_TEST(what_is_no_terminal_gets_nothing)
{
	FILE *stream = tmpfile();
	struct progress p;

	ck_assert_ptr_nonnull(stream);
	progress_begin(&p, stream, "x", PROGRESS_ROWS, 10);
	progress_resume(&p, 10, 1);
	progress_update(&p, 20, 2);
	progress_end(&p);
	ck_assert_int_eq(ftell(stream), 0);
	fclose(stream);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("progress");
	TCase *c = tcase_create("line");

	tcase_add_test(c, all_parts);
	tcase_add_test(c, what_does_not_fit_is_left_out);
	tcase_add_test(c, never_wider_than_the_terminal);
	tcase_add_test(c, without_a_total_the_time_is_what_it_took);
	tcase_add_test(c, no_rate_before_there_is_one);
	tcase_add_test(c, what_an_earlier_run_did_is_not_of_this_time);
	tcase_add_test(c, an_estimated_total_may_be_too_small);
	tcase_add_test(c, large_numbers);
	tcase_add_test(c, a_label_is_harmless);
	tcase_add_test(c, what_is_no_terminal_gets_nothing);
	suite_add_tcase(suite, c);
	return suite;
}
