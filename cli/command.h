/* The commands of swm and what they share. All of it stands on the public API. */
#ifndef SWM_CLI_COMMAND_H
#define SWM_CLI_COMMAND_H

#include <getopt.h>
#include <swm.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct command {
	const char *name;
	const char *arguments;
	const char *summary; /* one line */
	const char *options; /* a line each, as help prints them */
	/* argv[0] is the command's name; returns an exit status */
	int (*run)(const struct command *self, int argc, char **argv);
};

int query_run(const struct command *self, int argc, char **argv);
int token_run(const struct command *self, int argc, char **argv);
int check_run(const struct command *self, int argc, char **argv);
int dump_run(const struct command *self, int argc, char **argv);

/* What next_option() returns beside an option's letter, and -1 at their end. */
enum { OPTION_HELP = 'h', OPTION_WRONG = '?' };

/* The last entries of every command's long options. */
#define OPTIONS_END { "help", no_argument, NULL, OPTION_HELP }, { NULL, 0, NULL, 0 }

/* As getopt_long(); a wrong option has been complained of, and help printed, when it returns. */
int next_option(const struct command *self, int argc, char **argv, const char *letters,
                const struct option *names);

/* The exit status for what ended the options too early. */
int option_status(int option);

/* Says what is wrong with the command line; returns EXIT_USAGE. */
int usage_error(const struct command *self, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Prints an error with all its lines; returns EXIT_FAILED. */
int complain(const swm_error *err);

/* "-" is no file: the environment alone. The caller frees *out, also after a failure. */
int load_config(swm_config **out, const char *file, swm_error *err);

/* The role as a claim, an expiry in so many seconds (none when negative), and further
 * claims (a JSON object, or NULL) signed as a token; free with swm_token_free(). NULL: complained. */
char *make_token(const swm_config *config, const char *role, long long seconds, const char *claims,
                 const char *algorithm, swm_error *err);

#endif
