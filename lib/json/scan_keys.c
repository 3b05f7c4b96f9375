#include "config.h"

#include "json/scan_keys.h"

#include "base/str.h"
#include "json/scan.h"

/* The position of a name in the sorted list, or where to insert it. */
static size_t
place_of(const swm_json_keys *keys, swm_str name, bool *there)
{
	size_t low = 0, high = keys->count;

	*there = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = swm_str_cmp(name, keys->names[keys->sorted[middle]]);
		if (order == 0) {
			*there = true;
			return middle;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static void *
grow(swm_json_keys *keys, void *old, size_t room, size_t size)
{
	void *more = swm_arena_array(keys->arena, room, size);

	if (more != NULL && keys->count > 0)
		memcpy(more, old, keys->count * size);
	keys->failed |= more == NULL;
	return more;
}

static bool
make_room(swm_json_keys *keys)
{
	size_t room = keys->room == 0 ? 16 : keys->room * 2;

	if (keys->count < keys->room)
		return true;
	keys->names = grow(keys, keys->names, room, sizeof *keys->names);
	keys->seen = grow(keys, keys->seen, room, sizeof *keys->seen);
	keys->sorted = grow(keys, keys->sorted, room, sizeof *keys->sorted);
	keys->room = room;
	return !keys->failed;
}

static void
insert(swm_json_keys *keys, swm_str name, size_t place)
{
	if (keys->count == SWM_JSON_MOST_KEYS) {
		keys->left_out = true;
		return;
	}
	if (!make_room(keys))
		return;
	swm_str kept = swm_arena_str(keys->arena, name);
	keys->failed |= kept.ptr == NULL;
	memmove(keys->sorted + place + 1, keys->sorted + place,
	        (keys->count - place) * sizeof *keys->sorted);
	keys->sorted[place] = (uint16_t)keys->count;
	keys->names[keys->count] = kept;
	keys->seen[keys->count++] = 1;
}

void
swm_json_keys_begin(swm_json_keys *keys)
{
	keys->object++;
	keys->found = keys->expected = 0;
}

/* Most objects have their members in the order of the first. */
static size_t
find(swm_json_keys *keys, swm_str name)
{
	bool there;

	if (keys->expected < keys->count && swm_str_eq(keys->names[keys->expected], name))
		return keys->expected;
	size_t place = place_of(keys, name, &there);
	return there ? keys->sorted[place] : keys->count;
}

void
swm_json_keys_add(swm_json_keys *keys, swm_str name)
{
	bool there;

	if (keys->failed || keys->differ)
		return;
	if (keys->object == 1) {
		size_t place = place_of(keys, name, &there);
		if (!there)
			insert(keys, name, place);
		return;
	}
	size_t at = find(keys, name);
	if (at == keys->count) {
		keys->differ = true;
		return;
	}
	keys->expected = at + 1;
	keys->found += keys->seen[at] != keys->object;
	keys->seen[at] = keys->object;
}

void
swm_json_keys_add_long(swm_json_keys *keys)
{
	keys->left_out = true;
}

void
swm_json_keys_end(swm_json_keys *keys)
{
	if (keys->object > 1 && keys->found != keys->count)
		keys->differ = true;
}
