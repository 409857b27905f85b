/* The heap that every login inherits. */
#ifndef SP_LOGIN_HEAP_H
#define SP_LOGIN_HEAP_H

#include <stdbool.h>

/*
 * Takes for good what is free between the allocations there are, so that
 * a child allocates behind them: its memory then fills a few pages of its
 * own, where it would copy one of its parent's for each small gap it finds.
 */
void heap_close_gaps(void);

/* Whether memory that is freed, by whomever, holds nothing any more. */
void heap_overwrite_freed(bool);

#endif
