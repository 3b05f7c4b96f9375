#include "config.h"

#include "export.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Complaints
 */

static bool __attribute__((format(printf, 2, 3)))
say(const struct export_file *f, const char *format, ...)
{
	va_list args;

	progress_clear(f->progress);
	va_start(args, format);
	fputs("swm: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	return false;
}

static bool
say_errno(const struct export_file *f, const char *what, const char *name)
{
	int number = errno;

	return say(f, "cannot %s %s: %s", what, name, strerror(number));
}

/*
 * Bytes
 */

static bool
write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t written = write(fd, bytes, len);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return false;
		bytes += written;
		len -= (size_t)written;
	}
	return true;
}

bool
export_file_write(struct export_file *f, const struct text *bytes)
{
	if (bytes->failed)
		return say(f, "out of memory");
	if (f->name == NULL && isatty(f->fd) == 1)
		text_print(stdout,
		           (swm_str){ bytes->bytes, bytes->len }); /* main() sees to errors */
	else if (!write_all(f->fd, bytes->bytes, bytes->len))
		return say_errno(f, "write", f->name == NULL ? "standard output" : f->part);
	f->loose += bytes->len;
	return true;
}

bool
export_file_advance(struct export_file *f, uint64_t rows, const char *after)
{
	char *copy = after == NULL ? NULL : strdup(after);

	if (after != NULL && copy == NULL)
		return say(f, "out of memory");
	free(f->place.after);
	f->place = (struct export_place){ rows, f->place.bytes + f->loose, f->place.header, copy };
	f->loose = 0;
	return true;
}

/* Cuts FILE.part at place, where the next byte is then written. */
static bool
go_to_place(struct export_file *f)
{
	f->loose = 0;
	return ftruncate(f->fd, (off_t)f->place.bytes) == 0 &&
	       lseek(f->fd, (off_t)f->place.bytes, SEEK_SET) >= 0;
}

bool
export_file_take_back(struct export_file *f)
{
	if (f->loose == 0)
		return true;
	if (f->name == NULL)
		return false;
	return go_to_place(f) || say_errno(f, "write", f->part);
}

/*
 * The state: a line for each thing, its name and value
 */

static const char *const identity_names[EXPORT_IDENTITY] = {
	[EXPORT_CONFIG] = "config", [EXPORT_SCHEMA] = "schema", [EXPORT_QUERY] = "query",
	[EXPORT_ROLE] = "role", [EXPORT_FORMAT] = "format",
};

/* A value has but one line: one with more is never found again, and the export begins anew. */
static void
add_value(struct text *to, const char *name, const char *value)
{
	text_add(to, name, strlen(name));
	text_add(to, " ", 1);
	for (; *value != '\0'; value++)
		text_add(to, *value == '\n' ? " " : value, 1);
	text_add(to, "\n", 1);
}

static void
add_number(struct text *to, const char *name, uint64_t value)
{
	text_format(to, "%s %" PRIu64 "\n", name, value);
}

static void
add_state(struct text *to, const struct export_file *f)
{
	const struct export_place *p = &f->place;

	for (int i = 0; i < EXPORT_IDENTITY; i++)
		add_value(to, identity_names[i], f->identity[i]);
	add_number(to, "rows", p->rows);
	add_number(to, "bytes", p->bytes);
	add_number(to, "header", p->header);
	if (p->after != NULL)
		add_value(to, "after", p->after);
}

static bool
write_state(const struct export_file *f, const struct text *state)
{
	int fd = open(f->new_state, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	bool good = fd >= 0 && write_all(fd, state->bytes, state->len) && fsync(fd) == 0;

	if (fd >= 0)
		good = close(fd) == 0 && good;
	return good && rename(f->new_state, f->state) == 0;
}

bool
export_file_keep(struct export_file *f)
{
	struct text state = { 0 };

	if (f->name == NULL)
		return true;
	if (fdatasync(f->fd) != 0)
		return say_errno(f, "write", f->part);
	add_state(&state, f);
	bool good = !state.failed && write_state(f, &state);
	if (!good)
		say_errno(f, "write", f->state);
	else
		f->kept = f->place.rows;
	text_free(&state);
	return good;
}

/* The value of a line of that name; NULL when it has another. */
static char *
value_of(char *line, const char *name)
{
	size_t len = strlen(name);

	return strncmp(line, name, len) == 0 && line[len] == ' ' ? line + len + 1 : NULL;
}

static void
take_number(char *line, const char *name, uint64_t *number)
{
	const char *value = value_of(line, name);

	if (value != NULL)
		*number = strtoull(value, NULL, 10);
}

/* False, with an error printed, if the state is another export's. */
static bool
take_line(struct export_file *f, char *line)
{
	for (int i = 0; i < EXPORT_IDENTITY; i++) {
		const char *value = value_of(line, identity_names[i]);
		if (value != NULL && strcmp(value, f->identity[i]) != 0)
			return say(f,
			           "%s is of another export, with %s '%s' and not '%s'; --restart "
			           "begins anew",
			           f->part, identity_names[i], value, f->identity[i]);
	}
	take_number(line, "rows", &f->place.rows);
	take_number(line, "bytes", &f->place.bytes);
	take_number(line, "header", &f->place.header);
	const char *after = value_of(line, "after");
	if (after != NULL && f->place.after == NULL)
		f->place.after = strdup(after);
	return true;
}

static bool
read_state(struct export_file *f, FILE *from)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	bool good = true;

	while (good && (len = getline(&line, &room, from)) > 0) {
		line[strcspn(line, "\n")] = '\0';
		good = take_line(f, line);
	}
	free(line);
	return good;
}

