/*
 * An expression becomes a program whose instructions are run side by side over the text (a Pike
 * VM, https://swtch.com/~rsc/regexp/regexp2.html): its time is bounded by the product of both
 * lengths, whatever the expression is. No locale has a part in it, as in POSIX's.
 */
#include "config.h"

#include "auth/iregexp.h"

#include <stdlib.h>
#include <string.h>
#include <swm/types.h>

enum {
	MOST_INSTRUCTIONS = 1000,
	MOST_RANGES = 1000, /* in brackets, all together */
	MOST_NESTED = 50,
	MOST_TIMES = 1000,  /* in {} */
};

enum op { SET, SPLIT, JUMP, BEGIN, END, ACCEPT };

/* Jumps are relative, so that a piece may be copied. */
struct instruction {
	enum op op;
	bool negated;      /* SET: all but these */
	int first, count;  /* SET: its ranges */
	int to, other;     /* SPLIT, JUMP */
};

struct range {
	uint32_t from, to;
};

struct swm_iregexp {
	int length, range_count;
	struct instruction program[MOST_INSTRUCTIONS];
	struct range ranges[MOST_RANGES];
};

struct reader {
	swm_iregexp *re;
	swm_str rest;
	int depth;
};

/*
 * Reading characters
 */

/* The first character of valid UTF-8, which is taken off. */
static uint32_t
next_character(swm_str *rest)
{
	unsigned char first = (unsigned char)rest->ptr[0];
	size_t length = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	uint32_t c = length == 1 ? first : first & (0xffu >> (length + 1));

	length = length < rest->len ? length : rest->len;
	for (size_t i = 1; i < length; i++)
		c = c << 6 | ((unsigned char)rest->ptr[i] & 0x3f);
	*rest = swm_str_from(*rest, length);
	return c;
}

static int
peek(const struct reader *r)
{
	return r->rest.len == 0 ? -1 : (unsigned char)r->rest.ptr[0];
}

static bool
skip(struct reader *r, char c)
{
	if (peek(r) != c)
		return false;
	r->rest = swm_str_from(r->rest, 1);
	return true;
}

static bool
is_one_of(int c, const char *these)
{
	return c > 0 && c < 0x80 && strchr(these, c) != NULL;
}

/* Reads the character after a backslash (SingleCharEsc). \p and \P are not supported. */
static bool
read_escaped(struct reader *r, uint32_t *c)
{
	int escaped = peek(r);

	if (!is_one_of(escaped, "()*+-.?[\\]^nrt{|}"))
		return false;
	skip(r, (char)escaped);
	*c = escaped == 'n'   ? '\n'
	     : escaped == 'r' ? '\r'
	     : escaped == 't' ? '\t'
	                      : (uint32_t)escaped;
	return true;
}

/* Reads a character that stands for itself, other than those of a list; or an escaped one. */
static bool
read_character(struct reader *r, const char *without, uint32_t *c)
{
	if (peek(r) < 0 || is_one_of(peek(r), without))
		return false;
	if (skip(r, '\\'))
		return read_escaped(r, c);
	*c = next_character(&r->rest);
	return true;
}

/*
 * The program
 */

static struct instruction *
add(swm_iregexp *re, enum op op)
{
	if (re->length == MOST_INSTRUCTIONS)
		return NULL;
	struct instruction *new = &re->program[re->length++];
	*new = (struct instruction){ .op = op, .first = re->range_count };
	return new;
}

/* Makes room for one instruction before a position. */
static struct instruction *
insert(swm_iregexp *re, int at, enum op op)
{
	if (add(re, op) == NULL)
		return NULL;
	memmove(re->program + at + 1, re->program + at,
	        (size_t)(re->length - 1 - at) * sizeof re->program[0]);
	re->program[at] = (struct instruction){ .op = op };
	return &re->program[at];
}

/* Appends a copy of the instructions at a position. */
static bool
repeat(swm_iregexp *re, int at, int length)
{
	if (length > MOST_INSTRUCTIONS - re->length)
		return false;
	if (length > 0)
		memcpy(re->program + re->length, re->program + at,
		       (size_t)length * sizeof re->program[0]);
	re->length += length;
	return true;
}

/* To the set that was added last. */
static bool
add_range(swm_iregexp *re, uint32_t from, uint32_t to)
{
	if (re->range_count == MOST_RANGES || from > to)
		return false;
	re->ranges[re->range_count++] = (struct range){ from, to };
	re->program[re->length - 1].count++;
	return true;
}

static bool
add_character(swm_iregexp *re, uint32_t c)
{
	return add(re, SET) != NULL && add_range(re, c, c);
}

