/*
 * JSON: quoting as PostgreSQL does it, the grammar of RFC 8259, and the documents
 * that stand on cJSON.
 */
#include "config.h"

#include "json/escape.h"
#include "json/grammar.h"
#include "json/json.h"
#include "json/raw.h"

#include "base/str.h"
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Exactly so many bytes, so that a sanitizer sees a step beyond them. */
static char *
exact_copy(swm_str s)
{
	char *copy = malloc(s.len > 0 ? s.len : 1);
	ck_assert_ptr_nonnull(copy);
	if (s.len > 0)
		memcpy(copy, s.ptr, s.len);
	return copy;
}

static void
quotes_to(swm_str text, swm_str wanted)
{
	swm_buf buf = SWM_BUF_INIT;
	char *copy = exact_copy(text);

	swm_buf_cstr(&buf, "x");
	swm_json_quote(&buf, (swm_str){ copy, text.len });
	ck_assert(!buf.failed);
	ck_assert_msg(buf.len == wanted.len + 1 && memcmp(buf.ptr + 1, wanted.ptr, wanted.len) == 0,
	              "got %s, not %s", buf.ptr + 1, wanted.ptr);
	ck_assert_int_eq(buf.ptr[buf.len], '\0');
	swm_buf_dispose(&buf);
	free(copy);
}

START_TEST(strings_without_escapes)
{
	quotes_to(SWM_STR(""), SWM_STR("\"\""));
	quotes_to(SWM_STR("a"), SWM_STR("\"a\""));
	quotes_to(SWM_STR("2024-02-29"), SWM_STR("\"2024-02-29\""));
	quotes_to(SWM_STR("exactly8"), SWM_STR("\"exactly8\""));
	quotes_to(SWM_STR("exactly 16 bytes"), SWM_STR("\"exactly 16 bytes\""));
	/* PostgreSQL leaves /, DEL, U+0080, U+2028 and the rest of Unicode as they are */
	quotes_to(SWM_STR("</a>\x7f"), SWM_STR("\"</a>\x7f\""));
	quotes_to(SWM_STR("\xc2\x80\xe2\x80\xa8\xf0\x9f\x98\x80"),
	          SWM_STR("\"\xc2\x80\xe2\x80\xa8\xf0\x9f\x98\x80\""));
}
END_TEST

START_TEST(named_escapes)
{
	quotes_to(SWM_STR("\"\\\b\f\n\r\t"), SWM_STR("\"\\\"\\\\\\b\\f\\n\\r\\t\""));
	quotes_to(SWM_STR("C:\\dir \"x\"\n"), SWM_STR("\"C:\\\\dir \\\"x\\\"\\n\""));
}
END_TEST

START_TEST(other_controls)
{
	quotes_to((swm_str){ "\0\x01\x0b\x1f", 4 }, SWM_STR("\"\\u0000\\u0001\\u000b\\u001f\""));
}
END_TEST

/* One byte by the rule of escape_json(), said in another way than the code does. */
static size_t
escape_by_rule(char *to, char c)
{
	static const char named[][2] = { { '\b', 'b' }, { '\f', 'f' }, { '\n', 'n' }, { '\r', 'r' },
		                         { '\t', 't' }, { '"', '"' },  { '\\', '\\' } };

	for (size_t i = 0; i < COUNT(named); i++)
		if (c == named[i][0])
			return (size_t)sprintf(to, "\\%c", named[i][1]);
	return (size_t)sprintf(to, (unsigned char)c < ' ' ? "\\u%04x" : "%c", (unsigned char)c);
}

static void
check_byte_at(int c, size_t at, size_t len)
{
	char text[20], wanted[40] = "\"";
	size_t n = 1;

	memset(text, 'a', sizeof text);
	text[at] = (char)c;
	for (size_t i = 0; i < len; i++)
		n += escape_by_rule(wanted + n, text[i]);
	wanted[n++] = '"';
	quotes_to((swm_str){ text, len }, (swm_str){ wanted, n });
}

/* As the scan goes by words of eight. */
START_TEST(every_byte_at_every_place)
{
	for (int c = 0; c < 256; c++)
		for (size_t len = 1; len <= 20; len++)
			for (size_t at = 0; at < len; at++)
				check_byte_at(c, at, len);
}
END_TEST

/* Long texts go through in pieces. */
START_TEST(a_long_text)
{
	enum { LEN = 100000 };
	char *text = malloc(LEN), *wanted = malloc(LEN * 6 + 2);
	size_t n = 0;

	ck_assert(text != NULL && wanted != NULL);
	wanted[n++] = '"';
	for (size_t i = 0; i < LEN; i++) {
		text[i] = (char)(i % 251 == 0 ? i % 32 : i % 100 == 0 ? '"' : 'a' + i % 26);
		n += escape_by_rule(wanted + n, text[i]);
	}
	wanted[n++] = '"';
	quotes_to((swm_str){ text, LEN }, (swm_str){ wanted, n });
	free(text);
	free(wanted);
}
END_TEST

