/*
 * Regular expressions by RFC 9485 (I-Regexp), for match() and search() of JSONPath. As an
 * extension, an unescaped ^ or $ outside of brackets matches the beginning or end of the text.
 * \p{} and \P{} are not supported.
 */
#ifndef SWM_AUTH_IREGEXP_H
#define SWM_AUTH_IREGEXP_H

#include "base/str.h"

typedef struct swm_iregexp swm_iregexp;

/*
 * The caller frees *out. SWM_ECONFIG: it is no such expression, or too long once its quantifiers
 * are written out; SWM_ENOMEM.
 */
int swm_iregexp_new(swm_iregexp **out, swm_str text);
void swm_iregexp_free(swm_iregexp *re); /* NULL is allowed */

/* The maximum number of steps that swm_iregexp_matches() takes for each byte of a text. */
size_t swm_iregexp_cost(const swm_iregexp *re);

/* whole: all of the text, else a part of it. The text is UTF-8. False for want of memory too. */
bool swm_iregexp_matches(const swm_iregexp *re, swm_str text, bool whole);

#endif
