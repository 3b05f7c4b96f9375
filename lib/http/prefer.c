#include "config.h"

#include "http/header.h"

/* Preferences that are a word of a few; what each sets is the parser's matter. */
enum preference { HANDLING, COUNT, TX, OTHER_KNOWN };

static const struct {
	swm_str text;
	enum preference preference;
	int value;
} known[] = {
#define KNOWN(text, preference, value) { { text, sizeof text - 1 }, preference, value }
	KNOWN("handling=strict", HANDLING, true),
	KNOWN("handling=lenient", HANDLING, false),
	KNOWN("count=exact", COUNT, SWM_COUNT_EXACT),
	KNOWN("count=planned", COUNT, SWM_COUNT_PLANNED),
	KNOWN("count=estimated", COUNT, SWM_COUNT_ESTIMATED),
	KNOWN("tx=commit", TX, SWM_TX_COMMIT),
	KNOWN("tx=rollback", TX, SWM_TX_ROLLBACK),
	/* of writes: they change no read, and are no mistake in one */
	KNOWN("return=representation", OTHER_KNOWN, 0),
	KNOWN("return=headers-only", OTHER_KNOWN, 0),
	KNOWN("return=minimal", OTHER_KNOWN, 0),
	KNOWN("resolution=merge-duplicates", OTHER_KNOWN, 0),
	KNOWN("resolution=ignore-duplicates", OTHER_KNOWN, 0),
	KNOWN("missing=default", OTHER_KNOWN, 0),
	KNOWN("missing=null", OTHER_KNOWN, 0),
#undef KNOWN
};

static bool
apply(swm_preferences *p, swm_str piece)
{
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (!swm_str_eq(known[i].text, piece))
			continue;
		if (known[i].preference == HANDLING && !p->has_handling) {
			p->has_handling = true;
			p->strict = known[i].value != 0;
		} else if (known[i].preference == COUNT && p->count == SWM_COUNT_NONE) {
			p->count = (enum swm_count)known[i].value;
		} else if (known[i].preference == TX && p->tx == SWM_TX_DEFAULT) {
			p->tx = (enum swm_tx)known[i].value;
		}
		return true;
	}
	return false;
}

static bool
apply_valued(swm_preferences *p, swm_str piece)
{
	if (swm_str_starts(piece, SWM_STR("timezone="))) {
		if (p->timezone.len == 0)
			p->timezone = swm_str_from(piece, strlen("timezone="));
		return true;
	}
	int64_t n;
	if (!swm_str_starts(piece, SWM_STR("max-affected=")) ||
	    !swm_str_int64(swm_str_from(piece, strlen("max-affected=")), &n) || n < 0)
		return false;
	if (p->max_affected < 0)
		p->max_affected = n;
	return true;
}

int
swm_prefer_parse(swm_preferences *out, swm_arena *arena, swm_str prefer, swm_error *err)
{
	swm_buf invalid = SWM_BUF_INIT;
	swm_str rest = prefer, piece;

	*out = (swm_preferences){ .count = SWM_COUNT_NONE, .max_affected = -1 };
	while (swm_str_cut(&rest, ',', &piece)) {
		piece = swm_str_trim(piece);
		if (piece.len == 0 || apply(out, piece) || apply_valued(out, piece))
			continue;
		if (invalid.len > 0)
			swm_buf_cstr(&invalid, ", ");
		swm_buf_str(&invalid, piece);
	}
	bool failed = invalid.failed;
	if (!failed && invalid.len > 0) {
		out->invalid = swm_arena_str(arena, swm_buf_view(&invalid));
		failed = out->invalid.ptr == NULL;
	}
	swm_buf_dispose(&invalid);
	return failed ? swm_fail_memory(err) : SWM_OK;
}
