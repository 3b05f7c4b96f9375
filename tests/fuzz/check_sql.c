/*
 * A reader of PostgreSQL's lexical structure
 * (https://www.postgresql.org/docs/15/sql-syntax-lexical.html), no more of it than swm writes.
 */
#include "config.h"

#include "check_sql.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEEPEST = 4096 };

struct reader {
	const swm_statement *statement;
	const char *at;
	char open[DEEPEST]; /* the parentheses that are to be closed */
	size_t depth;
	bool *seen; /* parameters, by number from 0 */
};

static void
must(bool so, const char *what, const swm_statement *s)
{
	if (so)
		return;
	fprintf(stderr, "fuzz: %s: %s\n", what, s->text);
	abort();
}

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || (c & 0x80) != 0;
}

/* Behind the closing quote. A doubled quote stands for itself; a backslash means nothing unless E is in front. */
static void
read_quoted(struct reader *r, char quote)
{
	bool escapes = r->at > r->statement->text && (r->at[-1] == 'E' || r->at[-1] == 'e');

	must(!escapes, "an escape string", r->statement);
	r->at++;
	while (!(r->at[0] == quote && r->at[1] != quote)) {
		must(r->at[0] != '\0', "a quote is not closed", r->statement);
		r->at += r->at[0] == quote ? 2 : 1;
	}
	r->at++;
}

/* A key word or a name, in which a $ may stand, but not in front. */
static void
read_word(struct reader *r)
{
	while (is_word(*r->at) || *r->at == '$')
		r->at++;
}

static void
read_parameter(struct reader *r)
{
	char *end;
	unsigned long n = strtoul(r->at + 1, &end, 10);

	must(r->at[1] >= '1' && r->at[1] <= '9' && n <= (unsigned long)r->statement->param_count && !is_word(*end),
	     "a $ without a parameter", r->statement);
	r->seen[n - 1] = true;
	r->at = end;
}

static void
read_parenthesis(struct reader *r)
{
	static const char pairs[] = "()[]";
	size_t which = (size_t)(strchr(pairs, *r->at) - pairs);

	if (which % 2 == 0) {
		must(r->depth < DEEPEST, "too many parentheses", r->statement);
		r->open[r->depth++] = *r->at;
	} else {
		must(r->depth > 0 && r->open[--r->depth] == pairs[which - 1], "parentheses do not match", r->statement);
	}
	r->at++;
}

static void
read_other(struct reader *r)
{
	char c = *r->at;

	must(c != ';' && c != '\\' && c != '{' && c != '}', "a byte that is no SQL of ours", r->statement);
	must(!(c == '-' && r->at[1] == '-') && !(c == '/' && r->at[1] == '*'), "a comment", r->statement);
	must((c >= ' ' && c < 0x7f) || (c & 0x80) != 0, "a control character", r->statement);
	r->at++;
}

static void
read_token(struct reader *r)
{
	switch (*r->at) {
	case '"':
	case '\'':
		read_quoted(r, *r->at);
		break;
	case '$':
		read_parameter(r);
		break;
	case '(':
	case ')':
	case '[':
	case ']':
		read_parenthesis(r);
		break;
	default:
		if (is_word(*r->at))
			read_word(r);
		else
			read_other(r);
	}
}

void
check_sql(const swm_statement *statement)
{
	struct reader r = { .statement = statement, .at = statement->text };

	r.seen = calloc((size_t)statement->param_count + 1, sizeof *r.seen);
	if (r.seen == NULL)
		abort();
	while (*r.at != '\0')
		read_token(&r);
	must(r.depth == 0, "a parenthesis is not closed", statement);
	for (int i = 0; i < statement->param_count; i++)
		must(r.seen[i] && statement->params[i] != NULL, "a parameter that is not used", statement);
	free(r.seen);
}
