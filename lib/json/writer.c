#include "config.h"

#include "json/writer.h"

#include "base/str.h"
#include "json/escape.h"

static void
begin_value(swm_json_writer *w)
{
	if (w->comma)
		swm_buf_char(w->to, ',');
	w->comma = true;
}

void
swm_json_write_open(swm_json_writer *w, char bracket)
{
	begin_value(w);
	swm_buf_char(w->to, bracket);
	w->comma = false;
}

void
swm_json_write_close(swm_json_writer *w, char bracket)
{
	swm_buf_char(w->to, bracket);
	w->comma = true;
}

void
swm_json_write_key(swm_json_writer *w, swm_str name)
{
	begin_value(w);
	swm_json_quote(w->to, name);
	swm_buf_char(w->to, ':');
	w->comma = false;
}

void
swm_json_write_string(swm_json_writer *w, swm_str value)
{
	begin_value(w);
	swm_json_quote(w->to, value);
}

void
swm_json_write_raw(swm_json_writer *w, swm_str json)
{
	begin_value(w);
	swm_buf_str(w->to, json);
}

void
swm_json_write_member(swm_json_writer *w, const char *name, swm_str value)
{
	swm_json_write_key(w, swm_cstr(name));
	swm_json_write_string(w, value);
}
