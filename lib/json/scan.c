#include "config.h"

#include "json/scan.h"

#include "base/str.h"
#include "json/scan_keys.h"

/* The states of the scanner, named after what the next byte may be. */
enum state {
	VALUE,          /* a value must come */
	VALUE_OR_CLOSE, /* after [ */
	KEY,            /* after a comma in an object */
	KEY_OR_CLOSE,   /* after { */
	COLON,
	AFTER,          /* after a value */
	LITERAL,        /* in true, false or null */
	MINUS, ZERO, INTEGER, POINT, FRACTION, EXPONENT, EXPONENT_SIGN, EXPONENT_DIGITS,
	STRING,
	CONTINUATION,   /* in a character of several bytes */
	ESCAPE,
	HEX,
	LOW_ESCAPE,     /* after half a surrogate pair: the other's backslash */
	LOW_U,
	BROKEN,
};

struct swm_json_scan {
	enum state state;
	swm_json_fault fault; /* when it is broken */
	size_t seen;        /* bytes of the pieces so far */
	bool in_key;        /* the string is a member's name */
	bool taken;         /* the name is one that is collected */
	bool key_too_long;
	bool any;           /* something but blanks has come */
	enum swm_json_body body;
	int depth;
	uint64_t objects[SWM_JSON_DEPTH / 64]; /* a bit for each open container: it is an object */
	const char *rest;   /* position in the literal */
	int more;           /* bytes of the character that are to come */
	unsigned char low, high; /* between these is the next of them */
	int hex_digits;     /* that are to come */
	unsigned code, high_half;
	int64_t elements;
	bool other_elements; /* the array has some that are no objects */
	swm_json_keys keys;
	char key[SWM_JSON_LONGEST_KEY];
	size_t key_len;
};

swm_json_scan *
swm_json_scan_new(swm_arena *arena)
{
	swm_json_scan *scan = swm_arena_alloc(arena, sizeof *scan);

	if (scan == NULL)
		return NULL;
	scan->state = VALUE;
	scan->keys.arena = arena;
	return scan;
}

static bool
in_object(const swm_json_scan *s)
{
	int at = s->depth - 1;

	return at >= 0 && (s->objects[at / 64] >> (at % 64) & 1) != 0;
}

static const char *
expected_after_value(const swm_json_scan *s)
{
	return s->depth == 0 ? "the end" : in_object(s) ? "\",\" or \"}\"" : "\",\" or \"]\"";
}

/* The expected token, in the words of an error. */
static const char *
expected_next(const swm_json_scan *s)
{
	switch (s->state) {
	case VALUE:
		return "a value";
	case VALUE_OR_CLOSE:
		return "a value or \"]\"";
	case KEY:
		return "a name in double quotes";
	case KEY_OR_CLOSE:
		return "a name in double quotes or \"}\"";
	case COLON:
		return "\":\"";
	case AFTER: case ZERO: case INTEGER: case FRACTION: case EXPONENT_DIGITS:
		return expected_after_value(s);
	case LITERAL:
		return "true, false or null";
	case MINUS: case POINT: case EXPONENT: case EXPONENT_SIGN:
		return "a digit";
	case HEX:
		return "a hexadecimal digit";
	default:
		return "a closing quote";
	}
}

static void
fail_with(swm_json_scan *s, const char *expected)
{
	s->fault.expected = expected;
	s->state = BROKEN;
}

static void
fail(swm_json_scan *s)
{
	fail_with(s, expected_next(s));
}

/*
 * Containers
 */

/* True when the members of the innermost container are columns of rows, or arguments. */
static bool
in_row(const swm_json_scan *s)
{
	return in_object(s) && (s->depth == 1 || (s->depth == 2 && s->body == SWM_JSON_BODY_ARRAY));
}

static void
open_container(swm_json_scan *s, bool object)
{
	int at = s->depth;

	if (at == SWM_JSON_DEPTH) {
		fail_with(s, NULL);
		return;
	}
	uint64_t bit = UINT64_C(1) << (at % 64);
	s->objects[at / 64] = object ? s->objects[at / 64] | bit : s->objects[at / 64] & ~bit;
	s->depth++;
	s->state = object ? KEY_OR_CLOSE : VALUE_OR_CLOSE;
	if (in_row(s))
		swm_json_keys_begin(&s->keys);
}

