/* One chunk of an import: written as a whole, without its bad rows, or in halves. */
#include "config.h"

#include "import.h"

#include "ask.h"
#include "command.h"
#include "json.h"
#include "places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Messages
 */

void
import_begin_message(struct import *im)
{
	progress_clear(&im->progress);
	fputs("swm: ", stderr);
}

int
import_tell_end(struct import *im, uint64_t line)
{
	import_begin_message(im);
	if (im->written == 0 && im->skipped == 0) {
		fputs("nothing was written\n", stderr);
		return EXIT_FAILED;
	}
	fprintf(stderr, "%llu written", (unsigned long long)im->written);
	if (im->skip_to != NULL)
		fprintf(stderr, ", %llu skipped", (unsigned long long)im->skipped);
	fprintf(stderr, im->upload.keyed ? "; start again to go on from line %llu of %s\n"
	                                 : ", which is all before line %llu of %s\n",
	        (unsigned long long)line, im->input->name);
	return EXIT_FAILED;
}

static struct place
place_of(const struct import *im, const struct chunk *chunk)
{
	return (struct place){ im->input->name, &im->chunks, chunk };
}

static void
print_value(const char *before, swm_str value, const char *behind)
{
	struct text t = { 0 };

	if (value.len > 0 && !json_is_null(value)) {
		json_add_value(&t, value);
		fprintf(stderr, "%s%.*s%s", before, (int)t.len, t.bytes, behind);
	}
	text_free(&t);
}

/* An error of the database or of the library, with its line in the file if it is known. */
static void
tell_problem(struct import *im, const struct place *place, swm_str problem, uint64_t line)
{
	struct text details = { 0 };

	import_begin_message(im);
	if (line > 0)
		fprintf(stderr, "%s:%llu: ", place->name, (unsigned long long)line);
	print_value("", json_member(problem, "message"), "");
	print_value(" (", json_member(problem, "code"), ")");
	fputc('\n', stderr);
	if (line == 0 || place_says_more(json_member(problem, "details")))
		place_add_details(&details, place, json_member(problem, "details"));
	print_value("details: ", (swm_str){ details.bytes, details.len }, "\n");
	print_value("hint: ", json_member(problem, "hint"), "\n");
	text_free(&details);
}

/*
 * One chunk. Each function returns 0, or an exit status when it has been said why not to go on.
 */

static swm_str
body_of(const struct upload_answer *answer)
{
	return (swm_str){ answer->body.bytes, answer->body.len };
}

/* The error of the first rejected row, and its line; unchanged when the answer names none. */
static void
find_first(const struct place *place, swm_str answer, swm_str *error, uint64_t *line)
{
	swm_str errors = json_member(answer, "errors"), each;

	while (json_next_element(&errors, &each)) {
		swm_str number = json_member(each, "line");
		uint64_t seen = number.len == 0 ? 0 : strtoull(number.ptr, NULL, 10);
		seen = seen == 0 ? 0 : place_line(place, seen);
		if (seen > 0 && (*line == 0 || seen < *line)) {
			*line = seen;
			*error = each;
		}
	}
}

/* PostgreSQL does not know in which line a row was that breaks a constraint. */
static void
tell_by_trial(struct import *im, const struct place *place, const struct upload_answer *answer)
{
	struct upload_answer trial;
	swm_str error = body_of(answer);
	uint64_t line = 0;
	int result = upload_send(&im->upload, &im->file, place->chunk, UPLOAD_TRIAL, &trial);

	if (result == SWM_OK && ask_is_success(trial.status))
		find_first(place, body_of(&trial), &error, &line);
	tell_problem(im, place, error, line);
	text_free(&trial.body);
}

/* Advice on errors that no line of the input is to blame for. */
static const char *
advice_on(const struct upload_answer *answer)
{
	static const char *const advice[][2] = {
		{ "SWM001", "whether this part was written is not known" },
		{ "SWM003", "without keys (--no-key) a second run would write all again" },
		{ "SWM004", "an earlier run wrote this part with --skip: go on with --skip" },
	};

	for (size_t i = 0; i < sizeof advice / sizeof advice[0]; i++)
		if (upload_failed_by(answer, advice[i][0]))
			return advice[i][1];
	return NULL;
}

static bool
is_of_database(const struct upload_answer *answer)
{
	swm_str code = json_member(body_of(answer), "code");

	return code.len > 3 && memcmp(code.ptr + 1, "PG", 2) != 0 &&
	       memcmp(code.ptr + 1, "SW", 2) != 0;
}

static int
fail_chunk(struct import *im, const struct chunk *chunk, const struct upload_answer *answer)
{
	const struct place place = place_of(im, chunk);
	const char *advice = advice_on(answer);
	uint64_t line = place_find(&place, json_member(body_of(answer), "details"));

	if (line == 0 && is_of_database(answer) && !answer->is_passing)
		tell_by_trial(im, &place, answer);
	else
		tell_problem(im, &place, body_of(answer), line);
	if (advice != NULL)
		fprintf(stderr, "swm: %s\n", advice);
	if (upload_failed_by(answer, "SWM001") && im->written + im->skipped == 0)
		return EXIT_FAILED; /* that nothing was written cannot be said */
	return import_tell_end(im, chunk->line);
}

int
import_fail_skip_file(struct import *im)
{
	import_begin_message(im);
	fprintf(stderr, "%s cannot be written: %s\n", im->skip_path, strerror(errno));
	return EXIT_FAILED;
}

