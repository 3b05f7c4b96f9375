/* Lines on standard error: "2026-11-23T08:16:11Z warn message". */
#ifndef SWM_CGI_LOG_H
#define SWM_CGI_LOG_H

#include <swm.h>

/* One answered request. Views may be empty; control characters in them are escaped. */
struct log_access {
	swm_str address, method, target, protocol;
	int status;        /* 0: nothing was answered */
	uint64_t bytes;    /* length of the body */
	const char *note;  /* a failure in words, or NULL */
};

/* Shows lines up to a level; name is a value of log-level. Call before the first line. */
void log_open(swm_str name);

/* A line that is shown at every level: the start, the end. */
void log_notice(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line of our own: what, and more about it (may be empty). */
void log_message(enum swm_log_level level, const char *what, swm_str more);

/* As log_message(); more is the system's text for an errno value. */
void log_errno(enum swm_log_level level, const char *what, int number);

/* The line of a request: level error for 5xx, warn for 4xx, else info. */
void log_request(const struct log_access *access);

/* The engine's lines (swm_log_function). */
void log_engine(void *user, enum swm_log_level level, swm_str line);

#endif
