/* The commands of swm and what they share. All of it stands on the public API. */
#ifndef SWM_CLI_COMMAND_H
#define SWM_CLI_COMMAND_H

#include <swm.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct command {
	const char *name;
	const char *summary; /* one line */
	/* argv[0] is the command's name; returns an exit status */
	int (*run)(const struct command *self, int argc, char **argv);
};

/* OPTION_query_token and so on, and command_run() of each command. */
#define SWM_COMMAND(name, summary) \
	int name##_run(const struct command *self, int argc, char **argv);
#define SWM_ARGUMENT(...)
#define SWM_OPTION(...)
#include "commands.def"
#undef SWM_COMMAND
#undef SWM_OPTION
enum {
#define SWM_COMMAND(...)
#define SWM_OPTION(command, option, ...) OPTION_##command##_##option,
#include "commands.def"
	OPTION_COUNT
};
#undef SWM_COMMAND
#undef SWM_ARGUMENT
#undef SWM_OPTION

/*
 * Takes one option (OPTION_command_option) and its value, which is one of the table's words where
 * it names some. Returns EXIT_DONE, or EXIT_USAGE when it has complained of the value.
 */
typedef int take_function(void *wish, const struct command *self, int option, char *value);

/* Returned by read_arguments() when the command can go on. */
enum { ARGUMENTS_READ = -1 };

/*
 * Hands every option to take() (NULL for a command without options), and sees that there are as
 * many arguments as the table says; they are argv[optind...argc). Options may stand between them.
 * Otherwise returns the exit status to end with: help was printed, or the mistake was said.
 */
int read_arguments(const struct command *self, int argc, char **argv, take_function *take,
                   void *wish);

/* Prints what `swm COMMAND --help` says. */
void print_command_help(const struct command *command);

/* Says what is wrong with the command line; returns EXIT_USAGE. self may be NULL. */
int usage_error(const struct command *self, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same, with "did you mean" when a name is near to the wrong one. prefix: "--" or "". */
int usage_error_near(const struct command *self, const char *problem, const char *wrong,
                     const char *const *names, size_t count, const char *prefix);

/* The name that a wrong one was most likely meant to be, or NULL. */
const char *nearest_name(const char *wrong, const char *const *names, size_t count);

/* Prints an error with all its lines; returns EXIT_FAILED. */
int complain(const swm_error *err);

/* "-" is no file: the environment alone. The caller frees *out, also after a failure. */
int load_config(swm_config **out, const char *file, swm_error *err);

/* The role as a claim, an expiry in so many seconds (none when negative), and further
 * claims (an object, or NULL) signed as a token; free with swm_token_free(). NULL: complained. */
char *make_token(const swm_config *config, const char *role, long long seconds, const char *claims,
                 const char *algorithm, swm_error *err);

/* The value of the header Authorization for a token, or for a role, as which a token for five
 * minutes is signed (the other is NULL); "" when both are; free(). NULL: complained. */
char *make_authorization(const swm_config *config, const char *token, const char *role,
                         swm_error *err);

#endif
