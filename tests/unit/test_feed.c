/*
 * Rows of a body in pieces: CSV by RFC 4180, JSON by RFC 8259, one object a line or in an
 * array; what is wrong is told with its line.
 */
#include "config.h"

#include "base/buf.h"
#include "json/feed.h"
#include "json/rows.h"
#include "unit.h"

#include <stdio.h>

static swm_arena *arena;
static swm_error *err;

static void
setup(void)
{
	arena = swm_arena_new();
	err = swm_error_new();
}

static void
teardown(void)
{
	swm_error_free(err);
	swm_arena_free(arena);
}

struct source {
	swm_str rest;
	size_t step;
	bool breaks; /* it ends too early */
};

static ptrdiff_t
read_piece(void *user, char *to, size_t room)
{
	struct source *source = user;
	size_t len = source->step < room ? source->step : room;

	if (len > source->rest.len)
		len = source->rest.len;
	if (len == 0)
		return source->breaks ? -1 : 0;
	memcpy(to, source->rest.ptr, len);
	source->rest = swm_str_from(source->rest, len);
	return (ptrdiff_t)len;
}

/* The rows as the test writes them: line:cell|cell;... with - for null and ? for missing, ending in ! for an error. */
static const char *
read_with(swm_feed *feed, const char *columns, bool exact)
{
	static swm_buf seen;
	swm_str names[8], rest = swm_cstr(columns);
	const swm_str *own;
	const swm_cell *cells;
	size_t count, n = 0;
	int rc;

	swm_buf_clear(&seen);
	swm_buf_cstr(&seen, "");
	swm_error_clear(err);
	rc = swm_feed_names(feed, &own, &count, err);
	while (rest.len > 0 && swm_str_cut(&rest, ',', &names[n]))
		n++;
	if (rc == 1)
		ck_assert_int_eq(swm_feed_choose(feed, n > 0 ? names : own, n > 0 ? n : count, exact, err), SWM_OK);
	while (rc == 1 && (rc = swm_feed_next(feed, &cells, err)) == 1) {
		swm_buf_printf(&seen, "%lld:", (long long)swm_feed_line(feed));
		for (size_t i = 0; i < (n > 0 ? n : count); i++) {
			swm_buf_cstr(&seen, i > 0 ? "|" : "");
			swm_buf_str(&seen, cells[i].kind == SWM_CELL_NULL ? SWM_STR("-") : cells[i].kind == SWM_CELL_MISSING ? SWM_STR("?")
			                                                                                              : cells[i].text);
		}
		swm_buf_char(&seen, ';');
	}
	swm_buf_cstr(&seen, rc < 0 ? "!" : "");
	return swm_buf_text(&seen);
}

static const char *
rows_of(enum swm_feed_form form, const char *text, size_t step, const char *columns, bool exact)
{
	struct source source = { swm_cstr(text), step, false };
	swm_feed *feed = swm_feed_new(arena, form, (swm_str){ NULL, 0 }, step, read_piece, &source);
	const char *seen = read_with(feed, columns, exact);

	swm_feed_dispose(feed);
	return seen;
}

/* However the text is cut. */
static void
ck_rows(enum swm_feed_form form, const char *text, const char *columns, bool exact, const char *wanted)
{
	for (size_t step = 1; step <= 1000; step *= 10)
		ck_assert_str_eq(rows_of(form, text, step, columns, exact), wanted);
}

static void
ck_wrong(enum swm_feed_form form, const char *text, const char *wanted, const char *message, const char *details)
{
	ck_rows(form, text, "", true, wanted);
	ck_assert_str_eq(swm_error_message(err).ptr, message);
	ck_assert_str_eq(swm_error_details(err).ptr, details);
}

