/*
 * PostgREST's configuration file: the syntax of Haskell's configurator
 * (https://hackage.haskell.org/package/configurator/docs/Data-Configurator.html)
 * without its groups, imports and lists, of which PostgREST makes no use.
 */
#include "config.h"

#include "config/values.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { LARGEST_FILE = 16 * 1024 * 1024, LONGEST_LINE = 65535 };

struct parser {
	struct swm_change change;
	swm_str file;
	const char *at, *end;
	size_t line;
	swm_buf text; /* the value being read */
};

static struct swm_origin
in_line(const struct parser *p, size_t line)
{
	return (struct swm_origin){ p->file, line };
}

static bool
fail_in_line(struct parser *p, size_t line, const char *what)
{
	swm_buf_cstr(swm_problem(&p->change.problems, in_line(p, line)), what);
	return false;
}

static bool
is_word(char c)
{
	return swm_is_alnum(c) || c == '-' || c == '_' || c == '.';
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void
skip_blanks(struct parser *p)
{
	while (p->at < p->end && is_blank(*p->at))
		p->at++;
}

/* Only a comment may follow on the line. */
static bool
at_line_end(const struct parser *p)
{
	return p->at == p->end || *p->at == '\n' || *p->at == '#';
}

static void
next_line(struct parser *p)
{
	const char *newline = p->at == p->end ? NULL
	                                      : memchr(p->at, '\n', (size_t)(p->end - p->at));

	p->at = newline == NULL ? p->end : newline + 1;
	p->line++;
}

static bool
take_char(struct parser *p, char c)
{
	if (p->at == p->end || *p->at != c)
		return false;
	p->at++;
	return true;
}

static void
add_utf8(swm_buf *to, uint32_t c)
{
	if (c < 0x80) {
		swm_buf_char(to, (char)c);
		return;
	}
	int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
	static const unsigned char first[] = { 0, 0xc0, 0xe0, 0xf0 };
	swm_buf_char(to, (char)(first[more] | c >> 6 * more));
	while (more-- > 0)
		swm_buf_char(to, (char)(0x80 | (c >> 6 * more & 0x3f)));
}

static bool
read_hex4(struct parser *p, uint32_t *out)
{
	*out = 0;
	if (p->end - p->at < 4)
		return false;
	for (const char *stop = p->at + 4; p->at < stop; p->at++) {
		char c = *p->at;
		uint32_t digit = c >= '0' && c <= '9' ? (uint32_t)(c - '0')
			: c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
			: c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10) : 16;
		if (digit == 16)
			return false;
		*out = *out * 16 + digit;
	}
	return true;
}

