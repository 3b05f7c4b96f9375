/*
 * Chunks of whole records: CSV by RFC 4180, JSON by RFC 8259, one object a line or in an array.
 * Wherever the pieces that are read end, the chunks are the same.
 */
#include "config.h"

#include "chunks.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct source {
	const char *rest;
	size_t len, step;
	bool fails; /* at its end */
};

static ptrdiff_t
read_piece(void *user, char *to, size_t room)
{
	struct source *source = user;
	size_t len = source->step < room ? source->step : room;

	if (len > source->len)
		len = source->len;
	if (len == 0 && source->fails) {
		errno = EIO;
		return -1;
	}
	memcpy(to, source->rest, len);
	source->rest += len;
	source->len -= len;
	return (ptrdiff_t)len;
}

/* What was read, written as header{line,record,records:bytes}... and what went wrong. */
static char seen[4096];

static void
add(const char *bytes, size_t len)
{
	size_t at = strlen(seen);

	ck_assert_uint_lt(at + len, sizeof seen);
	memcpy(seen + at, bytes, len);
	seen[at + len] = '\0';
}

static void
add_chunk(const struct chunk *chunk)
{
	char place[64];

	int len = snprintf(place, sizeof place, "{%d,%d,%d:", (int)chunk->line, (int)chunk->record,
	                   (int)chunk->records);
	add(place, (size_t)len);
	add(chunk->bytes.ptr, chunk->bytes.len);
	add("}", 1);
}

static const char *
read_pieces(enum chunk_form form, size_t limit, const char *text, size_t step)
{
	struct source source = { text, strlen(text), step, false };
	struct chunks chunks;
	struct chunk chunk;
	uint64_t offset = 0;
	int result;

	seen[0] = '\0';
	ck_assert_int_eq(chunks_open(&chunks, form, limit, read_piece, &source), SWM_OK);
	while ((result = chunks_next(&chunks, &chunk)) == SWM_OK && chunk.records > 0) {
		if (offset == 0)
			add(chunks.header, chunks.header_len);
		ck_assert_uint_ge(chunk.offset, offset);
		ck_assert_mem_eq(text + chunk.offset, chunk.bytes.ptr, chunk.bytes.len);
		offset = chunk.offset + chunk.bytes.len;
		add_chunk(&chunk);
	}
	if (result != SWM_OK) {
		char problem[128];
		ck_assert_int_eq(result, SWM_EPARSE);
		int len = snprintf(problem, sizeof problem, "!%d: %s", (int)chunks.problem_line,
		                   chunks.problem);
		add(problem, (size_t)len);
	}
	chunks_close(&chunks);
	return seen;
}

/* The same for every size of the pieces. */
static void
check(enum chunk_form form, size_t limit, const char *text, const char *expected)
{
	for (size_t step = 1; step <= strlen(text) + 1; step++)
		ck_assert_str_eq(read_pieces(form, limit, text, step), expected);
}

START_TEST(csv)
{
	check(CHUNK_CSV, 1000, "a,b\n1,2\n3,4\n", "a,b\n{2,0,2:1,2\n3,4\n}");
	check(CHUNK_CSV, 1000, "a,b\r\n1,2\r\n3,4", "a,b\r\n{2,0,2:1,2\r\n3,4}");
	check(CHUNK_CSV, 8, "a,b\n1,2\n3,4\n5,6\n", "a,b\n{2,0,2:1,2\n3,4\n}{4,2,1:5,6\n}");
	check(CHUNK_CSV, 9, "a,b\n1,2\n3,4\n5,6\n", "a,b\n{2,0,2:1,2\n3,4\n}{4,2,1:5,6\n}");
	check(CHUNK_CSV, 7, "a,b\n1,2\n3,4\n5,6\n", "a,b\n{2,0,1:1,2\n}{3,1,1:3,4\n}{4,2,1:5,6\n}");
}
END_TEST

