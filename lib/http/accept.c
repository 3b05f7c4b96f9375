#include "config.h"

#include "http/header.h"

static const struct {
	swm_str type;
	swm_str content_type;
} medias[SWM_MEDIA_COUNT] = {
#define SWM_MEDIA(name, type, content_type) \
	{ { type, sizeof type - 1 }, { content_type, sizeof content_type - 1 } },
#include "http/media.def"
#undef SWM_MEDIA
};

swm_str
swm_media_content_type(enum swm_media media)
{
	return medias[media].content_type;
}

/*
 * The Content-Type of a media type by its name. As in PostgREST, text/plain and text/xml are
 * UTF-8, and any unknown type is sent as it is.
 */
swm_str
swm_media_content_type_of(swm_arena *arena, swm_str type)
{
	for (int m = 0; m < SWM_MEDIA_COUNT; m++)
		if (swm_str_eq(medias[m].type, type))
			return medias[m].content_type;
	if (swm_str_eq(type, SWM_STR("text/plain")))
		return SWM_STR("text/plain; charset=utf-8");
	if (swm_str_eq(type, SWM_STR("text/xml")))
		return SWM_STR("text/xml; charset=utf-8");
	return swm_arena_str(arena, type);
}

/* One range of an Accept field. */
struct accepted {
	swm_str text;     /* all of it */
	swm_str type;     /* "text/csv", without parameters */
	bool stripped;    /* nulls=stripped */
	int quality;      /* thousandths */
	int detail;       /* parameters before the quality, less asterisks */
};

/* As swm_str_cut(), but does not cut within double quotes (RFC 9110, 5.6.4). */
static bool
cut_unquoted(swm_str *rest, char separator, swm_str *piece)
{
	size_t i = 0;
	bool quoted = false;

	if (rest->ptr == NULL)
		return false;
	for (; i < rest->len && (quoted || rest->ptr[i] != separator); i++) {
		if (quoted && rest->ptr[i] == '\\' && i + 1 < rest->len)
			i++;
		else if (rest->ptr[i] == '"')
			quoted = !quoted;
	}
	*piece = (swm_str){ rest->ptr, i };
	*rest = i < rest->len ? swm_str_from(*rest, i + 1) : (swm_str){ NULL, 0 };
	return true;
}

static swm_str
unquoted(swm_str s)
{
	if (s.len >= 2 && s.ptr[0] == '"' && s.ptr[s.len - 1] == '"')
		return (swm_str){ s.ptr + 1, s.len - 2 };
	return s;
}

/* A qvalue (RFC 9110, 12.4.2) in thousandths; an invalid one counts as 1. */
static int
parse_quality(swm_str s)
{
	int q = 0, scale = 1000;

	if (s.len == 0 || (s.ptr[0] != '0' && s.ptr[0] != '1'))
		return 1000;
	q = (s.ptr[0] - '0') * 1000;
	for (size_t i = 2; i < s.len && i < 5; i++) {
		if (s.ptr[1] != '.' || s.ptr[i] < '0' || s.ptr[i] > '9')
			return 1000;
		scale /= 10;
		q += (s.ptr[i] - '0') * scale;
	}
	return q > 1000 ? 1000 : q;
}

/* name=value of a parameter. */
static void
split_parameter(swm_str parameter, swm_str *name, swm_str *value)
{
	size_t equals = swm_str_find(parameter, '=');

	*name = swm_str_trim((swm_str){ parameter.ptr, equals });
	*value = unquoted(swm_str_trim(swm_str_from(parameter, equals + 1)));
}

/* The format that a vendor type has by default may be left out of its name. */
static const struct {
	swm_str brief, full;
	bool strips; /* leave out null members */
} vendor_types[] = {
	{ { "application/vnd.pgrst.object", 28 },
	  { "application/vnd.pgrst.object+json", 33 },
	  true },
	{ { "application/vnd.pgrst.array", 27 }, { "application/vnd.pgrst.array+json", 32 }, true },
	{ { "application/vnd.pgrst.plan", 26 }, { "application/vnd.pgrst.plan+text", 31 }, false },
};
enum { VENDOR_TYPES = sizeof vendor_types / sizeof vendor_types[0], VENDOR_ARRAY = 1 };

