/*
 * Lets memory run out at each allocation of what the library does, and sees what becomes of it:
 *
 *	torture [--all] [ACT[:once|:on|:space[:NUMBER]]...]
 *
 * under tests/with-cluster. An act (acts.c) is done by a child process with its NUMBERth
 * allocation failing, once or from there on; rows that it writes bear a stamp, by which they are
 * looked for over another connection. Without --all a sample of the allocations is taken, the
 * same one each time. Of each point there must be true:
 *
 *	- the child neither crashes nor hangs, and gives all memory back,
 *	- what is said to have failed was not written, but for an outcome that is called unknown,
 *	- a success is the success of an act that nothing disturbed,
 *	- a failure is no fault of the caller's, and the error object tells the same as the result,
 *	- the act succeeds over the same engine when memory is there again.
 *
 * Says which points fail, and ends with a line "N passed, N failed, N skipped".
 */
#include "config.h"

#include "acts.h"
#include "heap.h"
#include "names.h"

#include <errno.h>
#include <execinfo.h>
#include <libpq-fe.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	SAMPLE = 10,             /* points of an act and a mode */
	HANG_MS = 20 * 1000,     /* longer than each deadline that acts.c sets */
	BACKENDS_MS = 10 * 1000, /* the server's processes of a child have gone by then */
	SPACE = 64 << 20,        /* bytes of address space that are left in the mode space */
	SHORT_NOTE = 10,         /* bytes of text that note() returns */
	LONG_NOTE = 96 << 20,
};

enum mode { ONCE = HEAP_ONCE, ON = HEAP_ON, IN_SPACE };
static const char *const mode_names[] = { "once", "on", "space" };
enum { MODES = 3 };

enum phase { PREPARING, ACTING, AGAIN, CLOSING, CLOSED };
static const char *const phase_names[] = { "preparing", "the act", "the next act", "closing",
	                                   "the end" };

/* One child's life. */
struct point {
	const struct act *act;
	enum mode mode;
	long nth; /* of the allocations; 0: none fails */
	long stamp;
	char uri[512];
};

/* What the child leaves for its parent. */
struct report {
	enum phase phase;
	long asked; /* allocations of the act */
	struct heap_trace failed, stuck, leak;
	size_t leaked;
	bool has_stuck;
	struct outcome first, again;
};

enum fault { CRASH, HANG, LEAK, WRITTEN, SUCCESS, DISAGREES, REASON, NEXT, FAULTS };
static const char *const fault_names[] = {
	"crash", "hang", "leak", "failed but written", "wrong success",
	"result and error disagree", "wrong reason", "next act fails",
};

static const char *uri;
static PGconn *admin;
static struct report *report;
static struct outcome *good;
static long last_stamp = 100000000;
static long passed, failed, by_fault[FAULTS];

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static _Noreturn void
give_up(const char *what, const char *why)
{
	fprintf(stderr, "torture: %s: %s\n", what, why);
	exit(2);
}

/*
 * In the child
 */

static void
tell_where(int signal_number)
{
	report->stuck.count = backtrace(report->stuck.frames, HEAP_FRAMES);
	report->has_stuck = true;
	if (signal_number != SIGUSR1) {
		signal(signal_number, SIG_DFL);
		raise(signal_number);
	}
}

static void
catch_signals(void)
{
	static const int caught[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGUSR1 };
	struct sigaction action = { .sa_handler = tell_where, .sa_flags = SA_NODEFER };

	for (size_t i = 0; i < sizeof caught / sizeof caught[0]; i++)
		sigaction(caught[i], &action, NULL);
}

static void
limit_space(bool limited)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
	long pages = 0;

	if (limited) {
		FILE *file = fopen("/proc/self/statm", "r");
		if (file == NULL || fscanf(file, "%ld", &pages) != 1)
			give_up("/proc/self/statm", "it cannot be read");
		fclose(file);
		limit.rlim_cur = (rlim_t)(pages * sysconf(_SC_PAGESIZE) + SPACE);
	}
	setrlimit(RLIMIT_AS, &limit);
}

static void
act_tortured(struct stage *stage, const struct point *point)
{
	if (point->mode == IN_SPACE) {
		limit_space(true);
		point->act->run(stage);
		limit_space(false);
	} else {
		heap_arm(point->nth, (enum heap_mode)point->mode, &report->failed);
		point->act->run(stage);
		report->asked = heap_disarm();
	}
	report->first.ended = true;
}

