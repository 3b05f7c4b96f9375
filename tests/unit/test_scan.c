/*
 * The scanner of JSON bodies: the grammar of RFC 8259, UTF-8 as RFC 3629 has it, and
 * what it says of the names in a body; each case whole and byte by byte.
 */
#include "config.h"

#include "base/str.h"
#include "json/scan.h"
#include "unit.h"

#include <stdio.h>

/* A view of a literal, in a table. */
#define TEXT(literal) { literal, sizeof(literal) - 1 }
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static swm_arena *arena;

static void
set_up(void)
{
	arena = swm_arena_new();
}

static void
tear_down(void)
{
	swm_arena_free(arena);
}

static int
scan_with(swm_str text, size_t step, swm_json_facts *facts)
{
	swm_json_scan *scan = swm_json_scan_new(arena);
	int rc = SWM_OK;

	for (size_t i = 0; i < text.len && rc == SWM_OK; i += step)
		rc = swm_json_scan_feed(scan, (swm_str){ text.ptr + i, step < text.len - i ? step : text.len - i });
	int end = swm_json_scan_end(scan, facts);
	ck_assert(rc == SWM_OK || end == rc);
	return end;
}

/* The names, joined by a comma. */
static const char *
keys_of(const swm_json_facts *facts)
{
	static char text[256];
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < facts->key_count; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%.*s", i > 0 ? "," : "",
		                      (int)facts->keys[i].len, facts->keys[i].ptr);
	return text;
}

START_TEST(what_is_json)
{
	static const swm_str cases[] = {
		TEXT("null"), TEXT(" true "), TEXT("false\n"), TEXT("0"), TEXT("-0"), TEXT("-1.5e10"),
		TEXT("1E-2"), TEXT("1e+2"), TEXT("\"\""), TEXT("\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\""),
		TEXT("\"\\ud83d\\ude00\""), TEXT("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf\x7f\""),
		TEXT("[]"), TEXT("[ ]"), TEXT("{}"), TEXT("\t{ }\r\n"), TEXT("[1,[2,{\"a\":[{}]}],\"x\"]"),
		TEXT("{\"a\":1, \"b\" : [null] ,\"\":{}}"),
		TEXT("\"\\u0000\""), /* a value: json can hold it */
	};
	swm_json_facts facts;

	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t step = 1; step < 40; step += 38)
			ck_assert_msg(scan_with(cases[i], step, &facts) == SWM_OK, "%s", cases[i].ptr);
}
END_TEST

START_TEST(what_is_none)
{
	static const swm_str cases[] = {
		TEXT(""), TEXT("  "), TEXT("nul"), TEXT("nulL"), TEXT("truefalse"), TEXT("1 2"), TEXT("01"),
		TEXT("-"), TEXT("+1"), TEXT(".5"), TEXT("1."), TEXT("1e"), TEXT("1e+"), TEXT("1.e1"), TEXT("0x1"),
		TEXT("NaN"), TEXT("'a'"), TEXT("\"a"), TEXT("\"a\nb\""), TEXT("\"\\x\""), TEXT("\"\\u12g4\""),
		TEXT("\"\\u123\""), TEXT("\"\\ud800\""), TEXT("\"\\ud800x\""), TEXT("\"\\ud800\\n\""),
		TEXT("\"\\ud800\\ud800\""), TEXT("\"\\udc00\""), TEXT("["), TEXT("]"), TEXT("[1,]"), TEXT("[,1]"),
		TEXT("[1 2]"), TEXT("[1}"), TEXT("{"), TEXT("}"), TEXT("{]"), TEXT("{\"a\"}"), TEXT("{\"a\":}"),
		TEXT("{\"a\":1,}"), TEXT("{a:1}"), TEXT("{1:1}"), TEXT("{\"a\":1 \"b\":2}"), TEXT("{\"a\" 1}"),
		TEXT("{}{}"), TEXT("{},"), TEXT("[]]"), TEXT("\"\xff\""), TEXT("\"\xc0\x80\""), TEXT("\"\xc1\xbf\""),
		TEXT("\"\xed\xa0\x80\""), TEXT("\"\xf4\x90\x80\x80\""), TEXT("\"\xf5\x80\x80\x80\""), TEXT("\"\xe0\x9f\xbf\""),
		TEXT("\"\xf0\x8f\xbf\xbf\""), TEXT("\"\xc3\""), TEXT("\"\xc3x\""), TEXT("\"\x80\""), TEXT("\xc3\xa9"),
		TEXT("\xef\xbb\xbf{}"), TEXT("{\"a\0b\":1}"), TEXT("{\"\\u0000\":1}"), TEXT("1\f"),
	};
	swm_json_facts facts;

	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t step = 1; step < 40; step += 38)
			ck_assert_msg(scan_with(cases[i], step, &facts) == SWM_EPARSE, "%s", cases[i].ptr);
}
END_TEST

