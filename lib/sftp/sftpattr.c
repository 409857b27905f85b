/* Attributes: flags, and of each flag its fields. */
#include "lib/sftp/sftpattr.h"

#include "lib/sftp/sftpmessage.h"

enum {
	KNOWN = SP_FILE_HAS_SIZE | SP_FILE_HAS_OWNER | SP_FILE_HAS_MODE |
	    SP_FILE_HAS_TIMES,
};
#define EXTENDED 0x80000000U

static void
skip_extended(struct reader *r)
{
	uint32_t count = reader_u32(r);

	if (count > SFTPMESSAGE_ATTRS_MAX)
		reader_fail(r);
	for (; count > 0 && !r->failed; count--) {
		(void)reader_string(r);
		(void)reader_string(r);
	}
}

void
sftpattr_read(struct reader *r, struct sp_file_attr *attr)
{
	uint32_t has = reader_u32(r);

	*attr = (struct sp_file_attr){ .has = has & KNOWN };
	if ((has & ~(KNOWN | EXTENDED)) != 0)
		reader_fail(r);
	if ((has & SP_FILE_HAS_SIZE) != 0)
		attr->size = reader_u64(r);
	if ((has & SP_FILE_HAS_OWNER) != 0) {
		attr->uid = reader_u32(r);
		attr->gid = reader_u32(r);
	}
	if ((has & SP_FILE_HAS_MODE) != 0)
		attr->mode = reader_u32(r);
	if ((has & SP_FILE_HAS_TIMES) != 0) {
		attr->atime = reader_u32(r);
		attr->mtime = reader_u32(r);
	}
	if ((has & EXTENDED) != 0)
		skip_extended(r);
}

void
sftpattr_write(struct writer *w, const struct sp_file_attr *attr)
{
	writer_u32(w, attr->has & KNOWN);
	if ((attr->has & SP_FILE_HAS_SIZE) != 0)
		writer_u64(w, attr->size);
	if ((attr->has & SP_FILE_HAS_OWNER) != 0) {
		writer_u32(w, attr->uid);
		writer_u32(w, attr->gid);
	}
	if ((attr->has & SP_FILE_HAS_MODE) != 0)
		writer_u32(w, attr->mode);
	if ((attr->has & SP_FILE_HAS_TIMES) != 0) {
		writer_u32(w, attr->atime);
		writer_u32(w, attr->mtime);
	}
}
