#include "config.h"

#include "progress.h"

#include "screen.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* With less data, the rate and the time left would vary too much. */
enum { LEAST_MS = 1000 };

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/*
 * The parts of the line
 */

static uint64_t
done_of_total(const struct progress_state *s)
{
	uint64_t done = s->unit == PROGRESS_BYTES ? s->bytes : s->rows;

	return done < s->total ? done : s->total;
}

static void
add_time(struct text *t, uint64_t seconds)
{
	unsigned long long hours = seconds / 3600;
	unsigned minutes = (unsigned)(seconds / 60 % 60), rest = (unsigned)(seconds % 60);

	if (hours > 0)
		text_format(t, "%llu:%02u:%02u", hours, minutes, rest);
	else
		text_format(t, "%u:%02u", minutes, rest);
}

static void
add_bytes(struct text *t, uint64_t bytes)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB", "PB", "EB" };
	double size = (double)bytes / 1000;
	size_t i = 0;

	for (; size >= 999.95 && i + 1 < sizeof units / sizeof units[0]; i++)
		size /= 1000;
	if (bytes < 1000)
		text_format(t, "%u B", (unsigned)bytes);
	else
		text_format(t, "%.1f %s", size, units[i]);
}

static void
add_rows(struct text *t, const struct progress_state *s)
{
	text_format(t, "%llu row%s", (unsigned long long)s->rows, s->rows == 1 ? "" : "s");
}

static void
add_size(struct text *t, const struct progress_state *s)
{
	if (s->bytes > 0)
		add_bytes(t, s->bytes);
}

static void
add_rate(struct text *t, const struct progress_state *s)
{
	double rows = (double)(s->rows - s->rows_before);

	if (s->elapsed_ms >= LEAST_MS)
		text_format(t, "%.0f rows/s", rows * 1000 / (double)s->elapsed_ms);
}

/* The time left, by what was done in this run; or, when that is not known, the time it took. */
static void
add_clock(struct text *t, const struct progress_state *s)
{
	uint64_t before = s->unit == PROGRESS_BYTES ? s->bytes_before : s->rows_before;
	uint64_t done = done_of_total(s);

	if (s->total == 0) {
		add_time(t, s->elapsed_ms / 1000);
		return;
	}
	if (s->elapsed_ms < LEAST_MS || done <= before || done == s->total)
		return;
	double each = (double)s->elapsed_ms / 1000 / (double)(done - before);
	add_time(t, (uint64_t)(each * (double)(s->total - done) + 0.5));
	text_add(t, " left", strlen(" left"));
}

static void
add_percent(struct text *t, const struct progress_state *s)
{
	if (s->total > 0)
		text_format(t, "%3u%%",
		            (unsigned)(100.0 * (double)done_of_total(s) / (double)s->total));
}

/* The bar has at most 32 columns, and is left out if there is room for fewer than ten. */
static void
add_bar(struct text *t, const struct progress_state *s, size_t room)
{
	enum { LEAST = 10, MOST = 32, FRAME = 3 }; /* a blank and the brackets */

	if (s->total == 0 || room < LEAST + FRAME)
		return;
	size_t width = room - FRAME < MOST ? room - FRAME : MOST;
	size_t full = (size_t)((double)width * (double)done_of_total(s) / (double)s->total);
	text_add(t, " [", 2);
	for (size_t i = 0; i < width; i++)
		text_add(t, &"=> "[i < full ? 0 : i == full ? 1 : 2], 1);
	text_add(t, "]", 1);
}

/*
 * The line
 */

static void
add_head(struct text *t, const struct progress_state *s, size_t width)
{
	struct text label = { 0 };

	text_add_data(&label, (swm_str){ s->label, strlen(s->label) });
	text_add_cut(t, &label, width);
	text_add(t, " ", 1);
	add_percent(t, s);
	text_free(&label);
}

/* The parts up to a rank, with what separates them. */
enum { HIGHEST_RANK = 4 };

static void
add_tail(struct text *t, const struct progress_state *s, int highest)
{
	static const struct {
		void (*add)(struct text *t, const struct progress_state *s);
		int rank;
	} parts[] = { { add_rows, 1 }, { add_size, 4 }, { add_rate, 3 }, { add_clock, 2 } };

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		struct text part = { 0 };
		if (parts[i].rank <= highest)
			parts[i].add(&part, s);
		if (part.len > 0)
			text_add(t, t->len > 0 ? ", " : "  ", 2);
		text_add(t, part.bytes, part.len);
		text_free(&part);
	}
}

void
progress_format(struct text *line, const struct progress_state *s, size_t width)
{
	struct text head = { 0 }, tail = { 0 };

	if (width == 0)
		return;
	add_head(&head, s, width);
	for (int rank = HIGHEST_RANK; rank >= 0; rank--) {
		text_clear(&tail);
		add_tail(&tail, s, rank);
		if (head.width + tail.width <= width)
			break;
	}
	if (head.width + tail.width < width)
		add_bar(&head, s, width - head.width - tail.width);
	text_add(&head, tail.bytes, tail.len);
	text_add_cut(line, &head, width);
	text_free(&tail);
	text_free(&head);
}

/*
 * The terminal
 */

static bool
can_draw(FILE *stream)
{
	const char *term = getenv("TERM");

	return isatty(fileno(stream)) == 1 && term != NULL && strcmp(term, "dumb") != 0;
}

void
progress_begin(struct progress *p, FILE *stream, const char *label, enum progress_unit unit,
               uint64_t total)
{
	*p = (struct progress){ .started_ms = now_ms() };
	p->state = (struct progress_state){ .label = label, .unit = unit, .total = total };
	if (can_draw(stream))
		p->stream = stream;
}

void
progress_resume(struct progress *p, uint64_t bytes, uint64_t rows)
{
	p->state.bytes = p->state.bytes_before = bytes;
	p->state.rows = p->state.rows_before = rows;
}

static void
draw(struct progress *p)
{
	struct text line = { 0 };

	/* the last column is left free: where it is written to, some terminals begin a new line */
	progress_format(&line, &p->state, screen_columns(fileno(p->stream)) - 1);
	fprintf(p->stream, "\r%.*s\x1b[K", (int)line.len, line.len > 0 ? line.bytes : "");
	fflush(p->stream);
	p->is_drawn = true;
	text_free(&line);
}

void
progress_update(struct progress *p, uint64_t bytes, uint64_t rows)
{
	enum { PAUSE_MS = 100 };

	p->state.bytes = bytes;
	p->state.rows = rows;
	if (p->stream == NULL)
		return;
	uint64_t now = now_ms();
	if (now - p->drawn_ms < PAUSE_MS)
		return;
	p->drawn_ms = now;
	p->state.elapsed_ms = now - p->started_ms;
	draw(p);
}

void
progress_clear(struct progress *p)
{
	if (!p->is_drawn)
		return;
	fputs("\r\x1b[K", p->stream);
	fflush(p->stream);
	p->is_drawn = false;
}

void
progress_end(struct progress *p)
{
	progress_clear(p);
	p->stream = NULL;
}
