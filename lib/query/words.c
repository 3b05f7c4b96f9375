/* Look-ups in the dialect's tables of words. */
#include "config.h"

#include "query/ast.h"

static const swm_operator_entry operators[] = {
#define SWM_OPERATOR(name, number, url, sql, use, quantified) \
	[number] = { { url, sizeof url - 1 }, { sql, sizeof sql - 1 }, SWM_OPERAND_##use, \
	             quantified },
#include "query/operators.def"
#undef SWM_OPERATOR
};

/* In the order in which they are tried. */
static const enum swm_operator operators_in_order[] = {
#define SWM_OPERATOR(name, number, url, sql, use, quantified) SWM_OP_##name,
#include "query/operators.def"
#undef SWM_OPERATOR
};

static const swm_str aggregates[] = {
#define SWM_AGGREGATE(name, number, word) [number] = { word, sizeof word - 1 },
#include "query/aggregates.def"
#undef SWM_AGGREGATE
};

static const enum swm_aggregate aggregates_in_order[] = {
#define SWM_AGGREGATE(name, number, word) SWM_AGGREGATE_##name,
#include "query/aggregates.def"
#undef SWM_AGGREGATE
};

static const struct {
	swm_str url, sql;
} is_words[] = {
#define SWM_IS_WORD(name, url, sql) { { url, sizeof url - 1 }, { sql, sizeof sql - 1 } },
#include "query/is_words.def"
#undef SWM_IS_WORD
};

/* The numbers are the ABI's; none may be left out. */
#define SWM_OPERATOR(name, number, url, sql, use, quantified) \
	_Static_assert((int)SWM_OP_##name == (number), \
	               "swm/query.h has another number for SWM_OP_" #name);
#include "query/operators.def"
#undef SWM_OPERATOR
#define SWM_AGGREGATE(name, number, word) \
	_Static_assert((int)SWM_AGGREGATE_##name == (number), \
	               "swm/query.h has another number for SWM_AGGREGATE_" #name);
#include "query/aggregates.def"
#undef SWM_AGGREGATE
_Static_assert(sizeof operators / sizeof operators[0] == SWM_OPERATORS,
               "operators.def leaves out no number");
_Static_assert(sizeof aggregates / sizeof aggregates[0] == SWM_AGGREGATES + 1,
               "aggregates.def leaves out 0 alone");

const swm_operator_entry *
swm_operator_of(enum swm_operator op)
{
	return &operators[op];
}

enum swm_operator
swm_operator_nth(int n)
{
	return operators_in_order[n];
}

swm_str
swm_aggregate_word(enum swm_aggregate aggregate)
{
	return aggregates[aggregate];
}

enum swm_aggregate
swm_aggregate_nth(int n)
{
	return aggregates_in_order[n];
}

bool
swm_aggregate_is_decided(enum swm_aggregate aggregate)
{
	int same = 0;

	for (int i = 1; i <= SWM_AGGREGATES; i++)
		same += aggregates[i].ptr[0] == aggregates[aggregate].ptr[0];
	return same == 1;
}

swm_str
swm_is_word(enum swm_is_value value)
{
	return is_words[value].url;
}

swm_str
swm_is_word_sql(enum swm_is_value value)
{
	return is_words[value].sql;
}

bool
swm_is_value_of(enum swm_is_value *out, swm_str text)
{
	for (int i = 0; i < SWM_IS_WORDS; i++) {
		if (swm_str_caseeq(is_words[i].url, text)) {
			*out = (enum swm_is_value)i;
			return true;
		}
	}
	return false;
}
