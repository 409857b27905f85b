/*
 * How much may go by at a rate: what flows in with time, up to a quarter
 * of a second's worth, may be taken out at once, and more than that as a
 * debt that is waited for. Times are milliseconds, of no particular
 * beginning.
 */
#ifndef SP_SFTP_BUCKET_H
#define SP_SFTP_BUCKET_H

#include <sallyport/types.h>

struct bucket {
	uint64_t rate; /* bytes a second; 0: no limit */
	uint64_t filled_at;
	int64_t level; /* thousandths of a byte */
};

void bucket_init(struct bucket *, uint64_t rate, uint64_t now);

/* How many bytes may go now; without a limit SIZE_MAX. */
size_t bucket_room(struct bucket *, uint64_t now);

/* So many have gone. */
void bucket_take(struct bucket *, uint64_t len);

/* After how long there is room for something; 0: there is. */
uint64_t bucket_wait(struct bucket *, uint64_t now);

#endif
