/*
 * What SFTP says of files: version 3, draft-ietf-secsh-filexfer-02, and
 * the extensions of OpenSSH's. Numbers are those of the protocol.
 */
#ifndef SALLYPORT_SFTP_H
#define SALLYPORT_SFTP_H

#include <sallyport/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What became of a request (section 7). */
enum sp_file_status {
	SP_FILE_OK = 0,
	SP_FILE_EOF = 1, /* nothing is behind this */
	SP_FILE_NOT_FOUND = 2,
	SP_FILE_DENIED = 3,
	SP_FILE_FAILED = 4,
	SP_FILE_BAD_MESSAGE = 5,
	SP_FILE_UNSUPPORTED = 8,
};

/* How a file is opened (section 6.3). */
enum sp_file_flag {
	SP_FILE_READ = 0x01,
	SP_FILE_WRITE = 0x02,
	SP_FILE_APPEND = 0x04,
	SP_FILE_CREATE = 0x08,
	SP_FILE_TRUNCATE = 0x10,
	SP_FILE_EXCLUSIVE = 0x20,
};

/* Which of the attributes are there (section 5). */
enum sp_file_has {
	SP_FILE_HAS_SIZE = 0x01,
	SP_FILE_HAS_OWNER = 0x02, /* uid and gid */
	SP_FILE_HAS_MODE = 0x04,
	SP_FILE_HAS_TIMES = 0x08, /* atime and mtime */
};

struct sp_file_attr {
	uint32_t has; /* of enum sp_file_has */
	uint32_t uid, gid;
	uint32_t mode; /* with the type of the file, as st_mode */
	uint32_t atime, mtime; /* seconds since 1970 */
	uint64_t size;
	uint32_t links; /* not sent, but shown in a long name; 0: unknown */
};

/* "statvfs@openssh.com" (OpenSSH's PROTOCOL 4.4). */
struct sp_file_space {
	uint64_t block_size;
	uint64_t fragment_size; /* the unit of the next three */
	uint64_t blocks, free_blocks, available_blocks;
	uint64_t files, free_files, available_files;
	uint64_t id;
	uint64_t flags; /* 1: read only, 2: no setuid */
	uint64_t name_max;
};

#ifdef __cplusplus
}
#endif

#endif
