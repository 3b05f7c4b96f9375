/*
 * Paths of the role: the first line is the path, the rest a document to walk (a
 * fixed one too, which has some of everything).
 */
#include "config.h"

#include "auth/jspath.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
walk(const swm_jspath *path, swm_str document)
{
	swm_json *doc = swm_json_parse(document);
	swm_str text = { NULL, 0 };

	/* a piece of a document in UTF-8 is cut between characters */
	if (swm_jspath_find(path, doc, &text) == SWM_JSON_STRING && !swm_utf8_valid(text, NULL))
		abort();
	swm_json_free(doc);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	swm_arena *arena = swm_arena_new();
	swm_error *err = swm_error_new();
	swm_str rest = { (const char *)data, size }, line = { NULL, 0 };
	const swm_jspath *path;

	if (arena == NULL || err == NULL)
		abort();
	swm_str_cut(&rest, '\n', &line);
	int rc = swm_jspath_parse(&path, arena, line, err);
	if (rc == SWM_OK) {
		walk(path, rest);
		walk(path, SWM_STR("{\"role\":\"r\",\"a\":{\"b\":[\"\xc3\xa9t\xc3\xa9\",1,null,[\"x\"]],\"\":\"\"},\"n\":1e400}"));
	} else if (rc != SWM_ECONFIG || swm_error_message(err).len == 0) {
		abort();
	}
	swm_error_free(err);
	swm_arena_free(arena);
	return 0;
}