START_TEST(quotes)
{
	check(CHUNK_CSV, 4, "\"a\n\",b\n\"1\n\",\"\"\"\n\"\"\"\n3,4\n",
	      "\"a\n\",b\n{3,0,1:\"1\n\",\"\"\"\n\"\"\"\n}{6,1,1:3,4\n}");
	/* within a field they are letters */
	check(CHUNK_CSV, 4, "a\n1\"2\n3\"\n", "a\n{2,0,1:1\"2\n}{3,1,1:3\"\n}");
	/* text behind the closing one is bad, and ends with its line */
	check(CHUNK_CSV, 4, "a\n\"1\"x\"\n2\n", "a\n{2,0,1:\"1\"x\"\n}{3,1,1:2\n}");
	check(CHUNK_CSV, 4, "a\n\"1\"\rx\"\n2\n", "a\n{2,0,1:\"1\"\rx\"\n}{3,1,1:2\n}");
	check(CHUNK_CSV, 4, "a\n\"1\"\r\n2\n", "a\n{2,0,1:\"1\"\r\n}{3,1,1:2\n}");
	/* one that is not closed takes the rest */
	check(CHUNK_CSV, 4, "a\n1\n\"2\n3\n", "a\n{2,0,1:1\n}{3,1,1:\"2\n3\n}");
}
END_TEST

START_TEST(blank_lines_are_no_records)
{
	check(CHUNK_CSV, 1000, "\n\r\na\n\n1\r\n\r\n\n2\n\n", "\n\r\na\n{4,0,2:\n1\r\n\r\n\n2\n\n}");
	check(CHUNK_CSV, 2, "a\n\n\n\n1\n", "a\n{5,0,1:1\n}");
	check(CHUNK_CSV, 1000, "a\n\"\"\n", "a\n{2,0,1:\"\"\n}");
	check(CHUNK_CSV, 1000, "a\n\r", "a\n{2,0,1:\r}");
	check(CHUNK_CSV, 1000, "a\n\r\r\n", "a\n{2,0,1:\r\r\n}");
	check(CHUNK_LINES, 1000, " \n{}\r\n\t\r\n{}\n\n", "{1,0,2: \n{}\r\n\t\r\n{}\n\n}");
}
END_TEST

START_TEST(files_without_records)
{
	check(CHUNK_CSV, 10, "", "");
	check(CHUNK_CSV, 10, "\n\n", "");
	check(CHUNK_CSV, 10, "a,b", "");
	check(CHUNK_CSV, 10, "\xef\xbb\xbf", "");
	check(CHUNK_LINES, 10, "", "");
	check(CHUNK_LINES, 10, " \n\n", "");
	check(CHUNK_ARRAY, 10, "[]", "");
	check(CHUNK_ARRAY, 10, " [\n] \n", "");
	check(CHUNK_ARRAY, 10, "", "!1: a JSON array should begin here");
	check(CHUNK_ARRAY, 10, "\n\n", "!3: a JSON array should begin here");
	check(CHUNK_ARRAY, 10, "\n{}", "!2: a JSON array should begin here");
}
END_TEST

START_TEST(a_byte_order_mark)
{
	check(CHUNK_CSV, 4, "\xef\xbb\xbf\"a\n\"\n1\n2\n3\n",
	      "\xef\xbb\xbf\"a\n\"\n{3,0,2:1\n2\n}{5,2,1:3\n}");
	check(CHUNK_LINES, 6, "\xef\xbb\xbf{}\n{}\n{}", "\xef\xbb\xbf{1,0,2:{}\n{}\n}{3,2,1:{}}");
	check(CHUNK_ARRAY, 7, "\xef\xbb\xbf [{}\n,{}]", "\xef\xbb\xbf [{1,0,2:{}\n,{}}");
}
END_TEST

START_TEST(lines)
{
	check(CHUNK_LINES, 9, "{\"a\":1}\n{\"a\":2}\n{\"a\":3}",
	      "{1,0,1:{\"a\":1}\n}{2,1,1:{\"a\":2}\n}{3,2,1:{\"a\":3}}");
	check(CHUNK_LINES, 16, "{\"a\":1}\n{\"a\":2}\n{\"a\":3}",
	      "{1,0,2:{\"a\":1}\n{\"a\":2}\n}{3,2,1:{\"a\":3}}");
}
END_TEST