/* For any other type nulls=stripped has no effect, like other parameters. */
static bool
can_strip(swm_str type)
{
	for (size_t i = 0; i < VENDOR_TYPES; i++)
		if (swm_str_caseeq(type, vendor_types[i].brief) ||
		    swm_str_caseeq(type, vendor_types[i].full))
			return vendor_types[i].strips;
	return false;
}

static int
count_asterisks(swm_str s)
{
	int n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += s.ptr[i] == '*';
	return n;
}

static struct accepted
parse_accepted(swm_str piece)
{
	struct accepted a = { .text = swm_str_trim(piece), .quality = 1000 };
	swm_str rest = a.text, part, name, value;
	bool has_quality = false;

	if (cut_unquoted(&rest, ';', &part))
		a.type = swm_str_trim(part);
	a.detail = -count_asterisks(a.type);
	while (cut_unquoted(&rest, ';', &part)) {
		split_parameter(part, &name, &value);
		has_quality |= swm_str_caseeq(name, SWM_STR("q"));
		a.detail += has_quality ? 0 : 1 - count_asterisks(part);
		if (swm_str_caseeq(name, SWM_STR("q")))
			a.quality = parse_quality(value);
		else if (swm_str_caseeq(name, SWM_STR("nulls")))
			a.stripped = can_strip(a.type) &&
			             swm_str_caseeq(value, SWM_STR("stripped"));
	}
	return a;
}

static swm_str
full_name(swm_str type, bool stripped)
{
	for (size_t i = 0; i < VENDOR_TYPES; i++)
		if (swm_str_caseeq(type, vendor_types[i].brief))
			type = vendor_types[i].full;
	/* without nulls=stripped, an array is plain JSON */
	if (!stripped &&
	    swm_str_caseeq(type, vendor_types[VENDOR_ARRAY].full))
		return SWM_STR("application/json");
	return type;
}

enum fit { NO_FIT, ANY_TYPE, ANY_SUBTYPE, EXACT };

/* True when a media type is this prefix and more characters of a name (RFC 6838, 4.2). */
static bool
continues(swm_str type, swm_str begin)
{
	if (type.len <= begin.len || !swm_str_caseeq((swm_str){ type.ptr, begin.len }, begin))
		return false;
	for (size_t i = begin.len; i < type.len; i++)
		if (!swm_is_alnum(type.ptr[i]) && memchr("!#$&-^_.+", type.ptr[i], 9) == NULL)
			return false;
	return true;
}

static enum fit
offer_fits(const swm_offer *offer, const struct accepted *a)
{
	swm_str type = offer->type;
	size_t parameters = swm_str_find(type, ';');
	bool stripped = parameters < type.len;

	type.len = parameters;
	if (offer->is_cut && continues(a->type, type))
		return EXACT;
	if (stripped == a->stripped && swm_str_caseeq(type, full_name(a->type, a->stripped)))
		return EXACT;
	if (stripped || swm_str_starts(type, SWM_STR("application/vnd.pgrst.")))
		return NO_FIT;
	if (swm_str_eq(a->type, SWM_STR("*/*")))
		return ANY_TYPE;
	if (swm_str_ends(a->type, SWM_STR("/*")) && swm_str_find(type, '/') == a->type.len - 2 &&
	    swm_str_caseeq((swm_str){ type.ptr, a->type.len - 1 },
	                   (swm_str){ a->type.ptr, a->type.len - 1 }))
		return ANY_SUBTYPE;
	return NO_FIT;
}