/* . is any character but these. */
static bool
add_any(swm_iregexp *re)
{
	struct instruction *set = add(re, SET);

	if (set == NULL)
		return false;
	set->negated = true;
	return add_range(re, '\n', '\n') && add_range(re, '\r', '\r');
}

/*
 * Reads a bracket expression after its `[`. A dash stands for itself only as the first or last
 * character.
 */
static bool
read_set(struct reader *r)
{
	struct instruction *set = add(r->re, SET);
	uint32_t from, to;

	if (set == NULL)
		return false;
	set->negated = skip(r, '^');
	bool any = skip(r, '-');
	if (any && !add_range(r->re, '-', '-'))
		return false;
	while (!skip(r, ']')) {
		if (any && skip(r, '-'))
			return skip(r, ']') && add_range(r->re, '-', '-');
		if (!read_character(r, "-[]", &from))
			return false;
		to = from;
		swm_str before = r->rest;
		if (skip(r, '-') && peek(r) == ']')
			r->rest = before;
		else if (r->rest.len < before.len && !read_character(r, "-[]", &to))
			return false;
		if (!add_range(r->re, from, to))
			return false;
		any = true;
	}
	return any;
}

static bool read_alternatives(struct reader *r);

static bool
read_group(struct reader *r)
{
	bool good = ++r->depth <= MOST_NESTED && read_alternatives(r) && skip(r, ')');

	r->depth--;
	return good;
}

static bool
read_atom(struct reader *r)
{
	uint32_t c;

	if (skip(r, '('))
		return read_group(r);
	if (skip(r, '['))
		return read_set(r);
	if (skip(r, '.'))
		return add_any(r->re);
	return read_character(r, "()*+.?[]{|}", &c) && add_character(r->re, c);
}

/*
 * Quantifiers
 */

static bool
read_number(struct reader *r, int *number)
{
	int c = peek(r);

	if (c < '0' || c > '9')
		return false;
	for (*number = 0; (c = peek(r)) >= '0' && c <= '9'; skip(r, (char)c)) {
		*number = *number * 10 + (c - '0');
		if (*number > MOST_TIMES)
			return false;
	}
	return true;
}

/* Reads {n}, {n,} or {n,m} after the brace; *most is -1 when unbounded. */
static bool
read_times(struct reader *r, int *least, int *most)
{
	if (!read_number(r, least))
		return false;
	*most = *least;
	if (skip(r, ',')) {
		*most = -1;
		if (peek(r) != '}' && !read_number(r, most))
			return false;
	}
	return skip(r, '}') && (*most < 0 || *most >= *least);
}

/* False when there is no quantifier; *good is false for an invalid one. */
static bool
read_quantifier(struct reader *r, int *least, int *most, bool *good)
{
	*good = true;
	*least = 0;
	*most = -1;
	if (skip(r, '*'))
		return true;
	if (skip(r, '+')) {
		*least = 1;
		return true;
	}
	if (skip(r, '?')) {
		*most = 1;
		return true;
	}
	if (!skip(r, '{'))
		return false;
	*good = read_times(r, least, most);
	return true;
}

/* Makes the instructions from start to the end optional. */
static bool
make_optional(swm_iregexp *re, int at)
{
	struct instruction *split = insert(re, at, SPLIT);

	if (split == NULL)
		return false;
	split->to = 1;
	split->other = re->length - at;
	return true;
}

/* Makes the instructions from start to the end repeat any number of times. */
static bool
make_endless(swm_iregexp *re, int at)
{
	if (add(re, JUMP) == NULL || !make_optional(re, at))
		return false;
	re->program[re->length - 1].to = at - (re->length - 1);
	return true;
}

/* Repeats the piece from start on by its quantifier. */
static bool
apply_quantifier(swm_iregexp *re, int start, int least, int most)
{
	int length = re->length - start, copies = most >= 0 ? most : least > 0 ? least + 1 : 1;

	if (copies == 0)
		re->length = start;
	for (int i = 1; i < copies; i++)
		if (!repeat(re, start, length))
			return false;
	if (most < 0)
		return make_endless(re, start + (copies - 1) * length);
	/* from the last on, so that the others stay in place */
	for (int i = copies - 1; i >= least; i--)
		if (!make_optional(re, start + i * length))
			return false;
	return true;
}

static bool
read_piece(struct reader *r)
{
	int start = r->re->length, least, most;
	bool good;

	if (skip(r, '^')) /* ^ takes no quantifier */
		return add(r->re, BEGIN) != NULL;
	if (skip(r, '$'))
		return add(r->re, END) != NULL;
	if (!read_atom(r))
		return false;
	if (!read_quantifier(r, &least, &most, &good))
		return true;
	return good && apply_quantifier(r->re, start, least, most);
}

