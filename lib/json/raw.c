#include "config.h"

#include "json/raw.h"

#include "base/str.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static swm_str
skip_blanks(swm_str text)
{
	while (text.len > 0 && is_blank(text.ptr[0]))
		text = swm_str_from(text, 1);
	return text;
}

/* The length of the string at the start of the text, quotes included. */
static size_t
string_length(swm_str text)
{
	size_t n = 1;

	while (n < text.len && text.ptr[n] != '"')
		n += text.ptr[n] == '\\' ? 2 : 1;
	return n < text.len ? n + 1 : text.len;
}

static size_t
container_length(swm_str text)
{
	size_t n = 0, depth = 0;

	while (n < text.len) {
		char c = text.ptr[n];
		if (c == '"') {
			n += string_length(swm_str_from(text, n));
			continue;
		}
		n++;
		depth += c == '[' || c == '{';
		if ((c == ']' || c == '}') && --depth == 0)
			break;
	}
	return n;
}

size_t
swm_json_length(swm_str text)
{
	size_t n = 0;

	if (text.len == 0)
		return 0;
	if (text.ptr[0] == '"')
		return string_length(text);
	if (text.ptr[0] == '[' || text.ptr[0] == '{')
		return container_length(text);
	while (n < text.len && !is_blank(text.ptr[n]) && strchr(",]}", text.ptr[n]) == NULL)
		n++;
	return n;
}

/* Cuts a value off the front of *rest. */
static swm_str
cut_value(swm_str *rest)
{
	swm_str text = skip_blanks(*rest);
	swm_str value = { text.ptr, swm_json_length(text) };

	*rest = skip_blanks(swm_str_from(text, value.len));
	return value;
}

static bool
read_item(swm_json_item *item)
{
	swm_str rest = skip_blanks(item->rest);

	if (rest.len == 0 || rest.ptr[0] == ']' || rest.ptr[0] == '}')
		return false;
	item->rest = rest;
	item->name = (swm_str){ NULL, 0 };
	item->value = cut_value(&item->rest);
	if (item->rest.len > 0 && item->rest.ptr[0] == ':') {
		item->name = item->value;
		item->rest = swm_str_from(item->rest, 1);
		item->value = cut_value(&item->rest);
	}
	return item->value.len > 0;
}

bool
swm_json_item_first(swm_json_item *out, swm_str container)
{
	container = skip_blanks(container);
	if (container.len == 0 || (container.ptr[0] != '{' && container.ptr[0] != '['))
		return false;
	*out = (swm_json_item){ .rest = swm_str_from(container, 1) };
	return read_item(out);
}

bool
swm_json_first_name(swm_str *out, swm_str object)
{
	if (object.len == 0 || object.ptr[0] != '{')
		return false;
	swm_str rest = skip_blanks(swm_str_from(object, 1));
	*out = (swm_str){ rest.ptr, rest.len > 0 && rest.ptr[0] == '"' ? string_length(rest) : 0 };
	return out->len > 0;
}

bool
swm_json_item_next(swm_json_item *item)
{
	if (item->rest.len == 0 || item->rest.ptr[0] != ',')
		return false;
	item->rest = swm_str_from(item->rest, 1);
	return read_item(item);
}

/*
 * Strings (RFC 8259, 7)
 */

