/*
 * The nearest name. Expectations are computed by hand from FuzzySet's definition:
 * cosine of the gram vectors chooses, 1 - edits / length of the longer decides,
 * and more than 0.33 is needed.
 */
#include "config.h"

#include "base/fuzzy.h"
#include "unit.h"

#include <stdio.h>

static const char *
nearest(const char *name, const char *const *names)
{
	static swm_fuzzy fuzzy;
	static char answer[256];

	ck_assert(swm_fuzzy_start(&fuzzy, swm_cstr(name)));
	for (; *names != NULL; names++)
		swm_fuzzy_offer(&fuzzy, swm_cstr(*names));
	swm_str best = swm_fuzzy_nearest(&fuzzy);
	if (best.ptr == NULL)
		return "(none)";
	snprintf(answer, sizeof answer, "%.*s", (int)best.len, best.ptr);
	return answer;
}

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

START_TEST(one_edit_away)
{
	ck_assert_str_eq(nearest("device", NAMES("consumption", "devices", "users")), "devices");
	ck_assert_str_eq(nearest("devcies", NAMES("consumption", "devices", "users")), "devices");
}
END_TEST

START_TEST(case_alone_is_an_exact_match)
{
	/* "devicet" is one edit away, "DEVICES" none */
	ck_assert_str_eq(nearest("Devices", NAMES("devicet", "DEVICES")), "DEVICES");
	ck_assert_str_eq(nearest("\xc3\x84mter", NAMES("\xc3\xa4mter")), "\xc3\xa4mter");
}
END_TEST

START_TEST(nothing_in_common)
{
	ck_assert_str_eq(nearest("xyz", NAMES("devices", "consumption")), "(none)");
	ck_assert_str_eq(nearest("", NAMES("devices")), "(none)");
	ck_assert_str_eq(nearest("devices", (const char *const[]){ NULL }), "(none)");
}
END_TEST

START_TEST(score_must_exceed_a_third)
{
	/* shares "-ab"; 2 of 6 characters agree: 1 - 4/6 = 0.333 > 0.33 */
	ck_assert_str_eq(nearest("abcdef", NAMES("abuvwx")), "abuvwx");
	/* 2 of 7: 1 - 5/7 = 0.286 */
	ck_assert_str_eq(nearest("abcdefg", NAMES("abuvwxy")), "(none)");
}
END_TEST

START_TEST(grams_of_two_when_three_find_nothing)
{
	/* "-ab" "abc" "bc-" against "-xb" "xbc" "bc-": bc- is shared */
	ck_assert_str_eq(nearest("abc", NAMES("xbc")), "xbc");
	/* of three nothing is shared by "abc" and "axc"; of two "-a" and "c-" are; 1 - 1/3 = 0.67 */
	ck_assert_str_eq(nearest("abc", NAMES("axc")), "axc");
}
END_TEST

START_TEST(grams_of_three_come_first)
{
	/*
	 * "xbcdefgh" shares grams of three with "abc" ("abc" has -ab abc bc-: none;
	 * with "abcuvwx" it shares -ab and abc: 1 - 4/7 = 0.43). "axc" would score
	 * 0.67, but has no gram of three in common, so it is not looked at.
	 */
	ck_assert_str_eq(nearest("abc", NAMES("axc", "abcuvwx")), "abcuvwx");
}
END_TEST

START_TEST(normalisation_drops_punctuation_in_grams_only)
{
	/* grams of "device_logs" are those of "devicelogs"; the edit distance still counts the underscore: 1/11 */
	ck_assert_str_eq(nearest("devicelogs", NAMES("device_logs", "devicelocks")), "device_logs");
}
END_TEST

START_TEST(documented_example)
{
	/* the Haskell package's documentation: findClosest "percolator" gives "Terminator" */
	ck_assert_str_eq(nearest("percolator", NAMES("Jurassic Park", "Terminator", "The Matrix")), "Terminator");
	ck_assert_str_eq(nearest("Shaggy Jones", NAMES("Shaggy Rogers", "Fred Jones", "Daphne Blake",
	                                               "Velma Dinkley")), "Shaggy Rogers");
}
END_TEST

