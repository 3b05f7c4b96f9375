/* swm import: the rows of files into a table, a chunk at a time. */
#include "config.h"

#include "import.h"

#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static volatile sig_atomic_t stop;

static void
take_signal(int number)
{
	(void)number;
	stop = 1;
}

/* Once; the next signal ends the process. */
static void
catch_signals(void)
{
	struct sigaction action = { .sa_handler = take_signal, .sa_flags = (int)SA_RESETHAND };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

/*
 * Files
 */

static ptrdiff_t
read_input(void *user, char *to, size_t room)
{
	const struct import *im = user;
	ssize_t n = -1;

	errno = EINTR;
	while (n < 0 && errno == EINTR && stop == 0)
		n = read(im->fd, to, room);
	return n;
}

static int
fail_input(struct import *im, int result)
{
	const char *name = im->input->name;

	import_begin_message(im);
	if (stop != 0)
		fputs("interrupted\n", stderr);
	else if (result == SWM_EPARSE)
		fprintf(stderr, "%s:%llu: %s\n", name, (unsigned long long)im->chunks.problem_line,
		        im->chunks.problem);
	else if (result == SWM_ESYSTEM)
		fprintf(stderr, "%s cannot be read: %s\n", name, strerror(errno));
	else
		complain(NULL);
	return import_tell_end(im, im->chunks.next.line);
}

static int
write_chunks(struct import *im)
{
	struct chunk chunk;
	int status = 0;

	do {
		int result = chunks_next(&im->chunks, &chunk);
		if (result != SWM_OK || stop != 0)
			return fail_input(im, result);
		im->file.header = (swm_str){ im->chunks.header, im->chunks.header_len };
		if (chunk.records > 0)
			status = import_chunk(im, chunk);
	} while (status == 0 && chunk.records > 0);
	return status;
}

static bool
is_standard_input(const struct input *input)
{
	return strcmp(input->path, "-") == 0;
}

static int
write_input(struct import *im, const struct input *input)
{
	im->input = input;
	im->file.form = input->form;
	im->fd = is_standard_input(input) ? STDIN_FILENO : open(input->path, O_RDONLY | O_CLOEXEC);
	if (im->fd < 0) {
		fprintf(stderr, "swm: %s cannot be read: %s\n", input->name, strerror(errno));
		return EXIT_FAILED;
	}
	int result = chunks_open(&im->chunks, input->form, im->chunk_size, read_input, im);
	int status = result == SWM_OK ? write_chunks(im) : complain(NULL);
	chunks_close(&im->chunks);
	if (im->fd != STDIN_FILENO)
		close(im->fd);
	im->file.bytes_before += input->size > 0 ? (uint64_t)input->size : 0;
	return status;
}

/* In bytes; 0 when a part of it is not known. */
static uint64_t
total_size(const struct import *im)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < im->input_count; i++) {
		if (im->inputs[i].size < 0)
			return 0;
		sum += (uint64_t)im->inputs[i].size;
	}
	return sum;
}

/* Which of several runs wrote what is the same for the table, but not for who counts. */
static void
tell_summary(const struct import *im)
{
	printf("%llu written", (unsigned long long)im->written);
	if (im->replayed > 0)
		printf(" (%llu of them by an earlier run)", (unsigned long long)im->replayed);
	printf(", %llu skipped\n", (unsigned long long)im->skipped);
}

static int
write_inputs(struct import *im)
{
	int status = 0;

	if (im->skip_path != NULL && (im->skip_to = fopen(im->skip_path, "w")) == NULL)
		return import_fail_skip_file(im);
	catch_signals();
	if (!im->quiet)
		progress_begin(&im->progress, stderr, im->upload.table, PROGRESS_BYTES,
		               total_size(im));
	for (size_t i = 0; i < im->input_count && status == 0; i++)
		status = write_input(im, &im->inputs[i]);
	progress_end(&im->progress);
	if (im->skip_to != NULL && fclose(im->skip_to) != 0 && status == 0)
		status = import_fail_skip_file(im);
	if (status == 0 && !im->quiet)
		tell_summary(im);
	return status;
}

/*
 * Checks before anything is done
 */

static bool
begins_with(swm_str s, const char *prefix)
{
	return s.len >= strlen(prefix) && memcmp(s.ptr, prefix, strlen(prefix)) == 0;
}

static int
check_settings(const struct import *im, swm_error *err)
{
	swm_str table, end;

	if (swm_config_get(im->upload.config, "db-idempotency-table", &table, err) != SWM_OK ||
	    swm_config_get(im->upload.config, "db-tx-end", &end, err) != SWM_OK)
		return complain(err);
	if (begins_with(end, "rollback")) {
		fputs("swm: nothing would be kept: db-tx-end is rollback\n", stderr);
		return EXIT_FAILED;
	}
	if (im->upload.keyed && table.len == 0) {
		fputs("swm: db-idempotency-table is not set, so no key is kept by which a second run\n"
		      "would know what the first one wrote; --no-key goes without\n",
		      stderr);
		return EXIT_FAILED;
	}
	return 0;
}

static int
load_and_write(struct import *im)
{
	swm_error *err = swm_error_new();
	int status = load_config(&im->upload.config, im->config, err) == SWM_OK
	                 ? check_settings(im, err)
	                 : complain(err);

	if (status == 0)
		status = upload_open(&im->upload, err);
	if (status == 0)
		status = write_inputs(im);
	upload_close(&im->upload);
	swm_config_free(im->upload.config);
	swm_error_free(err);
	return status;
}

