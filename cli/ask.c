#include "config.h"

#include "ask.h"

#include "json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

swm_str
ask_view(const char *s)
{
	return (swm_str){ s, strlen(s) };
}

/* The part of a URL after the host. */
static const char *
skip_origin(const char *written, bool *is_url)
{
	static const char *const schemes[] = { "http://", "https://" };

	*is_url = true;
	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
		size_t len = strlen(schemes[i]);
		if (strncasecmp(written, schemes[i], len) == 0)
			return written + len + strcspn(written + len, "/?");
	}
	*is_url = false;
	return written;
}

/* RFC 3986, 2.1. */
char *
ask_target(const char *written, bool *is_url)
{
	char *target = NULL;
	size_t len;
	FILE *to = open_memstream(&target, &len);

	if (to == NULL)
		return NULL;
	written = skip_origin(written, is_url);
	if (written[0] != '/')
		fputc('/', to);
	for (; *written != '\0'; written++) {
		unsigned char c = (unsigned char)*written;
		if (c <= ' ' || c >= 0x7f || c == '#')
			fprintf(to, "%%%02X", c);
		else
			fputc(c, to);
	}
	if (fclose(to) != 0) {
		free(target);
		return NULL;
	}
	return target;
}

/* "/rest/v1" of http://host/rest/v1. */
swm_str
ask_mount(const swm_config *config)
{
	swm_str uri;
	bool is_url;

	if (swm_config_get(config, "openapi-server-proxy-uri", &uri, NULL) != SWM_OK ||
	    uri.len == 0)
		return SWM_STR("");
	swm_str path = ask_view(skip_origin(uri.ptr, &is_url));
	while (path.len > 0 && path.ptr[path.len - 1] == '/')
		path.len--;
	return is_url ? path : SWM_STR("");
}

bool
ask_is_success(int status)
{
	return status >= 200 && status <= 299;
}

static void
print_part(const char *title, swm_str value, const char *end)
{
	struct text t = { 0 };

	if (value.len == 0 || json_is_null(value))
		return;
	json_add_value(&t, value);
	fprintf(stderr, "%s%.*s%s", title, (int)t.len, t.bytes, end);
	text_free(&t);
}

void
ask_print_problem(int status, swm_str body)
{
	swm_str message = json_member(body, "message"), code = json_member(body, "code");

	if (message.len == 0) {
		fprintf(stderr, "swm: the answer has status %d\n", status);
		text_print(stderr, body);
		return;
	}
	print_part("swm: ", message, "");
	print_part(" (", code, ")");
	fputc('\n', stderr);
	print_part("details: ", json_member(body, "details"), "\n");
	print_part("hint: ", json_member(body, "hint"), "\n");
}

bool
ask_is_field(swm_str name, const char *wanted)
{
	return name.len == strlen(wanted) && strncasecmp(name.ptr, wanted, name.len) == 0;
}