/* \uXXXX, or two of them for a character beyond U+FFFF (UTF-16). */
static bool
read_unicode(struct parser *p)
{
	uint32_t c, low;

	if (!read_hex4(p, &c))
		return fail_in_line(p, p->line, "\\u stands before four hexadecimal digits");
	if (c >= 0xd800 && c <= 0xdfff) {
		if (c > 0xdbff || !take_char(p, '\\') || !take_char(p, 'u') ||
		    !read_hex4(p, &low) || low < 0xdc00 || low > 0xdfff)
			return fail_in_line(p, p->line, "half a surrogate pair in a string");
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	if (c == 0)
		return fail_in_line(p, p->line, "a string cannot have the character \\u0000");
	add_utf8(&p->text, c);
	return true;
}

static bool
read_escape(struct parser *p)
{
	static const char letters[] = "nrt\\\"", means[] = "\n\r\t\\\"";

	if (take_char(p, 'u'))
		return read_unicode(p);
	const char *at = p->at == p->end ? NULL : memchr(letters, *p->at, sizeof letters - 1);
	if (at == NULL)
		return fail_in_line(p, p->line,
		                    "a backslash in a string stands before one of n r t u \\ \"");
	p->at++;
	swm_buf_char(&p->text, means[at - letters]);
	return true;
}

/* $$ is a dollar, $(NAME) a variable of the environment. */
static bool
read_dollar(struct parser *p)
{
	if (take_char(p, '$')) {
		swm_buf_char(&p->text, '$');
		return true;
	}
	if (!take_char(p, '('))
		return fail_in_line(p, p->line,
		                    "a $ in a string is written $$, and a variable $(NAME)");
	const char *name = p->at;
	while (p->at < p->end && is_word(*p->at))
		p->at++;
	swm_str copy = swm_arena_str(p->change.config->arena,
	                             (swm_str){ name, (size_t)(p->at - name) });
	if (copy.ptr == NULL) {
		p->change.problems.no_memory = true;
		return false;
	}
	if (copy.len == 0 || !take_char(p, ')'))
		return fail_in_line(p, p->line, "a variable in a string is written $(NAME)");
	/* the one place where the library reads the environment: the file's author asks for it */
	const char *value = getenv(copy.ptr);
	if (value == NULL) {
		swm_buf_printf(swm_problem(&p->change.problems, in_line(p, p->line)),
		               "the variable %s is not in the environment", copy.ptr);
		return false;
	}
	swm_buf_cstr(&p->text, value);
	return true;
}

/*
 * Reads a string after its opening quote. It may have several lines, as a set of keys often does.
 */
static bool
read_string(struct parser *p)
{
	size_t began = p->line;

	while (p->at < p->end) {
		char c = *p->at++;
		if (c == '"')
			return true;
		if (c == '\\') {
			if (!read_escape(p))
				return false;
		} else if (c == '$') {
			if (!read_dollar(p))
				return false;
		} else {
			p->line += c == '\n';
			swm_buf_char(&p->text, c);
		}
	}
	return fail_in_line(p, began, "the string has no closing quote");
}

static bool
looks_like_number(swm_str word)
{
	for (size_t i = 0; i < word.len; i++)
		if (strchr("0123456789+-.eE", word.ptr[i]) == NULL)
			return false;
	return word.len > 0 && word.ptr[0] != 'e' && word.ptr[0] != 'E';
}

/*
 * True for options whose values have no quotes: an error about a wrong value can then be more
 * specific.
 */
static bool
takes_words(swm_str name)
{
	bool by_alias;
	enum swm_option_id id = swm_option_find(name, &by_alias);

	return id < SWM_OPTION_COUNT && (swm_options[id].type == SWM_OPTION_INTEGER ||
	                                 swm_options[id].type == SWM_OPTION_BOOLEAN);
}

/* The text is not repeated in the error, as it may be a secret without quotes. */
static bool
read_word(struct parser *p, swm_str name)
{
	static const char *const truths[] = { "true", "false", "on", "off" };
	const char *begin = p->at;

	while (!at_line_end(p) && !is_blank(*p->at))
		p->at++;
	swm_str word = { begin, (size_t)(p->at - begin) };
	swm_buf_str(&p->text, word);
	for (size_t i = 0; i < sizeof truths / sizeof truths[0]; i++)
		if (swm_str_eq(word, swm_cstr(truths[i])))
			return true;
	if (looks_like_number(word) || (word.len > 0 && takes_words(name)))
		return true;
	swm_buf_printf(swm_problem(&p->change.problems, in_line(p, p->line)),
	               word.len == 0
	                   ? "%.*s has no value"
	                   : "%.*s: a value is a number, true, false, or stands in double quotes",
	               (int)name.len, name.ptr);
	return false;
}

static bool
read_value(struct parser *p, swm_str name)
{
	swm_buf_clear(&p->text);
	return take_char(p, '"') ? read_string(p) : read_word(p, name);
}

static bool
read_name(struct parser *p, swm_str *name)
{
	const char *begin = p->at;

	while (p->at < p->end && is_word(*p->at))
		p->at++;
	*name = (swm_str){ begin, (size_t)(p->at - begin) };
	if (name->len == 0)
		return fail_in_line(p, p->line, "a line is empty, a # comment, or NAME = VALUE");
	skip_blanks(p);
	if (!take_char(p, '='))
		return fail_in_line(p, p->line,
		                    "there is no = behind the first word: a line is NAME = VALUE");
	skip_blanks(p);
	return true;
}

static bool
fail_behind_value(struct parser *p, size_t began)
{
	swm_buf *to = swm_problem(&p->change.problems, in_line(p, p->line));

	swm_buf_cstr(to, "there is more behind the value");
	if (began < p->line)
		swm_buf_printf(to, "; does the string of line %zu lack its closing quote?", began);
	return false;
}

static bool
read_binding(struct parser *p)
{
	size_t began = p->line;
	swm_str name;

	if (!read_name(p, &name) || !read_value(p, name))
		return false;
	skip_blanks(p);
	if (!at_line_end(p))
		return fail_behind_value(p, began);
	if (p->text.failed)
		p->change.problems.no_memory = true;
	else
		swm_change_set(&p->change, name, swm_buf_view(&p->text), in_line(p, began));
	return true;
}

static bool
enough(const struct parser *p)
{
	return p->change.problems.no_memory || p->change.problems.count >= SWM_PROBLEMS_MAX;
}

static void
check_line(struct parser *p, size_t number, swm_str line)
{
	size_t bad;

	if (line.len > LONGEST_LINE)
		fail_in_line(p, number, "the line is longer than 65535 bytes");
	else if (swm_str_find(line, '\0') < line.len)
		fail_in_line(p, number, "the line has a NUL byte");
	else if (!swm_utf8_valid(line, &bad))
		swm_buf_printf(swm_problem(&p->change.problems, in_line(p, number)),
		               "the line is not valid UTF-8 from byte %zu on", bad + 1);
}

/* A file that is not text is not parsed: further errors would only confuse. */
static bool
is_text(struct parser *p)
{
	swm_str rest = { p->at, (size_t)(p->end - p->at) }, line;

	for (size_t number = 1; !enough(p) && swm_str_cut(&rest, '\n', &line); number++)
		check_line(p, number, line);
	return p->change.problems.count == 0;
}

static void
read_lines(struct parser *p)
{
	while (p->at < p->end && !enough(p)) {
		skip_blanks(p);
		if (!at_line_end(p))
			read_binding(p);
		next_line(p);
	}
}

int
swm_config_parse(swm_config *config, swm_str name, swm_str text, swm_error *err)
{
	swm_str mark = SWM_STR("\xef\xbb\xbf"); /* some editors begin UTF-8 with U+FEFF */
	struct parser p = { .line = 1, .text = SWM_BUF_INIT };

	if (swm_str_starts(text, mark))
		text = swm_str_from(text, mark.len);
	swm_change_begin(&p.change, config);
	p.change.load = ++config->loads;
	p.file = swm_arena_str(config->arena, name); /* values remember it */
	p.change.problems.no_memory = p.file.ptr == NULL;
	if (text.len > 0) {
		p.at = text.ptr;
		p.end = text.ptr + text.len;
		if (is_text(&p))
			read_lines(&p);
	}
	swm_buf_dispose(&p.text);
	return swm_change_end(&p.change, err);
}

static int
read_all(int fd, swm_buf *to)
{
	enum { PIECE = 16 * 1024 };

	for (;;) {
		char *at = swm_buf_reserve(to, PIECE);
		if (at == NULL)
			return ENOMEM;
		ssize_t n = read(fd, at, PIECE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? errno : 0;
		to->len += (size_t)n;
		to->ptr[to->len] = '\0';
		if (to->len > LARGEST_FILE)
			return EFBIG;
	}
}

int
swm_config_read(const char *path, swm_buf *to)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	int number = read_all(fd, to);
	close(fd);
	return number;
}

int
swm_config_load_file(swm_config *config, const char *path, swm_error *err)
{
	swm_buf text = SWM_BUF_INIT;
	int result;

	swm_error_clear(err);
	if (path == NULL)
		return swm_fail(err, SWM_ERR_ARGUMENT, SWM_STR("the path is NULL"));
	int number = swm_config_read(path, &text);
	if (number == ENOMEM)
		result = swm_fail_memory(err);
	else if (number != 0)
		result = swm_fail_errno(err, swm_cstr(path), number);
	else
		result = swm_config_parse(config, swm_cstr(path), swm_buf_view(&text), err);
	swm_buf_dispose(&text);
	return result;
}
