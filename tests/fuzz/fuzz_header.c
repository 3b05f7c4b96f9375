/* Header fields: Accept, Prefer, Range, Cookie. */
#include "config.h"

#include "http/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	swm_str text = { (const char *)data, size };
	swm_arena *arena = swm_arena_new();
	swm_buf json = SWM_BUF_INIT;
	swm_preferences prefer;
	enum swm_media media;
	swm_range range;

	(void)swm_accept_choose(&media, text, (1u << SWM_MEDIA_COUNT) - 1, NULL);
	(void)swm_range_parse(&range, text);
	if (arena != NULL)
		(void)swm_prefer_parse(&prefer, arena, text, NULL);
	swm_cookies_to_json(&json, text);
	swm_buf_dispose(&json);
	swm_arena_free(arena);
	return 0;
}