static bool
ends_with(const char *s, const char *ending)
{
	size_t len = strlen(s), ending_len = strlen(ending);

	return len > ending_len && strcasecmp(s + len - ending_len, ending) == 0;
}

static int
find_form(const struct command *self, const struct import *im, struct input *input)
{
	static const struct {
		const char *ending, *format;
		enum chunk_form form;
	} forms[] = {
		{ ".csv", "csv", CHUNK_CSV },
		{ ".ndjson", "ndjson", CHUNK_LINES },
		{ ".jsonl", "ndjson", CHUNK_LINES },
		{ ".json", "json", CHUNK_ARRAY },
	};

	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		if (im->format != NULL ? strcmp(im->format, forms[i].format) == 0
		                       : ends_with(input->path, forms[i].ending)) {
			input->form = forms[i].form;
			return 0;
		}
	return usage_error(self, "the format of %s is not known: give --format", input->name);
}

/* Also that the rejected rows do not take the place of a file that is to be read. */
static int
look_at(const struct command *self, const struct import *im, struct input *input)
{
	struct stat status, of_skip;
	bool is_there = is_standard_input(input) ? fstat(STDIN_FILENO, &status) == 0
	                                         : stat(input->path, &status) == 0;

	if (!is_there) {
		fprintf(stderr, "swm: %s cannot be read: %s\n", input->name, strerror(errno));
		return EXIT_FAILED;
	}
	input->size = S_ISREG(status.st_mode) ? status.st_size : -1;
	if (im->skip_path != NULL && stat(im->skip_path, &of_skip) == 0 &&
	    S_ISREG(of_skip.st_mode) && of_skip.st_dev == status.st_dev &&
	    of_skip.st_ino == status.st_ino)
		return usage_error(self, "--skip would overwrite %s", input->name);
	return find_form(self, im, input);
}

static int
look_at_inputs(const struct command *self, struct import *im, int argc, char **argv)
{
	int status = 0;

	im->input_count = argc > 0 ? (size_t)argc : 1;
	im->inputs = calloc(im->input_count, sizeof *im->inputs);
	if (im->inputs == NULL)
		return complain(NULL);
	for (size_t i = 0; i < im->input_count && status == 0; i++) {
		struct input *input = &im->inputs[i];
		input->path = argc > 0 ? argv[i] : "-";
		input->name = is_standard_input(input) ? "standard input" : input->path;
		status = look_at(self, im, input);
	}
	return status;
}

/*
 * The command line
 */

static int
take_size(const struct command *self, struct import *im, const char *value)
{
	enum { MOST = 1 << 30 };
	static const struct {
		const char *name;
		unsigned long long factor;
	} units[] = { { "", 1 }, { "KiB", 1 << 10 }, { "MiB", 1 << 20 }, { "GiB", 1 << 30 } };
	char *unit;
	unsigned long long number = strtoull(value, &unit, 10);

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (strcasecmp(unit, units[i].name) != 0 || unit == value || value[0] == '-')
			continue;
		if (number < 1 || number > MOST / units[i].factor)
			break;
		im->chunk_size = number * units[i].factor;
		return EXIT_DONE;
	}
	return usage_error(self, "--chunk takes a size up to 1GiB, as 512KiB or 8MiB, not '%s'",
	                   value);
}

static int
take_import_option(void *wish, const struct command *self, int option, char *value)
{
	struct import *im = wish;
	struct upload *u = &im->upload;
	const char **const texts[OPTION_COUNT] = {
		[OPTION_import_token] = &u->token,
		[OPTION_import_role] = &u->role,
		[OPTION_import_schema] = &u->schema,
		[OPTION_import_columns] = &u->columns,
		[OPTION_import_on_conflict] = &u->on_conflict,
		[OPTION_import_format] = &im->format,
		[OPTION_import_skip] = &im->skip_path,
	};

	if (option == OPTION_import_chunk)
		return take_size(self, im, value);
	if (texts[option] != NULL)
		*texts[option] = value;
	u->merges |= option == OPTION_import_upsert;
	u->keyed &= option != OPTION_import_no_key;
	im->quiet |= option == OPTION_import_quiet;
	return EXIT_DONE;
}

static int
read_import(const struct command *self, struct import *im, int argc, char **argv)
{
	int status = read_arguments(self, argc, argv, take_import_option, im);
	const struct upload *u = &im->upload;

	if (status != ARGUMENTS_READ)
		return status;
	if (u->token != NULL && u->role != NULL)
		return usage_error(self, "--token and --role exclude each other");
	if (u->keyed && u->token == NULL && u->role == NULL)
		return usage_error(self,
		                   "keys belong to somebody: give --role, --token or --no-key");
	if (u->on_conflict != NULL && !u->merges)
		return usage_error(self, "--on-conflict is for --upsert");
	im->config = argv[optind];
	im->upload.table = argv[optind + 1];
	status = look_at_inputs(self, im, argc - optind - 2, argv + optind + 2);
	return status == 0 ? ARGUMENTS_READ : status;
}

int
import_run(const struct command *self, int argc, char **argv)
{
	struct import im = { .chunk_size = 8 << 20 };

	im.upload.keyed = true;
	im.upload.stop = &stop;
	im.upload.progress = &im.progress;
	int status = read_import(self, &im, argc, argv);
	if (status == ARGUMENTS_READ)
		status = load_and_write(&im);
	free(im.inputs);
	return status;
}