START_TEST(arrays)
{
	check(CHUNK_ARRAY, 1000, "[{\"a\":[1,2]},\n{\"a\":\"],\\\",\"}\n]\n",
	      "[{1,0,2:{\"a\":[1,2]},\n{\"a\":\"],\\\",\"}\n}");
	check(CHUNK_ARRAY, 9, "[\n{\"a\":1},\n{\"a\":2},{\"a\":3} ] ",
	      "[{1,0,1:\n{\"a\":1}}{2,1,1:,\n{\"a\":2}}{3,2,1:,{\"a\":3} }");
	check(CHUNK_ARRAY, 4, "[{\"a\":\"\\\\\"},1]", "[{1,0,1:{\"a\":\"\\\\\"}}{1,1,1:,1}");
}
END_TEST

START_TEST(arrays_that_are_none)
{
	check(CHUNK_ARRAY, 1000, "[{},\n]", "!2: a comma in the array has no element beside it");
	check(CHUNK_ARRAY, 3, "[{},\n]", "[{1,0,1:{}}!2: a comma in the array has no element beside it");
	check(CHUNK_ARRAY, 1000, "[,{}]", "!1: a comma in the array has no element beside it");
	check(CHUNK_ARRAY, 1000, "[{},\n,{}]", "!2: a comma in the array has no element beside it");
	check(CHUNK_ARRAY, 1000, "[{}]\n\nx", "!3: there is text behind the end of the array");
	check(CHUNK_ARRAY, 1000, "[{}]]", "!1: there is text behind the end of the array");
	check(CHUNK_ARRAY, 1000, "[{},\n{}\n", "!3: the array is not closed");
	check(CHUNK_ARRAY, 1000, "[{\"a", "!1: the array is not closed");
	check(CHUNK_ARRAY, 1000, "[", "!1: the array is not closed");
}
END_TEST

START_TEST(a_record_longer_than_a_chunk)
{
	check(CHUNK_CSV, 4, "a\n1234567890\n1\n2\n3\n",
	      "a\n{2,0,1:1234567890\n}{3,1,2:1\n2\n}{5,3,1:3\n}");
	check(CHUNK_CSV, 4, "abcdefghij\n1\n", "abcdefghij\n{2,0,1:1\n}");
	check(CHUNK_LINES, 1, "{\"abcdef\":1}", "{1,0,1:{\"abcdef\":1}}");
	check(CHUNK_ARRAY, 1, "[{\"abcdef\":1},{}]", "[{1,0,1:{\"abcdef\":1}}{1,1,1:,{}}");
}
END_TEST

/* Of a text that is not held: a header, and a field without an end. */
static ptrdiff_t
read_without_end(void *user, char *to, size_t room)
{
	int *reads = user;

	if ((*reads)++ == 0) {
		memcpy(to, "a\n1\n\"", 5);
		return 5;
	}
	memset(to, 'x', room);
	return (ptrdiff_t)room;
}

START_TEST(a_record_without_end)
{
	struct chunks chunks;
	struct chunk chunk;
	int reads = 0;

	ck_assert_int_eq(chunks_open(&chunks, CHUNK_CSV, 8, read_without_end, &reads), SWM_OK);
	ck_assert_int_eq(chunks_next(&chunks, &chunk), SWM_OK);
	ck_assert_uint_eq(chunk.records, 1);
	ck_assert_int_eq(chunks_next(&chunks, &chunk), SWM_EPARSE);
	ck_assert_str_eq(chunks.problem, "the record is longer than 8 MiB");
	ck_assert_uint_eq(chunks.problem_line, 3);
	ck_assert_uint_le(chunks.room, CHUNK_LONGEST_RECORD + 1);
	chunks_close(&chunks);
}
END_TEST