START_TEST(csv)
{
	ck_rows(SWM_FEED_CSV, "a,b\n1,2\n", "", true, "2:1|2;");
	ck_rows(SWM_FEED_CSV, "a,b\r\n1,\r\nNULL,\"x\"", "", true, "2:1|;3:-|x;");
	ck_rows(SWM_FEED_CSV, "a\n\"x\n\"\"\n,\"\n\ny\n", "", true, "2:x\n\"\n,;6:y;"); /* a blank line is no row */
	ck_rows(SWM_FEED_CSV, "\r\na\n\n\"\"\n\r\n\n1", "", true, "4:;7:1;");
	ck_rows(SWM_FEED_CSV, "\"a \"\"b\",c\n1,2\n", "c,a \"b", true, "2:2|1;");
	ck_rows(SWM_FEED_CSV, "a,b\n1,2\n", "b,a,c", true, "2:2|1|?;");
	/* without a name a field is no column */
	ck_rows(SWM_FEED_CSV, "a,,\n1,2,3\n", "a", true, "2:1;");
	ck_rows(SWM_FEED_CSV, "a\nx\"y\"\n", "", true, "2:x\"y\";");
	ck_rows(SWM_FEED_CSV, "a", "", true, "");
	ck_wrong(SWM_FEED_CSV, "a,b\n\"1\n\",2\n3\n", "2:1\n|2;!", "Too few fields", "Line 4");
	ck_wrong(SWM_FEED_CSV, "a\n1,2\n", "!", "Too many fields", "Line 2");
	ck_wrong(SWM_FEED_CSV, "a\n\"1\n2", "!", "A quote that is not closed", "Line 2");
	ck_wrong(SWM_FEED_CSV, "a\n\"1\"2\n", "!", "Text behind a closing quote", "Line 2");
	ck_wrong(SWM_FEED_CSV, "a\n1\n\xc3\n", "2:1;!", "The CSV is not valid UTF-8", "Line 3");
	ck_wrong(SWM_FEED_CSV, "a,b,a\n1,2,3\n", "!", "The header names the column 'a' twice",
	         "Line 1");
	ck_wrong(SWM_FEED_CSV, "\n\"a b\",c,d,a b\n", "!",
	         "The header names the column 'a b' twice", "Line 2");
	ck_wrong(SWM_FEED_CSV, "\n", "!", "No header in line 1 of the CSV", "");
}
END_TEST

/* https://www.rfc-editor.org/rfc/rfc8259#section-8.1 */
START_TEST(a_byte_order_mark)
{
	ck_rows(SWM_FEED_CSV, "\xef\xbb\xbf" "a,b\r\n1,2\r\n", "", true, "2:1|2;");
	ck_rows(SWM_FEED_CSV, "\xef\xbb\xbf\"a\"\n1", "a", true, "2:1;");
	ck_rows(SWM_FEED_LINES, "\xef\xbb\xbf{\"a\":1}\n", "", true, "1:1;");
	ck_rows(SWM_FEED_ARRAY, "\xef\xbb\xbf[{\"a\":1}]", "", true, "1:1;");
	ck_rows(SWM_FEED_LINES, "\xef\xbb\xbf", "", true, "");
	/* elsewhere it is a character */
	ck_rows(SWM_FEED_CSV, "a\n\xef\xbb\xbf\n", "", true, "2:\xef\xbb\xbf;");
	ck_wrong(SWM_FEED_CSV, "\xef\xbb\xbf", "!", "No header in line 1 of the CSV", "");
	ck_wrong(SWM_FEED_CSV, "\xef\xbb", "!", "The CSV is not valid UTF-8", "Line 1");
	ck_wrong(SWM_FEED_LINES, "\xef\xbb\xbf{\"a\":}", "!", "Empty or invalid json",
	         "Line 1, column 6: expected a value, found \"}\"");
}
END_TEST

