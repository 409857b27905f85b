/*
 * How much may go by at a rate, for all who share one number: the time by
 * which all that was taken is paid for. Up to a quarter of a second's worth
 * may be taken out at once, and more than that as a debt that is waited for.
 * Times are nanoseconds of one clock, of no particular beginning; the number
 * is zero at first. Nobody waits for anybody to read or to change it.
 */
#ifndef SP_SFTP_BUCKET_H
#define SP_SFTP_BUCKET_H

#include <sallyport/types.h>

struct bucket {
	uint64_t rate; /* bytes a second; 0: no limit */
	uint64_t *due; /* borrowed; others may change it at any time */
};

/* How many bytes may go now; without a limit SIZE_MAX. */
size_t bucket_room(const struct bucket *, uint64_t now);

/* So many have gone. */
void bucket_take(const struct bucket *, uint64_t len, uint64_t now);

/* After how long there is room for something; 0: there is. */
uint64_t bucket_wait(const struct bucket *, uint64_t now);

#endif