/* In whatever pieces it comes. */
static void
ck_fault(const char *text, size_t at, const char *expected)
{
	swm_json_facts facts;

	for (size_t step = 1; step < 20; step++) {
		swm_json_scan *scan = swm_json_scan_new(arena);
		int rc = SWM_OK;
		for (const char *p = text; p < text + strlen(text) && rc == SWM_OK; p += step)
			rc = swm_json_scan_feed(scan, (swm_str){ p, strnlen(p, step) });
		ck_assert_int_eq(swm_json_scan_end(scan, &facts), SWM_EPARSE);
		ck_assert_uint_eq(swm_json_scan_fault(scan).at, at);
		ck_assert_str_eq(swm_json_scan_fault(scan).expected, expected);
	}
}

START_TEST(where_it_is_none)
{
	ck_fault("", 0, "a value");
	ck_fault(" \n", 2, "a value");
	ck_fault("{\"name\":\"x\",}", 12, "a name in double quotes");
	ck_fault("[1 2]", 3, "\",\" or \"]\"");
	ck_fault("{\"a\":[1}", 7, "\",\" or \"]\"");
	ck_fault("{}x", 2, "the end");
	ck_fault("[\"abcdefghijkl\tm\"]", 14, "an escaped control character");
	ck_fault("[\"abcdefghijkl", 14, "a closing quote");
	ck_fault("[1.5e", 5, "a digit");
	ck_fault("[12", 3, "\",\" or \"]\"");
}
END_TEST

START_TEST(nesting_is_bounded)
{
	char text[2 * SWM_JSON_DEPTH + 2];
	swm_json_facts facts;

	memset(text, '[', SWM_JSON_DEPTH + 1);
	memset(text + SWM_JSON_DEPTH + 1, ']', SWM_JSON_DEPTH + 1);
	ck_assert_int_eq(scan_with((swm_str){ text + 1, 2 * SWM_JSON_DEPTH }, 1, &facts), SWM_OK);
	ck_assert_int_eq(scan_with((swm_str){ text, sizeof text }, 1, &facts), SWM_EPARSE);
}
END_TEST

START_TEST(what_a_body_has)
{
	static const struct {
		const char *text;
		enum swm_json_body body;
		int elements;
		bool agree;
		const char *keys;
	} cases[] = {
		{ "5", SWM_JSON_BODY_SCALAR, 0, false, "" },
		{ "\"{}\"", SWM_JSON_BODY_SCALAR, 0, false, "" },
		{ "{}", SWM_JSON_BODY_OBJECT, 0, false, "" },
		{ "{\"b\":{\"x\":1},\"a\":[{\"y\":2}]}", SWM_JSON_BODY_OBJECT, 0, false, "b,a" },
		{ "{\"a\":1,\"b\":2,\"a\":3}", SWM_JSON_BODY_OBJECT, 0, false, "a,b" },
		{ "{\"\\u00e9\\ud83d\\ude00\\\\\\t\":1}", SWM_JSON_BODY_OBJECT, 0, false, "\xc3\xa9\xf0\x9f\x98\x80\\\t" },
		{ "{\"\xc3\xa9\xe2\x82\xac\":1}", SWM_JSON_BODY_OBJECT, 0, false, "\xc3\xa9\xe2\x82\xac" },
		{ "[]", SWM_JSON_BODY_ARRAY, 0, true, "" },
		{ "[{}]", SWM_JSON_BODY_ARRAY, 1, true, "" },
		{ "[{},{}]", SWM_JSON_BODY_ARRAY, 2, true, "" },
		{ "[{\"a\":1,\"b\":2},{\"b\":1,\"a\":2},{\"a\":{\"c\":1},\"b\":[1,2]}]", SWM_JSON_BODY_ARRAY, 3, true, "a,b" },
		{ "[{\"a\":1,\"b\":2},{\"b\":1,\"b\":1,\"a\":2}]", SWM_JSON_BODY_ARRAY, 2, true, "a,b" },
		{ "[{\"a\":1,\"b\":2},{\"b\":1,\"b\":2}]", SWM_JSON_BODY_ARRAY, 2, false, "a,b" },
		{ "[{\"a\":1},{\"a\":1,\"b\":2}]", SWM_JSON_BODY_ARRAY, 2, false, "a" },
		{ "[{\"a\":1,\"b\":2},{\"a\":1}]", SWM_JSON_BODY_ARRAY, 2, false, "a,b" },
		{ "[{\"a\":1},{}]", SWM_JSON_BODY_ARRAY, 2, false, "a" },
		{ "[{},{\"a\":1}]", SWM_JSON_BODY_ARRAY, 2, false, "" },
		{ "[{\"a\":1},{\"a\":1},{\"A\":1}]", SWM_JSON_BODY_ARRAY, 3, false, "a" },
		{ "[{\"a\":1},2]", SWM_JSON_BODY_ARRAY, 2, false, "a" },
		{ "[1,2,[{\"a\":1}]]", SWM_JSON_BODY_ARRAY, 3, false, "" },
		{ "[[{\"a\":1}]]", SWM_JSON_BODY_ARRAY, 1, false, "" },
	};
	swm_json_facts facts;

	for (size_t i = 0; i < COUNT(cases); i++) {
		for (size_t step = 1; step < 400; step += 398) {
			ck_assert_msg(scan_with(swm_cstr(cases[i].text), step, &facts) == SWM_OK, "%s", cases[i].text);
			ck_assert_msg(facts.body == cases[i].body && facts.elements == cases[i].elements &&
			              facts.rows_agree == cases[i].agree && !facts.keys_left_out,
			              "%s: %d, %d elements, agree %d", cases[i].text, facts.body, (int)facts.elements, facts.rows_agree);
			ck_assert_str_eq(keys_of(&facts), cases[i].keys);
		}
	}
}
END_TEST

