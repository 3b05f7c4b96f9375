/* Suggests the nearest existing name for one that does not exist. */
#include "config.h"

#include "command.h"

#include <string.h>

enum { LONGEST_NAME = 63 };

/* Levenshtein's, with a swap of neighbours as one step: that is what fingers do. */
static size_t
edit_distance(const char *a, const char *b)
{
	size_t rows[3][LONGEST_NAME + 1], width = strlen(b);

	for (size_t j = 0; j <= width; j++)
		rows[0][j] = j;
	for (size_t i = 1; a[i - 1] != '\0'; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *second = rows[(i + 1) % 3];
		row[0] = i;
		for (size_t j = 1; j <= width; j++) {
			size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);
			best = above[j] + 1 < best ? above[j] + 1 : best;
			best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				best = second[j - 2] + 1 < best ? second[j - 2] + 1 : best;
			row[j] = best;
		}
	}
	return rows[strlen(a) % 3][width];
}

const char *
nearest_name(const char *wrong, const char *const *names, size_t count)
{
	size_t len = strlen(wrong);
	/* further apart than this, a guess confuses more than it helps */
	size_t best = (len + 2) / 3 < 3 ? (len + 2) / 3 : 3;
	const char *nearest = NULL;

	if (len == 0 || len > LONGEST_NAME)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		bool fits = strlen(names[i]) <= LONGEST_NAME;
		size_t distance = fits ? edit_distance(wrong, names[i]) : len;
		if (distance > best || distance >= len || (distance == best && nearest != NULL))
			continue;
		best = distance;
		nearest = names[i];
	}
	return nearest;
}
