#include "config.h"

#include "json/escape.h"

#include <string.h>

/*
 * PostgreSQL's escape_json() (src/backend/utils/adt/json.c) is the model: DEL, `/`
 * and everything beyond ASCII go through as they are.
 *
 * This runs for each value of each row, so eight bytes are looked at in one go:
 * https://graphics.stanford.edu/~seander/bithacks.html#ValueInWord.
 */
#define EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

static uint64_t
load(const char *p)
{
	uint64_t word;
	memcpy(&word, p, sizeof word);
	return word;
}

/* Non-zero if any byte is zero. */
static uint64_t
any_zero(uint64_t word)
{
	return (word - EACH_BYTE(1)) & ~word & EACH_BYTE(0x80);
}

static bool
word_is_plain(uint64_t word)
{
	uint64_t control = (word - EACH_BYTE(0x20)) & ~word & EACH_BYTE(0x80);
	return (control | any_zero(word ^ EACH_BYTE('"')) | any_zero(word ^ EACH_BYTE('\\'))) == 0;
}

static bool
is_plain(char c)
{
	return (unsigned char)c >= 0x20 && c != '"' && c != '\\';
}

/* The number of bytes from the start that need no escape. */
static size_t
plain_run(const char *p, size_t len)
{
	size_t i = 0;

	while (len - i >= sizeof(uint64_t) && word_is_plain(load(p + i)))
		i += sizeof(uint64_t);
	/* the rest of a longer text is checked again together with some bytes before it */
	if (i > 0 && len - i < sizeof(uint64_t) && word_is_plain(load(p + len - sizeof(uint64_t))))
		return len;
	while (i < len && is_plain(p[i]))
		i++;
	return i;
}

enum { LONGEST_ESCAPE = 6, CHUNK = 256 };

/* Writes the escape of a byte and returns where it ends. */
static char *
put_escape(char *to, char c)
{
	static const char names[0x20] = {
		['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'
	};
	static const char digits[] = "0123456789abcdef";
	unsigned char u = (unsigned char)c;

	*to++ = '\\';
	if (u >= 0x20) {
		*to++ = c;
	} else if (names[u] != '\0') {
		*to++ = names[u];
	} else {
		memcpy(to, "u00", 3);
		to[3] = digits[u >> 4];
		to[4] = digits[u & 15];
		to += 5;
	}
	return to;
}

/* Writes a piece of a text and returns where it ends. */
static char *
put_piece(char *to, const char *from, size_t len)
{
	for (;;) {
		size_t run = plain_run(from, len);
		memcpy(to, from, run);
		to += run;
		if (run == len)
			return to;
		to = put_escape(to, from[run]);
		from += run + 1;
		len -= run + 1;
	}
}

/* Room for the worst case is asked for a piece at a time, as a long text seldom needs it. */
static void
quote_with_escapes(swm_buf *to, swm_str text)
{
	swm_buf_char(to, '"');
	for (size_t i = 0; i < text.len; i += CHUNK) {
		size_t len = text.len - i < CHUNK ? text.len - i : CHUNK;
		char *start = swm_buf_reserve(to, len * LONGEST_ESCAPE);
		if (start == NULL)
			return;
		to->len += (size_t)(put_piece(start, text.ptr + i, len) - start);
		to->ptr[to->len] = '\0';
	}
	swm_buf_char(to, '"');
}

void
swm_json_quote(swm_buf *to, swm_str text)
{
	if (text.len == 0) {
		swm_buf_add(to, "\"\"", 2);
		return;
	}
	if (plain_run(text.ptr, text.len) < text.len) {
		quote_with_escapes(to, text);
		return;
	}
	char *p = swm_buf_reserve(to, text.len + 2);
	if (p == NULL)
		return;
	p[0] = '"';
	memcpy(p + 1, text.ptr, text.len);
	p[text.len + 1] = '"';
	p[text.len + 2] = '\0'; /* swm_buf_reserve() leaves room for it */
	to->len += text.len + 2;
}
