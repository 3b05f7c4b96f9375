/* swm token: a JSON Web Token signed with the configured secret. */
#include "config.h"

#include "command.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A JSON string (RFC 8259, 7). */
static void
write_string(FILE *to, const char *s, size_t len)
{
	fputc('"', to);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];
		if (c < 0x20)
			fprintf(to, "\\u%04x", c);
		else
			fprintf(to, c == '"' || c == '\\' ? "\\%c" : "%c", c);
	}
	fputc('"', to);
}

static const char *
skip_blanks(const char *s)
{
	return s + strspn(s, " \t\r\n");
}

/* The position after a JSON string that begins at s, or the end of the text. */
static const char *
skip_string(const char *s)
{
	for (s++; *s != '\0' && *s != '"'; s++)
		if (*s == '\\' && s[1] != '\0')
			s++;
	return *s == '"' ? s + 1 : s;
}

/* True if the object has a member with this name at its top level, so that none is given twice. */
static bool
has_member(const char *json, const char *name)
{
	size_t len = strlen(name);
	int depth = 0;

	while (*json != '\0') {
		if (*json != '"') {
			depth += (*json == '{' || *json == '[') - (*json == '}' || *json == ']');
			json++;
			continue;
		}
		const char *end = skip_string(json);
		if (depth == 1 && *skip_blanks(end) == ':' && (size_t)(end - json) == len + 2 &&
		    memcmp(json + 1, name, len) == 0)
			return true;
		json = end;
	}
	return false;
}

struct claims {
	FILE *to;
	const char *given; /* further claims, or NULL */
	const char *separator;
	const char *twice; /* the name of one that was given already */
};

static void
begin_member(struct claims *c, const char *name)
{
	if (c->given != NULL && has_member(c->given, name))
		c->twice = name;
	fputs(c->separator, c->to);
	c->separator = ",";
	write_string(c->to, name, strlen(name));
	fputc(':', c->to);
}

static void
add_string(struct claims *c, const char *name, const char *value, size_t len)
{
	begin_member(c, name);
	write_string(c->to, value, len);
}

static swm_str
setting(const swm_config *config, const char *name)
{
	swm_str value;

	return swm_config_get(config, name, &value, NULL) == SWM_OK ? value : SWM_STR("");
}

/* The given claims, without their closing brace so that more can follow. */
static bool
begin_object(struct claims *c)
{
	const char *given = c->given == NULL ? "{}" : skip_blanks(c->given);
	size_t len = strlen(given);

	while (len > 0 && strchr(" \t\r\n", given[len - 1]) != NULL)
		len--;
	if (len < 2 || given[0] != '{' || given[len - 1] != '}')
		return false;
	fwrite(given, 1, len - 1, c->to);
	c->separator = *skip_blanks(given + 1) == '}' ? "" : ",";
	return true;
}

/* Adds the claims that the configuration requires, unless the user has given them. */
static bool
write_claims(struct claims *c, const swm_config *config, const char *role, long long seconds)
{
	swm_str audience = setting(config, "jwt-aud");

	if (!begin_object(c))
		return false;
	if (role != NULL)
		add_string(c, "role", role, strlen(role));
	if (audience.len > 0 && (c->given == NULL || !has_member(c->given, "aud")))
		add_string(c, "aud", audience.ptr, audience.len);
	if (seconds >= 0) {
		begin_member(c, "exp");
		fprintf(c->to, "%lld", (long long)time(NULL) + seconds);
	}
	fputc('}', c->to);
	return true;
}

/* NULL: an error has been printed. */
static char *
make_claims(const swm_config *config, const char *role, long long seconds, const char *given)
{
	char *text = NULL;
	size_t len;
	struct claims c = { .to = open_memstream(&text, &len), .given = given };

	if (c.to == NULL) {
		complain(NULL);
		return NULL;
	}
	bool written = write_claims(&c, config, role, seconds);
	if (fclose(c.to) == 0 && written && c.twice == NULL)
		return text;
	free(text);
	if (c.twice != NULL)
		fprintf(stderr, "swm: the claim \"%s\" is given twice\n", c.twice);
	else if (!written)
		fprintf(stderr, "swm: the claims are not a JSON object\n");
	else
		complain(NULL);
	return NULL;
}

