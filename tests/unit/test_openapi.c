/* What the OpenAPI document is put together from, and the JSON writer under it. */
#include "config.h"

#include "json/grammar.h"
#include "json/writer.h"
#include "openapi/document.h"
#include "query/parse.h"
#include "query/query.h"
#include "unit.h"

static swm_str
text(const char *s)
{
	return swm_cstr(s);
}

static void
assert_buf(swm_buf *buf, const char *expected)
{
	ck_assert(!buf->failed);
	ck_assert_str_eq(swm_buf_text(buf), expected);
	swm_buf_dispose(buf);
}

/* --- JSON ----------------------------------------------------------------- */

START_TEST(a_document_is_valid_json)
{
	swm_buf to = SWM_BUF_INIT;
	swm_json_writer w = { &to, false };

	swm_json_write_open(&w, '{');
	swm_json_write_member(&w, "a\"b", text("x\ny"));
	swm_json_write_key(&w, text("list"));
	swm_json_write_open(&w, '[');
	swm_json_write_raw(&w, text("1"));
	swm_json_write_open(&w, '{');
	swm_json_write_close(&w, '}');
	swm_json_write_string(&w, text(""));
	swm_json_write_close(&w, ']');
	swm_json_write_key(&w, text("last"));
	swm_json_write_open(&w, '[');
	swm_json_write_close(&w, ']');
	swm_json_write_close(&w, '}');
	ck_assert(swm_json_valid(swm_buf_view(&to)));
	assert_buf(&to, "{\"a\\\"b\":\"x\\ny\",\"list\":[1,{},\"\"],\"last\":[]}");
}
END_TEST

START_TEST(a_document_may_be_taken_in_pieces)
{
	swm_buf to = SWM_BUF_INIT;
	swm_json_writer w = { &to, false };

	swm_json_write_open(&w, '[');
	swm_json_write_raw(&w, text("1"));
	swm_buf_clear(&to);
	swm_json_write_raw(&w, text("2"));
	assert_buf(&to, ",2");
}
END_TEST

/* --- names ---------------------------------------------------------------- */

/* RFC 6901, 6 has these examples of references in a URI's fragment. */
START_TEST(references_are_pointers_in_a_fragment)
{
	static const struct {
		const char *name, *pointer;
	} cases[] = {
		{ "foo", "foo" }, { "a/b", "a~1b" }, { "c%d", "c%25d" }, { "e^f", "e%5Ef" }, { "g|h", "g%7Ch" },
		{ "i\\j", "i%5Cj" }, { "k\"l", "k%22l" }, { " ", "%20" }, { "m~n", "m~0n" }, { "~1", "~01" },
		{ "\xc3\xa4", "%C3%A4" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		swm_buf to = SWM_BUF_INIT;
		swm_openapi_write_pointer(&to, text(cases[i].name));
		assert_buf(&to, cases[i].pointer);
	}
}
END_TEST

START_TEST(no_two_columns_share_a_key)
{
	static const char *const names[][2] = {
		{ "a", "b.c" }, { "a.b", "c" }, { "a%2Eb", "c" }, { "a%", "2Eb.c" }, { "a", "b" }, { "ab", "c" },
	};
	enum { COUNT = sizeof names / sizeof names[0] };
	swm_buf keys[COUNT] = { SWM_BUF_INIT };

	for (size_t i = 0; i < COUNT; i++) {
		swm_openapi_write_filter_key(&keys[i], text(names[i][0]), text(names[i][1]));
		for (size_t k = 0; k < i; k++)
			ck_assert_str_ne(swm_buf_text(&keys[i]), swm_buf_text(&keys[k]));
	}
	ck_assert_str_eq(swm_buf_text(&keys[4]), "rowFilter.a.b");
	for (size_t i = 0; i < COUNT; i++)
		swm_buf_dispose(&keys[i]);
}
END_TEST

/* A parameter of that name is read as a filter on the column. */
START_TEST(filter_names_are_read_back)
{
	static const char *const columns[] = {
		"id", "a b", "a-b", "UPPER", "_x$1", "\xc3\xa4", "a.b", "select", "order", "and", "not.or", "x.limit", "a  b",
		" a", "b ", "-", "a-", "a->b", "say \"x\"\\", "a,b(c):d", "%", "*", "",
	};

	for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
		swm_arena *arena = swm_arena_new();
		swm_buf name = SWM_BUF_INIT;
		swm_ast *ast;
		swm_query_write_name(&name, text(columns[i]));
		swm_pair pair = { .name = swm_buf_view(&name), .value = SWM_STR("eq.1"), .has_value = true };
		ck_assert_int_eq(swm_query_parse_pairs(&ast, arena, &pair, 1, NULL), SWM_OK);
		const swm_condition *c = ast->root.conditions;
		ck_assert_msg(c != NULL && c->field.path == NULL, "%s", columns[i]);
		ck_assert_msg(swm_str_eq(c->field.name, text(columns[i])), "%s", columns[i]);
		swm_buf_dispose(&name);
		swm_arena_free(arena);
	}
}
END_TEST

START_TEST(plain_names_stay_as_they_are)
{
	static const char *const columns[] = { "id", "Unit Price", "a-b", "\xd9\x85" };

	for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
		swm_buf name = SWM_BUF_INIT;
		swm_query_write_name(&name, text(columns[i]));
		assert_buf(&name, columns[i]);
	}
}
END_TEST

