/* swm export: all rows of a query as a file, which after a break goes on where it stopped. */
#include "config.h"

#include "ask.h"
#include "command.h"
#include "export.h"

#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

enum {
	LARGEST_PAGE = 10000,      /* rows */
	RESUMED_PAGE = 1000,
	GOOD_PAGE = 512 * 1024,    /* bytes: one of more than a mebibyte has no link to the next */
	HELD_PAGE = 2048 * 1024,
	KEEP_MS = 1000,
	MOST_RETRIES = 6,          /* after pauses of 1, 2, 4, 8, 16 and 32 seconds */
};

struct export {
	const char *config_file, *table, *token, *role, *schema, *format;
	bool restart, quiet;
	const swm_config *config;
	swm_engine *engine;
	swm_error *err;
	struct export_query query;
	swm_str mount;
	struct export_file file;
	struct export_rows rows;
	struct progress progress;
	uint64_t limit;            /* of the next page; 0: all that is left comes in one answer */
	bool probes;               /* it is not known yet whether there are pages */
	bool is_counted, says_no_pages;
	uint64_t kept_ms;
	int retries;
};

/* An answer as it comes. */
struct answer {
	struct export *x;
	int status;
	char *next;          /* the parameter that begins the next page */
	struct text problem; /* the body of an error */
	bool is_too_large;   /* for a page, and was given up */
	bool is_said;        /* why it was given up */
};

enum outcome { GOT, TOO_LARGE, REFUSED, LOST, FAILED };

/*
 * Being stopped: the request that runs is cancelled by a pipe that ends, and a second signal
 * does what it always does.
 */

static volatile sig_atomic_t stopped;
static int stop_pipe[2] = { -1, -1 };

static void
take_signal(int number)
{
	stopped = number;
	close(stop_pipe[1]);
}

