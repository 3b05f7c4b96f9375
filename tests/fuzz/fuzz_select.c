/*
 * The select grammar: what was read, written in the dialect again, is read as the same;
 * what was refused says where.
 */
#include "config.h"

#include "query/parse.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool so)
{
	if (!so)
		abort();
}

static void
write_quoted(swm_buf *to, const char *before, swm_str name)
{
	swm_buf_cstr(to, before);
	swm_buf_char(to, '"');
	for (size_t i = 0; i < name.len; i++) {
		if (name.ptr[i] == '"' || name.ptr[i] == '\\')
			swm_buf_char(to, '\\');
		swm_buf_char(to, name.ptr[i]);
	}
	swm_buf_char(to, '"');
}

static void
write_cast(swm_buf *to, swm_str cast)
{
	must(cast.len == 0 || swm_is_type_name(cast));
	if (cast.len > 0)
		swm_buf_cstr(to, "::");
	swm_buf_str(to, cast);
}

static void
write_field(swm_buf *to, const swm_select_item *item)
{
	write_quoted(to, "", item->field.name);
	for (const swm_path_step *s = item->field.path; s != NULL; s = s->next) {
		swm_buf_cstr(to, s->as_text ? "->>" : "->");
		if (s->is_index)
			swm_buf_str(to, s->key);
		else
			write_quoted(to, "", s->key);
	}
	write_cast(to, item->cast);
	if (item->aggregate != SWM_AGGREGATE_NONE) {
		swm_buf_char(to, '.');
		swm_buf_str(to, swm_aggregate_word(item->aggregate));
		swm_buf_cstr(to, "()");
	}
	write_cast(to, item->aggregate_cast);
}

static void write_items(swm_buf *to, const swm_select_item *item);

/* As deep as SWM_DEEPEST. */
static void
write_relation(swm_buf *to, const swm_select_item *item)
{
	write_quoted(to, item->kind == SWM_SELECT_SPREAD ? "..." : "", item->relation);
	if (item->hint.len > 0)
		write_quoted(to, "!", item->hint);
	swm_buf_cstr(to, item->join == SWM_JOIN_INNER ? "!inner(" : item->join == SWM_JOIN_LEFT ? "!left(" : "(");
	must(item->node.has_select);
	write_items(to, item->node.select);
	swm_buf_char(to, ')');
}

static void
write_items(swm_buf *to, const swm_select_item *item)
{
	for (const swm_select_item *i = item; i != NULL; i = i->next) {
		swm_buf_cstr(to, i == item ? "" : ",");
		if (i->alias.len > 0) {
			write_quoted(to, "", i->alias);
			swm_buf_char(to, ':');
		}
		if (i->kind == SWM_SELECT_ALL)
			swm_buf_char(to, '*');
		else if (i->kind == SWM_SELECT_FIELD)
			write_field(to, i);
		else
			write_relation(to, i);
	}
}

/* "... (line 1, column N)": within the text, or behind its last character. */
static void
check_error(const swm_error *err, swm_str text)
{
	static const char before[] = "(line 1, column ";
	size_t characters = 0, column = 0;
	const char *place = NULL, *message = swm_error_message(err).ptr;

	for (size_t i = 0; i < text.len; i++)
		characters += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
	must(swm_str_eq(swm_error_code(err), SWM_STR("PGRST100")) && swm_error_details(err).len > 0);
	for (const char *at = message; (at = strstr(at, before)) != NULL; at++)
		place = at;
	must(place != NULL && sscanf(place + strlen(before), "%zu)", &column) == 1);
	must(column >= 1 && column <= characters + 1);
}

static int
parse(swm_select_item **out, swm_arena *arena, swm_str text, swm_error *err)
{
	swm_scanner s;

	swm_scan_begin(&s, "select parameter", text, arena, err);
	return swm_parse_select(&s, out);
}

static void
read_again(swm_arena *arena, const swm_select_item *items, swm_error *err)
{
	swm_buf first = SWM_BUF_INIT, second = SWM_BUF_INIT;
	swm_select_item *again;

	write_items(&first, items);
	must(!first.failed && parse(&again, arena, swm_buf_view(&first), err) == SWM_OK);
	write_items(&second, again);
	must(swm_str_eq(swm_buf_view(&first), swm_buf_view(&second)));
	swm_buf_dispose(&first);
	swm_buf_dispose(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	swm_str text = { (const char *)data, size };
	swm_select_item *items;

	/* percent-decoding lets nothing else through */
	if (swm_str_find(text, '\0') < size || !swm_utf8_valid(text, NULL))
		return 0;
	swm_arena *arena = swm_arena_new();
	swm_error *err = swm_error_new();
	must(arena != NULL && err != NULL);
	int rc = parse(&items, arena, text, err);
	must(rc == SWM_OK || rc == SWM_EPARSE);
	if (rc == SWM_OK)
		read_again(arena, items, err);
	else
		check_error(err, text);
	swm_error_free(err);
	swm_arena_free(arena);
	return 0;
}