START_TEST(lines)
{
	ck_rows(SWM_FEED_LINES, "{\"a\":1,\"b\":\"x\"}\n\n \t\r\n{\"b\":null,\"a\":[1,{\"c\":\"}\"}]}", "", true,
	        "1:1|\"x\";4:[1,{\"c\":\"}\"}]|-;");
	ck_rows(SWM_FEED_LINES, "{\"a\":1,\"a\":2}\n{\"\\u0061\":true}\n", "", true, "1:2;2:true;");
	ck_rows(SWM_FEED_LINES, "{\"a\":1,\"x\":{}}\n{\"y\":0}\n{}", "a,b", false, "1:1|?;2:?|?;3:?|?;");
	ck_rows(SWM_FEED_LINES, " \n\n", "", true, "");
	ck_rows(SWM_FEED_LINES, "{}\n{}", "", true, "1:;2:;");
	ck_wrong(SWM_FEED_LINES, "{\"a\":1}\n\n{\"b\":1}", "1:1;!", "All object keys must match", "Line 3");
	ck_wrong(SWM_FEED_LINES, "{\"a\":1}\n{}", "1:1;!", "All object keys must match", "Line 2");
	ck_wrong(SWM_FEED_LINES, "{\"a\":1}\n[1]", "1:1;!", "A row must be a JSON object", "Line 2");
	ck_wrong(SWM_FEED_LINES, "{\"a\":1}\n{\"a\":\"\\u0000\"}", "1:1;!", "unsupported Unicode escape sequence",
	         "Line 2: \\u0000 cannot be converted to text.");
	static const struct { const char *text, *details; } none[] = {
		{ "{", "2: expected a name in double quotes or \"}\", found the end" },
		{ "{\"a\"}", "5: expected \":\", found \"}\"" },
		{ " {\"a\":}", "7: expected a value, found \"}\"" },
		{ "{\"\xc3\xa9\":1,}", "8: expected a name in double quotes, found \"}\"" },
		{ "{\"a\":1}{", "8: expected the end, found \"{\"" },
		{ "{a:1}", "2: expected a name in double quotes or \"}\", found \"a\"" },
		{ "{\"a\":01}", "7: expected \",\" or \"}\", found \"1\"" },
		{ "{\"a\":+1}", "6: expected a value, found \"+\"" },
		{ "{\"a\":.5}", "6: expected a value, found \".\"" },
		{ "{\"a\":1.}", "8: expected a digit, found \"}\"" },
		{ "{\"a\":\"\t\"}",
		  "7: expected an escaped control character, found the byte 0x09" },
		{ "{\"a\":\"\\x\"}", "8: expected an escape of JSON, found \"x\"" },
		{ "{\"a\":\"\\ud800\"}", "13: expected a pair of surrogates, found \"\"\"" },
		{ "{\"a\":\"\xff\"}", "7: expected UTF-8, found the byte 0xff" },
		{ "{\"a\":tru}", "9: expected true, false or null, found \"}\"" },
		{ "{\"a\":[1,]}", "9: expected a value, found \"]\"" },
		{ "{\"a\":{\"b\" 1}}", "11: expected \":\", found \"1\"" },
		{ "{\"a\":[}", "7: expected a value or \"]\", found \"}\"" },
		{ "{\"\\u0000\":1}", "8: expected no NUL in a name, found \"0\"" },
		{ "{\"a\":NaN}", "6: expected a value, found \"N\"" },
		{ "{\"a\":\"b", "8: expected a closing quote, found the end" },
	};
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
		char details[100];
		snprintf(details, sizeof details, "Line 1, column %s", none[i].details);
		ck_wrong(SWM_FEED_LINES, none[i].text, "!", "Empty or invalid json", details);
	}
}
END_TEST

START_TEST(nesting)
{
	static const char *const before[] = {
		[SWM_FEED_LINES] = "{\"a\":", [SWM_FEED_ARRAY] = "[{\"a\":"
	};
	static const char *const behind[] = { [SWM_FEED_LINES] = "}", [SWM_FEED_ARRAY] = "}]" };
	swm_buf text = SWM_BUF_INIT;

	for (int form = SWM_FEED_LINES; form <= SWM_FEED_ARRAY; form++) {
		/* the row is one level, and the array around it another */
		int most = form == SWM_FEED_LINES ? 255 : 254;
		for (int depth = most; depth <= most + 1; depth++) {
			swm_buf_clear(&text);
			swm_buf_cstr(&text, before[form]);
			for (int i = 0; i < depth; i++)
				swm_buf_char(&text, '[');
			for (int i = 0; i < depth; i++)
				swm_buf_char(&text, ']');
			swm_buf_cstr(&text, behind[form]);
			const char *seen =
			    rows_of((enum swm_feed_form)form, swm_buf_text(&text), 100, "", true);
			ck_assert_int_eq(seen[strlen(seen) - 1], depth == most ? ';' : '!');
		}
		ck_assert_str_eq(swm_error_message(err).ptr, "JSON nested more than 256 deep");
		ck_assert_str_eq(swm_error_details(err).ptr,
		                 "Line 1, column 261: expected no more than 256 arrays and objects "
		                 "in each other, found \"[\"");
	}
	swm_buf_dispose(&text);
}
END_TEST

