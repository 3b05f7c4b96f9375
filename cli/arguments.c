/* The command line of every command, read and explained from the table commands.def. */
#include "config.h"

#include "command.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum times { ONCE, MAYBE, SOME, ANY };

struct argument {
	const char *command, *name;
	enum times times;
};

struct known_option {
	const char *command;
	char letter; /* 0: none */
	const char *name, *value, *words, *help;
};

#define SWM_COMMAND(...)
#define SWM_OPTION(...)
#define SWM_ARGUMENT(command, name, times, completes, words) { #command, name, times },
static const struct argument arguments[] = {
#include "commands.def"
};
#undef SWM_ARGUMENT
#undef SWM_OPTION
#define SWM_ARGUMENT(...)
#define SWM_OPTION(command, option, letter, name, value, completes, words, help) \
	{ #command, letter, name, value, words, help },
static const struct known_option options[OPTION_COUNT] = {
#include "commands.def"
};
#undef SWM_ARGUMENT
#undef SWM_OPTION
#undef SWM_COMMAND
enum { ARGUMENT_COUNT = sizeof arguments / sizeof arguments[0] };

/* Return values of getopt_long() for options, besides -1, ':' and '?'. */
enum { OPTION_HELP = 0x100, OPTION_FIRST };

static void
print_option_help(const struct known_option *o)
{
	enum { COLUMN = 23 };
	const char *blank = o->value == NULL ? "" : " ", *value = o->value == NULL ? "" : o->value;
	char letter[] = "    ";

	if (o->letter != '\0')
		memcpy(letter, (char[]){ '-', o->letter, ',', ' ' }, 4);
	int width = printf("  %s--%s%s%s", letter, o->name, blank, value);
	if (width > COLUMN - 2)
		printf("\n%*s%s\n", COLUMN, "", o->help);
	else
		printf("%*s%s\n", COLUMN - width, "", o->help);
}

static void
print_usage_line(const struct command *command)
{
	static const char *const marks[][2] = { [ONCE] = { "", "" },
		                                [MAYBE] = { "[", "]" },
		                                [SOME] = { "", "..." },
		                                [ANY] = { "[", "...]" } };

	printf("Usage: swm %s [OPTION...]", command->name);
	for (size_t i = 0; i < ARGUMENT_COUNT; i++) {
		const struct argument *a = &arguments[i];
		if (strcmp(a->command, command->name) == 0)
			printf(" %s%s%s", marks[a->times][0], a->name, marks[a->times][1]);
	}
	putchar('\n');
}

void
print_command_help(const struct command *command)
{
	static const struct known_option help = { NULL, 0, "help", NULL, NULL, "print this text" };

	print_usage_line(command);
	printf("%c%s.\n\n", command->summary[0] - 'a' + 'A', command->summary + 1);
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (strcmp(options[i].command, command->name) == 0)
			print_option_help(&options[i]);
	print_option_help(&help);
}

static void
begin_usage_error(const struct command *self)
{
	fprintf(stderr, self == NULL ? "swm: " : "swm %s: ", self == NULL ? "" : self->name);
}

static int
end_usage_error(const struct command *self)
{
	fprintf(stderr, "\nTry 'swm %s%s--help'.\n", self == NULL ? "" : self->name,
	        self == NULL ? "" : " ");
	return EXIT_USAGE;
}

int
usage_error(const struct command *self, const char *format, ...)
{
	va_list args;

	begin_usage_error(self);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	return end_usage_error(self);
}

int
usage_error_near(const struct command *self, const char *problem, const char *wrong,
                 const char *const *names, size_t count, const char *prefix)
{
	const char *near = nearest_name(wrong, names, count);

	begin_usage_error(self);
	fputs(problem, stderr);
	if (near != NULL)
		fprintf(stderr, "; did you mean %s%s?", prefix, near);
	return end_usage_error(self);
}

/* getopt's two forms of the command's options; values are OPTION_FIRST and the row. */
struct forms {
	struct option names[OPTION_COUNT + 2];
	char letters[2 * OPTION_COUNT + 2];
};

static void
make_forms(struct forms *forms, const struct command *self)
{
	struct option *name = forms->names;
	char *letter = forms->letters;

	*letter++ = ':'; /* a value that is missing is told apart */
	for (int i = 0; i < OPTION_COUNT; i++) {
		const struct known_option *o = &options[i];
		if (strcmp(o->command, self->name) != 0)
			continue;
		int takes = o->value == NULL ? no_argument : required_argument;
		*name++ = (struct option){ o->name, takes, NULL, OPTION_FIRST + i };
		if (o->letter == '\0')
			continue;
		*letter++ = o->letter;
		if (o->value != NULL)
			*letter++ = ':';
	}
	*letter = '\0';
	*name++ = (struct option){ "help", no_argument, NULL, OPTION_HELP };
	*name = (struct option){ NULL, 0, NULL, 0 };
}

static int
option_of_letter(const struct command *self, int letter)
{
	for (int i = 0; i < OPTION_COUNT; i++)
		if (options[i].letter == letter && strcmp(options[i].command, self->name) == 0)
			return i;
	return -1;
}

/* An option that getopt does not know, or that it knows too many of. */
static int
say_wrong_option(const struct command *self, const struct forms *forms, const char *word)
{
	const char *names[OPTION_COUNT + 1];
	size_t count = 0, len = strcspn(word, "=");
	char problem[128], wrong[64];

	if (optopt >= OPTION_HELP)
		return usage_error(self, "%.*s takes no value", (int)len, word);
	if (optopt != 0)
		return usage_error(self, "there is no option -%c", optopt);
	for (const struct option *o = forms->names; o->name != NULL; o++)
		names[count++] = o->name;
	snprintf(wrong, sizeof wrong, "%.*s", (int)len - 2, word + 2);
	snprintf(problem, sizeof problem, "there is no option %.*s", (int)len, word);
	return usage_error_near(self, problem, wrong, names, count, "--");
}

/* Splits in place; returns how many there are. */
static size_t
split_words(char *text, const char **words, size_t room)
{
	size_t count = 0;

	for (char *state, *word = strtok_r(text, " ", &state); word != NULL && count < room;
	     word = strtok_r(NULL, " ", &state))
		words[count++] = word;
	return count;
}

/* If the table lists words, the value must be one of them. */
static int
check_word(const struct command *self, const struct known_option *o, const char *value)
{
	enum { MOST = 16 };
	char text[128], problem[256];
	const char *words[MOST];

	if (o->words == NULL)
		return EXIT_DONE;
	snprintf(text, sizeof text, "%s", o->words);
	size_t count = split_words(text, words, MOST), len;
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i], value) == 0)
			return EXIT_DONE;
	len = (size_t)snprintf(problem, sizeof problem, "--%s takes ", o->name);
	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(problem + len, sizeof problem - len, "%s%s",
		                        i == 0 ? "" : i == count - 1 ? " or " : ", ", words[i]);
	snprintf(problem + len, sizeof problem - len, ", not '%.40s'", value);
	return usage_error_near(self, problem, value, words, count, "");
}

