#include "config.h"

#include "json/rows.h"

#include "json/escape.h"

/* A cursor over CSV, and the line it is in. */
struct csv {
	swm_str text;
	size_t at;
	int64_t line;
	swm_buf field;
	bool ends_row; /* behind the field comes the next line, or the end */
	swm_error *err;
};

static int
fail_line(struct csv *c, const char *what)
{
	swm_buf message = SWM_BUF_INIT;

	swm_buf_cstr(&message, what);
	swm_buf_cstr(&message, " in line ");
	swm_buf_int(&message, c->line);
	swm_buf_cstr(&message, " of the CSV");
	int rc = swm_fail(c->err, SWM_ERR_BODY, swm_buf_view(&message));
	swm_buf_dispose(&message);
	return rc;
}

static int
peek(const struct csv *c)
{
	return c->at < c->text.len ? (unsigned char)c->text.ptr[c->at] : -1;
}

/* Passes over a comma or the end of the line. */
static int
end_field(struct csv *c)
{
	int next = peek(c);

	c->ends_row = next != ',';
	if (next == '\r' && c->at + 1 < c->text.len && c->text.ptr[c->at + 1] == '\n')
		c->at++;
	else if (next >= 0 && next != ',' && next != '\n')
		return fail_line(c, "Text behind a closing quote");
	if (next >= 0)
		c->at++;
	return c->field.failed ? swm_fail_memory(c->err) : SWM_OK;
}

static int
scan_quoted(struct csv *c)
{
	int64_t lines = 0;

	for (c->at++;; c->at++) {
		int next = peek(c);
		if (next < 0)
			return fail_line(c, "A quote that is not closed");
		lines += next == '\n';
		if (next == '"') {
			c->at++;
			if (peek(c) != '"')
				break;
		}
		swm_buf_char(&c->field, (char)next);
	}
	int rc = end_field(c);
	c->line += lines;
	return rc;
}

static int
scan_field(struct csv *c)
{
	size_t begin = c->at;

	swm_buf_clear(&c->field);
	if (peek(c) == '"')
		return scan_quoted(c);
	while (peek(c) >= 0 && peek(c) != ',' && peek(c) != '\n')
		c->at++;
	if (peek(c) == '\n' && c->at > begin && c->text.ptr[c->at - 1] == '\r')
		c->at--;
	swm_buf_add(&c->field, c->text.ptr + begin, c->at - begin);
	return end_field(c);
}

/* The names, each as the beginning of a member: "name": */
static int
scan_header(struct csv *c, swm_arena *arena, swm_str *keys, swm_str *members, size_t *count)
{
	swm_buf member = SWM_BUF_INIT;
	int rc;

	*count = 0;
	do {
		if (*count == SWM_JSON_MOST_KEYS)
			rc = fail_line(c, "Too many fields");
		else
			rc = scan_field(c);
		if (rc != SWM_OK)
			break;
		swm_buf_clear(&member);
		swm_json_quote(&member, swm_buf_view(&c->field));
		swm_buf_char(&member, ':');
		keys[*count] = swm_arena_str(arena, swm_buf_view(&c->field));
		members[*count] = swm_arena_str(arena, swm_buf_view(&member));
		if (member.failed || keys[*count].ptr == NULL || members[*count].ptr == NULL)
			rc = swm_fail_memory(c->err);
		++*count;
	} while (rc == SWM_OK && !c->ends_row);
	swm_buf_dispose(&member);
	c->line++;
	return rc;
}

static int
scan_row(struct csv *c, swm_buf *to, const swm_str *members, size_t count)
{
	int rc = SWM_OK;
	size_t n = 0;

	do {
		if (n == count)
			return fail_line(c, "Too many fields");
		rc = scan_field(c);
		if (rc != SWM_OK)
			return rc;
		swm_buf_char(to, n == 0 ? '{' : ',');
		swm_buf_str(to, members[n++]);
		if (swm_str_eq(swm_buf_view(&c->field), SWM_STR("NULL")))
			swm_buf_cstr(to, "null");
		else
			swm_json_quote(to, swm_buf_view(&c->field));
	} while (!c->ends_row);
	if (n < count)
		return fail_line(c, "Too few fields");
	swm_buf_char(to, '}');
	c->line++;
	return SWM_OK;
}

static bool
skip_blank_line(struct csv *c)
{
	size_t cr = peek(c) == '\r', end = c->at + cr;

	if (end >= c->text.len || c->text.ptr[end] != '\n')
		return false;
	c->at = end + 1;
	c->line++;
	return true;
}

static int
scan_rows(struct csv *c, swm_buf *to, size_t longest, swm_json_facts *facts, swm_arena *arena)
{
	swm_str *keys = swm_arena_array(arena, SWM_JSON_MOST_KEYS, sizeof *keys);
	swm_str *members = swm_arena_array(arena, SWM_JSON_MOST_KEYS, sizeof *members);
	size_t count;

	if (keys == NULL || members == NULL)
		return swm_fail_memory(c->err);
	int rc = scan_header(c, arena, keys, members, &count);
	*facts = (swm_json_facts){ .body = SWM_JSON_BODY_ARRAY, .rows_agree = true, .keys = keys, .key_count = count };
	swm_buf_char(to, '[');
	while (rc == SWM_OK && c->at < c->text.len) {
		if (skip_blank_line(c))
			continue;
		swm_buf_cstr(to, facts->elements++ > 0 ? "," : "");
		rc = scan_row(c, to, members, count);
		if (rc == SWM_OK && to->len > longest) /* each row has the names again, however long they are */
			rc = swm_fail_number(c->err, SWM_ERR_BODY_TOO_LARGE, (int64_t)longest);
	}
	swm_buf_char(to, ']');
	return rc == SWM_OK && to->failed ? swm_fail_memory(c->err) : rc;
}

int
swm_json_from_csv(swm_buf *to, size_t longest, swm_json_facts *facts, swm_arena *arena, swm_str csv, swm_error *err)
{
	struct csv c = { .text = csv, .line = 1, .err = err };

	if (!swm_utf8_valid(csv, NULL))
		return swm_fail(err, SWM_ERR_BODY, SWM_STR("The CSV is not valid UTF-8"));
	while (skip_blank_line(&c))
		;
	if (c.at == csv.len) {
		c.line = 1;
		return fail_line(&c, "No header");
	}
	int rc = scan_rows(&c, to, longest, facts, arena);
	swm_buf_dispose(&c.field);
	return rc;
}

int
swm_json_from_pairs(swm_buf *to, swm_json_facts *facts, swm_arena *arena, const swm_pair *pairs, size_t count,
                    swm_error *err)
{
	swm_str *keys = swm_arena_array(arena, count, sizeof *keys);

	if (keys == NULL)
		return swm_fail_memory(err);
	for (size_t i = 0; i < count; i++) {
		swm_buf_char(to, i == 0 ? '{' : ',');
		swm_json_quote(to, pairs[i].name);
		swm_buf_char(to, ':');
		swm_json_quote(to, pairs[i].value);
		keys[i] = pairs[i].name;
	}
	swm_buf_cstr(to, count == 0 ? "{}" : "}");
	*facts = (swm_json_facts){ .body = SWM_JSON_BODY_OBJECT, .keys = keys, .key_count = count };
	return to->failed ? swm_fail_memory(err) : SWM_OK;
}
