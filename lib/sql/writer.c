#include "config.h"

#include "sql/writer.h"

void
swm_sql_quote_identifier(swm_buf *to, swm_str name)
{
	char *at = name.len > SIZE_MAX / 2 - 2 ? NULL : swm_buf_reserve(to, 2 * name.len + 2);

	if (at == NULL) {
		to->failed = true;
		return;
	}
	*at++ = '"';
	for (size_t i = 0; i < name.len; i++) {
		if (name.ptr[i] == '"')
			*at++ = '"';
		*at++ = name.ptr[i];
	}
	*at++ = '"';
	*at = '\0'; /* swm_buf_reserve() leaves room for it */
	to->len = (size_t)(at - to->ptr);
}

void
swm_put_identifier(swm_writer *w, swm_str name)
{
	swm_sql_quote_identifier(&w->text, name);
}

void
swm_put_qualified(swm_writer *w, swm_str schema, swm_str name)
{
	swm_put_identifier(w, schema);
	swm_put(w, ".");
	swm_put_identifier(w, name);
}

void
swm_put_routine(swm_writer *w, const swm_routine *routine)
{
	swm_put_qualified(w, routine->schema, routine->name);
	swm_put(w, "(");
}

/* A key of a JSON path that has a number. */
struct swm_path_key {
	struct swm_path_key *next;
	swm_str key;
	bool is_index;
	int number;
};

static bool
make_room(swm_writer *w)
{
	int room = w->room == 0 ? 8 : w->room * 2;

	if (w->count < w->room)
		return true;
	const char **params = swm_arena_array(w->arena, (size_t)room, sizeof *params);
	if (params == NULL) {
		w->failed = true;
		return false;
	}
	if (w->count > 0)
		memcpy(params, w->params, (size_t)w->count * sizeof *params);
	w->params = params;
	w->room = room;
	return true;
}

static void
put_number(swm_writer *w, int n)
{
	swm_put(w, "$");
	swm_buf_int(&w->text, n);
}

/* value: NUL-terminated; NULL when memory ran out. */
static void
append_param(swm_writer *w, const char *value)
{
	if (!make_room(w))
		return;
	w->failed |= value == NULL;
	w->params[w->count] = value;
	put_number(w, ++w->count);
}

void
swm_put_name(swm_writer *w, swm_str name)
{
	size_t dot = swm_str_find(name, '.');

	if (dot < name.len) {
		swm_put_identifier(w, (swm_str){ name.ptr, dot });
		swm_put(w, ".");
		name = swm_str_from(name, dot + 1);
	}
	swm_put_identifier(w, name);
}

void
swm_put_param(swm_writer *w, swm_str value)
{
	append_param(w, swm_arena_str(w->arena, value).ptr);
}

void
swm_put_path_key(swm_writer *w, swm_str key, bool is_index)
{
	struct swm_path_key **list = &w->path_keys[swm_str_hash(key) % SWM_PATH_KEY_LISTS],
			    *k = *list;

	while (k != NULL && !(k->is_index == is_index && swm_str_eq(k->key, key)))
		k = k->next;
	if (k != NULL) {
		put_number(w, k->number);
	} else {
		swm_put_param(w, key);
		k = swm_arena_alloc(w->arena, sizeof *k);
		if (k == NULL) {
			w->failed = true;
			return;
		}
		*k = (struct swm_path_key){ *list, key, is_index, w->count };
		*list = k;
	}
	swm_put(w, is_index ? "::int" : "::text");
}

void
swm_put_int_param(swm_writer *w, int64_t n)
{
	swm_buf digits = SWM_BUF_INIT;

	swm_buf_int(&digits, n);
	swm_put_param(w, swm_buf_view(&digits));
	w->failed |= digits.failed;
	swm_buf_dispose(&digits);
}

void
swm_put_list_param(swm_writer *w, const swm_value *list)
{
	swm_buf literal = SWM_BUF_INIT;

	swm_buf_char(&literal, '{');
	for (const swm_value *v = list; v != NULL; v = v->next) {
		swm_buf_cstr(&literal, v == list ? "" : ",");
		if (v->is_null) {
			swm_buf_cstr(&literal, "NULL");
			continue;
		}
		swm_buf_char(&literal, '"');
		for (size_t i = 0; i < v->text.len; i++) {
			if (v->text.ptr[i] == '"' || v->text.ptr[i] == '\\')
				swm_buf_char(&literal, '\\');
			swm_buf_char(&literal, v->text.ptr[i]);
		}
		swm_buf_char(&literal, '"');
	}
	swm_buf_char(&literal, '}');
	swm_put_param(w, swm_buf_view(&literal));
	w->failed |= literal.failed;
	swm_buf_dispose(&literal);
}

void
swm_put_body_param(swm_writer *w, swm_str value)
{
	append_param(w, value.ptr);
}

int
swm_writer_finish(swm_writer *w, swm_statement *out, swm_error *err)
{
	swm_str text = swm_arena_str(w->arena, swm_buf_view(&w->text));
	bool failed = w->failed || w->text.failed || text.ptr == NULL;

	swm_buf_dispose(&w->text);
	*out = (swm_statement){ text.ptr, w->params, w->count };
	return failed ? swm_fail_memory(err) : SWM_OK;
}
