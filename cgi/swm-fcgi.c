/*
 * swm-fcgi: the web dialect behind a FastCGI web server.
 *
 * The first thread waits for signals. A second opens the engine, which may take
 * as long as the database does, starts the workers, and reloads the schema when
 * asked; so SIGTERM is heeded at any time.
 */
#include "config.h"

#include "listen.h"
#include "log.h"
#include "memory.h"
#include "workers.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

extern char **environ;

/* Seconds that requests in flight have after SIGTERM. */
enum { DRAIN_SECONDS = 30 };

/* Open files: one of the web server's connections for each request that runs or waits. */
enum { FILES_WANTED = 16384 };

struct program {
	swm_config *config;
	struct listener listener;
	unsigned threads;
	pthread_t service;
	pthread_mutex_t lock;
	pthread_cond_t asked;    /* reload or stop has changed */
	bool reload, stop;       /* under lock */
	bool failed;             /* under lock: the start went wrong, and it was said */
	swm_engine *engine;      /* belongs to the service thread until that has ended */
	struct workers *workers; /* under lock; NULL until they run */
};

static int
fail(swm_str message)
{
	fprintf(stderr, "swm-fcgi: %.*s\n", (int)message.len, message.ptr);
	fflush(stderr);
	return EXIT_FAILURE;
}

static int
usage(FILE *to, int status)
{
	fputs("Usage: swm-fcgi [FILE]\n"
	      "Answers FastCGI requests from the PostgreSQL database that the configuration\n"
	      "FILE, and SWM_ variables of the environment, name (see swm.conf(5)).\n"
	      "\n"
	      "  --help     print this and exit\n"
	      "  --version  print the version and exit\n"
	      "\n"
	      "SIGUSR1 reads the schema anew. SIGTERM and SIGINT end the program when the\n"
	      "requests in flight have been answered.\n",
	      to);
	return status;
}

/* The environment wins over the file, as in PostgREST. */
static int
load_config(swm_config **config, const char *file)
{
	swm_error *err = swm_error_new();
	int rc = swm_config_new(config, err);

	if (rc == SWM_OK && file != NULL)
		rc = swm_config_load_file(*config, file, err);
	if (rc == SWM_OK)
		rc = swm_config_load_environment(*config, (const char *const *)environ, err);
	if (rc == SWM_OK)
		rc = swm_config_check(*config, err);
	if (rc != SWM_OK)
		fail(err == NULL ? SWM_STR("out of memory") : swm_error_message(err));
	swm_error_free(err);
	return rc;
}

/* NUL-terminated; "" where it is not set. */
static swm_str
setting(const swm_config *config, const char *name)
{
	swm_str value;

	return swm_config_get(config, name, &value, NULL) == SWM_OK ? value : SWM_STR("");
}

/* -1 where it is not set. */
static int64_t
setting_number(const swm_config *config, const char *name)
{
	int64_t number;

	return swm_config_get_int64(config, name, &number, NULL) == SWM_OK ? number : -1;
}

static unsigned
thread_count(const swm_config *config)
{
	int64_t count = setting_number(config, "server-threads");
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (count < 0)
		count = 16 * (processors < 1 ? 1 : processors) + 8;
	return (unsigned)count;
}

static int
log_warning(void *user, swm_str warning)
{
	(void)user;
	log_notice("configuration: %.*s", (int)warning.len, warning.ptr);
	return 0;
}

/* The signals that main() waits for; every thread inherits that they are blocked. */
static void
awaited_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGUSR1);
	sigaddset(set, SIGUSR2);
}

/* Each request that waits has a connection of the web server, however many come at once. */
static void
raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= FILES_WANTED)
		return;
	limit.rlim_cur = limit.rlim_max < FILES_WANTED ? limit.rlim_max : FILES_WANTED;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static bool
open_listener(struct program *program)
{
	mode_t mode = (mode_t)setting_number(program->config, "server-unix-socket-mode");
	swm_str path = setting(program->config, "server-unix-socket");

	if (listener_inherit(&program->listener))
		return true;
	if (path.len > 0)
		return listener_make(&program->listener, path.ptr, mode);
	fail(SWM_STR("server-unix-socket is not set, and no listening unix socket was handed down"));
	return false;
}

/* The start has failed; main() is woken as if by SIGTERM. */
static void
give_up(struct program *program)
{
	pthread_mutex_lock(&program->lock);
	program->failed = true;
	pthread_mutex_unlock(&program->lock);
	kill(getpid(), SIGTERM);
}

static bool
open_engine(struct program *program, swm_error *err)
{
	swm_engine_options options = SWM_ENGINE_OPTIONS_INIT;

	options.log = log_engine;
	options.allow_offline = true;
	if (swm_engine_open(&program->engine, program->config, &options, err) == SWM_OK) {
		memory_trim();
		return true;
	}
	fail(err == NULL ? SWM_STR("the engine cannot be opened") : swm_error_message(err));
	return false;
}

/*
 * Half of the threads are spared for requests that are not anonymous, as db-pool-anonymous
 * spares connections for them; where it spares none, no thread is spared either.
 */
static unsigned
most_anonymous(const struct program *program)
{
	int64_t connections = setting_number(program->config, "db-pool");
	int64_t anonymous = setting_number(program->config, "db-pool-anonymous");

	return anonymous >= connections || program->threads < 2 ? UINT_MAX : program->threads / 2;
}

