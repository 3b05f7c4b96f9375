/* Standard output: to a terminal by a pager when it is too long, else as it is. */
#ifndef SWM_CLI_SCREEN_H
#define SWM_CLI_SCREEN_H

#include "text.h"

/* How a pager is to show what is wider than the terminal, unless $LESS says something else. */
enum screen_lines { SCREEN_FOLDED, SCREEN_FITTING, SCREEN_CHOPPED };

struct screen {
	FILE *to;           /* standard output, or the pager */
	bool is_terminal;
	size_t columns;     /* of the terminal; 0: no limit */
	enum screen_lines form;
	size_t rows;
	bool is_paging, no_pager;
	struct text held;   /* what may yet fit the terminal; of one that has no pager, nothing */
	size_t held_rows, column;
	char cut[4];        /* the beginning of a character whose end has not come */
	size_t cut_len;
	bool left;          /* the reader has ended the pager */
};

/* How wide a terminal is, by $COLUMNS or what it says itself. */
size_t screen_columns(int fd);

void screen_open(struct screen *s, enum screen_lines form);

/* Writes what was made for a terminal (text.h). Non-zero: there is no use in going on. */
int screen_write(struct screen *s, const char *bytes, size_t len);

/* Writes somebody's data, in pieces; on a terminal what it would obey is made harmless. */
int screen_write_data(struct screen *s, swm_str piece);

/* Writes what is left and waits for the pager's end. Non-zero: not all could be written (said). */
int screen_close(struct screen *s);

/* True if the user quit the pager before the end, which is no error. */
bool screen_was_left(const struct screen *s);

#endif