static void
act_again(struct stage *stage, const struct point *point)
{
	stage->stamp = point->stamp + 1;
	stage->length = SHORT_NOTE;
	stage->outcome = &report->again;
	swm_error_clear(stage->err);
	point->act->run(stage);
	report->again.ended = true;
}

/* The life of a child; also the parent's own, once, to see how an act goes when all is well. */
static void
live(const struct point *point)
{
	struct stage stage = {
		.uri = point->uri,
		.stamp = point->stamp,
		.outcome = &report->first,
		.err = swm_error_new(),
		.length = point->mode == IN_SPACE ? LONG_NOTE : SHORT_NOTE,
	};

	if (stage.err == NULL || stage_open(&stage, point->act->needs_engine) != SWM_OK)
		return;
	report->phase = ACTING;
	act_tortured(&stage, point);
	report->phase = AGAIN;
	act_again(&stage, point);
	report->phase = CLOSING;
	stage_close(&stage);
	swm_error_free(stage.err);
	report->phase = CLOSED;
}

static _Noreturn void
child_main(const struct point *point, bool traces)
{
	catch_signals();
	heap_watch(traces);
	live(point);
	report->leaked = heap_leaked(&report->leak);
	_exit(0);
}

/*
 * Beside it
 */

/* Whether the child has ended in time; its writing end of the pipe is closed then. */
static bool
ends_in_time(int ended)
{
	struct pollfd fd = { .fd = ended, .events = POLLIN };
	int64_t deadline = now_ms() + HANG_MS;
	int left, n;

	do {
		left = (int)(deadline - now_ms());
		n = poll(&fd, 1, left < 0 ? 0 : left);
	} while (n < 0 && errno == EINTR);
	return n > 0;
}

/* Asks the child's first thread where it is, and ends it. */
static void
end_hanging(pid_t child)
{
	int64_t deadline = now_ms() + 1000;

	syscall(SYS_tgkill, child, child, SIGUSR1);
	while (!*(volatile bool *)&report->has_stuck && now_ms() < deadline)
		nanosleep(&(struct timespec){ .tv_nsec = 1000 * 1000 }, NULL);
	kill(child, SIGKILL);
}

/* Returns the status of waitpid(); *hung says that it had to be ended. */
static int
run_child(const struct point *point, bool traces, bool *hung)
{
	int ends[2], status = 0;

	memset(report, 0, offsetof(struct report, first));
	memset(&report->first, 0, offsetof(struct outcome, answer));
	memset(&report->again, 0, offsetof(struct outcome, answer));
	if (pipe(ends) != 0)
		give_up("pipe", strerror(errno));
	fflush(stdout);
	pid_t child = fork();
	if (child < 0)
		give_up("fork", strerror(errno));
	if (child == 0) {
		close(ends[0]);
		child_main(point, traces);
	}
	close(ends[1]);
	*hung = !ends_in_time(ends[0]);
	if (*hung)
		end_hanging(child);
	close(ends[0]);
	waitpid(child, &status, 0);
	return status;
}

static long
number_of(const char *sql, const char *parameter)
{
	PGresult *result = PQexecParams(admin, sql, 1, NULL, &parameter, NULL, NULL, 0);

	if (PQntuples(result) != 1)
		give_up(sql, PQerrorMessage(admin));
	long number = strtol(PQgetvalue(result, 0, 0), NULL, 10);
	PQclear(result);
	return number;
}

/* What a child has sent may still be under way while the server has a process for it. */
static void
await_backends(const struct point *point)
{
	char name[32];
	int64_t deadline = now_ms() + BACKENDS_MS;

	snprintf(name, sizeof name, "torture-%ld", point->stamp);
	while (number_of("SELECT count(*) FROM pg_stat_activity WHERE application_name = $1",
	                 name) > 0) {
		if (now_ms() > deadline)
			give_up(name, "the server's process does not end");
		nanosleep(&(struct timespec){ .tv_nsec = 1000 * 1000 }, NULL);
	}
}

static long
rows_of(long stamp)
{
	char text[32];

	snprintf(text, sizeof text, "%ld", stamp);
	return number_of("SELECT count(*) FROM (SELECT stamp FROM torture.stamps UNION ALL "
	                 "SELECT stamp FROM torture.marks) s WHERE stamp = $1::bigint", text);
}

/*
 * Judging
 */

static bool
is_success(const struct outcome *o)
{
	return o->rc >= 0 && (good->status == 0 || (o->status >= 200 && o->status < 300));
}

/* No more than is there is asked for: of an answer that is not complete, the part that came. */
static bool
agrees_with_good(const struct outcome *o, bool whole)
{
	size_t length = o->length < good->length ? o->length : good->length;

	return o->status == good->status &&
	       (whole ? o->length == good->length : o->length <= good->length) &&
	       memcmp(o->answer, good->answer, length < ANSWER_ROOM ? length : ANSWER_ROOM) == 0;
}