static uint32_t
hex4(const char *digits)
{
	uint32_t n = 0;

	for (int i = 0; i < 4; i++) {
		char c = digits[i];
		n = n << 4 | (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return n;
}

static void
put_utf8(swm_buf *to, uint32_t c)
{
	if (c < 0x80) {
		swm_buf_char(to, (char)c);
		return;
	}
	if (c < 0x800) {
		swm_buf_char(to, (char)(0xc0 | c >> 6));
	} else {
		if (c < 0x10000) {
			swm_buf_char(to, (char)(0xe0 | c >> 12));
		} else {
			swm_buf_char(to, (char)(0xf0 | c >> 18));
			swm_buf_char(to, (char)(0x80 | (c >> 12 & 0x3f)));
		}
		swm_buf_char(to, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	swm_buf_char(to, (char)(0x80 | (c & 0x3f)));
}

/* Reads the escape after a backslash; returns its length. */
static size_t
put_escaped(swm_buf *to, swm_str text)
{
	static const char names[] = "bfnrt", meanings[] = "\b\f\n\r\t";
	const char *name = strchr(names, text.ptr[0]);

	if (text.ptr[0] != 'u') {
		swm_buf_char(to, name == NULL ? text.ptr[0] : meanings[name - names]);
		return 1;
	}
	if (text.len < 5)
		return text.len;
	uint32_t c = hex4(text.ptr + 1);
	if (c < 0xd800 || c > 0xdbff || text.len < 11) {
		put_utf8(to, c);
		return 5;
	}
	put_utf8(to, 0x10000 + ((c - 0xd800) << 10) + (hex4(text.ptr + 7) - 0xdc00));
	return 11;
}

bool
swm_json_unquote(swm_buf *to, swm_str string)
{
	if (string.len < 2 || string.ptr[0] != '"')
		return false;
	swm_str text = { string.ptr + 1, string.len - 2 };
	for (size_t n; text.len > 0; text = swm_str_from(text, n)) {
		n = swm_str_find(text, '\\');
		swm_buf_add(to, text.ptr, n);
		if (n + 1 < text.len)
			n += 1 + put_escaped(to, swm_str_from(text, n + 1));
		else
			n = text.len;
	}
	return true;
}

bool
swm_json_says(swm_str string, swm_str text)
{
	swm_buf said = SWM_BUF_INIT;

	if (string.len < 2 || string.ptr[0] != '"')
		return false;
	if (swm_str_find(string, '\\') == string.len)
		return swm_str_eq((swm_str){ string.ptr + 1, string.len - 2 }, text);
	bool same = swm_json_unquote(&said, string) && !said.failed &&
	            swm_str_eq(swm_buf_view(&said), text);
	swm_buf_dispose(&said);
	return same;
}

bool
swm_json_member(swm_str *out, swm_str object, swm_str name)
{
	swm_json_item item;
	bool found = false;

	for (bool more = swm_json_item_first(&item, object); more;
	     more = swm_json_item_next(&item)) {
		if (!swm_json_says(item.name, name))
			continue;
		*out = item.value;
		found = true;
	}
	return found;
}

/*
 * Pointers
 */

/* The step with ~1 and ~0 replaced. False when it has another ~. */
static bool
put_step(swm_buf *to, swm_str step)
{
	for (size_t i = 0; i < step.len; i++) {
		if (step.ptr[i] != '~') {
			swm_buf_char(to, step.ptr[i]);
			continue;
		}
		if (++i == step.len || (step.ptr[i] != '0' && step.ptr[i] != '1'))
			return false;
		swm_buf_char(to, step.ptr[i] == '0' ? '~' : '/');
	}
	return true;
}

static bool
element(swm_str *out, swm_str array, swm_str step)
{
	swm_json_item item;
	int64_t index;

	if (step.len == 0 || step.ptr[0] < '0' || step.ptr[0] > '9' ||
	    (step.len > 1 && step.ptr[0] == '0') || !swm_str_int64(step, &index))
		return false;
	bool more = swm_json_item_first(&item, array);
	for (; more && index > 0; index--)
		more = swm_json_item_next(&item);
	if (more)
		*out = item.value;
	return more;
}

int
swm_json_at(swm_str *out, swm_str document, swm_str pointer)
{
	swm_str value = cut_value(&document), step;
	swm_buf name = SWM_BUF_INIT;
	bool found = value.len > 0 && (pointer.len == 0 || pointer.ptr[0] == '/');

	/* the empty pointer has no step, "/" has one that is empty */
	swm_str rest = pointer.len > 0 ? (swm_str){ pointer.ptr + 1, pointer.len - 1 }
	                               : (swm_str){ NULL, 0 };
	while (found && !name.failed && swm_str_cut(&rest, '/', &step)) {
		swm_buf_clear(&name);
		found = put_step(&name, step);
		if (found && value.ptr[0] == '{')
			found = swm_json_member(&value, value, swm_buf_view(&name));
		else if (found)
			found = value.ptr[0] == '[' && element(&value, value, swm_buf_view(&name));
	}
	int rc = name.failed ? SWM_ENOMEM : found;
	swm_buf_dispose(&name);
	*out = value;
	return rc;
}
