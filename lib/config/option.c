#include "config.h"

#include "config/option.h"

const struct swm_option swm_options[SWM_OPTION_COUNT] = {
#define SWM_OPTION(field, name, type, fallback, alias, flags, range, help) \
	{ name, SWM_OPTION_##type, fallback, alias, flags, range, help },
#include "config/options.def"
#undef SWM_OPTION
};

enum swm_option_id
swm_option_find(swm_str name, bool *by_alias)
{
	for (int i = 0; i < SWM_OPTION_COUNT; i++) {
		const struct swm_option *o = &swm_options[i];
		*by_alias = o->alias != NULL && swm_str_eq(name, swm_cstr(o->alias));
		if (*by_alias || swm_str_eq(name, swm_cstr(o->name)))
			return (enum swm_option_id)i;
	}
	return SWM_OPTION_COUNT;
}

const char *
swm_option_removed(swm_str name)
{
	static const struct {
		const char *name, *instead;
	} removed[] = {
#define SWM_REMOVED(name, instead) { name, instead },
#include "config/removed.def"
#undef SWM_REMOVED
	};

	for (size_t i = 0; i < sizeof removed / sizeof removed[0]; i++)
		if (swm_str_eq(name, swm_cstr(removed[i].name)))
			return removed[i].instead;
	return NULL;
}

const char *
swm_option_nearest(swm_str name)
{
	/* further apart than this, a guess confuses more than it helps */
	size_t best = name.len / 3 < 3 ? name.len / 3 : 3;
	const char *nearest = NULL;

	for (int i = 0; i < SWM_OPTION_COUNT; i++) {
		const char *const names[] = { swm_options[i].name, swm_options[i].alias };
		for (size_t k = 0; k < 2; k++) {
			size_t d = names[k] == NULL
			               ? best + 1
			               : swm_str_distance(name, swm_cstr(names[k]), best);
			if (d > best || (d == best && nearest != NULL))
				continue;
			best = d;
			nearest = names[k];
		}
	}
	return nearest;
}

bool
swm_option_has_flag(enum swm_option_id id, char flag)
{
	return strchr(swm_options[id].flags, flag) != NULL;
}

/* "1..10000"; an end that is left out is open. */
static void
read_range(const char *range, int64_t *low, int64_t *high)
{
	swm_str rest = swm_cstr(range), first = { NULL, 0 };

	*low = INT64_MIN;
	*high = INT64_MAX;
	if (!swm_str_cut(&rest, '.', &first))
		return;
	swm_str_int64(first, low);
	swm_str_int64(swm_str_from(rest, 1), high);
}

static bool
accepts_integer(const char *range, swm_str value)
{
	int64_t low, high, n;

	read_range(range, &low, &high);
	return swm_str_int64(value, &n) && n >= low && n <= high;
}

static bool
accepts_word(const char *words, swm_str value)
{
	swm_str rest = swm_cstr(words), word;

	while (swm_str_cut(&rest, ' ', &word))
		if (swm_str_eq(word, value))
			return true;
	return false;
}

/* "octal 600..777": three digits are in the order of their text. */
static bool
accepts_mode(swm_str range, swm_str value)
{
	if (value.len == 4 && value.ptr[0] == '0')
		value = swm_str_from(value, 1);
	for (size_t i = 0; i < value.len; i++)
		if (value.ptr[i] < '0' || value.ptr[i] > '7')
			return false;
	return value.len == 3 && swm_str_cmp(value, (swm_str){ range.ptr, 3 }) >= 0 &&
	       swm_str_cmp(value, swm_str_from(range, 5)) <= 0;
}

static bool
mode_range(const char *range, swm_str *out)
{
	swm_str octal = SWM_STR("octal ");

	*out = swm_str_from(swm_cstr(range), octal.len);
	return swm_str_starts(swm_cstr(range), octal);
}

bool
swm_option_accepts(enum swm_option_id id, swm_str value)
{
	const struct swm_option *o = &swm_options[id];
	swm_str range;
	bool truth;

	switch (o->type) {
	case SWM_OPTION_INTEGER:
		return accepts_integer(o->range, value);
	case SWM_OPTION_BOOLEAN:
		return swm_option_boolean(value, &truth);
	case SWM_OPTION_ENUM:
		return accepts_word(o->range, value);
	case SWM_OPTION_STRING:
		return !mode_range(o->range, &range) || accepts_mode(range, value);
	case SWM_OPTION_LIST:
		return true;
	}
	return false;
}

static void
describe_integer(const char *range, swm_buf *to)
{
	int64_t low, high;

	read_range(range, &low, &high);
	swm_buf_cstr(to, "a whole number");
	if (low != INT64_MIN && high != INT64_MAX)
		swm_buf_printf(to, " from %lld to %lld", (long long)low, (long long)high);
	else if (low != INT64_MIN)
		swm_buf_printf(to, " of %lld or more", (long long)low);
}

static void
describe_words(const char *words, swm_buf *to)
{
	swm_str rest = swm_cstr(words), word;
	const char *before = "one of ";

	while (swm_str_cut(&rest, ' ', &word)) {
		swm_buf_cstr(to, before);
		swm_buf_str(to, word);
		before = ", ";
	}
}

static void
describe_string(const char *range, swm_buf *to)
{
	swm_str mode;

	if (mode_range(range, &mode))
		swm_buf_printf(to, "an octal file mode from %.3s to %.3s", mode.ptr, mode.ptr + 5);
	else
		swm_buf_cstr(to, "a string");
}

void
swm_option_describe(enum swm_option_id id, swm_buf *to)
{
	const struct swm_option *o = &swm_options[id];

	switch (o->type) {
	case SWM_OPTION_INTEGER:
		describe_integer(o->range, to);
		break;
	case SWM_OPTION_BOOLEAN:
		swm_buf_cstr(to, "true or false");
		break;
	case SWM_OPTION_ENUM:
		describe_words(o->range, to);
		break;
	case SWM_OPTION_STRING:
		describe_string(o->range, to);
		break;
	case SWM_OPTION_LIST:
		swm_buf_cstr(to, "a list separated by commas");
		break;
	}
}

bool
swm_option_is_off(enum swm_option_id id, swm_str value)
{
	bool truth = true;

	if (swm_options[id].type == SWM_OPTION_ENUM && swm_str_eq(value, SWM_STR("disabled")))
		return true;
	return swm_options[id].type != SWM_OPTION_STRING && swm_option_boolean(value, &truth) &&
	       !truth;
}

bool
swm_option_number(enum swm_option_id id, swm_str value, int64_t *out)
{
	const struct swm_option *o = &swm_options[id];
	swm_str range;
	bool is_mode = o->type == SWM_OPTION_STRING && mode_range(o->range, &range);

	if (o->type != SWM_OPTION_INTEGER && !is_mode)
		return false;
	*out = -1;
	if (value.len == 0)
		return true;
	if (!is_mode)
		return swm_str_int64(value, out);
	if (!accepts_mode(range, value))
		return false;
	*out = 0;
	for (size_t i = 0; i < value.len; i++)
		*out = *out * 8 + (value.ptr[i] - '0');
	return true;
}

bool
swm_option_boolean(swm_str value, bool *out)
{
	static const struct {
		const char *text;
		bool truth;
	} words[] = {
		{ "true", true }, { "on", true }, { "1", true },
		{ "false", false }, { "off", false }, { "0", false },
	};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (!swm_str_caseeq(value, swm_cstr(words[i].text)))
			continue;
		*out = words[i].truth;
		return true;
	}
	return false;
}
