#include "config.h"

#include "base/fuzzy.h"

/*
 * Lower case of the letters that names are made of (Latin, Greek, Cyrillic), independent of the
 * locale. A pair of letters missing here only lowers the score of a hint.
 */
static uint32_t
lower(uint32_t c)
{
	if ((c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7) ||
	    (c >= 0x391 && c <= 0x3a9) || (c >= 0x410 && c <= 0x42f))
		return c + 32;
	if (c >= 0x400 && c <= 0x40f)
		return c + 80;
	if (c >= 0x100 && c <= 0x137)
		return c | 1;
	return c;
}

/*
 * Characters that normalisation keeps: letters, digits, blanks and commas. All non-ASCII
 * characters count as letters.
 */
static bool
is_kept(uint32_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c >= 0x80 || c == ' ' ||
	       c == ',' || (c >= '\t' && c <= '\r');
}

/* The first character of valid UTF-8; *s moves past it. */
static uint32_t
next_character(swm_str *s)
{
	const unsigned char *p = (const unsigned char *)s->ptr;
	size_t len = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	uint32_t c = len == 1 ? p[0] : p[0] & (0x7fu >> len);

	for (size_t i = 1; i < len; i++)
		c = c << 6 | (p[i] & 0x3fu);
	*s = swm_str_from(*s, len);
	return c;
}

/* Characters in lower case; false when there are too many or it is no UTF-8. */
static bool
decode(swm_str s, uint32_t *characters, size_t *count)
{
	*count = 0;
	if (s.len > SWM_FUZZY_LONGEST || !swm_utf8_valid(s, NULL))
		return false;
	while (s.len > 0)
		characters[(*count)++] = lower(next_character(&s));
	return true;
}

static void
count_gram(struct swm_fuzzy_grams *grams, uint64_t gram)
{
	size_t at = grams->count;

	while (at > 0 && grams->gram[at - 1] > gram)
		at--;
	if (at > 0 && grams->gram[at - 1] == gram) {
		grams->times[at - 1]++;
		return;
	}
	for (size_t i = grams->count; i > at; i--) {
		grams->gram[i] = grams->gram[i - 1];
		grams->times[i] = grams->times[i - 1];
	}
	grams->gram[at] = gram;
	grams->times[at] = 1;
	grams->count++;
}

/* The grams of size characters in "-name-", the name without what normalisation drops. */
static void
make_grams(struct swm_fuzzy_grams *grams, const uint32_t *key, size_t len, size_t size)
{
	uint32_t text[SWM_FUZZY_LONGEST + 2];
	size_t n = 0;

	text[n++] = '-';
	for (size_t i = 0; i < len; i++)
		if (is_kept(key[i]))
			text[n++] = key[i];
	text[n++] = '-';
	grams->count = 0;
	grams->norm = 0;
	for (size_t i = 0; i + size <= n; i++) {
		uint64_t gram = 0; /* three code points of 21 bits */
		for (size_t k = 0; k < size; k++)
			gram = gram << 21 | text[i + k];
		count_gram(grams, gram);
	}
	for (size_t i = 0; i < grams->count; i++)
		grams->norm += (uint32_t)grams->times[i] * grams->times[i];
}

/* The scalar product of both vectors. */
static uint32_t
product(const struct swm_fuzzy_grams *a, const struct swm_fuzzy_grams *b)
{
	uint32_t sum = 0;

	for (size_t i = 0, k = 0; i < a->count && k < b->count;) {
		if (a->gram[i] == b->gram[k])
			sum += (uint32_t)a->times[i++] * b->times[k++];
		else if (a->gram[i] < b->gram[k])
			i++;
		else
			k++;
	}
	return sum;
}

static void
rank(struct swm_fuzzy_ranking *ranking, swm_str name, double cosine)
{
	size_t at = ranking->count;

	while (at > 0 && ranking->best[at - 1].cosine < cosine)
		at--;
	if (at == SWM_FUZZY_COMPARED)
		return;
	if (ranking->count < SWM_FUZZY_COMPARED)
		ranking->count++;
	for (size_t i = ranking->count - 1; i > at; i--)
		ranking->best[i] = ranking->best[i - 1];
	ranking->best[at] = (struct swm_fuzzy_candidate){ name, cosine };
}