START_TEST(comments_are_split_at_the_first_line)
{
	static const struct {
		const char *comment, *summary, *description;
	} cases[] = {
		{ "", "", "" }, { "one", "one", "" }, { "one\n", "one", "" }, { "one\ntwo", "one", "two" },
		{ "one\n\n\ntwo\n\nthree", "one", "two\n\nthree" }, { "one\r\n\r\ntwo", "one", "two" }, { "\ntwo", "", "two" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		swm_str summary, description;
		swm_openapi_split_comment(text(cases[i].comment), &summary, &description);
		ck_assert(swm_str_eq(summary, text(cases[i].summary)));
		ck_assert(swm_str_eq(description, text(cases[i].description)));
	}
}
END_TEST

/* --- defaults ------------------------------------------------------------- */

/* https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-STRINGS */
START_TEST(literals)
{
	static const struct {
		const char *sql, *expected; /* NULL: no literal */
	} cases[] = {
		{ "'a'", "a" }, { "'a'::text", "a" }, { "''::character varying(3)", "" }, { "'it''s'::text", "it's" },
		{ "''''::text", "'" }, { "E'a\\\\b'::text", "a\\b" }, { "'\xc3\xa4'::\"od.d\".\"Ty(pe\"", "\xc3\xa4" },
		{ "'{}'::integer[]", "{}" }, { "'a", NULL }, { "'a''", NULL }, { "a", NULL }, { "", NULL }, { "E", NULL },
		{ "'a'::text || 'b'::text", NULL }, { "'a'b", NULL }, { "now()", NULL }, { "('a')", NULL }, { "'a':text", NULL },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		swm_buf to = SWM_BUF_INIT;
		bool literal = swm_openapi_literal(&to, text(cases[i].sql));
		ck_assert_msg(literal == (cases[i].expected != NULL), "%s", cases[i].sql);
		if (literal)
			ck_assert_str_eq(swm_buf_text(&to), cases[i].expected);
		swm_buf_dispose(&to);
	}
}
END_TEST

static const swm_str labels[] = { { "sad", 3 }, { "happy", 5 } };
static const swm_type json_type = { .name = { "jsonb", 5 }, .is_json = true };
static const swm_type date_type = { .name = { "date", 4 } };
static const swm_type enum_type = { .name = { "mood", 4 }, .enum_labels = labels, .enum_count = 2 };
static const swm_type text_type = { .name = { "text", 4 } };

/* "This value MUST conform to the defined type" (OpenAPI 2.0, Parameter Object and Schema Object). */
START_TEST(defaults_conform_to_their_type)
{
	static const struct {
		const char *type;
		const swm_type *base;
		uint32_t max_length;
		const char *sql, *json; /* NULL: none */
	} cases[] = {
		{ "integer", NULL, 0, "5", "5" }, { "integer", NULL, 0, "'-5'::integer", "-5" },
		{ "integer", NULL, 0, "1.5", NULL }, { "integer", NULL, 0, "nextval('s'::regclass)", NULL },
		{ "integer", NULL, 0, "1e2", NULL }, { "integer", NULL, 0, "", NULL }, { "integer", NULL, 0, "true", NULL },
		{ "number", NULL, 0, "1.50", "1.50" }, { "number", NULL, 0, "'NaN'::numeric", NULL },
		{ "number", NULL, 0, "'1e-7'::double precision", "1e-7" }, { "number", NULL, 0, "(1)::numeric", NULL },
		{ "number", NULL, 0, "'[1]'::numeric", NULL }, { "number", NULL, 0, "01", NULL },
		{ "boolean", NULL, 0, "true", "true" }, { "boolean", NULL, 0, "false", "false" },
		{ "boolean", NULL, 0, "is_it()", NULL },
		{ "array", NULL, 0, "'{}'::text[]", NULL }, { "object", NULL, 0, "ROW(1)", NULL },
		{ NULL, &json_type, 0, "'{\"a\": 1}'::jsonb", "{\"a\": 1}" }, { NULL, &json_type, 0, "'{a}'::json", NULL },
		{ NULL, &text_type, 0, "'1'::text", NULL }, { NULL, NULL, 0, "1", NULL },
		{ "string", &text_type, 0, "'a\"b'::text", "\"a\\\"b\"" }, { "string", &text_type, 0, "now()", "\"now()\"" },
		{ "string", &text_type, 0, "NULL", NULL }, { "string", &text_type, 0, "NULL::text", NULL },
		{ "string", &text_type, 2, "'\xc3\xa4\xc3\xb6'::text", "\"\xc3\xa4\xc3\xb6\"" },
		{ "string", &text_type, 2, "'abc'::text", NULL },
		{ "string", &enum_type, 0, "'sad'::mood", "\"sad\"" }, { "string", &enum_type, 0, "any_mood()", NULL },
		{ "string", &date_type, 0, "'2020-02-03'::date", "\"2020-02-03\"" },
		{ "string", &date_type, 0, "CURRENT_DATE", NULL }, { "string", &date_type, 0, "'03.02.2020'::date", NULL },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		swm_buf to = SWM_BUF_INIT;
		bool written = swm_openapi_default(&to, cases[i].type, cases[i].base, cases[i].max_length, text(cases[i].sql));
		ck_assert_msg(written == (cases[i].json != NULL), "%s", cases[i].sql);
		if (written)
			ck_assert_str_eq(swm_buf_text(&to), cases[i].json);
		swm_buf_dispose(&to);
	}
}
END_TEST

Suite *
unit_suite(void)
{
	const TTest *const all[] = {
		a_document_is_valid_json, a_document_may_be_taken_in_pieces, references_are_pointers_in_a_fragment,
		no_two_columns_share_a_key, filter_names_are_read_back, plain_names_stay_as_they_are,
		comments_are_split_at_the_first_line, literals, defaults_conform_to_their_type,
	};
	Suite *suite = suite_create("openapi");
	TCase *tests = tcase_create("openapi");

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		tcase_add_test(tests, all[i]);
	suite_add_tcase(suite, tests);
	return suite;
}
