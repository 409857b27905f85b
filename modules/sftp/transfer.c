/* Lines about transfers. */
#include "modules/sftp/transfer.h"

#include <time.h>

uint64_t
transfer_clock(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return 0;
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void
transfer_log(
    struct sp_chan *chan, const struct guard_file *file, const char *reason)
{
	const uint32_t writes = SP_FILE_WRITE | SP_FILE_APPEND;
	struct sp_transfer transfer = {
		.size = sizeof transfer,
		.path = file->path,
		.time_ms = transfer_clock() - file->begun_ms,
		.reason = reason,
	};

	if (file->is_folder)
		return;
	if (file->spoiled != NULL)
		transfer.reason = file->spoiled;
	else if (reason == NULL && file->has_failed)
		transfer.reason = "not all of it could be written";
	if ((file->flags & writes) != 0) {
		transfer.is_upload = true;
		transfer.bytes = file->bytes_in;
		sp_chan_log_transfer(chan, &transfer);
	}
	if ((file->flags & SP_FILE_READ) != 0 && file->was_read) {
		transfer.is_upload = false;
		transfer.bytes = file->bytes_out;
		sp_chan_log_transfer(chan, &transfer);
	}
}
