/* Text for a terminal: how wide it is, and nothing in it that a terminal takes for a command. */
#ifndef SWM_CLI_TEXT_H
#define SWM_CLI_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <swm.h>

/* A line, or part of one, that grows. Begin with zeros; free bytes. */
struct text {
	char *bytes;
	size_t len, room;
	size_t width; /* columns of a terminal */
	bool failed;  /* out of memory: what is missing is missing at the end */
};

void text_clear(struct text *t);
void text_free(struct text *t);

/* Adds bytes as they are, each a column wide. */
void text_add(struct text *t, const char *bytes, size_t len);

/* Adds what printf() would print, of at most 255 bytes; as text_add(). */
void text_format(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds count blanks. */
void text_pad(struct text *t, size_t count);

/*
 * Adds a character of somebody's data. What a terminal would obey (control characters, marks that
 * turn the direction of writing), or has no glyph for, or the locale no bytes, is written as an
 * escape: \n, \x1b, \u202e.
 */
void text_add_character(struct text *t, uint32_t character);

/* Adds UTF-8 of somebody's data, each character as above. */
void text_add_data(struct text *t, swm_str data);

/* The same, but with its lines and tabs as they are. */
void text_add_lines(struct text *t, swm_str data);

/* Adds as much of a text made here as width columns hold, with a mark when that is not all. */
void text_add_cut(struct text *t, const struct text *whole, size_t width);

/*
 * The first character of UTF-8 and its number of bytes (1 or more; len is not 0). A byte that
 * belongs to none counts for itself, as 0xDC00 and the byte, which is no character.
 */
size_t text_decode(const char *bytes, size_t len, uint32_t *character);

/* Prints what somebody wrote, line by line, with its control characters made harmless. */
void text_print(FILE *to, swm_str data);

#endif