static void
close_container(swm_json_scan *s, bool object)
{
	if (s->depth == 0 || in_object(s) != object) {
		fail(s);
		return;
	}
	if (in_row(s))
		swm_json_keys_end(&s->keys);
	s->depth--;
	s->state = AFTER;
}

/*
 * Values
 */

static void
open_string(swm_json_scan *s, bool key)
{
	s->state = STRING;
	s->in_key = key;
	s->taken = key && in_row(s);
	s->key_too_long = false;
	s->key_len = 0;
}

static void
open_literal(swm_json_scan *s, const char *rest)
{
	s->state = LITERAL;
	s->rest = rest;
}

/* Every value passes here first. */
static void
note_value(swm_json_scan *s, char c)
{
	if (s->depth == 0) {
		s->any = true;
		s->body = c == '{' ? SWM_JSON_BODY_OBJECT
		          : c == '[' ? SWM_JSON_BODY_ARRAY
		          : SWM_JSON_BODY_SCALAR;
	} else if (s->depth == 1 && s->body == SWM_JSON_BODY_ARRAY) {
		s->elements++;
		s->other_elements |= c != '{';
	}
}

static void
begin_value(swm_json_scan *s, char c)
{
	note_value(s, c);
	switch (c) {
	case '{':
		open_container(s, true);
		break;
	case '[':
		open_container(s, false);
		break;
	case '"':
		open_string(s, false);
		break;
	case 't':
		open_literal(s, "rue");
		break;
	case 'f':
		open_literal(s, "alse");
		break;
	case 'n':
		open_literal(s, "ull");
		break;
	case '-':
		s->state = MINUS;
		break;
	case '0':
		s->state = ZERO;
		break;
	default:
		if (c >= '1' && c <= '9')
			s->state = INTEGER;
		else
			fail(s);
	}
}

static void
after_value(swm_json_scan *s, char c)
{
	if (c == ',' && s->depth > 0)
		s->state = in_object(s) ? KEY : VALUE;
	else if (c == '}' || c == ']')
		close_container(s, c == '}');
	else
		fail(s);
}

/* Outside of strings, numbers and literals. */
static void
structure(swm_json_scan *s, char c)
{
	if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
		return;
	if (s->state == AFTER)
		after_value(s, c);
	else if (s->state == COLON && c == ':')
		s->state = VALUE;
	else if (s->state == VALUE_OR_CLOSE && c == ']')
		close_container(s, false);
	else if (s->state == KEY_OR_CLOSE && c == '}')
		close_container(s, true);
	else if ((s->state == KEY || s->state == KEY_OR_CLOSE) && c == '"')
		open_string(s, true);
	else if (s->state == VALUE || s->state == VALUE_OR_CLOSE)
		begin_value(s, c);
	else
		fail(s);
}

static void
literal(swm_json_scan *s, char c)
{
	if (*s->rest != c)
		fail(s);
	else if (*++s->rest == '\0')
		s->state = AFTER;
}

/* True when a number may end in this state. */
static bool
is_whole_number(enum state state)
{
	return state == ZERO || state == INTEGER || state == FRACTION || state == EXPONENT_DIGITS;
}

/* The state after this byte of a number; AFTER when the byte does not belong to it. */
static enum state
number_state(enum state state, char c)
{
	bool digit = c >= '0' && c <= '9', e = c == 'e' || c == 'E';

	switch (state) {
	case MINUS:
		return c == '0' ? ZERO : digit ? INTEGER : BROKEN;
	case ZERO:
		return c == '.' ? POINT : e ? EXPONENT : AFTER;
	case INTEGER:
		return digit ? INTEGER : c == '.' ? POINT : e ? EXPONENT : AFTER;
	case POINT:
		return digit ? FRACTION : BROKEN;
	case FRACTION:
		return digit ? FRACTION : e ? EXPONENT : AFTER;
	case EXPONENT:
		return digit ? EXPONENT_DIGITS : c == '+' || c == '-' ? EXPONENT_SIGN : BROKEN;
	case EXPONENT_SIGN:
		return digit ? EXPONENT_DIGITS : BROKEN;
	default:
		return digit ? EXPONENT_DIGITS : AFTER;
	}
}