static bool
catch_signals(void)
{
	static const int all[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = take_signal, .sa_flags = (int)SA_RESETHAND }, old;

	if (pipe(stop_pipe) != 0)
		return false;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (sigaction(all[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(all[i], &action, NULL);
	signal(SIGXFSZ, SIG_IGN); /* a file that may grow no further is an error of write() */
	return true;
}

static void
pause_for(int seconds)
{
	struct pollfd end = { .fd = stop_pipe[0] };

	poll(&end, 1, seconds * 1000);
}

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/*
 * One answer
 */

static int
take_status(void *user, int status)
{
	struct answer *a = user;

	a->status = status;
	return 0;
}

/* <?...&after=...>; rel="next": the last parameter, as others may have a name that ends so. */
static int
take_link(struct answer *a, swm_str value)
{
	const char *end = memchr(value.ptr, '>', value.len), *begin = end;

	while (begin != NULL && begin > value.ptr && begin[-1] != '&' && begin[-1] != '?')
		begin--;
	if (begin == NULL || begin == value.ptr)
		return 0;
	free(a->next);
	a->next = strndup(begin, (size_t)(end - begin));
	return a->next == NULL;
}

/* The planner estimates only the rows after the beginning of the page. */
static void
take_count(struct export *x, swm_str range)
{
	const char *slash = memchr(range.ptr, '/', range.len);
	char text[24] = "";

	if (slash == NULL || x->is_counted)
		return;
	snprintf(text, sizeof text, "%.*s", (int)(range.len - (size_t)(slash + 1 - range.ptr)),
	         slash + 1);
	uint64_t total = strtoull(text, NULL, 10), most = (uint64_t)x->query.limit;
	x->is_counted = true;
	if (total == 0)
		return;
	total += x->file.place.rows;
	x->progress.state.total = x->query.limit >= 0 && total > most ? most : total;
}

static int
take_header(void *user, swm_str name, swm_str value)
{
	struct answer *a = user;

	if (ask_is_field(name, "Link"))
		return take_link(a, value);
	if (ask_is_field(name, "Content-Range"))
		take_count(a->x, value);
	return 0;
}

static void
show_progress(struct export *x)
{
	if (x->rows.count > x->progress.state.total)
		x->progress.state.total = 0; /* it was an estimate */
	progress_update(&x->progress, x->file.place.bytes + x->file.loose, x->rows.count);
}

static bool
write_rows(struct answer *a)
{
	struct export *x = a->x;

	a->is_said = !export_file_write(&x->file, &x->rows.out);
	text_clear(&x->rows.out);
	if (!a->is_said)
		show_progress(x);
	return !a->is_said;
}

/* Called once rows have come and the answer is known not to be a page. */
static void
say_no_pages(struct export *x)
{
	if (!x->says_no_pages && !x->quiet && x->file.name != NULL) {
		progress_clear(&x->progress);
		fputs("swm: the rows have no key, or an order without it: should this break off, "
		      "it cannot go on\n", stderr);
	}
	x->says_no_pages = true;
}

/* A page is held until it is complete; other answers are written at once. */
static int
take_body(void *user, swm_str piece)
{
	struct answer *a = user;
	struct export *x = a->x;

	if (!ask_is_success(a->status)) {
		text_add(&a->problem, piece.ptr, piece.len);
		return a->problem.failed;
	}
	if (!export_rows_add(&x->rows, piece))
		return -1;
	if (x->limit == 0) {
		say_no_pages(x);
		return write_rows(a) ? 0 : -1;
	}
	a->is_too_large = a->next == NULL && x->rows.out.len > HELD_PAGE;
	return a->is_too_large ? -1 : 0;
}

static int
add_headers(struct export *x, swm_request *request, const char *authorization, const char *prefer)
{
	const char *accept = x->rows.format == EXPORT_CSV ? "text/csv" : "application/x-ndjson";
	int result = swm_request_add_header(request, SWM_STR("Accept"), ask_view(accept));

	if (result == SWM_OK && authorization[0] != '\0')
		result = swm_request_add_header(request, SWM_STR("Authorization"),
		                                ask_view(authorization));
	if (result == SWM_OK && x->schema != NULL)
		result = swm_request_add_header(request, SWM_STR("Accept-Profile"),
		                                ask_view(x->schema));
	if (result == SWM_OK)
		result = swm_request_add_header(request, SWM_STR("Prefer"), ask_view(prefer));
	return result;
}

/* The count is for the progress alone, and asked for once. */
static const char *
preferences(const struct export *x)
{
	bool counts = x->progress.stream != NULL && !x->is_counted;
	bool by_key = x->limit > 0 || x->file.place.after != NULL;

	if (by_key)
		return counts ? "order=key, count=planned" : "order=key";
	return counts ? "count=planned" : "";
}

static int
serve(struct export *x, struct answer *a, const char *target, const char *authorization)
{
	swm_sink sink = { sizeof sink, a, take_status, take_header, take_body };
	swm_request *request;
	int result = swm_request_new(&request, x->err);

	if (result != SWM_OK)
		return result;
	swm_request_set_method(request, SWM_STR("GET"));
	swm_request_set_target(request, ask_view(target));
	swm_request_set_prefix(request, x->mount);
	swm_request_set_abort_fd(request, stop_pipe[0]);
	result = add_headers(x, request, authorization, preferences(x));
	if (result == SWM_OK)
		result = swm_engine_serve(x->engine, request, &sink, x->err);
	swm_request_free(request);
	return result;
}

/* True if a retry may succeed: there was no connection, or none was free. */
static bool
is_passing(int status)
{
	return status == 503 || status == 504;
}

static enum outcome
outcome_of(struct answer *a, int result)
{
	struct export *x = a->x;

	if (result == SWM_OK && !ask_is_success(a->status))
		return is_passing(a->status) ? LOST : REFUSED;
	if (result == SWM_OK && export_rows_end(&x->rows))
		return GOT;
	if (a->is_too_large)
		return TOO_LARGE;
	if (result != SWM_OK && result != SWM_ESINK && is_passing(swm_error_http_status(x->err)))
		return LOST;
	return FAILED;
}

static enum outcome
ask(struct answer *a)
{
	struct export *x = a->x;
	const struct export_place *place = &x->file.place;
	char *authorization = make_authorization(x->config, x->token, x->role, x->err);
	char *target = export_query_page(&x->query, place->rows, place->after, x->limit);
	enum outcome outcome = FAILED;

	export_rows_begin(&x->rows, place->bytes > 0, place->rows);
	a->is_said = authorization == NULL;
	if (authorization != NULL && target != NULL)
		outcome = outcome_of(a, serve(x, a, target, authorization));
	free(authorization);
	free(target);
	return outcome;
}

/*
 * The result
 */

/* Prints the error of a failed answer. */
static void
complain_of(const struct answer *a, enum outcome outcome)
{
	const struct export *x = a->x;

	if (stopped != 0 || a->is_said)
		return;
	if (x->rows.has_changed)
		fputs("swm: the columns are others than when the export began; --restart begins "
		      "anew\n", stderr);
	else if (a->problem.len > 0)
		ask_print_problem(a->status, (swm_str){ a->problem.bytes, a->problem.len });
	else if (outcome == REFUSED)
		fprintf(stderr, "swm: the answer has status %d\n", a->status);
	else
		complain(x->err);
}

/* Waits before a retry, longer each time. False: no retries are left. */
static bool
wait_for_connection(struct export *x, const struct answer *a)
{
	int seconds = 1 << x->retries;

	if (stopped != 0 || x->retries == MOST_RETRIES || !export_file_take_back(&x->file))
		return false;
	x->retries++;
	progress_clear(&x->progress);
	if (!x->quiet) {
		complain_of(a, LOST);
		fprintf(stderr, "swm: trying again in %d second%s\n", seconds,
		        seconds == 1 ? "" : "s");
	}
	pause_for(seconds);
	return stopped == 0;
}

/* As many rows as make a page of a good size, if they are like those that came. */
static void
choose_limit(struct export *x, uint64_t rows)
{
	uint64_t bytes = x->rows.out.len > 0 ? x->rows.out.len : 1;
	uint64_t wanted = rows * GOOD_PAGE / bytes;

	x->limit = wanted < 1 ? 1 : wanted > LARGEST_PAGE ? LARGEST_PAGE : wanted;
}

static bool
keep_from_time_to_time(struct export *x)
{
	uint64_t now = now_ms();

	if (now - x->kept_ms < KEEP_MS)
		return true;
	x->kept_ms = now;
	return export_file_keep(&x->file);
}

enum next { GO_ON, COMPLETE, BROKEN };

/* It has no link to what follows. Where not even one row has one, the rest comes in one answer. */
static enum next
take_less(struct export *x)
{
	x->limit = x->probes ? 0 : x->limit / 2;
	return GO_ON;
}

static enum next
take_answer(struct export *x, struct answer *a)
{
	uint64_t rows = x->rows.count - x->file.place.rows;
	bool is_all = x->limit == 0 || rows < x->limit ||
	              (x->query.limit >= 0 && x->rows.count == (uint64_t)x->query.limit);

	if (a->next == NULL && !is_all)
		return take_less(x);
	x->probes = false;
	if (x->limit > 0)
		choose_limit(x, rows);
	if (x->rows.format == EXPORT_CSV)
		x->file.place.header = x->rows.header.len;
	if (!write_rows(a) || !export_file_advance(&x->file, x->rows.count, a->next))
		return BROKEN;
	if (is_all || a->next == NULL)
		return COMPLETE;
	return keep_from_time_to_time(x) ? GO_ON : BROKEN;
}

static enum next
go_on(struct export *x)
{
	struct answer a = { .x = x };
	enum outcome outcome = ask(&a);
	enum next next = BROKEN;

	x->retries = outcome == LOST ? x->retries : 0;
	if (outcome == GOT)
		next = take_answer(x, &a);
	else if (outcome == TOO_LARGE)
		next = take_less(x);
	else if (outcome == LOST && wait_for_connection(x, &a))
		next = GO_ON;
	else if (outcome == REFUSED && x->probes) /* perhaps the order was */
		next = take_less(x);
	if (next == BROKEN) {
		progress_clear(&x->progress);
		if (outcome != GOT)
			complain_of(&a, outcome);
	}
	x->probes = x->probes && outcome == LOST;
	text_free(&a.problem);
	free(a.next);
	return next;
}

/*
 * The export
 */

static bool
finish(struct export *x)
{
	export_rows_finish(&x->rows);
	progress_end(&x->progress);
	return export_file_write(&x->file, &x->rows.out) && export_file_finish(&x->file);
}

/* Leaves the files of an interrupted export so that it can be resumed. */
static void
leave(struct export *x)
{
	struct export_file *f = &x->file;

	progress_end(&x->progress);
	if (f->place.after != NULL && f->place.rows > f->kept && export_file_take_back(f))
		export_file_keep(f);
	if (f->kept == 0)
		export_file_abandon(f);
	else if (f->name != NULL)
		fprintf(stderr, "swm: %llu rows are in %s; the same command goes on from there\n",
		        (unsigned long long)f->kept, f->part);
}

static int
run(struct export *x)
{
	enum next next = GO_ON;
	const struct export_place *place = &x->file.place;

	if (place->after != NULL && !export_file_header(&x->file, &x->rows.header))
		return EXIT_FAILED;
	if (place->after != NULL && !x->quiet)
		fprintf(stderr, "swm: going on behind %llu rows\n",
		        (unsigned long long)place->rows);
	x->limit = place->after == NULL ? 1 : RESUMED_PAGE;
	x->probes = place->after == NULL;
	if (isatty(STDOUT_FILENO) != 1 || x->file.name != NULL)
		progress_begin(&x->progress, stderr, x->table, PROGRESS_ROWS, 0);
	progress_resume(&x->progress, place->bytes, place->rows);
	while (next == GO_ON && stopped == 0)
		next = go_on(x);
	if (next != COMPLETE || !finish(x)) {
		leave(x);
		return EXIT_FAILED;
	}
	if (!x->quiet)
		fprintf(stderr, "%llu row%s written\n", (unsigned long long)x->rows.count,
		        x->rows.count == 1 ? "" : "s");
	return EXIT_DONE;
}

/* db-max-rows limits each answer, but not the export. */
static int
open_and_run(struct export *x, swm_config *config)
{
	int result = swm_config_set(config, "db-max-rows", "", x->err);

	if (result == SWM_OK)
		result = swm_engine_open(&x->engine, config, NULL, x->err);
	if (result != SWM_OK)
		return complain(x->err);
	int status = EXIT_FAILED;
	if (!catch_signals())
		complain(NULL);
	else if (export_file_open(&x->file, x->restart))
		status = run(x);
	swm_engine_close(x->engine);
	export_file_close(&x->file);
	export_rows_free(&x->rows);
	return status;
}

/* The format by its name, or by the extension of the file. */
static enum export_format
choose_format(const struct export *x)
{
	static const struct {
		const char *name;
		enum export_format format;
	} all[] = { { "csv", EXPORT_CSV }, { "ndjson", EXPORT_NDJSON }, { "json", EXPORT_JSON },
		    { "jsonl", EXPORT_NDJSON } };
	const char *dot = x->file.name == NULL ? NULL : strrchr(x->file.name, '.');
	const char *name = x->format != NULL ? x->format : dot == NULL ? "" : dot + 1;

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (strcasecmp(name, all[i].name) == 0)
			return all[i].format;
	return EXPORT_CSV;
}

static int
load_and_run(struct export *x)
{
	static const char *const formats[] = { [EXPORT_CSV] = "csv", [EXPORT_NDJSON] = "ndjson",
		                               [EXPORT_JSON] = "json" };
	swm_config *config = NULL;
	bool is_url;
	char *target = ask_target(x->table, &is_url), *path = realpath(x->config_file, NULL);
	int status = EXIT_FAILED;

	x->err = swm_error_new();
	x->rows.format = choose_format(x);
	if (target == NULL || !export_query_split(&x->query, target)) {
		complain(NULL);
	} else if (load_config(&config, x->config_file, x->err) != SWM_OK) {
		complain(x->err);
	} else {
		const char *const identity[EXPORT_IDENTITY] = {
			[EXPORT_CONFIG] = path == NULL ? x->config_file : path,
			[EXPORT_SCHEMA] = x->schema == NULL ? "" : x->schema,
			[EXPORT_QUERY] = target,
			[EXPORT_ROLE] = x->role != NULL    ? x->role
			                : x->token != NULL ? "(token)"
			                                   : "(none)",
			[EXPORT_FORMAT] = formats[x->rows.format],
		};
		memcpy(x->file.identity, identity, sizeof identity);
		x->config = config;
		x->mount = is_url ? ask_mount(config) : SWM_STR("");
		status = open_and_run(x, config);
	}
	export_query_free(&x->query);
	swm_config_free(config);
	swm_error_free(x->err);
	free(target);
	free(path);
	return status;
}

static int
take_export_option(void *wish, const struct command *self, int option, char *value)
{
	struct export *x = wish;

	(void)self;
	switch (option) {
	case OPTION_export_token:
		x->token = value;
		break;
	case OPTION_export_role:
		x->role = value;
		break;
	case OPTION_export_schema:
		x->schema = value;
		break;
	case OPTION_export_format:
		x->format = value;
		break;
	case OPTION_export_force:
		x->file.replaces = true;
		break;
	case OPTION_export_restart:
		x->restart = true;
		break;
	default:
		x->quiet = true;
		break;
	}
	return EXIT_DONE;
}

int
export_run(const struct command *self, int argc, char **argv)
{
	struct export x = { .file = { .fd = -1, .progress = &x.progress } };
	int status = read_arguments(self, argc, argv, take_export_option, &x);

	if (status != ARGUMENTS_READ)
		return status;
	if (x.token != NULL && x.role != NULL)
		return usage_error(self, "--token and --role exclude each other");
	x.config_file = argv[optind];
	x.table = argv[optind + 1];
	if (optind + 2 < argc && strcmp(argv[optind + 2], "-") != 0)
		x.file.name = argv[optind + 2];
	status = load_and_run(&x);
	if (stopped != 0)
		/* the handler is the default one again, so that the parent process sees the signal */
		raise(stopped);
	return status;
}