START_TEST(arrays)
{
	ck_rows(SWM_FEED_ARRAY, " [ {\"a\":1}\n, {\"a\":\"]},{\\\"\"} ,\n\n{\n\"a\":[{}]}\n]\n ", "", true, "1:1;2:\"]},{\\\"\";4:[{}];");
	ck_rows(SWM_FEED_ARRAY, "[]", "", true, "");
	ck_wrong(SWM_FEED_ARRAY, "[{\"a\":1},\n5]", "1:1;!", "A row must be a JSON object",
	         "Row 1, line 2");
	ck_wrong(SWM_FEED_ARRAY, "[{\"a\":1}, {\"a\":2}, {\"b\":1}]", "1:1;1:2;!",
	         "All object keys must match", "Row 2, line 1");
	ck_wrong(SWM_FEED_ARRAY, "[{\"a\":1},\n {\"a\":1,}]", "1:1;!", "Empty or invalid json",
	         "Line 2, column 9: expected a name in double quotes, found \"}\"");
	ck_wrong(SWM_FEED_ARRAY, "[{\"a\":1} {\"a\":2}]", "1:1;!", "Empty or invalid json",
	         "Line 1, column 10: expected \",\" or \"]\", found \"{\"");
	ck_wrong(SWM_FEED_ARRAY, "[{\"a\":1},]", "1:1;!", "Empty or invalid json",
	         "Line 1, column 10: expected \"{\", found \"]\"");
	ck_wrong(SWM_FEED_ARRAY, "[{\"a\":1}]\n]", "1:1;!", "Empty or invalid json",
	         "Line 2, column 1: expected the end, found \"]\"");
	ck_wrong(SWM_FEED_ARRAY, "[{\"a\":1}\xe2\x82\xac]", "1:1;!", "Empty or invalid json",
	         "Line 1, column 9: expected \",\" or \"]\", found \"\xe2\x82\xac\"");
	ck_wrong(SWM_FEED_ARRAY, "[{\"a\":1}", "1:1;!", "Empty or invalid json",
	         "Line 1, column 9: expected \",\" or \"]\", found the end");
	ck_wrong(SWM_FEED_ARRAY, "[{\"a\":\n{\"b\":2", "!", "Empty or invalid json",
	         "Line 2, column 7: expected \",\" or \"}\", found the end");
	static const char *const none[] = { "", "{}", "[{\"a\":1}", "[{\"a\":1},]", "[{\"a\":1}{\"a\":2}]", "[{\"a\":1}]]", "[{\"a\":1}] x", "[,{\"a\":1}]" };
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
		const char *seen = rows_of(SWM_FEED_ARRAY, none[i], 3, "", true);
		ck_assert_msg(seen[strlen(seen) - 1] == '!', "%s", none[i]);
		ck_assert_str_eq(swm_error_code(err).ptr, "PGRST102");
	}
}
END_TEST

START_TEST(a_beginning_that_was_read_before)
{
	struct source source = { SWM_STR("1},\n{\"a\":2}]"), 3, false };
	swm_feed *feed = swm_feed_new(arena, SWM_FEED_ARRAY, SWM_STR("[{\"a\":"), 0, read_piece, &source);

	ck_assert_str_eq(read_with(feed, "", true), "1:1;2:2;");
	swm_feed_dispose(feed);
}
END_TEST