bool
swm_fuzzy_start(swm_fuzzy *fuzzy, swm_str name)
{
	fuzzy->exact = (swm_str){ NULL, 0 };
	fuzzy->rankings[0].count = fuzzy->rankings[1].count = 0;
	if (!decode(name, fuzzy->key, &fuzzy->key_len))
		return false;
	make_grams(&fuzzy->grams[0], fuzzy->key, fuzzy->key_len, 3);
	make_grams(&fuzzy->grams[1], fuzzy->key, fuzzy->key_len, 2);
	return true;
}

static bool
is_key(const swm_fuzzy *fuzzy, const uint32_t *key, size_t len)
{
	return len == fuzzy->key_len && memcmp(key, fuzzy->key, len * sizeof *key) == 0;
}

void
swm_fuzzy_offer(swm_fuzzy *fuzzy, swm_str name)
{
	struct swm_fuzzy_grams grams;
	uint32_t key[SWM_FUZZY_LONGEST];
	size_t len;

	if (fuzzy->exact.ptr != NULL || !decode(name, key, &len))
		return;
	if (is_key(fuzzy, key, len)) {
		fuzzy->exact = name;
		return;
	}
	for (size_t i = 0; i < 2; i++) {
		make_grams(&grams, key, len, 3 - i);
		double dot = product(&fuzzy->grams[i], &grams);
		if (dot > 0) /* squares stand in for the cosines: their order is the same */
			rank(&fuzzy->rankings[i], name,
			     dot * dot / ((double)fuzzy->grams[i].norm * grams.norm));
	}
}

/* Edits between the two texts (Levenshtein). */
static size_t
distance(const uint32_t *a, size_t a_len, const uint32_t *b, size_t b_len)
{
	size_t row[SWM_FUZZY_LONGEST + 1];

	for (size_t k = 0; k <= b_len; k++)
		row[k] = k;
	for (size_t i = 1; i <= a_len; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t k = 1; k <= b_len; k++) {
			size_t best = diagonal + (a[i - 1] != b[k - 1]);
			diagonal = row[k];
			best = row[k] + 1 < best ? row[k] + 1 : best;
			row[k] = row[k - 1] + 1 < best ? row[k - 1] + 1 : best;
		}
	}
	return row[b_len];
}

/* 1 for the same text, 0 for one that has nothing in common. */
static double
similarity(const swm_fuzzy *fuzzy, swm_str name)
{
	uint32_t key[SWM_FUZZY_LONGEST];
	size_t len;

	if (!decode(name, key, &len))
		return 0;
	size_t longest = len > fuzzy->key_len ? len : fuzzy->key_len;
	if (longest == 0)
		return 1;
	return 1 - (double)distance(fuzzy->key, fuzzy->key_len, key, len) / (double)longest;
}

static swm_str
best_of(const swm_fuzzy *fuzzy, const struct swm_fuzzy_ranking *ranking, double least)
{
	swm_str best = { NULL, 0 };
	double best_score = least;

	for (size_t i = 0; i < ranking->count; i++) {
		double score = similarity(fuzzy, ranking->best[i].name);
		if (score > best_score || (score == best_score && best.ptr == NULL)) {
			best = ranking->best[i].name;
			best_score = score;
		}
	}
	return best;
}

swm_str
swm_fuzzy_nearest(const swm_fuzzy *fuzzy)
{
	return swm_fuzzy_nearest_of(fuzzy, 0.33); /* FuzzySet's own least score */
}

swm_str
swm_fuzzy_nearest_of(const swm_fuzzy *fuzzy, double least)
{
	if (fuzzy->exact.ptr != NULL)
		return fuzzy->exact;
	swm_str best = best_of(fuzzy, &fuzzy->rankings[0], least);
	return best.ptr != NULL ? best : best_of(fuzzy, &fuzzy->rankings[1], least);
}