START_TEST(a_file_that_cannot_be_read)
{
	struct source source = { "a\n1\n2\n", 6, 3, true };
	struct chunks chunks;
	struct chunk chunk;

	ck_assert_int_eq(chunks_open(&chunks, CHUNK_CSV, 2, read_piece, &source), SWM_OK);
	ck_assert_int_eq(chunks_next(&chunks, &chunk), SWM_OK);
	ck_assert_int_eq(chunks_next(&chunks, &chunk), SWM_OK);
	ck_assert_int_eq(chunks_next(&chunks, &chunk), SWM_ESYSTEM);
	ck_assert_int_eq(errno, EIO);
	chunks_close(&chunks);
}
END_TEST

/* The parts of the only chunk of a text. */
typedef struct chunk take_function(struct chunk *rest, enum chunk_form form);

static void
check_parts(take_function *take, enum chunk_form form, const char *text, const char *expected)
{
	struct source source = { text, strlen(text), SIZE_MAX, false };
	struct chunks chunks;
	struct chunk chunk;

	seen[0] = '\0';
	ck_assert_int_eq(chunks_open(&chunks, form, 1000, read_piece, &source), SWM_OK);
	ck_assert_int_eq(chunks_next(&chunks, &chunk), SWM_OK);
	while (chunk.records > (take == chunk_take_half)) {
		struct chunk part = take(&chunk, form);
		add_chunk(&part);
	}
	add("|", 1);
	add_chunk(&chunk);
	chunks_close(&chunks);
	ck_assert_str_eq(seen, expected);
}

START_TEST(single_records)
{
	check_parts(chunk_take, CHUNK_CSV, "a\n\n1\n\n\"2\n\"\n3",
	            "{3,0,1:1\n}{5,1,1:\"2\n\"\n}{7,2,1:3}|{7,3,0:}");
	check_parts(chunk_take, CHUNK_LINES, "{}\n \n{}\n\n", "{1,0,1:{}\n}{3,1,1:{}\n}|{4,2,0:\n}");
	check_parts(chunk_take, CHUNK_LINES, " ,\n", "{1,0,1:,\n}|{2,1,0:}");
	check_parts(chunk_take, CHUNK_ARRAY, "[{},\n[1,2]]", "{1,0,1:{}}{2,1,1:[1,2]}|{2,2,0:}");
}
END_TEST

START_TEST(halves)
{
	check_parts(chunk_take_half, CHUNK_CSV, "a\n1\n2\n3\n4\n",
	            "{2,0,2:1\n2\n}{4,2,1:3\n}|{5,3,1:4\n}");
	check_parts(chunk_take_half, CHUNK_CSV, "a\n123456\n2", "{2,0,1:123456\n}|{3,1,1:2}");
	check_parts(chunk_take_half, CHUNK_CSV, "a\n1\n234567", "{2,0,1:1\n}|{3,1,1:234567}");
	check_parts(chunk_take_half, CHUNK_CSV, "a\n1\n2\n\n\n\n\n\n\n",
	            "{2,0,1:1\n}|{3,1,1:2\n\n\n\n\n\n\n}");
	check_parts(chunk_take_half, CHUNK_ARRAY, "[{},{},{}]", "{1,0,1:{}}{1,1,1:,{}}|{1,2,1:,{}}");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("chunks");
	TCase *tests = tcase_create("cutting");

	tcase_add_test(tests, csv);
	tcase_add_test(tests, quotes);
	tcase_add_test(tests, blank_lines_are_no_records);
	tcase_add_test(tests, files_without_records);
	tcase_add_test(tests, a_byte_order_mark);
	tcase_add_test(tests, lines);
	tcase_add_test(tests, arrays);
	tcase_add_test(tests, arrays_that_are_none);
	tcase_add_test(tests, a_record_longer_than_a_chunk);
	tcase_add_test(tests, a_record_without_end);
	tcase_add_test(tests, a_file_that_cannot_be_read);
	tcase_add_test(tests, single_records);
	tcase_add_test(tests, halves);
	suite_add_tcase(suite, tests);
	return suite;
}
