#include "config.h"

#include "reply/reply.h"

#include <stdio.h>

enum { LONGEST_BODY = 256 };

/* Messages of errors.def have nothing that JSON would escape. */
static swm_str
write_body(char *to, const struct swm_error_entry *entry)
{
	int len = snprintf(to, LONGEST_BODY,
	                   "{\"code\":\"%s\",\"message\":\"%s\",\"details\":null,\"hint\":null}",
	                   entry->code, entry->message);

	return (swm_str){ to, (size_t)len };
}

static bool
send_brief(const swm_sink *sink, const struct swm_error_entry *entry, bool no_body)
{
	char text[LONGEST_BODY], length[sizeof "18446744073709551615"];
	char status[sizeof "swm; error=PGRST000"];
	swm_str body = write_body(text, entry);

	snprintf(length, sizeof length, "%zu", body.len);
	snprintf(status, sizeof status, "swm; error=%s", entry->code);
	return sink->status(sink->user, entry->status) == 0 &&
	       sink->header(sink->user, SWM_STR("Content-Type"),
	                    SWM_STR("application/json; charset=utf-8")) == 0 &&
	       sink->header(sink->user, SWM_STR("Proxy-Status"), swm_cstr(status)) == 0 &&
	       sink->header(sink->user, SWM_STR("Content-Length"), swm_cstr(length)) == 0 &&
	       (no_body || sink->body(sink->user, body) == 0);
}

int
swm_reply_brief(const swm_sink *sink, enum swm_error_id id, bool no_body, swm_error *err)
{
	swm_error_clear(err);
	return send_brief(sink, swm_error_entry(id), no_body) ? SWM_OK
	                                                      : swm_fail(err, SWM_ERR_SINK);
}
