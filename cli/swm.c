/* swm: queries, tokens and configuration at the command line. */
#include "config.h"

#include "command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

extern char **environ;

static const struct command commands[] = {
	{ "query", "FILE QUERY", "answer a query, as 'devices?id=eq.15', without a web server",
	  "  -t, --token TOKEN    ask as the bearer of this token\n"
	  "  -r, --role ROLE      ask as this role, with a token signed for it\n"
	  "  -H, --header FIELD   add a request header, 'Name: value'\n"
	  "  -i, --include        print the status and the headers too\n",
	  query_run },
	{ "token", "FILE", "make a token that the configured secret signs",
	  "  -r, --role ROLE      the role that it names\n"
	  "  -e, --expires SECONDS\n"
	  "                       how long it is good for; without it, for ever\n"
	  "  -c, --claims JSON    an object of further claims\n"
	  "  -a, --algorithm NAME HS256 (the default), HS384 or HS512\n",
	  token_run },
	{ "check", "FILE", "say what is wrong with a configuration",
	  "  --connect            also whether the database has what it names\n",
	  check_run },
	{ "dump", "FILE", "print the configuration as it counts, without its secrets", "", dump_run },
};
enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static int
print_help(void)
{
	printf("Usage: swm COMMAND [OPTION...] FILE ...\n\nCommands:\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		printf("  %-6s  %s\n", commands[i].name, commands[i].summary);
	printf("\n"
	       "FILE is a configuration (swm.conf(5)), or - for none; variables of the\n"
	       "environment that begin with SWM_ override it.\n"
	       "\n"
	       "  swm COMMAND --help   about one of them\n"
	       "  swm --version        the version\n");
	return EXIT_DONE;
}

static void
print_command_help(const struct command *command)
{
	printf("Usage: swm %s [OPTION...] %s\n%c%s.\n\n%s      --help           this text\n",
	       command->name, command->arguments, command->summary[0] - 'a' + 'A', command->summary + 1,
	       command->options);
}

int
usage_error(const struct command *self, const char *format, ...)
{
	va_list args;

	fprintf(stderr, self == NULL ? "swm: " : "swm %s: ", self == NULL ? "" : self->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\nTry 'swm %s%s--help'.\n", self == NULL ? "" : self->name,
	        self == NULL ? "" : " ");
	return EXIT_USAGE;
}

int
next_option(const struct command *self, int argc, char **argv, const char *letters,
            const struct option *names)
{
	opterr = 0;
	int option = getopt_long(argc, argv, letters, names, NULL);
	if (option == OPTION_HELP)
		print_command_help(self);
	else if (option == ':')
		usage_error(self, "%s needs a value", argv[optind - 1]);
	else if (option == '?' && optopt > ' ' && optopt < 0x7f)
		usage_error(self, "there is no option -%c", optopt);
	else if (option == '?')
		usage_error(self, "there is no option %s", argv[optind - 1]);
	return option == ':' ? OPTION_WRONG : option;
}

int
option_status(int option)
{
	return option == OPTION_HELP ? EXIT_DONE : EXIT_USAGE;
}

int
complain(const swm_error *err)
{
	swm_str message = swm_error_message(err), details = swm_error_details(err);

	if (message.len == 0) /* the error object itself could not be had */
		message = SWM_STR("out of memory");
	fprintf(stderr, "%.*s\n", (int)message.len, message.ptr);
	if (details.len > 0)
		fprintf(stderr, "%.*s\n", (int)details.len, details.ptr);
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
run(int argc, char **argv)
{
	const char *name = argc < 2 ? "" : argv[1];

	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		return print_help();
	if (strcmp(name, "--version") == 0) {
		printf("swm %s\n", swm_version());
		return EXIT_DONE;
	}
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(name, commands[i].name) == 0)
			return commands[i].run(&commands[i], argc - 1, argv + 1);
	if (argc < 2)
		return usage_error(NULL, "a command is missing");
	return usage_error(NULL, "there is no command '%s'", name);
}

int
main(int argc, char **argv)
{
	int status = run(argc, argv);

	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "swm: cannot write: %s\n", strerror(errno));
		return EXIT_FAILED;
	}
	return status;
}
