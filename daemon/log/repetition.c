/* How often a line is written. */
#include "daemon/log/repetition.h"

bool
repetition_allows(
    struct repetition *repetition, uint64_t now_ms, uint64_t *left_out)
{
	if (now_ms < repetition->next) {
		repetition->left_out++;
		return false;
	}
	*left_out = repetition->left_out;
	repetition->left_out = 0;
	repetition->next = now_ms + REPETITION_TIME;
	return true;
}

bool
repetition_is_due(
    struct repetition *repetition, uint64_t now_ms, uint64_t *left_out)
{
	return repetition->left_out > 0 &&
	    repetition_allows(repetition, now_ms, left_out);
}
