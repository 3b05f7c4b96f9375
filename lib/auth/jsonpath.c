/*
 * RFC 9535, 2: selecting nodes by a query. A node is followed through all later segments before
 * the next one is looked at. That gives the nodes in the order of the RFC's lists, the first of
 * them without computing the others, and needs no memory.
 */
#include "config.h"

#include "auth/jsonpath_tree.h"

#include "auth/iregexp.h"

/* A path with several ".." can visit each node many times, so visits are limited. */
enum { MOST_VISITS = 1000000 };

struct walk {
	const swm_json *root;
	unsigned long visits;
};

/* Takes a node that a query selects; false to hear of no more. */
typedef bool node_function(void *user, const swm_json *node);

struct follow {
	struct walk *walk;
	const struct jsonpath_segment *next; /* the segments after this one */
	node_function *take;
	void *user;
};

static bool holds(struct walk *w, const struct jsonpath_logical *logical, const swm_json *current);
static bool follow_segments(struct walk *w, const struct jsonpath_segment *segment,
                            const swm_json *node, node_function *take, void *user);

static bool
walk_query(struct walk *w, const struct jsonpath_query *query, const swm_json *current,
           node_function *take, void *user)
{
	return follow_segments(w, query->segments, query->relative ? current : w->root, take, user);
}

/* ---- values and comparisons ---- */

/*
 * A value without a node is a literal's or a function's; type SWM_JSON_NONE is the RFC's Nothing.
 */
struct value {
	enum swm_json_type type;
	const swm_json *node;
	swm_str text;
	double number;
	bool truth;
};

static struct value
value_of(const swm_json *node)
{
	return (struct value){ swm_json_type_of(node), node, swm_json_string(node),
		               swm_json_number(node), swm_json_bool(node) };
}

static struct value
number_value(double number)
{
	return (struct value){ .type = SWM_JSON_NUMBER, .number = number };
}

static bool are_equal(const struct value *a, const struct value *b);

static bool
are_equal_nodes(const swm_json *a, const swm_json *b)
{
	struct value x = value_of(a), y = value_of(b);

	return are_equal(&x, &y);
}

static size_t
count_children(const swm_json *container)
{
	size_t count = 0;

	for (const swm_json *child = swm_json_first(container); child != NULL;
	     child = swm_json_next(child))
		count++;
	return count;
}

static bool
are_equal_containers(const swm_json *a, const swm_json *b)
{
	bool is_object = swm_json_type_of(a) == SWM_JSON_OBJECT;
	const swm_json *y = swm_json_first(b);

	if (count_children(a) != count_children(b))
		return false;
	for (const swm_json *x = swm_json_first(a); x != NULL; x = swm_json_next(x)) {
		if (!are_equal_nodes(x, is_object ? swm_json_get(b, swm_json_name(x)) : y))
			return false;
		y = swm_json_next(y);
	}
	return true;
}

static bool
are_equal(const struct value *a, const struct value *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case SWM_JSON_NUMBER:
		return a->number == b->number;
	case SWM_JSON_STRING:
		return swm_str_eq(a->text, b->text);
	case SWM_JSON_BOOL:
		return a->truth == b->truth;
	case SWM_JSON_ARRAY:
	case SWM_JSON_OBJECT:
		return are_equal_containers(a->node, b->node);
	default:
		return true;
	}
}

/* Compares numbers or strings; UTF-8 sorts by bytes as Unicode does by code points. */
static bool
is_less(const struct value *a, const struct value *b)
{
	if (a->type != b->type)
		return false;
	if (a->type == SWM_JSON_STRING)
		return swm_str_cmp(a->text, b->text) < 0;
	return a->type == SWM_JSON_NUMBER && a->number < b->number;
}

static bool
compare(enum jsonpath_comparison comparison, const struct value *a, const struct value *b)
{
	switch (comparison) {
	case COMPARE_EQUAL:
		return are_equal(a, b);
	case COMPARE_UNEQUAL:
		return !are_equal(a, b);
	case COMPARE_LESS_EQUAL:
		return is_less(a, b) || are_equal(a, b);
	case COMPARE_GREATER_EQUAL:
		return is_less(b, a) || are_equal(a, b);
	case COMPARE_LESS:
		return is_less(a, b);
	default:
		return is_less(b, a);
	}
}