/* The longest row is one byte shorter than what is refused, in whatever pieces it comes. */
START_TEST(a_row_has_an_end)
{
	static const char *const before[] = { "a\n", "{\"a\":\"", "[{\"a\":\"" },
				 *const behind[] = { "\n", "\"}", "\"}]" };
	static const size_t around[] = { 1, 8, 8 };
	swm_buf text = SWM_BUF_INIT;

	for (int form = SWM_FEED_CSV; form <= SWM_FEED_ARRAY; form++) {
		for (size_t more = 0; more <= 1; more++) {
			size_t len = SWM_FEED_LONGEST_ROW + more - around[form];
			swm_buf_clear(&text);
			swm_buf_cstr(&text, before[form]);
			char *to = swm_buf_reserve(&text, len);
			memset(to, 'x', len);
			to[len] = '\0';
			text.len += len;
			swm_buf_cstr(&text, behind[form]);
			const char *seen = rows_of((enum swm_feed_form)form, swm_buf_text(&text),
			                           1 << 20, "", true);
			ck_assert_int_eq(seen[strlen(seen) - 1], more == 0 ? ';' : '!');
		}
		ck_assert_str_eq(swm_error_message(err).ptr, "A row is longer than 8 MiB");
	}
	swm_buf_dispose(&text);
}
END_TEST

START_TEST(the_line_of_a_row)
{
	static const char text[] = "\xef\xbb\xbf [{\"a\":\"x\\n\"},{\"a\":1},\n\n{\n\"b\":2\n}, {}]";
	static const int64_t at_line[] = { 1, 1, 3, 5 };

	for (int64_t row = 0; row < 4; row++)
		ck_assert_int_eq(swm_json_line_of_row(swm_cstr(text), row), at_line[row]);
	ck_assert_int_eq(swm_json_line_of_row(swm_cstr(text), 4), 0);
	ck_assert_int_eq(swm_json_line_of_row(SWM_STR("[]"), 0), 0);
	ck_assert_int_eq(swm_json_line_of_row(SWM_STR("[{},5]"), 1), 0);
}
END_TEST

START_TEST(a_body_that_ends_too_early)
{
	static const char *const texts[] = { "a\n1\n2", "{\"a\":1}\n", "[{\"a\":1}" };

	for (int form = SWM_FEED_CSV; form <= SWM_FEED_ARRAY; form++) {
		struct source source = { swm_cstr(texts[form]), 100, true };
		swm_feed *feed = swm_feed_new(arena, (enum swm_feed_form)form, (swm_str){ NULL, 0 }, 0, read_piece, &source);
		const char *seen = read_with(feed, "", true);
		ck_assert_int_eq(seen[strlen(seen) - 1], '!');
		ck_assert_int_eq(swm_error_result(err), SWM_ECANCELED);
		ck_assert(!swm_feed_can_skip(feed));
		swm_feed_dispose(feed);
	}
}
END_TEST

START_TEST(one_goes_on_behind_a_bad_row)
{
	struct source source = { SWM_STR("{\"a\":1}\n{\n{\"b\":2}\n{\"a\":\"\\u0000\"}\n{\"a\":3}"), 4, false };
	swm_feed *feed = swm_feed_new(arena, SWM_FEED_LINES, (swm_str){ NULL, 0 }, 0, read_piece, &source);
	const swm_str *names;
	const swm_cell *cells;
	size_t count;
	int64_t bad = 0, good = 0;
	int rc;

	ck_assert_int_eq(swm_feed_names(feed, &names, &count, err), 1);
	ck_assert_int_eq(swm_feed_choose(feed, names, count, true, err), SWM_OK);
	while ((rc = swm_feed_next(feed, &cells, err)) != 0) {
		*(rc == 1 ? &good : &bad) += swm_feed_line(feed);
		ck_assert(rc == 1 || swm_feed_can_skip(feed));
		swm_error_clear(err);
	}
	ck_assert_int_eq(good, 1 + 5);
	ck_assert_int_eq(bad, 2 + 3 + 4);
	swm_feed_dispose(feed);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("feed");
	TCase *cases = tcase_create("rows");

	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, csv);
	tcase_add_test(cases, a_byte_order_mark);
	tcase_add_test(cases, lines);
	tcase_add_test(cases, nesting);
	tcase_add_test(cases, arrays);
	tcase_add_test(cases, a_beginning_that_was_read_before);
	tcase_add_test(cases, the_line_of_a_row);
	tcase_add_test(cases, a_row_has_an_end);
	tcase_add_test(cases, a_body_that_ends_too_early);
	tcase_add_test(cases, one_goes_on_behind_a_bad_row);
	suite_add_tcase(suite, cases);
	return suite;
}
