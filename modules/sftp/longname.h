/* A line about a file, as "ls -l" writes it; and the names of ids. */
#ifndef SP_SFTP_LONGNAME_H
#define SP_SFTP_LONGNAME_H

#include <sallyport/sftp.h>

#include <time.h>

enum { LONGNAME_IDS = 64, LONGNAME_NAME = 33 };

/* Names that were asked for: a folder's files have few owners. */
struct longname_ids {
	struct longname_id {
		uint32_t id;
		bool is_known;
		char name[LONGNAME_NAME]; /* "" where it has none */
	} users[LONGNAME_IDS], groups[LONGNAME_IDS];
};

/* The name of an id; "" where it has none. Borrowed until the next. */
const char *longname_user(struct longname_ids *, uint32_t uid);
const char *longname_group(struct longname_ids *, uint32_t gid);

/* What stands in front of the name, with a space behind; NUL-terminated. */
enum { LONGNAME_SIZE = 192 };
size_t longname_write(struct longname_ids *, const struct sp_file_attr *,
    time_t now, char room[LONGNAME_SIZE]);

#endif