/* ---- functions ---- */

static struct value value_of_operand(struct walk *w, const struct jsonpath_operand *operand,
                                     const swm_json *current);

bool
swm_jsonpath_is_regex(swm_str text)
{
	swm_iregexp *compiled;
	int rc = swm_iregexp_new(&compiled, text);

	swm_iregexp_free(compiled);
	return rc != SWM_ECONFIG;
}

/* Its work counts as visits: false when there were too many. */
static bool
may_match(struct walk *w, const swm_iregexp *re, swm_str text)
{
	enum { STEPS = 8 }; /* for a visit */

	w->visits += 1 + text.len * swm_iregexp_cost(re) / STEPS;
	return w->visits <= MOST_VISITS;
}

/* Compiled anew each time: verified tokens are remembered, and no path has an end to free it at. */
static bool
matches_regex(struct walk *w, const struct value *subject, const struct value *pattern, bool whole)
{
	swm_iregexp *compiled;

	if (subject->type != SWM_JSON_STRING || pattern->type != SWM_JSON_STRING ||
	    swm_iregexp_new(&compiled, pattern->text) != SWM_OK)
		return false;
	bool found = may_match(w, compiled, subject->text) &&
	             swm_iregexp_matches(compiled, subject->text, whole);
	swm_iregexp_free(compiled);
	return found;
}

static bool
truth_of_call(struct walk *w, const struct jsonpath_call *call, const swm_json *current)
{
	struct value subject = value_of_operand(w, &call->arguments[0], current);
	struct value pattern = value_of_operand(w, &call->arguments[1], current);

	return matches_regex(w, &subject, &pattern, call->function == FUNCTION_MATCH);
}

struct counted {
	size_t count;
	const swm_json *last;
};

static bool
count_node(void *user, const swm_json *node)
{
	struct counted *counted = user;

	counted->count++;
	counted->last = node;
	return true;
}

static struct value
length_of(const struct value *of)
{
	size_t characters = 0;

	if (of->type == SWM_JSON_ARRAY || of->type == SWM_JSON_OBJECT)
		return number_value((double)count_children(of->node));
	if (of->type != SWM_JSON_STRING)
		return (struct value){ .type = SWM_JSON_NONE };
	for (size_t i = 0; i < of->text.len; i++)
		characters += ((unsigned char)of->text.ptr[i] & 0xc0) != 0x80;
	return number_value((double)characters);
}

static struct value
value_of_call(struct walk *w, const struct jsonpath_call *call, const swm_json *current)
{
	const struct jsonpath_operand *argument = &call->arguments[0];
	struct counted counted = { 0, NULL };

	if (call->function == FUNCTION_LENGTH) {
		struct value of = value_of_operand(w, argument, current);
		return length_of(&of);
	}
	walk_query(w, argument->query, current, count_node, &counted);
	if (call->function == FUNCTION_COUNT)
		return number_value((double)counted.count);
	return value_of(counted.count == 1 ? counted.last : NULL);
}

static bool
keep_first(void *user, const swm_json *node)
{
	const swm_json **first = user;

	*first = node;
	return false;
}

static struct value
value_of_operand(struct walk *w, const struct jsonpath_operand *operand, const swm_json *current)
{
	const swm_json *node = NULL;

	switch (operand->kind) {
	case OPERAND_LITERAL:
		return (struct value){ operand->type, NULL, operand->text, operand->number,
			               operand->truth };
	case OPERAND_QUERY:
		walk_query(w, operand->query, current, keep_first, &node);
		return value_of(node);
	default:
		return value_of_call(w, operand->call, current);
	}
}

/* ---- filters ---- */

static bool
is_true(struct walk *w, const struct jsonpath_operand *test, const swm_json *current)
{
	const swm_json *node = NULL;

	if (test->kind == OPERAND_FUNCTION)
		return truth_of_call(w, test->call, current);
	walk_query(w, test->query, current, keep_first, &node);
	return node != NULL;
}