/* The best of all ranges for one offer, and its position; a quality of 0 when there is none. */
static struct accepted
best_range(swm_str accept, const swm_offer *offer, size_t *place)
{
	struct accepted best = { .quality = 0 };
	enum fit best_fit = NO_FIT;
	swm_str rest = accept, piece;

	for (size_t i = 0; cut_unquoted(&rest, ',', &piece); i++) {
		struct accepted a = parse_accepted(piece);
		enum fit fit = offer_fits(offer, &a);
		/* matched by name, whatever its position */
		bool refused = fit == best_fit && a.quality == 0;
		if (fit == NO_FIT || (fit <= best_fit && !refused))
			continue;
		best_fit = fit;
		best = a;
		*place = i;
	}
	return best;
}

/* The full name of a type that the dialect knows; NULL for any other. */
static const char *
known_name(const struct accepted *a)
{
	static const char *const known[] = {
		"application/json",
		"application/geo+json",
		"text/csv",
		"text/plain",
		"text/xml",
		"application/openapi+json",
		"application/x-www-form-urlencoded",
		"application/octet-stream",
		"application/vnd.pgrst.object+json",
		"application/vnd.pgrst.plan+text",
		"application/vnd.pgrst.plan+json",
	};
	swm_str type = full_name(a->type, a->stripped);

	if (a->stripped && swm_str_caseeq(type, SWM_STR("application/vnd.pgrst.object+json")))
		return "application/vnd.pgrst.object+json;nulls=stripped";
	if (swm_str_caseeq(type, SWM_STR("application/vnd.pgrst.array+json")))
		return "application/vnd.pgrst.array+json;nulls=stripped";
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (swm_str_caseeq(type, swm_cstr(known[i])))
			return known[i];
	return NULL;
}

swm_str
swm_media_name(swm_str type)
{
	struct accepted a = parse_accepted(type);
	const char *known = known_name(&a);

	return known == NULL ? a.text : swm_cstr(known);
}

/*
 * The execution plan
 * (https://docs.postgrest.org/en/latest/references/observability.html#execution-plan)
 */

/* In the order in which a Content-Type names them. */
static const swm_str plan_options[] = {
	{ "analyze", 7 }, { "verbose", 7 }, { "settings", 8 }, { "buffers", 7 }, { "wal", 3 },
};

static unsigned
parse_plan_options(swm_str words)
{
	unsigned options = 0;
	swm_str word;

	while (swm_str_cut(&words, '|', &word))
		for (size_t i = 0; i < sizeof plan_options / sizeof plan_options[0]; i++)
			if (swm_str_caseeq(swm_str_trim(word), plan_options[i]))
				options |= 1u << i;
	return options;
}

void
swm_accept_plan(swm_str range, unsigned *options, swm_str *of)
{
	swm_str rest = range, part, name, value;

	*options = 0;
	*of = (swm_str){ NULL, 0 };
	while (cut_unquoted(&rest, ';', &part)) {
		split_parameter(part, &name, &value);
		if (swm_str_caseeq(name, SWM_STR("options")))
			*options = parse_plan_options(value);
		else if (swm_str_caseeq(name, SWM_STR("for")))
			*of = value;
	}
}

/* type; for="..."; options=... Known types have their full names. */
static void
write_plan_type(swm_buf *to, enum swm_media format, swm_str of, unsigned options)
{
	const char *before = "; options=";

	swm_buf_str(to, medias[format].type);
	swm_buf_cstr(to, "; for=\"");
	swm_buf_str(to, swm_media_name(of));
	swm_buf_char(to, '"');
	for (size_t i = 0; i < sizeof plan_options / sizeof plan_options[0]; i++) {
		if ((options & 1u << i) == 0)
			continue;
		swm_buf_cstr(to, before);
		swm_buf_str(to, plan_options[i]);
		before = "|";
	}
}

void
swm_plan_content_type(swm_buf *to, enum swm_media format, swm_str of, unsigned options)
{
	write_plan_type(to, format, of, options);
	swm_buf_cstr(to, "; charset=utf-8");
}

/* Media types that cannot be produced */

