#include "config.h"

#include "screen.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* The variable's value if it is usable, else the terminal's, else the default. */
static size_t
dimension(const char *variable, unsigned short of_terminal, size_t usual)
{
	enum { LARGEST = 10000 };
	const char *text = getenv(variable);
	char *end;
	unsigned long number = text == NULL ? 0 : strtoul(text, &end, 10);

	if (number > 0 && number <= LARGEST && *end == '\0')
		return number;
	return of_terminal > 0 ? of_terminal : usual;
}

static struct winsize
window_size(int fd)
{
	struct winsize size = { 0 };

	if (ioctl(fd, TIOCGWINSZ, &size) != 0)
		size = (struct winsize){ 0 };
	return size;
}

size_t
screen_columns(int fd)
{
	return dimension("COLUMNS", window_size(fd).ws_col, 80);
}

void
screen_open(struct screen *s, enum screen_lines form)
{
	*s = (struct screen){ .to = stdout, .form = form };
	s->is_terminal = isatty(STDOUT_FILENO) == 1;
	if (!s->is_terminal)
		return;
	s->columns = screen_columns(STDOUT_FILENO);
	s->rows = dimension("LINES", window_size(STDOUT_FILENO).ws_row, 24);
}

static bool
is_in_path(const char *program)
{
	const char *path = getenv("PATH");
	bool found = false;

	while (path != NULL && *path != '\0' && !found) {
		char *file;
		size_t len = strcspn(path, ":");
		if (asprintf(&file, "%.*s/%s", (int)len, path, program) < 0)
			return false;
		found = access(file, X_OK) == 0;
		free(file);
		path += len + (path[len] == ':');
	}
	return found;
}

/* The pager's command, or NULL if none is wanted or there is none. */
static const char *
pager_command(void)
{
	static const char *const usual[] = { "less", "more" };
	const char *chosen = getenv("PAGER");

	if (chosen != NULL && (chosen[strspn(chosen, " ")] == '\0' || strcmp(chosen, "cat") == 0))
		return NULL;
	if (chosen != NULL)
		return chosen;
	for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
		if (is_in_path(usual[i]))
			return usual[i];
	return NULL;
}

/*
 * From here on the terminal is the pager's: Ctrl-C is meant for it, and when it ends before the
 * output does, that is seen by EPIPE. The pager itself has the signals as they were.
 */
static void
start_pager(struct screen *s)
{
	/* -F would end it for a line that was chopped, as if all of it were to be seen */
	static const char *const options[] = {
		[SCREEN_FOLDED] = "FRX", [SCREEN_FITTING] = "FRSX", [SCREEN_CHOPPED] = "RSX" };
	const char *command = pager_command();

	s->no_pager = true;
	if (command == NULL || setenv("LESS", options[s->form], 0) != 0)
		return;
	fflush(stdout);
	FILE *pager = popen(command, "w");
	if (pager == NULL)
		return;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	s->to = pager;
	s->is_paging = true;
}

static int
write_through(struct screen *s, const char *bytes, size_t len)
{
	if (len == 0 || fwrite(bytes, 1, len, s->to) == len)
		return 0;
	s->left = s->is_paging && errno == EPIPE;
	return -1;
}

static int
let_go(struct screen *s)
{
	int result = write_through(s, s->held.bytes, s->held.len);

	text_free(&s->held);
	return result;
}

/* The number of terminal rows that the bytes take, and the column after them. */
static void
count_rows(struct screen *s, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '\n') {
			s->held_rows++;
			s->column = 0;
		} else if (((unsigned char)bytes[i] & 0xc0) != 0x80 && ++s->column > s->columns) {
			s->held_rows++;
			s->column = 1;
		}
	}
}

int
screen_write(struct screen *s, const char *bytes, size_t len)
{
	if (!s->is_terminal || s->is_paging || s->no_pager)
		return write_through(s, bytes, len);
	count_rows(s, bytes, len);
	text_add(&s->held, bytes, len);
	if (s->held_rows < s->rows && !s->held.failed)
		return 0;
	/* the last row is the prompt's */
	start_pager(s);
	bool lost = s->held.failed;
	return let_go(s) != 0 || (lost && write_through(s, bytes, len) != 0) ? -1 : 0;
}

/* How many bytes at the end of a piece begin a character that the next piece ends. */
static size_t
cut_at_end(swm_str piece)
{
	for (size_t back = 1; back <= 3 && back <= piece.len; back++) {
		unsigned char c = (unsigned char)piece.ptr[piece.len - back];
		if (c >= 0xc0)
			return back < (c >= 0xf0 ? 4u : c >= 0xe0 ? 3u : 2u) ? back : 0;
		if (c < 0x80)
			return 0;
	}
	return 0;
}

int
screen_write_data(struct screen *s, swm_str piece)
{
	struct text t = { 0 };

	if (!s->is_terminal)
		return write_through(s, piece.ptr, piece.len);
	while (s->cut_len > 0 && s->cut_len < sizeof s->cut && piece.len > 0 &&
	       ((unsigned char)*piece.ptr & 0xc0) == 0x80) {
		s->cut[s->cut_len++] = *piece.ptr++;
		piece.len--;
	}
	if (piece.len == 0 && s->cut_len > 0 && s->cut_len < sizeof s->cut)
		return 0;
	text_add_lines(&t, (swm_str){ s->cut, s->cut_len });
	s->cut_len = cut_at_end(piece);
	memcpy(s->cut, piece.ptr + piece.len - s->cut_len, s->cut_len);
	text_add_lines(&t, (swm_str){ piece.ptr, piece.len - s->cut_len });
	int result = t.failed ? -1 : screen_write(s, t.bytes, t.len);
	text_free(&t);
	return result;
}

static int
end_pager(struct screen *s)
{
	enum { NOT_FOUND = 127 };
	int status = pclose(s->to);

	s->to = stdout;
	if (status == -1 || !WIFEXITED(status) || WEXITSTATUS(status) != NOT_FOUND)
		return 0;
	fprintf(stderr, "swm: the pager '%s' cannot be run\n", pager_command());
	return -1;
}

int
screen_close(struct screen *s)
{
	int result = 0;

	if (s->cut_len > 0) {
		struct text t = { 0 };
		text_add_lines(&t, (swm_str){ s->cut, s->cut_len });
		result = screen_write(s, t.bytes, t.len);
		text_free(&t);
	}
	if (let_go(s) != 0)
		result = -1;
	if (s->is_paging)
		result = end_pager(s);
	return result;
}

bool
screen_was_left(const struct screen *s)
{
	return s->left;
}
