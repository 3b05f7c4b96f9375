#include "config.h"

#include "json/twice.h"

#include "base/buf.h"
#include "json/feed.h"
#include "json/raw.h"

#include <stdlib.h>

struct key {
	swm_str text;
	int64_t row, line;
};

struct keys {
	struct key *items;
	size_t count, room;
	swm_arena *arena;
	swm_buf text;
};

/* By text, and equal ones in their order. */
static int
compare_keys(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	int order = swm_str_cmp(x->text, y->text);

	return order != 0 ? order : x->row < y->row ? -1 : x->row > y->row;
}

/* The values behind one another, each with its length. False when the row has no key. */
static bool
put_values(swm_buf *to, const swm_cell *cells, size_t count)
{
	swm_buf_clear(to);
	for (size_t i = 0; i < count; i++) {
		size_t at;
		if (cells[i].kind == SWM_CELL_MISSING || cells[i].kind == SWM_CELL_NULL)
			return false;
		at = to->len;
		if (cells[i].kind != SWM_CELL_STRING || !swm_json_unquote(to, cells[i].text))
			swm_buf_str(to, cells[i].text);
		swm_buf_printf(to, ":%zu;", to->len - at);
	}
	return true;
}

static bool
add_key(struct keys *keys, int64_t row, int64_t line)
{
	if (keys->count == keys->room) {
		size_t room = keys->room == 0 ? 64 : keys->room * 2;
		struct key *more = realloc(keys->items, room * sizeof *more);
		if (more == NULL)
			return false;
		keys->items = more;
		keys->room = room;
	}
	swm_str text = swm_arena_str(keys->arena, swm_buf_view(&keys->text));
	keys->items[keys->count++] = (struct key){ text, row, line };
	return text.ptr != NULL && !keys->text.failed;
}

static bool
collect_keys(struct keys *keys, swm_str array, const swm_str *names, size_t count)
{
	swm_feed *feed = swm_feed_of(keys->arena, SWM_FEED_ARRAY, &array);
	const swm_str *own;
	const swm_cell *cells;
	size_t own_count;

	if (feed == NULL)
		return false;
	bool good = swm_feed_names(feed, &own, &own_count, NULL) == 1 &&
	            swm_feed_choose(feed, names, count, false, NULL) == SWM_OK;
	while (good && swm_feed_next(feed, &cells, NULL) == 1)
		if (put_values(&keys->text, cells, count))
			good = add_key(keys, swm_feed_row(feed) - 1, swm_feed_line(feed));
	swm_feed_dispose(feed);
	return good && keys->count > 0;
}

static bool
find_first(swm_json_twice *out, struct keys *keys)
{
	bool found = false;

	qsort(keys->items, keys->count, sizeof *keys->items, compare_keys);
	for (size_t i = 1; i < keys->count; i++) {
		const struct key *before = &keys->items[i - 1], *key = &keys->items[i];
		if (!swm_str_eq(before->text, key->text) || (found && key->row > out->row))
			continue;
		*out = (swm_json_twice){ key->row, key->line, before->row, before->line };
		found = true;
	}
	return found;
}

bool
swm_json_find_twice(swm_json_twice *out, swm_str array, const swm_str *names, size_t count)
{
	struct keys keys = { .arena = swm_arena_new() };
	bool found = keys.arena != NULL && count > 0 && collect_keys(&keys, array, names, count) &&
	             find_first(out, &keys);

	free(keys.items);
	swm_buf_dispose(&keys.text);
	swm_arena_free(keys.arena);
	return found;
}
