#include "config.h"

#include "query/expect.h"

bool
swm_expected_reach(swm_expected *e, size_t at)
{
	if (e->known && e->at >= at)
		return e->at == at;
	e->at = at;
	e->known = true;
	e->has_found = false;
	e->refused.ptr = NULL;
	e->count = 0;
	return true;
}

void
swm_expected_add(swm_expected *e, const char *text, bool quoted)
{
	for (size_t i = 0; i < e->count; i++)
		if (e->words[i].quoted == quoted && strcmp(e->words[i].text, text) == 0)
			return;
	if (e->count == SWM_MOST_EXPECTED)
		return;
	e->words[e->count].text = text;
	e->words[e->count++].quoted = quoted;
}

void
swm_expected_merge(swm_expected *e, const swm_expected *more)
{
	if (!more->known || !swm_expected_reach(e, more->at))
		return;
	if (!e->has_found) {
		e->has_found = more->has_found;
		e->found = more->found;
	}
	if (e->refused.ptr == NULL)
		e->refused = more->refused;
	for (size_t i = 0; i < more->count; i++)
		swm_expected_add(e, more->words[i].text, more->words[i].quoted);
}

/* As Haskell shows a character, with the quotes around it. */
static void
write_character(swm_buf *to, swm_str c, char around)
{
	unsigned code = 0;

	swm_buf_char(to, around);
	if (c.len == 1 && (c.ptr[0] == around || c.ptr[0] == '\\')) {
		swm_buf_char(to, '\\');
		swm_buf_str(to, c);
	} else if (c.len == 1 && c.ptr[0] == '\t') {
		swm_buf_cstr(to, "\\t");
	} else if (c.len == 1 && c.ptr[0] == '\n') {
		swm_buf_cstr(to, "\\n");
	} else if (c.len == 1 && c.ptr[0] == '\r') {
		swm_buf_cstr(to, "\\r");
	} else if (c.len == 1) {
		swm_buf_str(to, c);
	} else {
		code = (unsigned char)c.ptr[0] & (0xffU >> (c.len + 1));
		for (size_t i = 1; i < c.len; i++)
			code = code << 6 | ((unsigned char)c.ptr[i] & 0x3f);
		swm_buf_printf(to, "\\%u", code);
	}
	swm_buf_char(to, around);
}

static void
write_quoted(swm_buf *to, const char *text)
{
	swm_buf_char(to, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			swm_buf_char(to, '\\');
		swm_buf_char(to, *text);
	}
	swm_buf_char(to, '"');
}

void
swm_expected_write(swm_buf *to, const swm_expected *e)
{
	if (!e->known) {
		swm_buf_cstr(to, "unknown parse error");
		return;
	}
	swm_buf_cstr(to, "unexpected ");
	if (e->refused.ptr != NULL)
		write_character(to, e->refused, '\'');
	else if (e->found.len == 0)
		swm_buf_cstr(to, "end of input");
	else
		write_character(to, e->found, '"');
	for (size_t i = 0; i < e->count; i++) {
		swm_buf_cstr(to, i == 0 ? " expecting " : i + 1 == e->count ? " or " : ", ");
		if (e->words[i].quoted)
			write_quoted(to, e->words[i].text);
		else
			swm_buf_cstr(to, e->words[i].text);
	}
}
