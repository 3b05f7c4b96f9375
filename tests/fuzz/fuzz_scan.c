/*
 * JSON bodies in pieces: however they are cut the outcome is the same, it agrees with
 * the grammar of whole texts, and the names are those that a parsed document has.
 */
#include "config.h"

#include "base/str.h"
#include "json/json.h"
#include "json/scan.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* step 0: all at once */
static int
scan_in_pieces(swm_json_facts *facts, swm_json_fault *fault, swm_arena *arena, swm_str text, size_t step)
{
	swm_json_scan *scan = swm_json_scan_new(arena);
	int rc = SWM_OK;

	if (scan == NULL)
		abort();
	for (size_t i = 0; i < text.len && rc == SWM_OK; i += step > 0 ? step : text.len) {
		size_t len = step > 0 && step < text.len - i ? step : text.len - i;
		char *piece = malloc(len); /* so that a sanitizer sees a step beyond it */
		if (piece == NULL)
			abort();
		memcpy(piece, text.ptr + i, len);
		rc = swm_json_scan_feed(scan, (swm_str){ piece, len });
		free(piece);
	}
	int end = swm_json_scan_end(scan, facts);
	if (rc != SWM_OK && end != rc)
		abort();
	*fault = swm_json_scan_fault(scan);
	return end;
}

static bool
has_key(const swm_json_facts *facts, swm_str name)
{
	for (size_t i = 0; i < facts->key_count; i++)
		if (swm_str_eq(facts->keys[i], name))
			return true;
	return facts->keys_left_out;
}

/* NUL alone parts the two: the scanner leaves values with it to PostgreSQL. */
static void
check_against_tree(const swm_json_facts *facts, int rc, swm_str text)
{
	swm_json *doc = swm_json_parse(text);
	const swm_json *object = swm_json_type_of(doc) == SWM_JSON_ARRAY ? swm_json_first(doc) : doc;

	if (swm_json_valid(text) && rc != SWM_OK)
		abort();
	for (const swm_json *m = swm_json_first(object); m != NULL && swm_json_type_of(object) == SWM_JSON_OBJECT;
	     m = swm_json_next(m))
		if (!has_key(facts, swm_json_name(m)))
			abort();
	swm_json_free(doc);
}

/* What is told of it has a place in the text. */
static void
check_fault(const swm_json_fault *fault, swm_str text)
{
	swm_error *err = swm_error_new();

	if (err == NULL || fault->at > text.len)
		abort();
	if (swm_json_fail(err, text, (swm_json_place){ 1, 1 }, fault) != SWM_EPARSE || !swm_error_has_details(err))
		abort();
	swm_error_free(err);
}

static bool
same(const swm_json_facts *a, const swm_json_facts *b)
{
	bool same_keys = a->key_count == b->key_count;

	for (size_t i = 0; same_keys && i < a->key_count; i++)
		same_keys = swm_str_eq(a->keys[i], b->keys[i]);
	return same_keys && a->body == b->body && a->elements == b->elements && a->rows_agree == b->rows_agree &&
	       a->keys_left_out == b->keys_left_out;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	swm_str text = { (const char *)data, size };
	swm_arena *arena = swm_arena_new();
	swm_json_facts whole, pieces;
	swm_json_fault fault, found;

	if (arena == NULL)
		abort();
	int rc = scan_in_pieces(&whole, &fault, arena, text, 0);
	if (rc != SWM_OK && rc != SWM_EPARSE)
		abort();
	for (size_t step = 1; step <= 7; step += 3) {
		if (scan_in_pieces(&pieces, &found, arena, text, step) != rc || (rc == SWM_OK && !same(&whole, &pieces)))
			abort();
		if (rc != SWM_OK && (found.at != fault.at || found.expected != fault.expected))
			abort();
	}
	if (rc != SWM_OK)
		check_fault(&fault, text);
	check_against_tree(&whole, rc, text);
	swm_arena_free(arena);
	return 0;
}