/* A failure that does not blame the caller or the client. */
static bool
is_fitting(const struct outcome *o)
{
	if (o->rc >= 0)
		return o->status == 500 || o->status == 503 || o->status == 504;
	return o->rc == SWM_ENOMEM || o->rc == SWM_EUNAVAILABLE || o->rc == SWM_ETIMEDOUT ||
	       o->rc == SWM_ESYSTEM || o->rc == SWM_EINTERNAL || o->unknown;
}

static void
judge_first(const struct point *point, bool *faults)
{
	const struct outcome *o = &report->first;
	long written = rows_of(point->stamp);
	bool success = is_success(o);
	bool alike = agrees_with_good(o, success);

	if (success && (written != point->act->writes || !alike)) /* a long note finds no space */
		faults[SUCCESS] = true;
	if (!success && o->rc < 0 && o->status == good->status && point->mode != IN_SPACE && !alike)
		faults[SUCCESS] = true;
	if (!success && written > 0 && !o->unknown)
		faults[WRITTEN] = true;
	if (!success && written > 0 && written != point->act->writes)
		faults[WRITTEN] = true;
	faults[REASON] = !success && (!is_fitting(o) || (o->unknown && point->act->writes == 0));
	faults[DISAGREES] = o->untrue != NULL;
}

static void
judge(const struct point *point, int status, bool hung, bool *faults)
{
	memset(faults, 0, FAULTS * sizeof *faults);
	faults[HANG] = hung;
	faults[CRASH] = !hung &&
	                (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || report->phase < ACTING);
	if (report->first.ended)
		judge_first(point, faults);
	if (report->again.ended)
		faults[NEXT] = !is_success(&report->again) ||
		               !agrees_with_good(&report->again, true) ||
		               rows_of(point->stamp + 1) != point->act->writes;
	faults[LEAK] = report->leaked > 0;
}

static void
print_outcome(const char *what, const struct outcome *o)
{
	printf("    %s: result %d, error object %d, status %d, %s %s%s%s\n", what, o->rc, o->told,
	       o->status, o->code, o->message, o->untrue == NULL ? "" : "; ",
	       o->untrue == NULL ? "" : o->untrue);
}

/* Where an answer and the good one part. */
static void
print_difference(const struct outcome *o)
{
	size_t at = 0, from;

	while (at < o->length && at < good->length && at < ANSWER_ROOM - 1 &&
	       o->answer[at] == good->answer[at])
		at++;
	from = at < 60 ? 0 : at - 60;
	printf("    from byte %zu on: %.*s\n    in place of: %.*s\n", from,
	       (int)(o->length - from < 160 ? o->length - from : 160), o->answer + from,
	       (int)(good->length - from < 160 ? good->length - from : 160), good->answer + from);
}

static void
print_trace(const char *what, const struct heap_trace *trace)
{
	if (trace->count == 0)
		return;
	printf("    %s: ", what);
	print_names(trace->frames, trace->count, "act_tortured");
	printf("\n");
}

static void
print_point(const struct point *point, const bool *faults, bool hung)
{
	printf("%s:%s:%ld", point->act->name, mode_names[point->mode], point->nth);
	for (int i = 0; i < FAULTS; i++)
		if (faults[i])
			printf(", %s", fault_names[i]);
	printf(" (of %ld; rows: %ld)\n", report->asked, rows_of(point->stamp));
	print_trace("failing allocation", &report->failed);
	if (report->phase != CLOSED)
		printf("    ended in: %s\n", phase_names[report->phase]);
	print_trace(hung ? "hangs in" : "ends in", &report->stuck);
	if (report->first.ended)
		print_outcome("said", &report->first);
	if (faults[SUCCESS])
		print_difference(&report->first);
	if (faults[NEXT])
		print_outcome("next", &report->again);
	if (faults[LEAK])
		printf("    %zu blocks are left\n", report->leaked);
	print_trace("one made by", &report->leak);
}

static void
init_point(struct point *point, const struct act *act, enum mode mode, long nth)
{
	*point = (struct point){ .act = act, .mode = mode, .nth = nth, .stamp = last_stamp };
	last_stamp += 2;
	snprintf(point->uri, sizeof point->uri, "%s&application_name=torture-%ld", uri,
	         point->stamp);
}