/* Rejected rows are flushed to their file before the next chunk is sent. */
static int
keep_skipped(struct import *im, const struct chunk *chunk, swm_str errors)
{
	const struct place place = place_of(im, chunk);

	if (place_write_skipped(im->skip_to, &place, im->file.form, errors) != SWM_OK)
		return complain(NULL);
	if (fflush(im->skip_to) != 0 || ferror(im->skip_to))
		return import_fail_skip_file(im);
	return 0;
}

static int
count_rows(struct import *im, const struct chunk *chunk, const struct upload_answer *answer)
{
	swm_str skipped = json_member(body_of(answer), "skipped");
	uint64_t bytes = im->file.bytes_before + chunk->offset + chunk->bytes.len;
	int status = 0;

	im->written += answer->written;
	if (answer->is_replayed)
		im->replayed += answer->written;
	if (skipped.len > 0) {
		im->skipped += strtoull(skipped.ptr, NULL, 10);
		status = keep_skipped(im, chunk, json_member(body_of(answer), "errors"));
	}
	im->file.rows_before = im->written + im->skipped;
	if (answer->is_replayed && im->written == im->replayed)
		progress_resume(&im->progress, bytes, im->file.rows_before);
	progress_update(&im->progress, bytes, im->file.rows_before);
	return status;
}

/*
 * Where there are more bad rows than an answer tells of, or a JSON array cannot be read, halves
 * show which they are. So that an earlier and a later run agree, the chunk is marked first.
 */
static int
write_halves(struct import *im, struct chunk chunk)
{
	struct upload_answer answer = { .status = 200 };
	int result = im->upload.keyed ? upload_mark(&im->upload, &im->file, &chunk, &answer)
	                              : SWM_OK;
	int status = 0;

	if (result != SWM_OK)
		status = import_tell_end(im, chunk.line);
	else if (!ask_is_success(answer.status))
		status = fail_chunk(im, &chunk, &answer);
	text_free(&answer.body);
	if (status != 0)
		return status;
	struct chunk first = chunk_take_half(&chunk, im->file.form);
	status = import_chunk(im, first);
	return status != 0 ? status : import_chunk(im, chunk);
}

/* A record that is no row for itself, as in an array that cannot be read. */
static int
skip_record(struct import *im, const struct chunk *chunk, const struct upload_answer *answer)
{
	struct chunk rest = *chunk, record = chunk_take(&rest, im->file.form);
	struct text errors = { 0 };
	uint64_t line = record.line - chunk->line + im->chunks.header_lines + 1;

	text_format(&errors, "[{\"row\":0,\"line\":%llu,", (unsigned long long)line);
	text_add(&errors, answer->body.bytes + 1, answer->body.len - 1);
	text_add(&errors, "]", 1);
	int status = errors.failed ? complain(NULL)
	                           : keep_skipped(im, chunk, (swm_str){ errors.bytes, errors.len });
	text_free(&errors);
	im->skipped++;
	return status;
}

static bool
is_of_header(const struct import *im, const struct chunk *chunk, const struct upload_answer *answer)
{
	const struct place place = place_of(im, chunk);
	uint64_t line = place_find(&place, json_member(body_of(answer), "details"));

	return im->file.form == CHUNK_CSV && line > 0 && line <= im->chunks.header_lines;
}

/* PGRST102: the body; SWM004: the chunk is marked; SWM005: the answer is too long to be kept. */
static bool
should_halve(const struct upload_answer *answer)
{
	return upload_failed_by(answer, "PGRST102") || upload_failed_by(answer, "SWM004") ||
	       upload_failed_by(answer, "SWM005");
}

static int
write_skipping(struct import *im, const struct chunk *chunk)
{
	struct upload_answer answer;
	int result = upload_send(&im->upload, &im->file, chunk, UPLOAD_SKIPPING, &answer);
	bool halve = false;
	int status;

	if (result != SWM_OK)
		status = import_tell_end(im, chunk->line);
	else if (ask_is_success(answer.status))
		status = count_rows(im, chunk, &answer);
	else if (is_of_header(im, chunk, &answer) || !should_halve(&answer))
		status = fail_chunk(im, chunk, &answer);
	else if (chunk->records == 1 && upload_failed_by(&answer, "PGRST102"))
		status = skip_record(im, chunk, &answer);
	else if (chunk->records == 1)
		status = fail_chunk(im, chunk, &answer);
	else {
		halve = true;
		status = 0;
	}
	text_free(&answer.body);
	return halve ? write_halves(im, *chunk) : status;
}

/* Most chunks have no bad row, and as a whole they are written in a third of the time. */
int
import_chunk(struct import *im, struct chunk chunk)
{
	struct upload_answer answer;
	int result = upload_send(&im->upload, &im->file, &chunk, UPLOAD_WHOLE, &answer);
	bool skips = false;
	int status = 0;

	if (result != SWM_OK)
		status = import_tell_end(im, chunk.line);
	else if (ask_is_success(answer.status))
		status = count_rows(im, &chunk, &answer);
	else if (im->skip_to == NULL || answer.is_passing || upload_failed_by(&answer, "SWM001"))
		status = fail_chunk(im, &chunk, &answer);
	else
		skips = true;
	text_free(&answer.body);
	return skips ? write_skipping(im, &chunk) : status;
}