static void
feed(swm_json_scan *scan, const char *text)
{
	ck_assert_int_eq(swm_json_scan_feed(scan, swm_cstr(text)), SWM_OK);
}

/* A million rows: what is allocated is what one row needs. */
START_TEST(memory_does_not_grow_with_the_rows)
{
	swm_json_scan *scan = swm_json_scan_new(arena);
	swm_json_facts facts;

	feed(scan, "[{\"id\":0,\"name\":\"n\",\"data\":{\"a\":[1,2]}}");
	size_t used = swm_arena_used(arena);
	int rc = SWM_OK; /* Check's assertions take longer than the scanner */
	for (int i = 1; i < 1000000 && rc == SWM_OK; i++)
		rc = swm_json_scan_feed(scan, SWM_STR(",{\"data\":{\"b\":[3]},\"name\":\"m\",\"id\":1}"));
	ck_assert_int_eq(rc, SWM_OK);
	feed(scan, "]");
	ck_assert_int_eq(swm_json_scan_end(scan, &facts), SWM_OK);
	ck_assert_int_eq(facts.elements, 1000000);
	ck_assert(facts.rows_agree);
	ck_assert_uint_eq(swm_arena_used(arena), used);
}
END_TEST

/* Whether names are left out of an object that begins with as many as are kept. */
static bool
most_keys_and(const char *end)
{
	char name[SWM_JSON_LONGEST_KEY + 8];
	swm_json_scan *scan = swm_json_scan_new(arena);
	swm_json_facts facts;

	feed(scan, "{\"x\":0");
	for (int i = 1; i < SWM_JSON_MOST_KEYS; i++) {
		snprintf(name, sizeof name, ",\"k%d\":0", i);
		feed(scan, name);
	}
	feed(scan, end);
	ck_assert_int_eq(swm_json_scan_end(scan, &facts), SWM_OK);
	ck_assert_uint_eq(facts.key_count, SWM_JSON_MOST_KEYS);
	return facts.keys_left_out;
}

START_TEST(names_are_bounded)
{
	ck_assert(!most_keys_and(",\"k1\":1}"));
	ck_assert(most_keys_and(",\"one more\":1}"));
}
END_TEST

START_TEST(a_long_name_is_left_out)
{
	char text[SWM_JSON_LONGEST_KEY + 8];
	swm_json_facts facts;

	memset(text, 'x', sizeof text);
	memcpy(text, "{\"", 2);
	memcpy(text + 2 + SWM_JSON_LONGEST_KEY, "\":1}", 4);
	ck_assert_int_eq(scan_with((swm_str){ text, SWM_JSON_LONGEST_KEY + 6 }, 7, &facts), SWM_OK);
	ck_assert(!facts.keys_left_out && facts.key_count == 1);
	memcpy(text + 2 + SWM_JSON_LONGEST_KEY, "x\":1}", 5);
	ck_assert_int_eq(scan_with((swm_str){ text, SWM_JSON_LONGEST_KEY + 7 }, 7, &facts), SWM_OK);
	ck_assert(facts.keys_left_out && facts.key_count == 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("scan");
	TCase *t = tcase_create("scan");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, what_is_json);
	tcase_add_test(t, what_is_none);
	tcase_add_test(t, where_it_is_none);
	tcase_add_test(t, nesting_is_bounded);
	tcase_add_test(t, what_a_body_has);
	tcase_add_test(t, memory_does_not_grow_with_the_rows);
	tcase_add_test(t, names_are_bounded);
	tcase_add_test(t, a_long_name_is_left_out);
	suite_add_tcase(suite, t);
	return suite;
}
