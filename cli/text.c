#include "config.h"

#include "text.h"

#include <langinfo.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum { NO_CHARACTER = 0xDC00 };

void
text_clear(struct text *t)
{
	t->len = t->width = 0;
}

void
text_free(struct text *t)
{
	free(t->bytes);
	*t = (struct text){ 0 };
}

static bool
reserve(struct text *t, size_t more)
{
	if (t->room - t->len >= more)
		return true;
	size_t room = t->room < 128 ? 256 : t->room * 2;
	while (room - t->len < more)
		room *= 2;
	char *bytes = realloc(t->bytes, room);
	t->failed |= bytes == NULL;
	if (bytes == NULL)
		return false;
	t->bytes = bytes;
	t->room = room;
	return true;
}

void
text_add(struct text *t, const char *bytes, size_t len)
{
	if (len == 0 || !reserve(t, len))
		return;
	memcpy(t->bytes + t->len, bytes, len);
	t->len += len;
	t->width += len;
}

void
text_format(struct text *t, const char *format, ...)
{
	char piece[256];
	va_list args;

	va_start(args, format);
	int len = vsnprintf(piece, sizeof piece, format, args);
	va_end(args);
	if (len > 0)
		text_add(t, piece, (size_t)len < sizeof piece ? (size_t)len : sizeof piece - 1);
}

void
text_pad(struct text *t, size_t count)
{
	if (count == 0 || !reserve(t, count))
		return;
	memset(t->bytes + t->len, ' ', count);
	t->len += count;
	t->width += count;
}

static bool
can_write_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* Separators of lines, and marks that make text read other than it is written (Unicode, UAX 9). */
static bool
is_misleading(uint32_t c)
{
	return (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x200e ||
	       c == 0x200f || c == 0x061c;
}

/* Columns of a character; negative when it is not to be written as it is. */
static int
character_width(uint32_t c)
{
	if (c < 0x80)
		return c >= ' ' && c != 0x7f ? 1 : -1;
	if ((c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff || is_misleading(c) || !can_write_utf8())
		return -1;
	return wcwidth((wchar_t)c);
}

static size_t
encode(uint32_t c, char to[4])
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = len - 1; i > 0; i--, c >>= 6)
		to[i] = (char)(0x80 | (c & 0x3f));
	to[0] = (char)((0xf00 >> len) | c);
	return len;
}

static void
add_escape(struct text *t, uint32_t c)
{
	static const char letters[] = "abtnvfr"; /* of 7 to 13 */

	if (c >= 7 && c <= 13)
		text_format(t, "\\%c", letters[c - 7]);
	else if (c < 0x80 || (c > NO_CHARACTER && c <= NO_CHARACTER + 0xff))
		text_format(t, "\\x%02x", (unsigned)c & 0xff);
	else
		text_format(t, c < 0x10000 ? "\\u%04x" : "\\U%08x", (unsigned)c);
}

void
text_add_character(struct text *t, uint32_t c)
{
	int width = character_width(c);
	char bytes[4];

	if (width < 0) {
		add_escape(t, c);
		return;
	}
	size_t len = encode(c, bytes), before = t->width;
	text_add(t, bytes, len);
	t->width = before + (size_t)width;
}

/* Bytes of a character that begins with this one; 0: none does. */
static size_t
sequence_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 0;
}

size_t
text_decode(const char *bytes, size_t len, uint32_t *character)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char first = (unsigned char)bytes[0];
	size_t need = sequence_length(first);
	uint32_t c = need < 2 ? first : first & (0x7fu >> need);

	for (size_t i = 1; i < need; i++) {
		if (i >= len || ((unsigned char)bytes[i] & 0xc0) != 0x80)
			need = 0;
		else
			c = c << 6 | ((unsigned char)bytes[i] & 0x3f);
	}
	if (need == 0 || c < least[need] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) {
		*character = NO_CHARACTER | first;
		return 1;
	}
	*character = c;
	return need;
}

static void
add_data(struct text *t, swm_str data, bool is_lines)
{
	uint32_t c;

	for (size_t at = 0; at < data.len;) {
		at += text_decode(data.ptr + at, data.len - at, &c);
		if (is_lines && (c == '\n' || c == '\t'))
			text_add(t, (char[]){ (char)c }, 1);
		else
			text_add_character(t, c);
	}
}

void
text_add_data(struct text *t, swm_str data)
{
	add_data(t, data, false);
}

void
text_add_lines(struct text *t, swm_str data)
{
	add_data(t, data, true);
}

void
text_add_cut(struct text *t, const struct text *whole, size_t width)
{
	size_t at = 0, seen = 0, before = t->width;
	uint32_t c;

	if (whole->width <= width) {
		text_add(t, whole->bytes, whole->len);
		t->width = before + whole->width;
		return;
	}
	while (at < whole->len) {
		size_t len = text_decode(whole->bytes + at, whole->len - at, &c);
		int columns = character_width(c);
		if (seen + (size_t)columns > width - 1)
			break;
		seen += (size_t)columns;
		at += len;
	}
	text_add(t, whole->bytes, at);
	if (can_write_utf8())
		text_add(t, "\u2026", strlen("\u2026"));
	else
		text_add(t, "~", 1);
	t->width = before + seen + 1;
}

void
text_print(FILE *to, swm_str data)
{
	struct text t = { 0 };

	text_add_lines(&t, data);
	if (t.len > 0)
		fwrite(t.bytes, 1, t.len, to);
	text_free(&t);
}
