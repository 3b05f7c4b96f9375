/* swm export: a target taken apart, and answers put together, wherever their pieces end. */
#include "config.h"

#include "export.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

/*
 * Targets
 */

static void
check_page(const char *target, uint64_t rows, const char *after, uint64_t limit, const char *wanted)
{
	struct export_query q;

	ck_assert(export_query_split(&q, target));
	char *page = export_query_page(&q, rows, after, limit);
	ck_assert_str_eq(page, wanted);
	free(page);
	export_query_free(&q);
}

START_TEST(first_page)
{
	check_page("/t", 0, NULL, 10, "/t?&limit=10");
	check_page("/t?", 0, NULL, 10, "/t?&limit=10");
	check_page("/t?a=eq.1&&b=eq.2", 0, NULL, 10, "/t?a=eq.1&b=eq.2&limit=10");
	check_page("/t?offset=3&select=a", 0, NULL, 10, "/t?select=a&limit=10&offset=3");
	check_page("/t?after=(7)&order=id", 0, NULL, 10, "/t?order=id&limit=10&after=(7)");
	check_page("/t?after=eq.7", 0, NULL, 10, "/t?after=eq.7&limit=10");
	check_page("/t?%61fter=%287)", 0, NULL, 10, "/t?&limit=10&%61fter=%287)");
}
END_TEST

START_TEST(later_page)
{
	check_page("/t?offset=3&order=id&after=(7)", 10, "after=%2817%29", 5,
	           "/t?order=id&limit=5&after=%2817%29");
	check_page("/t?c.limit=3", 10, "after=(9)", 5, "/t?c.limit=3&limit=5&after=(9)");
}
END_TEST

START_TEST(limit_of_all)
{
	check_page("/t?limit=12", 0, NULL, 10, "/t?&limit=10");
	check_page("/t?limit=12", 10, "after=(9)", 10, "/t?&limit=2&after=(9)");
	check_page("/t?%6C%69mit=12", 10, "after=(9)", 0, "/t?&limit=2&after=(9)");
	check_page("/t?limit=x", 0, NULL, 10, "/t?limit=x&limit=10");
	check_page("/t?limit=99999999999999999999", 0, NULL, 10,
	           "/t?limit=99999999999999999999&limit=10");
}
END_TEST

START_TEST(all_the_rest)
{
	check_page("/t?limit=12&x=eq.1&offset=2", 0, NULL, 0, "/t?limit=12&x=eq.1&offset=2");
	check_page("/t?x=eq.1&offset=2", 9, "after=(9)", 0, "/t?x=eq.1&after=(9)");
}
END_TEST

/*
 * Rows
 */

/* Takes an answer in pieces of so many bytes. */
static void
add(struct export_rows *r, const char *answer, size_t size)
{
	for (size_t len = strlen(answer), at = 0; at < len; at += size)
		ck_assert(export_rows_add(r, (swm_str){ answer + at, len - at < size ? len - at : size }));
	ck_assert(export_rows_end(r));
}

/* Two answers and the end are one document, and count so many rows. */
static void
check_document(enum export_format format, const char *first, const char *second, uint64_t rows,
               const char *wanted)
{
	for (size_t size = 1; size < 50; size++) {
		struct export_rows r = { .format = format };
		struct text all = { 0 };

		export_rows_begin(&r, false, 0);
		add(&r, first, size);
		text_add(&all, r.out.bytes, r.out.len);
		export_rows_begin(&r, all.len > 0, r.count);
		add(&r, second, size);
		text_add(&all, r.out.bytes, r.out.len);
		ck_assert_uint_eq(r.count, rows);
		export_rows_finish(&r);
		text_add(&all, r.out.bytes, r.out.len);
		ck_assert_uint_eq(all.len, strlen(wanted));
		ck_assert(all.len == 0 || memcmp(all.bytes, wanted, all.len) == 0);
		text_free(&all);
		export_rows_free(&r);
	}
}

START_TEST(csv)
{
	check_document(EXPORT_CSV, "a,b\n1,2\n3,4", "a,b\n5,6", 3, "a,b\n1,2\n3,4\n5,6\n");
	check_document(EXPORT_CSV, "a\n1", "a", 1, "a\n1\n");
	check_document(EXPORT_CSV, "a", "a", 0, "a\n");
	/* a null alone, and line ends and quotes within quotes */
	check_document(EXPORT_CSV, "a\n\n", "a\n", 3, "a\n\n\n\n");
	check_document(EXPORT_CSV, "\"a\"\"\n\",b\n\"x\ny\"\"\n\",1", "\"a\"\"\n\",b\n\"\n\",\"\n\"", 2,
	               "\"a\"\"\n\",b\n\"x\ny\"\"\n\",1\n\"\n\",\"\n\"\n");
}
END_TEST

START_TEST(lines)
{
	check_document(EXPORT_NDJSON, "{\"a\":1}\n{\"a\":2}\n", "{\"a\":3}\n", 3,
	               "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n");
	check_document(EXPORT_NDJSON, "", "", 0, "");
	check_document(EXPORT_JSON, "{\"a\":1}\n{\"a\":2}\n", "{\"a\":3}\n", 3,
	               "[{\"a\":1},\n{\"a\":2},\n{\"a\":3}]\n");
	check_document(EXPORT_JSON, "1\n", "", 1, "[1]\n");
	check_document(EXPORT_JSON, "", "", 0, "[]\n");
}
END_TEST

START_TEST(another_header)
{
	static const char *const others[] = { "a,c\n1", "a", "a,b,c\n", "" };

	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		struct export_rows r = { .format = EXPORT_CSV };
		export_rows_begin(&r, false, 0);
		add(&r, "a,b\n1,2", 100);
		export_rows_begin(&r, true, r.count);
		bool good = export_rows_add(&r, (swm_str){ others[i], strlen(others[i]) });
		ck_assert(!(good && export_rows_end(&r)));
		ck_assert(r.has_changed);
		export_rows_free(&r);
	}
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("export");
	TCase *c = tcase_create("export");

	tcase_add_test(c, first_page);
	tcase_add_test(c, later_page);
	tcase_add_test(c, limit_of_all);
	tcase_add_test(c, all_the_rest);
	tcase_add_test(c, csv);
	tcase_add_test(c, lines);
	tcase_add_test(c, another_header);
	suite_add_tcase(suite, c);
	return suite;
}
