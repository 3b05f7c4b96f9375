/*
 * Writes the tables of the completion scripts from commands.def: `completion bash` or `zsh`.
 * Built and run by the compiler of the build machine, so it includes nothing else of the project.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct command {
	const char *name, *summary;
} commands[] = {
#define SWM_COMMAND(name, summary) { #name, summary },
#define SWM_ARGUMENT(...)
#define SWM_OPTION(...)
#include "commands.def"
#undef SWM_COMMAND
#undef SWM_ARGUMENT
#undef SWM_OPTION
};

static const struct argument {
	const char *command, *name, *times, *completes, *words;
} arguments[] = {
#define SWM_COMMAND(...)
#define SWM_ARGUMENT(command, name, times, completes, words) \
	{ #command, name, #times, #completes, words },
#define SWM_OPTION(...)
#include "commands.def"
#undef SWM_ARGUMENT
#undef SWM_OPTION
};

static const struct option {
	const char *command;
	char letter;
	const char *name, *value, *completes, *words, *help;
} options[] = {
#define SWM_ARGUMENT(...)
#define SWM_OPTION(command, option, letter, name, value, completes, words, help) \
	{ #command, letter, name, value, #completes, words, help },
#include "commands.def"
#undef SWM_COMMAND
#undef SWM_ARGUMENT
#undef SWM_OPTION
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *
or_nothing(const char *words)
{
	return words == NULL ? "" : words;
}

static bool
is_repeated(const struct argument *a)
{
	return strcmp(a->times, "SOME") == 0 || strcmp(a->times, "ANY") == 0;
}

/* ---- bash: functions that print, each a case of what is on the line */

static void
bash_options(void)
{
	printf("_swm_options() {\n\tcase $1 in\n");
	for (size_t c = 0; c < COUNT(commands); c++) {
		printf("\t%s) echo '", commands[c].name);
		for (size_t i = 0; i < COUNT(options); i++)
			if (strcmp(options[i].command, commands[c].name) == 0)
				printf("--%s ", options[i].name);
		printf("--help' ;;\n");
	}
	printf("\tesac\n}\n\n");
}

static void
bash_values(void)
{
	printf("_swm_value() {\n\tcase $1:$2 in\n");
	for (size_t i = 0; i < COUNT(options); i++) {
		const struct option *o = &options[i];
		if (o->value == NULL)
			continue;
		printf("\t%s:--%s", o->command, o->name);
		if (o->letter != '\0')
			printf(" | %s:-%c", o->command, o->letter);
		printf(") echo '%s %s' ;;\n", o->completes, or_nothing(o->words));
	}
	printf("\tesac\n}\n\n");
}

static void
bash_arguments(void)
{
	size_t place = 0;

	printf("_swm_argument() {\n\tcase $1:$2 in\n");
	for (size_t i = 0; i < COUNT(arguments); i++) {
		const struct argument *a = &arguments[i];
		place = i > 0 && strcmp(arguments[i - 1].command, a->command) == 0 ? place + 1 : 1;
		if (is_repeated(a))
			printf("\t%s:*) ", a->command);
		else
			printf("\t%s:%zu) ", a->command, place);
		printf("echo '%s %s' ;;\n", a->completes, or_nothing(a->words));
	}
	printf("\tesac\n}\n");
}

static void
write_bash(void)
{
	printf("_swm_commands='");
	for (size_t c = 0; c < COUNT(commands); c++)
		printf("%s%s", c == 0 ? "" : " ", commands[c].name);
	printf("'\n\n");
	bash_options();
	bash_values();
	bash_arguments();
}

/* ---- zsh: the specifications of _describe and _arguments */

/* Within single quotes, and with what _arguments and _describe would take for their own syntax. */
static void
zsh_text(const char *text, const char *special)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			fputs("'\\'", stdout);
		else if (strchr(special, *text) != NULL)
			putchar('\\');
		putchar(*text);
	}
}

static void
zsh_action(const char *completes, const char *words)
{
	if (strcmp(completes, "WORDS") == 0)
		printf("(%s)", words);
	else if (strcmp(completes, "FILES") == 0)
		printf("_files");
	else if (strcmp(completes, "NOTHING") == 0)
		printf(" ");
	else
		for (printf("_swm_"); *completes != '\0'; completes++)
			putchar(*completes - 'A' + 'a');
}

static void
zsh_option(const struct option *o)
{
	bool repeated = o->value != NULL && strstr(o->value, "...") != NULL;

	printf(" \\\n\t\t\t");
	if (o->letter == '\0')
		printf("'--%s", o->name);
	else if (repeated)
		printf("'*'{-%c,--%s}'", o->letter, o->name);
	else
		printf("'(-%c --%s)'{-%c,--%s}'", o->letter, o->name, o->letter, o->name);
	putchar('[');
	zsh_text(o->help, "[]:\\");
	putchar(']');
	if (o->value != NULL) {
		printf(":%.*s:", (int)strcspn(o->value, "."), o->value);
		zsh_action(o->completes, o->words);
	}
	putchar('\'');
}

static void
zsh_arguments(const char *command)
{
	for (size_t i = 0, place = 1; i < COUNT(arguments); i++) {
		const struct argument *a = &arguments[i];
		if (strcmp(a->command, command) != 0)
			continue;
		if (is_repeated(a))
			printf(" \\\n\t\t\t'*:%s:", a->name);
		else
			printf(" \\\n\t\t\t'%zu:%s%s:", place,
			       strcmp(a->times, "MAYBE") == 0 ? ":" : "", a->name);
		place++;
		zsh_action(a->completes, a->words);
		putchar('\'');
	}
}

static void
write_zsh(void)
{
	printf("_swm_command() {\n\tlocal -a commands=(\n");
	for (size_t c = 0; c < COUNT(commands); c++) {
		printf("\t\t'%s:", commands[c].name);
		zsh_text(commands[c].summary, ":\\");
		printf("'\n");
	}
	printf("\t)\n\t_describe command commands\n}\n\n_swm_arguments() {\n\tcase $1 in\n");
	for (size_t c = 0; c < COUNT(commands); c++) {
		printf("\t%s)\n\t\t_arguments -s '(- *)--help[print what it does]'",
		       commands[c].name);
		for (size_t i = 0; i < COUNT(options); i++)
			if (strcmp(options[i].command, commands[c].name) == 0)
				zsh_option(&options[i]);
		zsh_arguments(commands[c].name);
		printf("\n\t\t;;\n");
	}
	printf("\tesac\n}\n");
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "bash") == 0)
		write_bash();
	else if (argc == 2 && strcmp(argv[1], "zsh") == 0)
		write_zsh();
	else
		return 2;
	return fflush(stdout) != 0;
}