static bool
valid(swm_str text)
{
	char *copy = exact_copy(text);
	bool answer = swm_json_valid((swm_str){ copy, text.len });
	free(copy);
	return answer;
}

START_TEST(what_is_json)
{
	static const char *const texts[] = {
		"{}", "[]", "0", "-0", "10", "1.10", "1e5", "1E+5", "1.5e-10", "true", "false", "null", "\"\"",
		" \t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : { } } \n", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\"",
		"\"\\ud83d\\ude00\"", "\"\x7f\"", "[[],{},\"\",0,null]", "{\"a\":1,\"a\":2}",
	};
	for (size_t i = 0; i < COUNT(texts); i++)
		ck_assert_msg(valid(swm_cstr(texts[i])), "refused: %s", texts[i]);
}
END_TEST

START_TEST(what_is_not_json)
{
	static const char *const texts[] = {
		"", " ", "{", "}", "[", "]", "[1,]", "[,1]", "[1 2]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}",
		"{'a':1}", "{1:1}", "01", "-", "+1", ".5", "1.", "1e", "1e+", "0x10", "--1", "1 2", "NaN", "Infinity",
		"nul", "nulll", "True", "\"", "\"a", "\"\\\"", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\u",
		"\"a\nb\"", "\"a\tb\"", "{}x", "{} {}", "[1]]", "\x0b[]", "[]\x01", "\f1", "/**/1", "1//",
		/* surrogates that are no pair */
		"\"\\ud83d\"", "\"\\ude00\"", "\"\\ud83dx\"", "\"\\ud83d\\ud83d\"", "\"\\ud83d\\u0041\"",
		/* a NUL in any spelling */
		"\"\\u0000\"", "{\"role\\u0000x\":1}", "[\"a\\u0000\"]",
		/* a byte order mark, and what is no UTF-8 */
		"\xef\xbb\xbf{}", "\"\xff\"", "\"\xc0\xaf\"", "\"\xed\xa0\x80\"", "\"\xe2\x82\"",
	};
	for (size_t i = 0; i < COUNT(texts); i++)
		ck_assert_msg(!valid(swm_cstr(texts[i])), "taken: %s", texts[i]);
	ck_assert(!valid((swm_str){ "{}\0", 3 }));
	ck_assert(!valid((swm_str){ "\"\0\"", 3 }));
	ck_assert(!swm_json_valid((swm_str){ NULL, 0 }));
}
END_TEST

static swm_str
nested(size_t depth)
{
	char *text = malloc(depth * 2);
	ck_assert_ptr_nonnull(text);
	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	return (swm_str){ text, depth * 2 };
}

START_TEST(nesting_is_bounded)
{
	swm_str allowed = nested(SWM_JSON_DEPTH), deeper = nested(SWM_JSON_DEPTH + 1), abyss = nested(1000000);

	ck_assert(swm_json_valid(allowed));
	ck_assert(!swm_json_valid(deeper));
	ck_assert(!swm_json_valid(abyss));
	swm_json *doc = swm_json_parse(allowed);
	ck_assert_ptr_nonnull(doc);
	swm_json_free(doc);
	ck_assert_ptr_null(swm_json_parse(deeper));
	free((char *)(uintptr_t)allowed.ptr);
	free((char *)(uintptr_t)deeper.ptr);
	free((char *)(uintptr_t)abyss.ptr);
}
END_TEST

START_TEST(a_document)
{
	swm_json *doc = swm_json_parse(SWM_STR(
		"{\"s\":\"\\u00e4\\n\",\"n\":-1.5,\"t\":true,\"f\":false,\"z\":null,\"a\":[1,\"x\"],\"o\":{\"k\":\"v\"}}"));

	ck_assert_int_eq(swm_json_type_of(doc), SWM_JSON_OBJECT);
	ck_assert(swm_str_eq(swm_json_string(swm_json_get(doc, SWM_STR("s"))), SWM_STR("\xc3\xa4\n")));
	ck_assert(swm_json_number(swm_json_get(doc, SWM_STR("n"))) == -1.5);
	ck_assert(swm_json_bool(swm_json_get(doc, SWM_STR("t"))));
	ck_assert(!swm_json_bool(swm_json_get(doc, SWM_STR("f"))));
	ck_assert_int_eq(swm_json_type_of(swm_json_get(doc, SWM_STR("f"))), SWM_JSON_BOOL);
	ck_assert_int_eq(swm_json_type_of(swm_json_get(doc, SWM_STR("z"))), SWM_JSON_NULL);
	const swm_json *a = swm_json_get(doc, SWM_STR("a"));
	ck_assert_int_eq(swm_json_type_of(a), SWM_JSON_ARRAY);
	ck_assert(swm_json_number(swm_json_first(a)) == 1);
	ck_assert(swm_str_eq(swm_json_string(swm_json_next(swm_json_first(a))), SWM_STR("x")));
	ck_assert_ptr_null(swm_json_next(swm_json_next(swm_json_first(a))));
	const swm_json *o = swm_json_get(doc, SWM_STR("o"));
	ck_assert(swm_str_eq(swm_json_name(swm_json_first(o)), SWM_STR("k")));
	swm_json_free(doc);
}
END_TEST