START_TEST(documented_states)
{
	static const char *const states[] = {
		"Alabama", "Alaska", "American Samoa", "Arizona", "Arkansas", "California", "Colorado",
		"Connecticut", "Delaware", "District of Columbia", "Florida", "Georgia", "Guam", "Hawaii",
		"Idaho", "Illinois", "Indiana", "Iowa", "Kansas", "Kentucky", "Louisiana", "Maine", "Maryland",
		"Massachusetts", "Michigan", "Minnesota", "Mississippi", "Missouri", "Montana", "Nebraska",
		"Nevada", "New Hampshire", "New Jersey", "New Mexico", "New York", "North Carolina",
		"North Dakota", "Northern Marianas Islands", "Ohio", "Oklahoma", "Oregon", "Pennsylvania",
		"Puerto Rico", "Rhode Island", "South Carolina", "South Dakota", "Tennessee", "Texas", "Utah",
		"Vermont", "Virginia", "Virgin Islands", "Washington", "West Virginia", "Wisconsin", "Wyoming",
		NULL
	};

	ck_assert_str_eq(nearest("Burger Islands", states), "Virgin Islands");
	ck_assert_str_eq(nearest("Why-oh-me-ing", states), "Wyoming");
	ck_assert_str_eq(nearest("Connect a cat", states), "Connecticut");
	ck_assert_str_eq(nearest("Transylvania", states), "Pennsylvania");
	ck_assert_str_eq(nearest("CanOfSauce", states), "Kansas");
	ck_assert_str_eq(nearest("Alaskanbraskansas", states), "Arkansas");
}
END_TEST

START_TEST(of_equals_the_first)
{
	ck_assert_str_eq(nearest("abcd", NAMES("abce", "abcf")), "abce");
}
END_TEST

START_TEST(long_names_are_near_to_nothing)
{
	char name[SWM_FUZZY_LONGEST + 2];
	static swm_fuzzy fuzzy;

	memset(name, 'a', sizeof name);
	ck_assert(swm_fuzzy_start(&fuzzy, (swm_str){ name, SWM_FUZZY_LONGEST }));
	swm_fuzzy_offer(&fuzzy, (swm_str){ name, SWM_FUZZY_LONGEST + 1 });
	ck_assert_ptr_null(swm_fuzzy_nearest(&fuzzy).ptr);
	swm_fuzzy_offer(&fuzzy, (swm_str){ name, SWM_FUZZY_LONGEST - 1 });
	ck_assert_uint_eq(swm_fuzzy_nearest(&fuzzy).len, SWM_FUZZY_LONGEST - 1);
	ck_assert(!swm_fuzzy_start(&fuzzy, (swm_str){ name, SWM_FUZZY_LONGEST + 1 }));
}
END_TEST

START_TEST(bytes_that_are_no_text)
{
	static swm_fuzzy fuzzy;

	ck_assert(!swm_fuzzy_start(&fuzzy, SWM_STR("dev\xff")));
	ck_assert(swm_fuzzy_start(&fuzzy, SWM_STR("de\0vices")));
	swm_fuzzy_offer(&fuzzy, SWM_STR("devices"));
	ck_assert_uint_eq(swm_fuzzy_nearest(&fuzzy).len, 7);
}
END_TEST

START_TEST(only_fifty_are_compared)
{
	/* all share one gram with the name; sixty are more than the ranking holds */
	static swm_fuzzy fuzzy;
	char names[60][24]; /* room for any int, or gcc warns in a sanitizer build */

	ck_assert(swm_fuzzy_start(&fuzzy, SWM_STR("abcdef")));
	for (int i = 0; i < 60; i++) {
		snprintf(names[i], sizeof names[i], "ab%02dxyz", i);
		swm_fuzzy_offer(&fuzzy, swm_cstr(names[i]));
	}
	ck_assert_uint_eq(fuzzy.rankings[0].count, SWM_FUZZY_COMPARED);
	swm_fuzzy_offer(&fuzzy, SWM_STR("abcdeg"));
	ck_assert(swm_str_eq(swm_fuzzy_nearest(&fuzzy), SWM_STR("abcdeg")));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("fuzzy");
	TCase *tests = tcase_create("nearest");

	tcase_add_test(tests, one_edit_away);
	tcase_add_test(tests, case_alone_is_an_exact_match);
	tcase_add_test(tests, nothing_in_common);
	tcase_add_test(tests, score_must_exceed_a_third);
	tcase_add_test(tests, grams_of_two_when_three_find_nothing);
	tcase_add_test(tests, grams_of_three_come_first);
	tcase_add_test(tests, normalisation_drops_punctuation_in_grams_only);
	tcase_add_test(tests, documented_example);
	tcase_add_test(tests, documented_states);
	tcase_add_test(tests, of_equals_the_first);
	tcase_add_test(tests, long_names_are_near_to_nothing);
	tcase_add_test(tests, bytes_that_are_no_text);
	tcase_add_test(tests, only_fifty_are_compared);
	suite_add_tcase(suite, tests);
	return suite;
}
