/* Memory and text: what every other room stands on. */
#include "config.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/str.h"
#include "unit.h"

START_TEST(buffer_grows_and_terminates)
{
	swm_buf b = SWM_BUF_INIT;

	ck_assert_str_eq(swm_buf_text(&b), "");
	for (int i = 0; i < 1000; i++)
		swm_buf_printf(&b, "%03d,", i);
	ck_assert(!b.failed);
	ck_assert_uint_eq(b.len, 4000);
	ck_assert_uint_eq(strlen(b.ptr), 4000);
	swm_buf_clear(&b);
	swm_buf_int(&b, INT64_MIN);
	ck_assert_str_eq(swm_buf_text(&b), "-9223372036854775808");
	swm_buf_dispose(&b);
}
END_TEST

/* Whatever room is left where it begins, none of the text is cut off. */
START_TEST(formatted_text_is_whole_at_any_place)
{
	for (int before = 0; before < 600; before++) {
		swm_buf b = SWM_BUF_INIT;
		for (int i = 0; i < before; i++)
			swm_buf_char(&b, 'x');
		swm_buf_printf(&b, "%05d%s", 12345, "text");
		ck_assert(!b.failed);
		ck_assert_uint_eq(b.len, (size_t)before + 9);
		ck_assert_str_eq(swm_buf_text(&b) + before, "12345text");
		swm_buf_dispose(&b);
	}
}
END_TEST

START_TEST(buffer_remembers_its_failure)
{
	swm_buf b = SWM_BUF_INIT;

	swm_buf_cstr(&b, "kept");
	ck_assert_ptr_null(swm_buf_reserve(&b, SIZE_MAX - 2));
	ck_assert(b.failed);
	swm_buf_cstr(&b, "not added");
	ck_assert_str_eq(swm_buf_text(&b), "kept");
	swm_buf_dispose(&b);
}
END_TEST

START_TEST(arena_gives_zeroed_memory_until_it_is_reset)
{
	swm_arena *a = swm_arena_new();

	for (size_t size = 1; size < 100000; size *= 3) {
		char *p = swm_arena_alloc(a, size);
		ck_assert_ptr_nonnull(p);
		ck_assert_uint_eq((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			ck_assert_int_eq(p[i], 0);
		memset(p, 'x', size);
	}
	swm_arena_reset(a);
	ck_assert_uint_eq(swm_arena_used(a), 0);
	char *again = swm_arena_alloc(a, 100);
	for (size_t i = 0; i < 100; i++)
		ck_assert_int_eq(again[i], 0);
	ck_assert_ptr_null(swm_arena_array(a, SIZE_MAX / 2, 3));
	ck_assert_ptr_null(swm_arena_alloc(a, SIZE_MAX));
	swm_arena_free(a);
}
END_TEST

START_TEST(cutting_gives_every_piece)
{
	swm_str rest = SWM_STR("a,,b,"), piece;

	ck_assert(swm_str_cut(&rest, ',', &piece) && swm_str_eq(piece, SWM_STR("a")));
	ck_assert(swm_str_cut(&rest, ',', &piece) && piece.len == 0);
	ck_assert(swm_str_cut(&rest, ',', &piece) && swm_str_eq(piece, SWM_STR("b")));
	ck_assert(swm_str_cut(&rest, ',', &piece) && piece.len == 0);
	ck_assert(!swm_str_cut(&rest, ',', &piece));
}
END_TEST

START_TEST(numbers_are_whole_or_refused)
{
	static const struct {
		const char *text;
		bool ok;
		int64_t value;
	} cases[] = {
		{ "0", true, 0 }, { "-1", true, -1 }, { "+7", true, 7 },
		{ "9223372036854775807", true, INT64_MAX }, { "-9223372036854775808", true, INT64_MIN },
		{ "9223372036854775808", false, 0 }, { "-9223372036854775809", false, 0 },
		{ "", false, 0 }, { "-", false, 0 }, { "1 ", false, 0 }, { "1.0", false, 0 }, { "0x1", false, 0 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int64_t n = 0;
		ck_assert_msg(swm_str_int64(swm_cstr(cases[i].text), &n) == cases[i].ok, "%s", cases[i].text);
		ck_assert_int_eq(n * cases[i].ok, cases[i].value);
	}
}
END_TEST

/* RFC 3629, section 4 */
START_TEST(utf8_is_well_formed)
{
	static const struct {
		const char *bytes;
		bool ok;
		size_t bad;
	} cases[] = {
		{ "", true, 0 }, { "plain", true, 0 }, { "\xc3\xa9", true, 0 }, { "\xe2\x80\xa8", true, 0 },
		{ "\xf0\x9f\x98\x80", true, 0 }, { "\xf4\x8f\xbf\xbf", true, 0 },
		{ "a\xff", false, 1 }, { "\xc0\x80", false, 0 }, { "\xc1\xbf", false, 0 },
		{ "\xe0\x9f\xbf", false, 0 }, { "\xed\xa0\x80", false, 0 }, { "\xf0\x8f\xbf\xbf", false, 0 },
		{ "\xf4\x90\x80\x80", false, 0 }, { "ab\xc3", false, 2 }, { "\x80", false, 0 },
		{ "\xe2\x80", false, 0 }, { "\xe2\x28\xa8", false, 0 }, { "\xe2\x80\x28", false, 0 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t bad = 0;
		ck_assert_msg(swm_utf8_valid(swm_cstr(cases[i].bytes), &bad) == cases[i].ok, "case %zu", i);
		ck_assert_uint_eq(bad, cases[i].bad);
	}
}
END_TEST

START_TEST(distance_counts_edits)
{
	ck_assert_uint_eq(swm_str_distance(SWM_STR("kitten"), SWM_STR("sitting"), 10), 3);
	ck_assert_uint_eq(swm_str_distance(SWM_STR(""), SWM_STR("abc"), 10), 3);
	ck_assert_uint_eq(swm_str_distance(SWM_STR("same"), SWM_STR("same"), 10), 0);
	ck_assert_uint_eq(swm_str_distance(SWM_STR("abc"), SWM_STR("xyz"), 1), 2);
}
END_TEST

/* A vector of the reference implementation, with seed 0. */
START_TEST(hashes_are_those_of_murmurhash3)
{
	swm_hash128 zero = { 0, 0 }, h = swm_hash(zero, SWM_STR("The quick brown fox jumps over the lazy dog"));

	ck_assert(h.high == 0xe34bbc7bbc071b6cu && h.low == 0x7a433ca9c49a9347u);
	h = swm_hash(zero, (swm_str){ NULL, 0 });
	ck_assert(h.high == 0 && h.low == 0);
	swm_hash128 one = swm_hash(swm_hash(zero, SWM_STR("a")), SWM_STR("bc"));
	swm_hash128 other = swm_hash(swm_hash(zero, SWM_STR("ab")), SWM_STR("c"));
	ck_assert(one.high != other.high && one.low != other.low);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *s = suite_create("base");
	TCase *t = tcase_create("base");

	tcase_add_test(t, buffer_grows_and_terminates);
	tcase_add_test(t, formatted_text_is_whole_at_any_place);
	tcase_add_test(t, buffer_remembers_its_failure);
	tcase_add_test(t, arena_gives_zeroed_memory_until_it_is_reset);
	tcase_add_test(t, cutting_gives_every_piece);
	tcase_add_test(t, numbers_are_whole_or_refused);
	tcase_add_test(t, utf8_is_well_formed);
	tcase_add_test(t, distance_counts_edits);
	tcase_add_test(t, hashes_are_those_of_murmurhash3);
	suite_add_tcase(s, t);
	return s;
}
