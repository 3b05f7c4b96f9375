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

/* One range of an Accept field. */
struct accepted {
	swm_str type;     /* "text/csv", without parameters */
	bool stripped;    /* nulls=stripped */
	int quality;      /* thousandths */
};

/* A qvalue (RFC 9110, 12.4.2) in thousandths; what is none counts as 1. */
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

static void
parse_parameter(struct accepted *a, swm_str parameter)
{
	size_t equals = swm_str_find(parameter, '=');
	swm_str name = swm_str_trim((swm_str){ parameter.ptr, equals });
	swm_str value = swm_str_trim(swm_str_from(parameter, equals + 1));

	if (swm_str_caseeq(name, SWM_STR("q")))
		a->quality = parse_quality(value);
	else if (swm_str_caseeq(name, SWM_STR("nulls")))
		a->stripped = swm_str_caseeq(value, SWM_STR("stripped"));
}

static struct accepted
parse_accepted(swm_str piece)
{
	struct accepted a = { .quality = 1000 };
	swm_str rest = piece, part;

	if (swm_str_cut(&rest, ';', &part))
		a.type = swm_str_trim(part);
	while (swm_str_cut(&rest, ';', &part))
		parse_parameter(&a, part);
	return a;
}

/* The media type without its own parameters, and whether it strips nulls. */
static bool
media_fits(enum swm_media media, const struct accepted *a)
{
	swm_str type = medias[media].type;
	bool stripped = swm_str_find(type, ';') < type.len;
	type.len = swm_str_find(type, ';');

	if (swm_str_eq(a->type, SWM_STR("*/*")))
		return !stripped && media != SWM_MEDIA_OBJECT;
	if (swm_str_ends(a->type, SWM_STR("/*")))
		return !stripped && media != SWM_MEDIA_OBJECT &&
		       swm_str_find(type, '/') == a->type.len - 2 &&
		       swm_str_caseeq((swm_str){ type.ptr, a->type.len - 1 }, (swm_str){ a->type.ptr, a->type.len - 1 });
	if (swm_str_caseeq(a->type, SWM_STR("application/vnd.pgrst.object")))
		return media == (a->stripped ? SWM_MEDIA_OBJECT_STRIPPED : SWM_MEDIA_OBJECT);
	if (swm_str_caseeq(a->type, SWM_STR("application/vnd.pgrst.array+json")) ||
	    swm_str_caseeq(a->type, SWM_STR("application/vnd.pgrst.array")))
		return media == (a->stripped ? SWM_MEDIA_ARRAY_STRIPPED : SWM_MEDIA_JSON);
	return stripped == a->stripped && swm_str_caseeq(type, a->type);
}

/* What is refused by name: a range with q=0 says no to a type that a wider one would allow. */
static unsigned
refused_media(swm_str accept)
{
	swm_str rest = accept, piece;
	unsigned refused = 0;

	while (swm_str_cut(&rest, ',', &piece)) {
		struct accepted a = parse_accepted(piece);
		if (a.quality > 0 || a.type.len == 0 || a.type.ptr[a.type.len - 1] == '*')
			continue;
		for (int m = 0; m < SWM_MEDIA_COUNT; m++)
			if (media_fits((enum swm_media)m, &a))
				refused |= 1u << m;
	}
	return refused;
}

static bool
first_fitting(enum swm_media *out, const struct accepted *a, unsigned can)
{
	for (int m = 0; m < SWM_MEDIA_COUNT; m++) {
		if ((can & 1u << m) != 0 && media_fits((enum swm_media)m, a)) {
			*out = (enum swm_media)m;
			return true;
		}
	}
	return false;
}

int
swm_accept_choose(enum swm_media *out, swm_str accept, unsigned can, swm_error *err)
{
	int best = 0;
	swm_str given = swm_str_trim(accept), rest, piece;

	if (given.len == 0)
		given = SWM_STR("*/*");
	can &= ~refused_media(given);
	rest = given;
	while (swm_str_cut(&rest, ',', &piece)) {
		struct accepted a = parse_accepted(piece);
		enum swm_media media;
		/* of equal quality the first counts, as PostgREST has it */
		if (a.quality > best && first_fitting(&media, &a, can)) {
			best = a.quality;
			*out = media;
		}
	}
	if (best > 0)
		return SWM_OK;
	return swm_fail(err, SWM_ERR_MEDIA_TYPE, given);
}