static void
write_plan_name(swm_buf *to, const char *name, swm_str range)
{
	unsigned options;
	swm_str of;
	enum swm_media format = swm_str_ends(swm_cstr(name), SWM_STR("json")) ? SWM_MEDIA_PLAN_JSON
	                                                                      : SWM_MEDIA_PLAN_TEXT;

	swm_accept_plan(range, &options, &of);
	write_plan_type(to, format, of.len > 0 ? of : SWM_STR("application/json"), options);
}

/* PostgREST's spelling: without quality and blanks, known types by their full names. */
static void
write_range_name(swm_buf *to, const struct accepted *a)
{
	const char *name = a->quality == 0 ? NULL : known_name(a);

	if (name != NULL && strstr(name, ".plan+") != NULL) {
		write_plan_name(to, name, a->text);
	} else if (name != NULL) {
		swm_buf_cstr(to, name);
	} else {
		for (size_t i = 0; i < a->text.len; i++) {
			if (a->quality > 0 &&
			    swm_str_starts(swm_str_from(a->text, i), SWM_STR(";q=")))
				break;
			if (a->text.ptr[i] != ' ')
				swm_buf_char(to, a->text.ptr[i]);
		}
	}
}

enum { MOST_TOLD = 32 };

/*
 * True when the client prefers a range to one that stands before it. At equal quality the more
 * specific one wins, as in PostgREST: text/csv before a wildcard.
 */
static bool
is_better(const struct accepted *a, const struct accepted *than)
{
	return a->quality > than->quality ||
	       (a->quality == than->quality && a->detail > than->detail);
}

/* Sorts by the client's preference, best first. */
static int
fail_media_type(swm_str accept, swm_error *err)
{
	struct accepted ranges[MOST_TOLD];
	swm_buf names = SWM_BUF_INIT;
	swm_str rest = accept, piece;
	size_t count = 0;

	while (count < MOST_TOLD && cut_unquoted(&rest, ',', &piece)) {
		struct accepted a = parse_accepted(piece);
		size_t at = count++;
		for (; at > 0 && is_better(&a, &ranges[at - 1]); at--)
			ranges[at] = ranges[at - 1];
		ranges[at] = a;
	}
	for (size_t i = 0; i < count; i++) {
		swm_buf_cstr(&names, i > 0 ? ", " : "");
		write_range_name(&names, &ranges[i]);
	}
	int rc = swm_fail(err, SWM_ERR_MEDIA_TYPE, swm_buf_view(&names));
	swm_buf_dispose(&names);
	return rc;
}

int
swm_accept_negotiate(swm_acceptable *out, swm_str accept, const swm_offer *offers, size_t count,
                     swm_error *err)
{
	swm_str given = swm_str_trim(accept);
	struct accepted best = { .quality = 0 };
	size_t place = 0;

	if (given.len == 0)
		given = SWM_STR("*/*");
	for (size_t i = 0; i < count; i++) {
		size_t at = 0;
		struct accepted a = best_range(given, &offers[i], &at);
		if (a.quality == 0 || (at < place ? is_better(&best, &a) : !is_better(&a, &best)))
			continue;
		best = a;
		place = at;
		*out = (swm_acceptable){ offers[i].number, a.text, a.type };
	}
	return best.quality > 0 ? SWM_OK : fail_media_type(given, err);
}

size_t
swm_media_offers(swm_offer offers[SWM_MEDIA_COUNT], unsigned can)
{
	size_t count = 0;

	for (int m = 0; m < SWM_MEDIA_COUNT; m++)
		if ((can & 1u << m) != 0)
			offers[count++] = (swm_offer){ .type = medias[m].type, .number = m };
	return count;
}

int
swm_accept_choose(enum swm_media *out, swm_str accept, unsigned can, swm_error *err)
{
	swm_offer offers[SWM_MEDIA_COUNT];
	swm_acceptable chosen;
	int rc = swm_accept_negotiate(&chosen, accept, offers, swm_media_offers(offers, can), err);

	if (rc == SWM_OK)
		*out = (enum swm_media)chosen.number;
	return rc;
}