START_TEST(what_is_not_there)
{
	swm_json *doc = swm_json_parse(SWM_STR("{\"Role\":\"x\",\"n\":1}"));

	ck_assert_int_eq(swm_json_type_of(NULL), SWM_JSON_NONE);
	ck_assert_ptr_null(swm_json_get(doc, SWM_STR("role"))); /* case matters */
	ck_assert_ptr_null(swm_json_get(doc, SWM_STR("Rol")));
	ck_assert_ptr_null(swm_json_get(doc, SWM_STR("Role\0")));
	ck_assert_ptr_null(swm_json_get(swm_json_get(doc, SWM_STR("n")), SWM_STR("n")));
	ck_assert_ptr_null(swm_json_get(NULL, SWM_STR("n")));
	ck_assert_uint_eq(swm_json_string(swm_json_get(doc, SWM_STR("n"))).len, 0);
	ck_assert(swm_json_number(swm_json_get(doc, SWM_STR("Role"))) == 0);
	ck_assert(!swm_json_bool(swm_json_get(doc, SWM_STR("n"))));
	ck_assert_ptr_null(swm_json_first(NULL));
	ck_assert_ptr_null(swm_json_next(NULL));
	swm_json_free(doc);
	swm_json_free(NULL);
}
END_TEST

/* RFC 7519, 4: refuse, or take "only the lexically last duplicate member name". */
START_TEST(the_last_of_a_name_counts)
{
	swm_json *doc = swm_json_parse(SWM_STR("{\"role\":\"first\",\"a\":1,\"r\\u006fle\":\"last\"}"));

	ck_assert(swm_str_eq(swm_json_string(swm_json_get(doc, SWM_STR("role"))), SWM_STR("last")));
	swm_json_free(doc);
}
END_TEST

START_TEST(numbers_beyond_double)
{
	swm_json *doc = swm_json_parse(SWM_STR("[1e400,-1e400,9007199254740993]"));
	const swm_json *n = swm_json_first(doc);

	ck_assert(isinf(swm_json_number(n)) && swm_json_number(n) > 0);
	ck_assert(isinf(swm_json_number(swm_json_next(n))));
	ck_assert(swm_json_number(swm_json_next(swm_json_next(n))) >= 9007199254740992.0);
	swm_json_free(doc);
}
END_TEST

/* cJSON by itself would take these: RFC 8259 has only four blanks, and no leading zero. */
START_TEST(no_more_than_json_is_parsed)
{
	static const char *const texts[] = { "\x01{}", "[01]", "[1.]", "\"a\nb\"", "{} x", "{\"a\":\"b\\u0000c\"}" };
	for (size_t i = 0; i < COUNT(texts); i++) {
		ck_assert_ptr_null(swm_json_parse(swm_cstr(texts[i])));
		ck_assert_int_eq(swm_json_why_not(swm_cstr(texts[i])), SWM_EPARSE);
	}
}
END_TEST

/* JSON that gives no document, although cJSON could hold it, has met a lack of memory. */
START_TEST(why_there_is_no_document)
{
	char digits[] = "[1234567890123456789012345678901234567890123456789012345678901234]"; /* 64 */

	ck_assert_int_eq(swm_json_why_not(swm_cstr(digits)), SWM_EPARSE); /* too long for some cJSON */
	ck_assert_int_eq(swm_json_why_not(SWM_STR("")), SWM_EPARSE);
	ck_assert_int_eq(swm_json_why_not(SWM_STR("{\"role\":\"x\",\"exp\":1e9}")), SWM_ENOMEM);
}
END_TEST

/*
 * Values where they stand
 */

