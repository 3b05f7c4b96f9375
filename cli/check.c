/* swm check and swm dump: what a configuration says, and what is wrong with it. */
#include "config.h"

#include "command.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

extern char **environ;

static int
print_warning(void *user, swm_str warning)
{
	(void)user;
	fprintf(stderr, "warning: %.*s\n", (int)warning.len, warning.ptr);
	return 0;
}

/* Reads both file and environment, so that the problems of both are reported together. */
static bool
load_all(swm_config *config, const char *file, swm_error *err)
{
	bool good = true;

	if (strcmp(file, "-") != 0 && swm_config_load_file(config, file, err) != SWM_OK)
		good = complain(err) == EXIT_DONE;
	if (swm_config_load_environment(config, (const char *const *)environ, err) != SWM_OK)
		good = complain(err) == EXIT_DONE;
	return good;
}

static bool
can_connect(const swm_config *config, swm_error *err)
{
	swm_engine_options options = SWM_ENGINE_OPTIONS_INIT;
	swm_engine *engine;

	options.allow_offline = true; /* a schema that is missing is one problem among others */
	if (swm_engine_open(&engine, config, &options, err) != SWM_OK)
		return complain(err) == EXIT_DONE;
	bool good = swm_engine_check(engine, err) == SWM_OK || complain(err) == EXIT_DONE;
	swm_engine_close(engine);
	return good;
}

static int
check_file(const char *file, bool connect)
{
	swm_error *err = swm_error_new();
	swm_config *config = NULL;
	bool good = swm_config_new(&config, err) == SWM_OK;

	if (!good)
		complain(err);
	good = good && load_all(config, file, err);
	if (good) {
		swm_config_warnings(config, print_warning, NULL);
		good = swm_config_check(config, err) == SWM_OK || complain(err) == EXIT_DONE;
	}
	good = good && (!connect || can_connect(config, err));
	if (good)
		printf("%s: ok%s\n", file, connect ? ", and the database answers" : "");
	swm_config_free(config);
	swm_error_free(err);
	return good ? EXIT_DONE : EXIT_FAILED;
}

static int
take_connect(void *wish, const struct command *self, int option, char *value)
{
	bool *connect = wish;

	(void)self, (void)option, (void)value;
	*connect = true;
	return EXIT_DONE;
}

int
check_run(const struct command *self, int argc, char **argv)
{
	bool connect = false;
	int status = read_arguments(self, argc, argv, take_connect, &connect);

	return status == ARGUMENTS_READ ? check_file(argv[optind], connect) : status;
}

static int
print_setting(void *user, swm_str name, swm_str value)
{
	(void)user;
	printf("%.*s = %.*s\n", (int)name.len, name.ptr, (int)value.len, value.ptr);
	return 0;
}

static int
dump_file(const char *file)
{
	swm_error *err = swm_error_new();
	swm_config *config = NULL;
	int status = EXIT_DONE;

	if (load_config(&config, file, err) != SWM_OK)
		status = complain(err);
	else if (swm_config_each(config, print_setting, NULL) != 0)
		status = complain(NULL);
	swm_config_free(config);
	swm_error_free(err);
	return status;
}

int
dump_run(const struct command *self, int argc, char **argv)
{
	int status = read_arguments(self, argc, argv, NULL, NULL);

	return status == ARGUMENTS_READ ? dump_file(argv[optind]) : status;
}