/*
 * Opening and finishing
 */

static bool
make_names(struct export_file *f)
{
	if (asprintf(&f->part, "%s.part", f->name) < 0)
		f->part = NULL;
	if (f->part == NULL || asprintf(&f->state, "%s.state", f->part) < 0)
		f->state = NULL;
	if (f->state == NULL || asprintf(&f->new_state, "%s.new", f->state) < 0)
		f->new_state = NULL;
	return f->new_state != NULL || say(f, "out of memory");
}

/*
 * True if the output may be renamed to FILE; checked again at the end, as FILE may have been
 * created since.
 */
static bool
may_have_name(const struct export_file *f)
{
	struct stat there;

	if (stat(f->name, &there) != 0)
		return errno == ENOENT || say_errno(f, "write", f->name);
	if (!S_ISREG(there.st_mode))
		return say(f, "%s is no regular file; write to standard output in its place",
		           f->name);
	return f->replaces || say(f, "%s is there already; --force replaces it", f->name);
}

/* The lock is the process's: another export to the same file would write between our rows. */
static bool
open_part(struct export_file *f, struct stat *opened)
{
	struct stat named;

	f->fd = open(f->part, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (f->fd < 0)
		return say_errno(f, "write", f->part);
	if (flock(f->fd, LOCK_EX | LOCK_NB) != 0 || stat(f->part, &named) != 0 ||
	    fstat(f->fd, opened) != 0 || named.st_ino != opened->st_ino)
		return say(f, "another export writes %s", f->part);
	return S_ISREG(opened->st_mode) || say(f, "%s is no regular file", f->part);
}

/* Where the last run stopped; a place at the beginning when it came to nothing. */
static bool
find_place(struct export_file *f, uint64_t size)
{
	FILE *from = fopen(f->state, "re");

	if (from == NULL && errno != ENOENT)
		return say_errno(f, "read", f->state);
	if (from == NULL)
		return size == 0 || say(f, "%s is there, but no %s that says what it has; "
		                        "--restart begins anew", f->part, f->state);
	bool good = read_state(f, from);
	fclose(from);
	if (good && size < f->place.bytes)
		return say(f, "%s is shorter than %s says; --restart begins anew", f->part,
		           f->state);
	return good;
}

bool
export_file_open(struct export_file *f, bool restart)
{
	struct stat opened;

	if (f->name == NULL) {
		f->fd = STDOUT_FILENO;
		return true;
	}
	if (!make_names(f) || !may_have_name(f) || !open_part(f, &opened) ||
	    (!restart && !find_place(f, (uint64_t)opened.st_size)))
		return false;
	if (f->place.after == NULL)
		f->place = (struct export_place){ 0 };
	return (go_to_place(f) || say_errno(f, "write", f->part)) && export_file_keep(f);
}

bool
export_file_header(const struct export_file *f, struct text *header)
{
	text_pad(header, f->place.header);
	return (!header->failed &&
	        pread(f->fd, header->bytes, header->len, 0) == (ssize_t)header->len) ||
	       say_errno(f, "read", f->part);
}

bool
export_file_finish(struct export_file *f)
{
	if (f->name == NULL)
		return true;
	if (fsync(f->fd) != 0)
		return say_errno(f, "write", f->part);
	if (!may_have_name(f))
		return false;
	if (rename(f->part, f->name) != 0)
		return say_errno(f, "write", f->name);
	unlink(f->state);
	return true;
}

void
export_file_abandon(struct export_file *f)
{
	if (f->name == NULL)
		return;
	unlink(f->part);
	unlink(f->state);
}

void
export_file_close(struct export_file *f)
{
	if (f->name != NULL && f->fd >= 0)
		close(f->fd);
	free(f->place.after);
	free(f->part);
	free(f->state);
	free(f->new_state);
}