/* The document of RFC 6901, 5, and what its pointers point to. */
START_TEST(pointers)
{
	static const char document[] =
		"{\"foo\": [\"bar\", \"baz\"], \"\": 0, \"a/b\": 1, \"c%d\": 2, \"e^f\": 3, \"g|h\": 4, \"i\\\\j\": 5,"
		" \"k\\\"l\": 6, \" \": 7, \"m~n\": 8}";
	static const struct {
		const char *pointer, *value; /* NULL: it points to nothing */
	} cases[] = {
		{ "/foo", "[\"bar\", \"baz\"]" }, { "/foo/0", "\"bar\"" }, { "/foo/1", "\"baz\"" }, { "/", "0" },
		{ "/a~1b", "1" }, { "/c%d", "2" }, { "/e^f", "3" }, { "/g|h", "4" }, { "/i\\j", "5" }, { "/k\"l", "6" },
		{ "/ ", "7" }, { "/m~0n", "8" }, { "/foo/2", NULL }, { "/foo/-", NULL }, { "/foo/00", NULL },
		{ "/foo/-1", NULL }, { "/foo/0/0", NULL }, { "/bar", NULL }, { "foo", NULL }, { "/m~n", NULL },
		{ "/m~", NULL }, { "/foo/", NULL }, { "", document },
	};
	char *copy = exact_copy(swm_cstr(document));

	for (size_t i = 0; i < COUNT(cases); i++) {
		swm_str value;
		bool found = swm_json_at(&value, (swm_str){ copy, strlen(document) }, swm_cstr(cases[i].pointer));
		ck_assert_msg(found == (cases[i].value != NULL), "%s", cases[i].pointer);
		if (found)
			ck_assert_msg(swm_str_eq(value, swm_cstr(cases[i].value)), "%s is %.*s", cases[i].pointer,
			              (int)value.len, value.ptr);
	}
	free(copy);
}
END_TEST

/* RFC 8259, 7: escapes by name and by number, pairs of surrogates too. */
START_TEST(what_strings_say)
{
	static const struct {
		const char *string, *text;
	} cases[] = {
		{ "\"\"", "" }, { "\"a\"", "a" }, { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
		{ "\"x\\u0041\\u00e9\\u20AC\\ud834\\udd1Ey\"", "xA\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9ey" },
		{ "\"\xc3\xa9\\\\\"", "\xc3\xa9\\" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		swm_buf buf = SWM_BUF_INIT;
		char *copy = exact_copy(swm_cstr(cases[i].string));
		swm_str string = { copy, strlen(cases[i].string) };
		ck_assert(swm_json_unquote(&buf, string));
		ck_assert_str_eq(swm_buf_text(&buf), cases[i].text);
		ck_assert(swm_json_says(string, swm_cstr(cases[i].text)));
		ck_assert(!swm_json_says(string, SWM_STR("other")));
		swm_buf_dispose(&buf);
		free(copy);
	}
	ck_assert(!swm_json_unquote(NULL, SWM_STR("5")));
}
END_TEST

START_TEST(members_as_they_stand)
{
	swm_str object = SWM_STR(" { \"a\" : 1.10 , \"b\":[{\"]\":\"}\"}, 2] ,\"a\":{ } } "), value;
	static const char *const wanted[] = { "\"a\"", "1.10", "\"b\"", "[{\"]\":\"}\"}, 2]", "\"a\"", "{ }" };
	swm_json_item item;
	size_t n = 0;

	for (bool more = swm_json_item_first(&item, object); more; more = swm_json_item_next(&item)) {
		ck_assert(swm_str_eq(item.name, swm_cstr(wanted[n++])));
		ck_assert(swm_str_eq(item.value, swm_cstr(wanted[n++])));
	}
	ck_assert_uint_eq(n, COUNT(wanted));
	ck_assert(swm_json_member(&value, object, SWM_STR("a")) && swm_str_eq(value, SWM_STR("{ }"))); /* the last */
	ck_assert(!swm_json_member(&value, object, SWM_STR("c")));
	ck_assert(!swm_json_item_first(&item, SWM_STR("[]")));
	ck_assert(!swm_json_item_first(&item, SWM_STR("{ }")));
	ck_assert(!swm_json_item_first(&item, SWM_STR("5")));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("json");
	TCase *cases = tcase_create("json");

	tcase_add_test(cases, strings_without_escapes);
	tcase_add_test(cases, named_escapes);
	tcase_add_test(cases, other_controls);
	tcase_add_test(cases, every_byte_at_every_place);
	tcase_add_test(cases, a_long_text);
	tcase_add_test(cases, what_is_json);
	tcase_add_test(cases, what_is_not_json);
	tcase_add_test(cases, nesting_is_bounded);
	tcase_add_test(cases, a_document);
	tcase_add_test(cases, what_is_not_there);
	tcase_add_test(cases, the_last_of_a_name_counts);
	tcase_add_test(cases, numbers_beyond_double);
	tcase_add_test(cases, no_more_than_json_is_parsed);
	tcase_add_test(cases, why_there_is_no_document);
	tcase_add_test(cases, pointers);
	tcase_add_test(cases, what_strings_say);
	tcase_add_test(cases, members_as_they_stand);
	suite_add_tcase(suite, cases);
	return suite;
}
