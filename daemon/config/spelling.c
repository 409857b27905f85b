/* Nearest names by the edits that typing goes wrong by. */
#include "daemon/config/spelling.h"

#include <stdio.h>
#include <string.h>

/* Longer names are not misspelt but wrong. */
enum { NAME_MAX_LEN = 48 };

static size_t
least(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/*
 * Letters added, lost, changed, and neighbours swapped: rows of the usual
 * matrix, of which the last three are kept.
 */
static size_t
distance(const char *a, size_t alen, const char *b, size_t blen)
{
	size_t rows[3][NAME_MAX_LEN + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t j = 0; j <= blen; j++)
		above[j] = j;
	memcpy(before, above, sizeof rows[0]);
	for (size_t i = 1; i <= alen; i++) {
		size_t *oldest = before;

		row[0] = i;
		for (size_t j = 1; j <= blen; j++) {
			size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;

			row[j] = least(
			    above[j] + 1, row[j - 1] + 1, above[j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && before[j - 2] < row[j])
				row[j] = before[j - 2] + 1;
		}
		before = above;
		above = row;
		row = oldest;
	}
	return above[blen];
}

void
spelling_offer(struct spelling *spelling, const char *known)
{
	size_t word_len = strlen(spelling->word), len = strlen(known);
	size_t near;

	if (word_len > NAME_MAX_LEN || len > NAME_MAX_LEN || len == 0)
		return;
	near = distance(spelling->word, word_len, known, len);
	if (near > 1 + word_len / 4 || near >= len)
		return;
	if (spelling->nearest != NULL && near >= spelling->distance)
		return;
	spelling->nearest = known;
	spelling->distance = near;
}

void
spelling_hint(const struct spelling *spelling, char hint[SPELLING_HINT_SIZE])
{
	hint[0] = '\0';
	if (spelling->nearest != NULL)
		snprintf(hint, SPELLING_HINT_SIZE, " (did you mean \"%s\"?)",
		    spelling->nearest);
}
