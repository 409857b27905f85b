/* A window of bits below the highest number, used as a ring. */
#include "daemon/keyholder/serials.h"

#include <string.h>

static void
move_on(struct serials *s, uint64_t serial)
{
	uint64_t gap = serial - s->highest;

	if (gap >= SERIALS_KEPT)
		memset(s->taken, 0, sizeof s->taken);
	for (uint64_t i = s->highest + 1; gap < SERIALS_KEPT && i < serial; i++)
		s->taken[i % SERIALS_KEPT / 64] &= ~(UINT64_C(1) << i % 64);
	s->taken[serial % SERIALS_KEPT / 64] &= ~(UINT64_C(1) << serial % 64);
	s->highest = serial;
}

bool
serials_take(struct serials *s, uint64_t serial)
{
	uint64_t bit = UINT64_C(1) << serial % 64;
	uint64_t *word = &s->taken[serial % SERIALS_KEPT / 64];

	if (serial == 0 ||
	    (serial <= s->highest && s->highest - serial >= SERIALS_KEPT))
		return false;
	if (serial > s->highest)
		move_on(s, serial);
	if ((*word & bit) != 0)
		return false;
	*word |= bit;
	return true;
}
