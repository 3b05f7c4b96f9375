#include "config.h"

#include "http/header.h"

/* Preferences with a fixed list of words; the parser decides which field each sets. */
enum preference { HANDLING, COUNT, TX, RETURN, RESOLUTION, MISSING, ERRORS, ORDER };

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
	KNOWN("return=representation", RETURN, SWM_RETURN_REPRESENTATION),
	KNOWN("return=headers-only", RETURN, SWM_RETURN_HEADERS),
	KNOWN("return=minimal", RETURN, SWM_RETURN_MINIMAL),
	KNOWN("resolution=merge-duplicates", RESOLUTION, SWM_RESOLUTION_MERGE),
	KNOWN("resolution=ignore-duplicates", RESOLUTION, SWM_RESOLUTION_IGNORE),
	KNOWN("missing=default", MISSING, SWM_MISSING_DEFAULT),
	KNOWN("missing=null", MISSING, SWM_MISSING_NULL),
	KNOWN("errors=skip", ERRORS, true),
	KNOWN("order=key", ORDER, true),
#undef KNOWN
};

/* The first occurrence of each preference counts. */
static void
set(swm_preferences *p, enum preference preference, int value)
{
	switch (preference) {
	case HANDLING:
		p->strict = p->has_handling ? p->strict : value != 0;
		p->has_handling = true;
		break;
	case COUNT:
		p->count = p->count == SWM_COUNT_NONE ? (enum swm_count)value : p->count;
		break;
	case TX:
		p->tx = p->tx == SWM_TX_DEFAULT ? (enum swm_tx)value : p->tx;
		break;
	case RETURN:
		p->returned = p->returned == SWM_RETURN_DEFAULT ? (enum swm_return)value
		                                                : p->returned;
		break;
	case RESOLUTION:
		p->resolution = p->resolution == SWM_RESOLUTION_NONE ? (enum swm_resolution)value
		                                                     : p->resolution;
		break;
	case MISSING:
		p->missing = p->missing == SWM_MISSING_UNSAID ? (enum swm_missing)value
		                                              : p->missing;
		break;
	case ERRORS:
		p->skip_errors = true;
		break;
	case ORDER:
		p->by_key = true;
		break;
	}
}

static bool
apply(swm_preferences *p, swm_str piece)
{
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (!swm_str_eq(known[i].text, piece))
			continue;
		set(p, known[i].preference, known[i].value);
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

	*out = (swm_preferences){ .max_affected = -1 };
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
