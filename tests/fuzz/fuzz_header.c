/*
 * Header fields: Accept, Prefer, Range, Cookie, If-None-Match, and addresses of the web.
 * What is chosen was offered, what is kept is what was said, and JSON is JSON.
 */
#include "config.h"

#include "http/header.h"
#include "http/url.h"
#include "json/grammar.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool so)
{
	if (!so)
		abort();
}

static bool
is_within(swm_str part, swm_str text)
{
	return part.len == 0 || (part.ptr >= text.ptr && part.ptr + part.len <= text.ptr + text.len);
}

/* Among the media types of a set. */
static void
check_accept(swm_str text, unsigned can)
{
	swm_offer offers[SWM_MEDIA_COUNT];
	swm_acceptable chosen;
	unsigned options;
	swm_str of;

	int rc = swm_accept_negotiate(&chosen, text, offers, swm_media_offers(offers, can), NULL);
	must(rc == SWM_OK || rc == SWM_EREFUSED);
	if (rc != SWM_OK)
		return;
	must(chosen.number >= 0 && (can & 1u << chosen.number) != 0);
	must(is_within(chosen.range, text) || swm_str_trim(text).len == 0);
	swm_accept_plan(chosen.range, &options, &of);
	must(is_within(of, chosen.range));
}

static void
check_prefer(swm_arena *arena, swm_str text)
{
	swm_preferences prefer;

	must(swm_prefer_parse(&prefer, arena, text, NULL) == SWM_OK);
	must(prefer.max_affected >= -1 && is_within(prefer.timezone, text) && prefer.invalid.len <= 2 * text.len);
}

static void
check_cookies(swm_str text)
{
	swm_buf json = SWM_BUF_INIT;

	swm_cookies_to_json(&json, text);
	/* bytes that are no UTF-8, or NUL, stay what they are: PostgreSQL refuses them */
	must(!swm_utf8_valid(text, NULL) || swm_str_find(text, '\0') < text.len || swm_json_valid(swm_buf_view(&json)));
	swm_buf_dispose(&json);
}

static void
check_address(swm_str text)
{
	swm_web_address address;

	if (swm_web_address_parse(&address, text))
		must(address.host.len > 0 && is_within(address.host, text) && is_within(address.port, text) &&
		     is_within(address.path, text));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	swm_str text = { (const char *)data, size };
	swm_arena *arena = swm_arena_new();
	swm_range range;

	must(arena != NULL);
	check_accept(text, (1u << SWM_MEDIA_COUNT) - 1);
	check_accept(text, 1u << SWM_MEDIA_CSV | 1u << SWM_MEDIA_NDJSON);
	check_prefer(arena, text);
	check_cookies(text);
	check_address(text);
	if (swm_range_parse(&range, text))
		must(range.first >= 0 && range.last >= 0);
	(void)swm_etag_matches(text, SWM_STR("\"abc\""));
	(void)swm_is_field(text, text);
	swm_arena_free(arena);
	return 0;
}