/* A role is put at the top of the claims, so that is where it must be looked for. */
static bool
can_name_role(const swm_config *config)
{
	static const char *const top[] = { ".role", "$.role" };
	swm_str key = setting(config, "jwt-role-claim-key");

	for (size_t i = 0; i < sizeof top / sizeof top[0]; i++)
		if (key.len == strlen(top[i]) && memcmp(key.ptr, top[i], key.len) == 0)
			return true;
	fprintf(stderr, "swm: jwt-role-claim-key is %.*s: give the role as claims, not as --role\n",
	        (int)key.len, key.ptr);
	return false;
}

char *
make_token(const swm_config *config, const char *role, long long seconds, const char *claims,
           const char *algorithm, swm_error *err)
{
	char *token = NULL;

	if (role != NULL && !can_name_role(config))
		return NULL;
	char *all = make_claims(config, role, seconds, claims);
	if (all == NULL)
		return NULL;
	swm_str text = { all, strlen(all) };
	if (swm_token_sign(&token, config, text, algorithm, err) != SWM_OK) {
		complain(err);
		token = NULL;
	}
	free(all);
	return token;
}

char *
make_authorization(const swm_config *config, const char *token, const char *role, swm_error *err)
{
	enum { SECONDS = 300 };
	char *signed_token = NULL, *text = NULL;

	if (role != NULL) {
		token = signed_token = make_token(config, role, SECONDS, NULL, NULL, err);
		if (token == NULL)
			return NULL;
	}
	int printed = asprintf(&text, "%s%s", token == NULL ? "" : "Bearer ",
	                       token == NULL ? "" : token);
	swm_token_free(signed_token);
	if (printed >= 0)
		return text;
	complain(NULL);
	return NULL;
}

struct wish {
	const char *file, *role, *claims, *algorithm;
	long long seconds;
};

enum { LONGEST = 1000000000 }; /* seconds: some thirty years */

/* Takes a whole number and its unit off a time; seconds when there is none. */
static bool
take_part(const char **text, long long *out)
{
	static const struct {
		char unit;
		int seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	char *end;

	errno = 0;
	long long number = strtoll(*text, &end, 10);
	if (**text < '0' || **text > '9' || errno != 0 || number > LONGEST)
		return false;
	*text = end + (*end != '\0');
	*out += number;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (*end == units[i].unit)
			*out += number * (units[i].seconds - 1);
	return *end == '\0' || strchr("smhd", *end) != NULL;
}

/* "90", "90s", "1h30m". */
static bool
read_time(const char *text, long long *out)
{
	*out = 0;
	do {
		if (!take_part(&text, out))
			return false;
	} while (*text != '\0');
	return *out <= LONGEST;
}

static int
take_token_option(void *user, const struct command *self, int option, char *value)
{
	struct wish *wish = user;

	switch (option) {
	case OPTION_token_role:
		wish->role = value;
		return EXIT_DONE;
	case OPTION_token_claims:
		wish->claims = value;
		return EXIT_DONE;
	case OPTION_token_algorithm:
		wish->algorithm = value;
		return EXIT_DONE;
	default:
		if (!read_time(value, &wish->seconds))
			return usage_error(self, "--expires takes a time of at most 30 years, "
			                   "as 90s, 15m, 1h or 30d, not '%s'", value);
		return EXIT_DONE;
	}
}

static int
print_token(const struct wish *wish)
{
	swm_error *err = swm_error_new();
	swm_config *config = NULL;
	char *token = NULL;

	if (load_config(&config, wish->file, err) != SWM_OK)
		complain(err);
	else
		token = make_token(config, wish->role, wish->seconds, wish->claims, wish->algorithm,
		                   err);
	if (token != NULL)
		puts(token);
	int status = token == NULL ? EXIT_FAILED : EXIT_DONE;
	swm_token_free(token);
	swm_config_free(config);
	swm_error_free(err);
	return status;
}

int
token_run(const struct command *self, int argc, char **argv)
{
	struct wish wish = { .seconds = -1 };
	int status = read_arguments(self, argc, argv, take_token_option, &wish);

	if (status != ARGUMENTS_READ)
		return status;
	wish.file = argv[optind];
	return print_token(&wish);
}
