#include "config.h"

#include "log.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Names of log-level, in the order of enum swm_log_level. */
static const char *const level_names[] = { "crit", "error", "warn", "info", "debug" };
#define LEVELS (sizeof(level_names) / sizeof(level_names[0]))

/* One line at a time. */
static pthread_mutex_t line_lock = PTHREAD_MUTEX_INITIALIZER;
static enum swm_log_level shown = SWM_LOG_ERROR;

void
log_open(swm_str name)
{
	/* buffered, so that a line is one write */
	static char buffer[8192];

	setvbuf(stderr, buffer, _IOFBF, sizeof(buffer));
	for (size_t i = 0; i < LEVELS; i++)
		if (strlen(level_names[i]) == name.len && memcmp(level_names[i], name.ptr, name.len) == 0)
			shown = (enum swm_log_level)i;
}

/* Begins a line and keeps other threads from theirs until end_line(). */
static void
begin_line(const char *level)
{
	char stamp[sizeof("2026-11-23T08:16:11Z")];
	struct tm tm;
	time_t now = time(NULL);

	if (gmtime_r(&now, &tm) == NULL
	    || strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		stamp[0] = '\0';
	pthread_mutex_lock(&line_lock);
	fprintf(stderr, "%s %s ", stamp, level);
}

static void
end_line(void)
{
	putc('\n', stderr);
	fflush(stderr);
	pthread_mutex_unlock(&line_lock);
}

/* Foreign text: nothing in it can end the line, close a quote or reach a terminal. */
static void
put_escaped(swm_str text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if (c < 0x20 || c == 0x7f || c == '"' || c == '\\')
			fprintf(stderr, "\\x%02X", c);
		else
			putc(c, stderr);
	}
}

/* As put_escaped(), but quotes may stand: a message of ours or the library's. */
static void
put_message(swm_str text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		putc(c < 0x20 || c == 0x7f ? ' ' : c, stderr);
	}
}

static void
put_field(swm_str text)
{
	if (text.len == 0)
		putc('-', stderr);
	put_escaped(text);
}

void
log_notice(const char *format, ...)
{
	va_list args;

	begin_line("notice");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	end_line();
}

void
log_message(enum swm_log_level level, const char *what, swm_str more)
{
	if (level > shown || (size_t)level >= LEVELS)
		return;
	begin_line(level_names[level]);
	fputs(what, stderr);
	if (more.len > 0) {
		fputs(what[0] == '\0' ? "" : ": ", stderr);
		put_message(more);
	}
	end_line();
}

void
log_errno(enum swm_log_level level, const char *what, int number)
{
	char text[128];
	swm_str more;

	more.ptr = strerror_r(number, text, sizeof(text));
	more.len = strlen(more.ptr);
	log_message(level, what, more);
}

void
log_engine(void *user, enum swm_log_level level, swm_str line)
{
	(void)user;
	log_message(level, "", line);
}

void
log_request(const struct log_access *access)
{
	enum swm_log_level level = SWM_LOG_INFO;

	if (access->status >= 500)
		level = SWM_LOG_ERROR;
	else if (access->status >= 400)
		level = SWM_LOG_WARNING;
	if (level > shown)
		return;
	begin_line(level_names[level]);
	put_field(access->address);
	fputs(" \"", stderr);
	put_escaped(access->method);
	putc(' ', stderr);
	put_escaped(access->target);
	putc(' ', stderr);
	put_escaped(access->protocol);
	fprintf(stderr, "\" %d %" PRIu64, access->status, access->bytes);
	if (access->note != NULL)
		fprintf(stderr, " %s", access->note);
	end_line();
}
