/* One line of CSV (RFC 4180), parsed in place. */
#include "config.h"

#include "json/feed_rows.h"

struct csv {
	char *at, *stop;
	bool last;
	swm_csv_field *fields;
	size_t most, count;
	const char *why;
};

static void
add(struct csv *c, swm_csv_field field)
{
	if (c->count < c->most)
		c->fields[c->count] = field;
	c->count++;
}

static enum swm_row_end
bad(struct csv *c, const char *why)
{
	if (c->why == NULL)
		c->why = why;
	return SWM_ROW_BAD;
}

static enum swm_row_end
quoted(struct csv *c)
{
	swm_csv_field field = { .ptr = c->at + 1, .quoted = true };

	for (char *p = field.ptr;;) {
		char *quote = memchr(p, '"', (size_t)(c->stop - p));
		if (quote == NULL)
			return c->last ? bad(c, "A quote that is not closed") : SWM_ROW_MORE;
		if (quote + 1 == c->stop && !c->last)
			return SWM_ROW_MORE;
		if (quote + 1 == c->stop || quote[1] != '"') {
			field.len = (size_t)(quote - field.ptr);
			c->at = quote + 1;
			add(c, field);
			return SWM_ROW_TAKEN;
		}
		field.doubled = true;
		p = quote + 2;
	}
}

static enum swm_row_end
plain(struct csv *c)
{
	swm_csv_field field = { .ptr = c->at };
	char *p = c->at;

	while (p < c->stop && *p != ',' && *p != '\n')
		p++;
	if (p == c->stop && !c->last)
		return SWM_ROW_MORE;
	c->at = p;
	if (p < c->stop && *p == '\n' && p > field.ptr && p[-1] == '\r')
		p--;
	field.len = (size_t)(p - field.ptr);
	add(c, field);
	return SWM_ROW_TAKEN;
}

/* Passes over a comma, or the end of the line: *ended. */
static enum swm_row_end
behind_field(struct csv *c, bool *ended)
{
	if (c->at < c->stop && *c->at == '\r' && c->at + 1 == c->stop && !c->last)
		return SWM_ROW_MORE;
	if (c->at + 1 < c->stop && c->at[0] == '\r' && c->at[1] == '\n')
		c->at++;
	*ended = c->at == c->stop || *c->at == '\n';
	if (c->at < c->stop && *c->at != ',' && *c->at != '\n') {
		char *line = memchr(c->at, '\n', (size_t)(c->stop - c->at));
		if (line == NULL && !c->last)
			return SWM_ROW_MORE;
		c->at = line == NULL ? c->stop : line + 1;
		return bad(c, "Text behind a closing quote");
	}
	c->at += c->at < c->stop;
	return SWM_ROW_TAKEN;
}

enum swm_row_end
swm_csv_fields(char *at, char *end_of_text, bool last, swm_csv_field *fields, size_t most,
               size_t *count, char **end, const char **why)
{
	struct csv c = {
		.at = at, .stop = end_of_text, .last = last, .fields = fields, .most = most
	};
	enum swm_row_end found = SWM_ROW_TAKEN;
	bool ended = false;

	while (found == SWM_ROW_TAKEN && !ended) {
		bool open = c.at == c.stop && !last;
		found = open ? SWM_ROW_MORE
		        : c.at < c.stop && *c.at == '"' ? quoted(&c)
		        : plain(&c);
		if (found == SWM_ROW_BAD)
			c.at = c.stop; /* the quote that is not closed has taken the rest */
		if (found == SWM_ROW_TAKEN)
			found = behind_field(&c, &ended);
	}
	*count = c.count;
	*end = c.at;
	*why = c.why;
	return found;
}

swm_cell
swm_csv_cell(swm_csv_field *field)
{
	if (field->doubled) {
		char *to = field->ptr;
		for (size_t i = 0; i < field->len; i++) {
			*to++ = field->ptr[i];
			i += field->ptr[i] == '"';
		}
		field->len = (size_t)(to - field->ptr);
		field->doubled = false;
	}
	swm_str text = { field->ptr, field->len };
	if (swm_str_eq(text, SWM_STR("NULL")))
		return (swm_cell){ .kind = SWM_CELL_NULL };
	return (swm_cell){ .kind = SWM_CELL_TEXT, .text = text };
}
