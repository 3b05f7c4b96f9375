/* A cursor over one parameter's text; reading moves it, nothing is copied. */
#ifndef SWM_QUERY_SCANNER_H
#define SWM_QUERY_SCANNER_H

#include "query/ast.h"

typedef struct swm_scanner {
	swm_str text;      /* all of it, for errors */
	size_t at;         /* next byte */
	const char *what;  /* "filter", "select parameter": for errors */
	size_t skipped;    /* bytes at the front that the client did not write */
	int depth;         /* nesting of parentheses */
	swm_arena *arena;
	swm_error *err;
} swm_scanner;

/* The maximum nesting of parentheses: bounds recursion here, in the planner and in PostgreSQL. */
enum { SWM_DEEPEST = 64 };

/* The maximum number of steps of a JSON path: each is a level of an expression in PostgreSQL. */
enum { SWM_DEEPEST_PATH = 256 };

/* The byte at the cursor, or -1 at the end. */
int swm_scan_peek(const swm_scanner *s);

/* Takes a byte, or a word, if it is next. */
bool swm_scan_char(swm_scanner *s, char c);
bool swm_scan_word(swm_scanner *s, swm_str word);

void swm_scan_blanks(swm_scanner *s);

/* The error at the cursor: QUERY_SYNTAX with details "unexpected ... expecting ...". */
int swm_scan_fail(swm_scanner *s, const char *expecting);

/* The same, with words of its own in details. */
int swm_scan_fail_because(swm_scanner *s, const char *because);

/* Nothing may be left. */
int swm_scan_end(swm_scanner *s, const char *expecting);

/* One level of parentheses deeper. */
int swm_scan_deeper(swm_scanner *s);

/* "quoted", with backslash escapes; the cursor is at the quote. SWM_EPARSE, SWM_ENOMEM. */
int swm_scan_quoted(swm_scanner *s, swm_str *out);

/* Letters, digits, `_`, `$` and blanks, trimmed; empty when there are none. */
bool swm_scan_is_identifier(int c);
swm_str swm_scan_identifier(swm_scanner *s);

/* A name: quoted, or identifiers joined by dashes. */
int swm_scan_name(swm_scanner *s, swm_str *out);

/* A name and its JSON path; the path alone, if there is one. */
int swm_scan_field(swm_scanner *s, swm_field *out);
int swm_scan_path(swm_scanner *s, swm_field *out);

/* A value up to `,` or `)`: quoted, a {list} or plain. */
int swm_scan_enclosed_value(swm_scanner *s, swm_str *out);

#endif