static int
check_count(const struct command *self, int argc, char **argv)
{
	int at = optind;

	for (size_t i = 0; i < ARGUMENT_COUNT; i++) {
		const struct argument *a = &arguments[i];
		if (strcmp(a->command, self->name) != 0)
			continue;
		if (at >= argc && (a->times == ONCE || a->times == SOME))
			return usage_error(self, "%s is missing", a->name);
		at = a->times == SOME || a->times == ANY ? argc : at + 1;
	}
	if (at < argc)
		return usage_error(self, "one argument too many: '%s'", argv[at]);
	return ARGUMENTS_READ;
}

int
read_arguments(const struct command *self, int argc, char **argv, take_function *take, void *wish)
{
	struct forms forms;
	int option;

	make_forms(&forms, self);
	opterr = 0;
	while ((option = getopt_long(argc, argv, forms.letters, forms.names, NULL)) != -1) {
		if (option == OPTION_HELP) {
			print_command_help(self);
			return EXIT_DONE;
		}
		if (option == ':')
			return usage_error(self, "%s needs a value", argv[optind - 1]);
		if (option == '?')
			return say_wrong_option(self, &forms, argv[optind - 1]);
		int row = option < OPTION_HELP ? option_of_letter(self, option)
		                               : option - OPTION_FIRST;
		int status = check_word(self, &options[row], optarg);
		if (status == EXIT_DONE)
			status = take(wish, self, row, optarg);
		if (status != EXIT_DONE)
			return status;
	}
	return check_count(self, argc, argv);
}