static void
number(swm_json_scan *s, char c)
{
	enum state next = number_state(s->state, c);

	if (next == BROKEN) {
		fail(s);
		return;
	}
	s->state = next;
	if (next == AFTER) /* the byte is what follows the number */
		structure(s, c);
}

/*
 * Strings
 */

static void
take(swm_json_scan *s, const char *bytes, size_t len)
{
	if (!s->taken || s->key_too_long)
		return;
	if (len > sizeof s->key - s->key_len) {
		s->key_too_long = true;
		return;
	}
	memcpy(s->key + s->key_len, bytes, len);
	s->key_len += len;
}

/* A character of an escape, as UTF-8 (RFC 3629, 3). */
static void
take_code(swm_json_scan *s, unsigned code)
{
	char bytes[4];
	size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	static const unsigned char first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = len - 1; i > 0; i--) {
		bytes[i] = (char)(0x80 | (code & 0x3f));
		code >>= 6;
	}
	bytes[0] = (char)(first[len] | code);
	take(s, bytes, len);
}

static void
close_string(swm_json_scan *s)
{
	s->state = s->in_key ? COLON : AFTER;
	if (!s->taken)
		return;
	if (s->key_too_long)
		swm_json_keys_add_long(&s->keys);
	else
		swm_json_keys_add(&s->keys, (swm_str){ s->key, s->key_len });
}

static void
expect_bytes(swm_json_scan *s, int more, unsigned low, unsigned high)
{
	s->state = CONTINUATION;
	s->more = more;
	s->low = (unsigned char)low;
	s->high = (unsigned char)high;
}

/* The first byte of a character of several (RFC 3629, 4: the second one's bounds depend on it). */
static void
begin_character(swm_json_scan *s, unsigned char c)
{
	if (c >= 0xc2 && c <= 0xdf)
		expect_bytes(s, 1, 0x80, 0xbf);
	else if (c >= 0xe0 && c <= 0xef)
		expect_bytes(s, 2, c == 0xe0 ? 0xa0 : 0x80, c == 0xed ? 0x9f : 0xbf);
	else if (c >= 0xf0 && c <= 0xf4)
		expect_bytes(s, 3, c == 0xf0 ? 0x90 : 0x80, c == 0xf4 ? 0x8f : 0xbf);
	else
		fail_with(s, "UTF-8");
}

static void
continue_character(swm_json_scan *s, unsigned char c)
{
	if (c < s->low || c > s->high)
		fail_with(s, "UTF-8");
	else if (--s->more == 0)
		s->state = STRING;
	s->low = 0x80;
	s->high = 0xbf;
}

static void
begin_hex(swm_json_scan *s)
{
	s->state = HEX;
	s->hex_digits = 4;
	s->code = 0;
}

