/* swm: queries, tokens and configuration at the command line. */
#include "config.h"

#include "command.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static const struct command commands[] = {
#define SWM_COMMAND(name, summary) { #name, summary, name##_run },
#define SWM_ARGUMENT(...)
#define SWM_OPTION(...)
#include "commands.def"
#undef SWM_COMMAND
#undef SWM_ARGUMENT
#undef SWM_OPTION
};
enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static int
print_help(void)
{
	printf("Usage: swm COMMAND [OPTION...] CONFIG ...\n\nCommands:\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		printf("  %-6s  %s\n", commands[i].name, commands[i].summary);
	printf("\n"
	       "CONFIG is a configuration (swm.conf(5)), or - for none; variables of the\n"
	       "environment that begin with SWM_ override it.\n"
	       "\n"
	       "  swm COMMAND --help   about one of them\n"
	       "  swm --version        the version\n");
	return EXIT_DONE;
}

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(name, commands[i].name) == 0)
			return &commands[i];
	return NULL;
}

static int
say_wrong_command(const struct command *self, const char *name)
{
	const char *names[COMMAND_COUNT];
	char problem[128];

	for (size_t i = 0; i < COMMAND_COUNT; i++)
		names[i] = commands[i].name;
	snprintf(problem, sizeof problem, "there is no command '%.64s'", name);
	return usage_error_near(self, problem, name, names, COMMAND_COUNT, "");
}

int
help_run(const struct command *self, int argc, char **argv)
{
	int status = read_arguments(self, argc, argv, NULL, NULL);

	if (status != ARGUMENTS_READ)
		return status;
	if (optind == argc)
		return print_help();
	const struct command *command = find_command(argv[optind]);
	if (command == NULL)
		return say_wrong_command(self, argv[optind]);
	print_command_help(command);
	return EXIT_DONE;
}

int
complain(const swm_error *err)
{
	swm_str message = swm_error_message(err), details = swm_error_details(err);

	if (message.len == 0) /* the error object itself could not be had */
		message = SWM_STR("out of memory");
	text_print(stderr, message);
	fputc('\n', stderr);
	text_print(stderr, details);
	fputs(details.len > 0 ? "\n" : "", stderr);
	return EXIT_FAILED;
}

int
load_config(swm_config **out, const char *file, swm_error *err)
{
	int result = swm_config_new(out, err);

	if (result == SWM_OK && strcmp(file, "-") != 0)
		result = swm_config_load_file(*out, file, err);
	if (result == SWM_OK)
		result = swm_config_load_environment(*out, (const char *const *)environ, err);
	return result;
}

static int
run_command(int argc, char **argv)
{
	const char *name = argc < 2 ? "" : argv[1];

	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		return print_help();
	if (strcmp(name, "--version") == 0) {
		printf("swm %s\n", swm_version());
		return EXIT_DONE;
	}
	if (argc < 2)
		return usage_error(NULL, "a command is missing");
	const struct command *command = find_command(name);
	if (command == NULL)
		return say_wrong_command(NULL, name);
	return command->run(command, argc - 1, argv + 1);
}

/*
 * A standard stream that is closed would be the next thing that is opened, and the rows
 * that are printed would go to the database. Opened the wrong way round, it fails when it is used.
 */
static void
hold_standard_streams(void)
{
	static const int flags[] = { O_WRONLY, O_RDONLY, O_RDWR };

	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) == -1 && errno == EBADF &&
		    open("/dev/null", flags[fd]) != fd)
			abort();
}

/* Without a locale that is installed, or one at all, the text is what it is everywhere today. */
static void
choose_locale(void)
{
	const char *chosen = setlocale(LC_CTYPE, ""), *all = getenv("LC_ALL");
	bool is_plain = chosen != NULL &&
	                (strcmp(chosen, "C") == 0 || strcmp(chosen, "POSIX") == 0);

	if (chosen == NULL || (is_plain && (all == NULL || all[0] == '\0')))
		setlocale(LC_CTYPE, "C.UTF-8");
}

int
main(int argc, char **argv)
{
	hold_standard_streams();
	choose_locale();
	int status = run_command(argc, argv);

	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "swm: cannot write: %s\n", strerror(errno));
		return EXIT_FAILED;
	}
	return status;
}
