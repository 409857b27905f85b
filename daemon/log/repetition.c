/* How often a line is written. */
#include "daemon/log/repetition.h"

bool
repetition_allows(
    struct repetition *repetition, uint64_t now_ms, uint64_t *left_out)
{
	unsigned most = repetition->most == 0 ? 1 : repetition->most;

	if (now_ms >= repetition->end) {
		repetition->end = now_ms + REPETITION_TIME;
		repetition->written = 0;
	}
	if (repetition->written >= most) {
		repetition->left_out++;
		return false;
	}
	repetition->written++;
	*left_out = repetition->left_out;
	repetition->left_out = 0;
	return true;
}

uint64_t
repetition_deadline(const struct repetition *repetition)
{
	return repetition->left_out > 0 ? repetition->end : UINT64_MAX;
}