static bool
holds(struct walk *w, const struct jsonpath_logical *logical, const swm_json *current)
{
	switch (logical->kind) {
	case LOGICAL_OR:
		return holds(w, logical->left, current) || holds(w, logical->right, current);
	case LOGICAL_AND:
		return holds(w, logical->left, current) && holds(w, logical->right, current);
	case LOGICAL_NOT:
		return !holds(w, logical->left, current);
	case LOGICAL_TEST:
		return is_true(w, &logical->a, current);
	default:
		break;
	}
	struct value a = value_of_operand(w, &logical->a, current),
		     b = value_of_operand(w, &logical->b, current);
	return compare(logical->comparison, &a, &b);
}

/* ---- selectors ---- */

static bool
go_on(const struct follow *f, const swm_json *node)
{
	return follow_segments(f->walk, f->next, node, f->take, f->user);
}

/* The element of an index that is not negative. */
static const swm_json *
element(const swm_json *array, int64_t index)
{
	const swm_json *e = swm_json_first(array);

	while (e != NULL && index-- > 0)
		e = swm_json_next(e);
	return e;
}

static bool
select_index(const struct follow *f, const swm_json *array, int64_t index)
{
	if (swm_json_type_of(array) != SWM_JSON_ARRAY)
		return true;
	int64_t length = (int64_t)count_children(array);
	index += index < 0 ? length : 0;
	return index < 0 || index >= length || go_on(f, element(array, index));
}

static int64_t
clamp(int64_t n, int64_t low, int64_t high)
{
	return n < low ? low : n > high ? high : n;
}

/* RFC 9535, 2.3.4.2.2 */
static bool
select_slice(const struct follow *f, const swm_json *array, const struct jsonpath_selector *s)
{
	if (swm_json_type_of(array) != SWM_JSON_ARRAY || s->step == 0)
		return true;
	int64_t length = (int64_t)count_children(array), up = s->step > 0;
	int64_t start = s->has_start ? s->start : up ? 0 : length - 1;
	int64_t end = s->has_end ? s->end : up ? length : -length - 1;
	start += start < 0 ? length : 0;
	end += end < 0 ? length : 0;
	start = clamp(start, up ? 0 : -1, up ? length : length - 1);
	end = clamp(end, up ? 0 : -1, up ? length : length - 1);
	for (int64_t i = start; up ? i < end : i > end; i += s->step)
		if (!go_on(f, element(array, i)))
			return false;
	return true;
}

static bool
select_children(const struct follow *f, const swm_json *container,
                const struct jsonpath_logical *filter)
{
	for (const swm_json *child = swm_json_first(container); child != NULL;
	     child = swm_json_next(child))
		if ((filter == NULL || holds(f->walk, filter, child)) && !go_on(f, child))
			return false;
	return true;
}

static bool
apply_selector(const struct follow *f, const struct jsonpath_selector *s, const swm_json *node)
{
	const swm_json *member;

	switch (s->kind) {
	case SELECT_NAME:
		member = swm_json_get(node, s->name);
		return member == NULL || go_on(f, member);
	case SELECT_INDEX:
		return select_index(f, node, s->start);
	case SELECT_SLICE:
		return select_slice(f, node, s);
	default:
		return select_children(f, node, s->kind == SELECT_FILTER ? s->filter : NULL);
	}
}

static bool
apply_selectors(const struct follow *f, const struct jsonpath_segment *segment,
                const swm_json *node)
{
	for (const struct jsonpath_selector *s = segment->selectors; s != NULL; s = s->next)
		if (!apply_selector(f, s, node))
			return false;
	if (!segment->descendant)
		return true;
	for (const swm_json *child = swm_json_first(node); child != NULL;
	     child = swm_json_next(child))
		if (++f->walk->visits > MOST_VISITS || !apply_selectors(f, segment, child))
			return false;
	return true;
}

static bool
follow_segments(struct walk *w, const struct jsonpath_segment *segment, const swm_json *node,
                node_function *take, void *user)
{
	if (++w->visits > MOST_VISITS)
		return false;
	if (segment == NULL)
		return take(user, node);
	struct follow f = { w, segment->next, take, user };
	return apply_selectors(&f, segment, node);
}

bool
swm_jsonpath_first(const swm_json **out, const swm_jsonpath *path, const swm_json *root)
{
	struct walk w = { .root = root };

	*out = NULL;
	walk_query(&w, &path->query, root, keep_first, out);
	return w.visits <= MOST_VISITS;
}