static void
escape(swm_json_scan *s, char c)
{
	static const char named[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	const char *at = memchr(named, c, sizeof named - 1);

	if (c == 'u') {
		begin_hex(s);
	} else if (at != NULL) {
		take(s, &meant[at - named], 1);
		s->state = STRING;
	} else {
		fail_with(s, "an escape of JSON");
	}
}

/* Surrogates come as a pair, high before low (RFC 8259, 7). */
static void
end_hex(swm_json_scan *s)
{
	bool high = s->code >= 0xd800 && s->code <= 0xdbff,
	     low = s->code >= 0xdc00 && s->code <= 0xdfff;

	if (s->taken && s->code == 0) {
		fail_with(s, "no NUL in a name");
	} else if (low != (s->high_half != 0)) {
		fail_with(s, "a pair of surrogates");
	} else if (high) {
		s->high_half = s->code;
		s->state = LOW_ESCAPE;
	} else {
		take_code(s, low ? 0x10000 + ((s->high_half - 0xd800) << 10) + (s->code - 0xdc00)
		                 : s->code);
		s->high_half = 0;
		s->state = STRING;
	}
}

static void
hex(swm_json_scan *s, char c)
{
	int digit = c >= '0' && c <= '9' ? c - '0' :
	            c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	            c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;

	if (digit < 0) {
		fail(s);
		return;
	}
	s->code = s->code * 16 + (unsigned)digit;
	if (--s->hex_digits == 0)
		end_hex(s);
}

static void
in_string(swm_json_scan *s, char c)
{
	if (c == '"')
		close_string(s);
	else if (c == '\\')
		s->state = ESCAPE;
	else if ((unsigned char)c < 0x20)
		fail_with(s, "an escaped control character");
	else if ((unsigned char)c < 0x80)
		take(s, &c, 1);
	else {
		take(s, &c, 1);
		begin_character(s, (unsigned char)c);
	}
}

static void
low_half(swm_json_scan *s, char c)
{
	if (c != (s->state == LOW_ESCAPE ? '\\' : 'u'))
		fail_with(s, "a pair of surrogates");
	else if (s->state == LOW_ESCAPE)
		s->state = LOW_U;
	else
		begin_hex(s);
}

/*
 * Pieces
 */

static bool
is_plain(char c)
{
	return (unsigned char)c >= 0x20 && (unsigned char)c < 0x80 && c != '"' && c != '\\';
}

/* In a string most bytes are themselves: they are passed in one go. */
static size_t
plain_run(swm_json_scan *s, swm_str rest)
{
	size_t n = 0;

	while (n < rest.len && is_plain(rest.ptr[n]))
		n++;
	take(s, rest.ptr, n);
	return n;
}

static void
one_byte(swm_json_scan *s, char c)
{
	switch (s->state) {
	case LITERAL:
		literal(s, c);
		break;
	case MINUS: case ZERO: case INTEGER: case POINT: case FRACTION:
	case EXPONENT: case EXPONENT_SIGN: case EXPONENT_DIGITS:
		number(s, c);
		break;
	case STRING:
		in_string(s, c);
		break;
	case CONTINUATION:
		take(s, &c, 1);
		continue_character(s, (unsigned char)c);
		break;
	case ESCAPE:
		escape(s, c);
		break;
	case HEX:
		hex(s, c);
		break;
	case LOW_ESCAPE: case LOW_U:
		low_half(s, c);
		break;
	default:
		structure(s, c);
	}
}

static int
result_of(const swm_json_scan *s)
{
	if (s->keys.failed)
		return SWM_ENOMEM;
	return s->state == BROKEN ? SWM_EPARSE : SWM_OK;
}

int
swm_json_scan_feed(swm_json_scan *s, swm_str piece)
{
	if (s->state == BROKEN)
		return result_of(s);
	for (size_t i = 0; i < piece.len && s->state != BROKEN;) {
		if (s->state == STRING)
			i += plain_run(s, swm_str_from(piece, i));
		s->fault.at = s->seen + i;
		if (i < piece.len)
			one_byte(s, piece.ptr[i++]);
	}
	s->seen += piece.len;
	return result_of(s);
}

swm_json_fault
swm_json_scan_fault(const swm_json_scan *scan)
{
	return scan->fault;
}

int
swm_json_scan_end(swm_json_scan *s, swm_json_facts *out)
{
	if (is_whole_number(s->state))
		s->state = AFTER;
	if (s->state != BROKEN && (!s->any || s->depth > 0 || s->state != AFTER)) {
		fail(s);
		s->fault.at = s->seen;
	}
	*out = (swm_json_facts){
		.body = s->body,
		.elements = s->elements,
		.rows_agree = s->body == SWM_JSON_BODY_ARRAY && !s->other_elements &&
		              !s->keys.differ,
		.keys = s->keys.names,
		.key_count = s->keys.count,
		.keys_left_out = s->keys.left_out,
	};
	return result_of(s);
}

int
swm_json_inspect(swm_json_facts *out, swm_arena *arena, swm_str text, swm_error *err)
{
	swm_json_scan *scan = swm_json_scan_new(arena);
	const swm_json_place begin = { 1, 1 };

	if (scan == NULL)
		return swm_fail_memory(err);
	int rc = swm_json_scan_feed(scan, text);
	if (rc == SWM_OK)
		rc = swm_json_scan_end(scan, out);
	if (rc == SWM_ENOMEM)
		return swm_fail_memory(err);
	return rc == SWM_OK ? rc : swm_json_fail(err, text, begin, &scan->fault);
}