static bool
start_workers(struct program *program)
{
	const struct workers_options options = {
		.threads = program->threads,
		.most_anonymous = most_anonymous(program),
		.patience_ms = (int)setting_number(program->config, "server-stall-timeout") * 1000,
		.queue_ms = (int)setting_number(program->config, "db-pool-acquisition-timeout") * 1000,
	};
	bool started;

	/* under the lock: end() must not find them missing when they serve already */
	pthread_mutex_lock(&program->lock);
	program->workers = workers_start(program->listener.fd, program->engine, &options);
	started = program->workers != NULL;
	pthread_mutex_unlock(&program->lock);
	if (!started) {
		log_errno(SWM_LOG_CRITICAL, "cannot start the threads", errno);
		return false;
	}
	log_notice("swm-fcgi %s listens on %s with %u threads", swm_version(),
	           program->listener.path == NULL ? "the socket handed down" : program->listener.path,
	           program->threads);
	return true;
}

static void
reload_schema(struct program *program, swm_error *err)
{
	if (swm_engine_reload_schema(program->engine, err) == SWM_OK)
		log_message(SWM_LOG_INFO, "schema read anew", SWM_STR(""));
	else
		log_message(SWM_LOG_ERROR, "the schema cannot be read anew; the old one stays",
		            swm_error_message(err));
}

/* Waits to be asked for a reload: true; or for the end: false. */
static bool
await_reload(struct program *program)
{
	bool reload;

	pthread_mutex_lock(&program->lock);
	while (!program->reload && !program->stop)
		pthread_cond_wait(&program->asked, &program->lock);
	reload = !program->stop;
	program->reload = false;
	pthread_mutex_unlock(&program->lock);
	return reload;
}

static void *
service_main(void *arg)
{
	struct program *program = arg;
	swm_error *err = swm_error_new();

	if (err == NULL || !open_engine(program, err) || !start_workers(program))
		give_up(program);
	while (await_reload(program))
		reload_schema(program, err);
	swm_error_free(err);
	return NULL;
}

static void
ask(struct program *program, bool *what)
{
	pthread_mutex_lock(&program->lock);
	*what = true;
	pthread_cond_signal(&program->asked);
	pthread_mutex_unlock(&program->lock);
}

/* Returns when the program is to end. */
static void
await_end(struct program *program)
{
	sigset_t set;
	int number;

	awaited_signals(&set);
	for (;;) {
		if (sigwait(&set, &number) != 0)
			continue;
		if (number == SIGTERM || number == SIGINT)
			return;
		if (number == SIGUSR1)
			ask(program, &program->reload);
		else
			log_notice("SIGUSR2: the configuration, and files that it names, are read at the start"
			           " only");
	}
}

/*
 * Ends the threads. False when some still run at the deadline: then the process
 * has to end under them.
 */
static bool
drain(struct program *program, struct workers *workers)
{
	struct timespec deadline;

	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += DRAIN_SECONDS;
	ask(program, &program->stop);
	if (workers != NULL) {
		workers_drain(workers);
		listener_stop(&program->listener);
		if (!workers_join(workers, &deadline))
			return false;
	}
	return pthread_timedjoin_np(program->service, NULL, &deadline) == 0;
}

/* Ends the program under whatever still runs. */
static _Noreturn void
end_now(const struct program *program, int status)
{
	listener_unlink(&program->listener);
	_exit(status);
}

static int
end(struct program *program)
{
	struct workers *workers;
	bool failed;

	pthread_mutex_lock(&program->lock);
	workers = program->workers;
	failed = program->failed;
	/* the engine is being opened; the lock keeps it from going on */
	if (workers == NULL && !failed)
		end_now(program, EXIT_SUCCESS);
	pthread_mutex_unlock(&program->lock);
	if (!drain(program, workers)) {
		log_message(SWM_LOG_CRITICAL, "requests still run; they are cut off", SWM_STR(""));
		end_now(program, EXIT_FAILURE);
	}
	listener_close(&program->listener);
	swm_engine_close(program->engine);
	if (!failed)
		log_notice("ended");
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int
run(struct program *program)
{
	sigset_t set;

	awaited_signals(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	log_open(setting(program->config, "log-level"));
	program->threads = thread_count(program->config);
	raise_file_limit();
	memory_limit();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if (!open_listener(program))
		return EXIT_FAILURE;
	swm_config_warnings(program->config, log_warning, NULL);
	if (pthread_create(&program->service, NULL, service_main, program) != 0) {
		listener_close(&program->listener);
		return fail(SWM_STR("cannot start a thread"));
	}
	await_end(program);
	return end(program);
}

int
main(int argc, char **argv)
{
	struct program program = { .listener = { .fd = -1 }, .lock = PTHREAD_MUTEX_INITIALIZER,
	                           .asked = PTHREAD_COND_INITIALIZER };
	int status = EXIT_FAILURE;

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return usage(stdout, EXIT_SUCCESS);
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return printf("swm-fcgi %s\n", swm_version()) < 0;
	if (argc > 2 || (argc == 2 && argv[1][0] == '-'))
		return usage(stderr, EXIT_FAILURE);
	if (load_config(&program.config, argc == 2 ? argv[1] : NULL) == SWM_OK)
		status = run(&program);
	swm_config_free(program.config);
	return status;
}
