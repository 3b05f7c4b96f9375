/* Requests of the command line: code shared by all commands. */
#ifndef SWM_CLI_ASK_H
#define SWM_CLI_ASK_H

#include <stdbool.h>
#include <swm.h>

/* A view of a C string. */
swm_str ask_view(const char *s);

/*
 * The target that what a shell's user wrote stands for, to be freed: blanks and letters beyond
 * ASCII are encoded, and of a whole URL the origin is left out; *is_url says that it was one.
 * NULL: no memory.
 */
char *ask_target(const char *written, bool *is_url);

/* Where the API is mounted, by openapi-server-proxy-uri: the target of a URL begins with it. */
swm_str ask_mount(const swm_config *config);

/* True if the status is 2xx. */
bool ask_is_success(int status);

/* Prints the body of an error answer, its four members on a line each. */
void ask_print_problem(int status, swm_str body);

/* True if a field of an answer has that name, in whatever case. */
bool ask_is_field(swm_str name, const char *wanted);

#endif
