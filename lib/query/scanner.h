/*
 * A cursor over one parameter's text; reading moves it, nothing is copied.
 *
 * The functions that read give false when what they read is not there, and note what they
 * expected (query/expect.h). When the cursor has then moved, the text is wrong: another
 * alternative is read only from where the first began, or after swm_scan_back(). Nothing is
 * noted in silence: a text that is right is read faster so, and one that is wrong is read again.
 *
 * PostgREST's grammar and this one differ in places. Where a text is wrong anywhere, the
 * answer says what PostgREST would say of it; so the first place that is wrong for it alone is
 * kept by swm_scan_tolerate(), and one that is wrong for us alone by swm_scan_refuse(), after
 * which reading goes on.
 */
#ifndef SWM_QUERY_SCANNER_H
#define SWM_QUERY_SCANNER_H

#include "query/ast.h"
#include "query/expect.h"

/* A place that swm refuses, and what it expected there. */
typedef struct swm_refusal {
	size_t at;
	const char *expecting; /* NULL when there is none */
} swm_refusal;

typedef struct swm_scanner {
	swm_str text;           /* all of it, for errors */
	size_t at;              /* next byte */
	const char *what;       /* "filter", "select parameter": for errors */
	size_t skipped;         /* bytes at the front that the client did not write */
	int depth;              /* of parentheses */
	swm_arena *arena;
	swm_error *err;
	bool silent;            /* what is expected is not noted */
	int rc;                 /* memory, or a limit: the error is written */
	swm_expected expected;
	swm_expected tolerated; /* the first place that PostgREST would refuse */
	swm_refusal refusal;
} swm_scanner;

/* A scanner of a text, at its beginning. */
void swm_scan_begin(swm_scanner *s, const char *what, swm_str text, swm_arena *arena,
                    swm_error *err);

/* The maximum nesting of parentheses: bounds recursion here, in the planner and in PostgreSQL. */
enum { SWM_DEEPEST = 64 };

/* The maximum number of steps of a JSON path: each is a level of an expression in PostgreSQL. */
enum { SWM_DEEPEST_PATH = 256 };

/* The byte at the cursor, or -1 at the end. */
int swm_scan_peek(const swm_scanner *s);

/* Takes a word if it is next. */
bool swm_scan_word(swm_scanner *s, const char *word);

/* The same, noted in other words (NULL: in none). */
bool swm_scan_word_called(swm_scanner *s, const char *word, const char *label);

/* The same of a word that no alternative begins like: its first letter decides for it. */
bool swm_scan_decided_word(swm_scanner *s, const char *word);

/* A word that is next, or the end of the text; it is not taken. */
bool swm_scan_before(swm_scanner *s, const char *word);
bool swm_scan_before_end(swm_scanner *s);

/* The dot after a name or an operator. */
bool swm_scan_delimiter(swm_scanner *s);

/* Takes blanks and returns their number. */
size_t swm_scan_blanks(swm_scanner *s);

/* The offset of the next byte that is not blank; the cursor stays. */
size_t swm_scan_after_blanks(const swm_scanner *s);

/* A comma with blanks around it. Blanks alone are taken as well. */
bool swm_scan_comma(swm_scanner *s);

/* Notes the character at the cursor as unexpected, and what was expected (NULL: nothing). */
void swm_scan_note(swm_scanner *s, const char *label);

/*
 * Ends a round of a repetition, but the first: of what was expected after it only what the next
 * round expects is told.
 */
void swm_scan_end_round(swm_scanner *s);

/* A place to come back to. */
typedef struct swm_mark {
	size_t at;
	swm_expected expected;
	swm_refusal refusal;
} swm_mark;

void swm_scan_mark(const swm_scanner *s, swm_mark *mark);

/* Goes back; what was expected further on is still known. Gives false. */
bool swm_scan_back(swm_scanner *s, const swm_mark *mark);

/* Goes back as if nothing had been looked for since. Gives false. */
bool swm_scan_undo(swm_scanner *s, const swm_mark *mark);

/* One label for all that was expected since the mark, if nothing was taken since. */
void swm_scan_begin_label(swm_scanner *s, swm_mark *mark);
void swm_scan_end_label(swm_scanner *s, const swm_mark *begin, const char *label);

/* Another that reads on from a place, to see what PostgREST would expect. It tells no error. */
swm_scanner swm_scan_reader(const swm_scanner *s, size_t at);

void swm_scan_tolerate(swm_scanner *s, const swm_expected *expected);
void swm_scan_refuse(swm_scanner *s, size_t at, const char *expecting);

/* Nothing may be left. */
void swm_scan_end(swm_scanner *s, const char *expecting);

/* Fails at the cursor, in words of its own. Gives false. */
bool swm_scan_fail(swm_scanner *s, const char *because);
bool swm_scan_fail_memory(swm_scanner *s);

/*
 * The outcome of what was read, ok being what the outermost function gave: QUERY_SYNTAX
 * (SWM_EPARSE) with details "unexpected ... expecting ...", SWM_ENOMEM.
 */
int swm_scan_outcome(swm_scanner *s, bool ok);

/* One level of parentheses deeper. */
bool swm_scan_deeper(swm_scanner *s);

/* "quoted", with backslash escapes. */
bool swm_scan_quoted(swm_scanner *s, swm_str *out);

/* Letters, digits, `_`, `$` and blanks, trimmed. */
bool swm_scan_is_identifier(int c);
bool swm_scan_identifier(swm_scanner *s, swm_str *out);

/* A name: quoted, or identifiers joined by dashes. What is expected where there is none. */
bool swm_scan_name(swm_scanner *s, swm_str *out);
extern const char swm_scan_name_label[];

/* A name and its JSON path, with blanks around them; the path alone, if there is one. */
bool swm_scan_field(swm_scanner *s, swm_field *out);
bool swm_scan_path(swm_scanner *s, swm_field *out);

/* A value up to `,` or `)`: quoted or plain; enclosed ones may also be a {list}. */
bool swm_scan_element(swm_scanner *s, swm_str *out);
bool swm_scan_enclosed_value(swm_scanner *s, swm_str *out);

#endif