/* One who leaks is run again, to see where; this is slower. */
static void
try_point(const struct act *act, enum mode mode, long nth)
{
	bool faults[FAULTS], hung, fine = true;
	struct point point;

	for (int traces = 0; traces < 2; traces++) {
		init_point(&point, act, mode, nth);
		int status = run_child(&point, traces > 0, &hung);
		await_backends(&point);
		judge(&point, status, hung, faults);
		if (!faults[LEAK])
			break;
	}
	for (int i = 0; i < FAULTS; i++) {
		by_fault[i] += faults[i];
		fine = fine && !faults[i];
	}
	passed += fine;
	failed += !fine;
	if (!fine)
		print_point(&point, faults, hung);
}

/*
 * Does the act in this process, twice, so that what libraries keep for ever is there. Returns its
 * allocations.
 */
static long
count_allocations(const struct act *act)
{
	struct point point;

	for (int i = 0; i < 2; i++) {
		init_point(&point, act, ONCE, 0);
		memset(report, 0, sizeof *report);
		live(&point);
		memcpy(good, &report->first, sizeof *good);
		if (!is_success(good) || rows_of(point.stamp) != act->writes)
			give_up(act->name, good->rc < 0 ? good->message : good->answer);
		if (!is_success(&report->again) || !agrees_with_good(&report->again, true))
			give_up(act->name, "done twice it is not the same");
	}
	return report->asked;
}

/* The allocations of a mode that are tried: all, or SAMPLE of them, evenly. */
static void
try_mode(const struct act *act, enum mode mode, long count, bool all)
{
	long tries = all || count < SAMPLE ? count : SAMPLE;

	for (long i = 0; i < tries; i++) /* the other mode is shifted by half a step */
		try_point(act, mode,
		          1 + (2 * i + (mode == ON && tries < count)) * count / (2 * tries));
}

static bool
returns_much(const struct act *act)
{
	return strstr(act->name, "note") != NULL || strcmp(act->name, "call") == 0;
}

/* wanted: all that is to be tried, ACT[:MODE[:NUMBER]]; NULL for everything. */
static void
try_act(const struct act *act, const char *wanted, bool all)
{
	char mode[16] = "";
	long nth = 0, count = count_allocations(act);
	int64_t began = now_ms();

	if (wanted != NULL)
		sscanf(wanted, "%*[^:]:%15[^:]:%ld", mode, &nth);
	for (int m = 0; m < MODES; m++) {
		if (mode[0] != '\0' && strcmp(mode, mode_names[m]) != 0)
			continue;
		if (m == IN_SPACE && returns_much(act))
			try_point(act, IN_SPACE, 0);
		else if (m != IN_SPACE && nth > 0)
			try_point(act, (enum mode)m, nth);
		else if (m != IN_SPACE)
			try_mode(act, (enum mode)m, count, all);
	}
	printf("%-12s %ld allocations, %lld ms\n", act->name, count, (long long)(now_ms() - began));
}

static const struct act *
find_act(const char *wanted)
{
	size_t length = strcspn(wanted, ":");

	for (size_t i = 0; i < act_count; i++)
		if (strlen(acts[i].name) == length && strncmp(acts[i].name, wanted, length) == 0)
			return &acts[i];
	give_up(wanted, "there is no such act");
}

static void *
shared_memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		give_up("mmap", strerror(errno));
	return memory;
}

static void
prepare(void)
{
	uri = getenv("SWM_TEST_URI");
	if (uri == NULL)
		give_up("SWM_TEST_URI", "it is not set: run this under tests/with-cluster");
	heap_init();
	report = shared_memory(sizeof *report);
	good = shared_memory(sizeof *good);
	admin = PQconnectdb(uri);
	PGresult *result = PQexec(admin, acts_schema);
	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		give_up("the database", PQerrorMessage(admin));
	PQclear(result);
}

int
main(int argc, char **argv)
{
	const char *amount = getenv("SWM_TORTURE");
	bool all = (argc > 1 && strcmp(argv[1], "--all") == 0) ||
	           (amount != NULL && strcmp(amount, "all") == 0);
	int first = argc > 1 && strcmp(argv[1], "--all") == 0 ? 2 : 1;

	prepare();
	for (int i = first; i < argc; i++)
		try_act(find_act(argv[i]), argv[i], all);
	for (size_t i = 0; first >= argc && i < act_count; i++)
		try_act(&acts[i], NULL, all);
	PQfinish(admin);
	for (int i = 0; i < FAULTS; i++)
		if (by_fault[i] > 0)
			printf("%s: %ld\n", fault_names[i], by_fault[i]);
	printf("%ld passed, %ld failed, 0 skipped\n", passed, failed);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
