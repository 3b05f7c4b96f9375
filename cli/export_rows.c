#include "config.h"

#include "export.h"

#include <string.h>

void
export_rows_begin(struct export_rows *r, bool begun, uint64_t count)
{
	r->begun = begun;
	r->count = count;
	r->in_header = r->format == EXPORT_CSV;
	r->in_quotes = r->in_line = false;
	text_clear(&r->seen);
	text_clear(&r->out);
}

static bool
has_memory(const struct export_rows *r)
{
	return !r->out.failed && !r->seen.failed && !r->header.failed;
}

/* The first answer's header is the document's, and those of the others are the same. */
static bool
end_header(struct export_rows *r)
{
	r->in_header = false;
	if (r->begun) {
		r->has_changed = r->seen.len != r->header.len ||
		                 (r->seen.len > 0 &&
		                  memcmp(r->seen.bytes, r->header.bytes, r->seen.len) != 0);
		return !r->has_changed;
	}
	text_clear(&r->header);
	text_add(&r->header, r->seen.bytes, r->seen.len);
	text_add(&r->out, r->seen.bytes, r->seen.len);
	r->begun = true;
	return has_memory(r);
}

/* A row begins with the end of the line before it, as swm writes CSV; quotes hold further ones. */
static bool
add_csv(struct export_rows *r, swm_str piece)
{
	size_t begin = 0;

	for (size_t i = 0; i < piece.len; i++) {
		char c = piece.ptr[i];
		r->in_quotes ^= c == '"';
		if (c != '\n' || r->in_quotes)
			continue;
		if (r->in_header) {
			text_add(&r->seen, piece.ptr, i);
			if (!end_header(r))
				return false;
			begin = i;
		}
		r->count++;
	}
	text_add(r->in_header ? &r->seen : &r->out, piece.ptr + begin, piece.len - begin);
	return has_memory(r);
}

/* Each a line with its end; in an array they have commas between, and the brackets around. */
static bool
add_lines(struct export_rows *r, swm_str piece)
{
	while (piece.len > 0) {
		const char *end = memchr(piece.ptr, '\n', piece.len);
		size_t len = end == NULL ? piece.len : (size_t)(end - piece.ptr);
		if (!r->in_line && r->format == EXPORT_JSON)
			text_add(&r->out, r->count == 0 ? "[" : ",\n", r->count == 0 ? 1 : 2);
		text_add(&r->out, piece.ptr, len);
		if (end != NULL && r->format == EXPORT_NDJSON)
			text_add(&r->out, "\n", 1);
		r->in_line = end == NULL;
		r->count += end != NULL;
		r->begun = true;
		len += end != NULL;
		piece = (swm_str){ piece.ptr + len, piece.len - len };
	}
	return has_memory(r);
}

bool
export_rows_add(struct export_rows *r, swm_str piece)
{
	return r->format == EXPORT_CSV ? add_csv(r, piece) : add_lines(r, piece);
}

bool
export_rows_end(struct export_rows *r)
{
	return r->in_header ? end_header(r) : !r->in_line || export_rows_add(r, SWM_STR("\n"));
}

void
export_rows_finish(struct export_rows *r)
{
	text_clear(&r->out);
	const char *end = r->count > 0 ? "]\n" : "[]\n";
	if (r->format == EXPORT_JSON)
		text_add(&r->out, end, strlen(end));
	else if (r->format == EXPORT_CSV)
		text_add(&r->out, "\n", 1);
}

void
export_rows_free(struct export_rows *r)
{
	text_free(&r->header);
	text_free(&r->seen);
	text_free(&r->out);
}
