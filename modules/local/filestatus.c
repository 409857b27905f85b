/* errno and the statuses of draft-ietf-secsh-filexfer-02 section 7. */
#include "modules/local/filestatus.h"

#include <errno.h>
#include <string.h>

uint32_t
filestatus_of(int error)
{
	static const struct {
		int error;
		uint32_t status;
	} rows[] = {
		{ 0, SP_FILE_OK },
		{ ENOENT, SP_FILE_NOT_FOUND },
		{ ENOTDIR, SP_FILE_NOT_FOUND },
		{ EBADF, SP_FILE_NOT_FOUND },
		{ ELOOP, SP_FILE_NOT_FOUND },
		{ EPERM, SP_FILE_DENIED },
		{ EACCES, SP_FILE_DENIED },
		{ EFAULT, SP_FILE_DENIED },
		{ ENAMETOOLONG, SP_FILE_BAD_MESSAGE },
		{ EINVAL, SP_FILE_BAD_MESSAGE },
		{ ENOSYS, SP_FILE_UNSUPPORTED },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].error == error)
			return rows[i].status;
	return SP_FILE_FAILED;
}

uint32_t
filestatus_fail(struct sp_reply *reply)
{
	reply->reason = strerror(errno);
	return filestatus_of(errno);
}

uint32_t
filestatus_end(struct sp_reply *reply, bool is_done)
{
	return is_done ? SP_FILE_OK : filestatus_fail(reply);
}
