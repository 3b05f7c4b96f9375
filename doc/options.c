/*
 * Writes the option list of swm.conf(5) from lib/config/options.def. Built and run
 * by the compiler of the build machine, so it includes nothing else of the project.
 */
#include <stdio.h>
#include <string.h>

static const struct option {
	const char *name, *type, *fallback, *alias, *flags, *range, *help;
} options[] = {
#define SWM_OPTION(field, name, type, fallback, alias, flags, range, help) \
	{ name, #type, fallback, alias, flags, range, help },
#include "config/options.def"
#undef SWM_OPTION
};

/* A hyphen that a reader may copy, and no request at the beginning of a line. */
static void
put_text(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '-')
			fputs("\\-", stdout);
		else if (*text == '\\')
			fputs("\\e", stdout);
		else if (*text == '.')
			fputs("\\&.", stdout);
		else
			putchar(*text);
	}
}

static void
put_variable(const char *name)
{
	for (fputs("SWM_", stdout); *name != '\0'; name++)
		putchar(*name >= 'a' && *name <= 'z' ? *name - 'a' + 'A' : *name == '-' ? '_' : *name);
}

static void
put_type(const struct option *o)
{
	for (const char *c = o->type; *c != '\0'; c++)
		putchar(*c - 'A' + 'a');
	if (o->range != NULL) {
		printf(": ");
		put_text(o->range);
	}
}

static void
put_option(const struct option *o)
{
	printf(".TP\n.B ");
	put_text(o->name);
	putchar('\n');
	put_text(o->help);
	if (strchr(o->flags, 'N') != NULL)
		printf("\nNot in effect yet.");
	printf("\n.br\n(");
	put_type(o);
	printf("; default: ");
	put_text(o->fallback == NULL ? "not set" : o->fallback);
	printf("; ");
	put_variable(o->name);
	if (o->alias != NULL) {
		printf("; also ");
		put_text(o->alias);
	}
	if (strchr(o->flags, 'F') != NULL)
		printf("; @\\fIfile\\fR");
	printf(")\n");
}

int
main(void)
{
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		put_option(&options[i]);
	return fflush(stdout) != 0;
}