static bool
read_branch(struct reader *r)
{
	while (peek(r) >= 0 && peek(r) != '|' && peek(r) != ')')
		if (!read_piece(r))
			return false;
	return true;
}

/* a|b is SPLIT a JUMP b, and b may be such again. */
static bool
read_alternatives(struct reader *r)
{
	swm_iregexp *re = r->re;
	int start = re->length;

	if (!read_branch(r))
		return false;
	while (skip(r, '|')) {
		int jump = re->length + 1;
		if (add(re, JUMP) == NULL || insert(re, start, SPLIT) == NULL)
			return false;
		re->program[start].to = 1;
		re->program[start].other = re->length - start;
		if (!read_branch(r))
			return false;
		re->program[jump].to = re->length - jump;
	}
	return true;
}

int
swm_iregexp_new(swm_iregexp **out, swm_str text)
{
	swm_iregexp *re = malloc(sizeof *re);
	struct reader r = { .re = re, .rest = text };

	*out = NULL;
	if (re == NULL)
		return SWM_ENOMEM;
	re->length = re->range_count = 0;
	if (!swm_utf8_valid(text, NULL) || !read_alternatives(&r) || r.rest.len > 0 ||
	    add(re, ACCEPT) == NULL) {
		free(re);
		return SWM_ECONFIG;
	}
	*out = re;
	return SWM_OK;
}

void
swm_iregexp_free(swm_iregexp *re)
{
	free(re);
}

/*
 * Matching
 */

/* The instructions at which the expression may be, each once. */
struct places {
	int count;
	int at[MOST_INSTRUCTIONS];
	bool has[MOST_INSTRUCTIONS];
};

struct run {
	const swm_iregexp *re;
	bool at_begin, at_end;
	bool accepted;
	struct places *now, *next;
};

static void
add_place(struct places *places, int at)
{
	if (places->has[at])
		return;
	places->has[at] = true;
	places->at[places->count++] = at;
}

/*
 * Adds all instructions that can be reached without consuming a character; the list grows
 * meanwhile.
 */
static void
follow_places(struct run *run)
{
	for (int i = 0; i < run->now->count; i++) {
		int at = run->now->at[i];
		const struct instruction *in = &run->re->program[at];
		if (in->op == SPLIT || in->op == JUMP)
			add_place(run->now, at + in->to);
		if (in->op == SPLIT)
			add_place(run->now, at + in->other);
		if ((in->op == BEGIN && run->at_begin) || (in->op == END && run->at_end))
			add_place(run->now, at + 1);
		run->accepted |= in->op == ACCEPT;
	}
}

static bool
is_in_set(const swm_iregexp *re, const struct instruction *set, uint32_t c)
{
	bool found = false;

	for (int i = set->first; i < set->first + set->count && !found; i++)
		found = c >= re->ranges[i].from && c <= re->ranges[i].to;
	return found != set->negated;
}

static void
step_over(struct run *run, uint32_t c)
{
	struct places *after = run->next;

	after->count = 0;
	memset(after->has, 0, sizeof after->has);
	for (int i = 0; i < run->now->count; i++) {
		int at = run->now->at[i];
		if (run->re->program[at].op == SET && is_in_set(run->re, &run->re->program[at], c))
			add_place(after, at + 1);
	}
	run->next = run->now;
	run->now = after;
}

static bool
run_over(struct run *run, swm_str text, bool whole)
{
	add_place(run->now, 0);
	run->at_begin = true;
	for (swm_str rest = text;;) {
		run->at_end = rest.len == 0;
		run->accepted = false;
		follow_places(run);
		if (run->at_end || (run->accepted && !whole))
			return run->accepted;
		step_over(run, next_character(&rest));
		run->at_begin = false;
		if (!whole)
			add_place(run->now, 0); /* it may begin anywhere */
	}
}

bool
swm_iregexp_matches(const swm_iregexp *re, swm_str text, bool whole)
{
	struct places *places = calloc(2, sizeof *places);
	struct run run = { .re = re, .now = places, .next = places + 1 };
	bool matches = places != NULL && run_over(&run, text, whole);

	free(places);
	return matches;
}

size_t
swm_iregexp_cost(const swm_iregexp *re)
{
	size_t cost = 0;

	for (int i = 0; i < re->length; i++)
		cost += 1 + (size_t)re->program[i].count;
	return cost;
}
