/*
 * The text of a configuration file, with the files it includes put in
 * their place, and for each line where it comes from. Each file is opened
 * once, and what was opened is what is checked: it must belong to root or
 * to the user this process runs as, and be writable by nobody else.
 */
#ifndef SP_CONFIG_SOURCE_H
#define SP_CONFIG_SOURCE_H

#include "daemon/config/mistake.h"
#include "lib/wire/buffer.h"

struct source_line {
	const char *file;
	unsigned line;
};

struct source {
	char *text; /* ends with a NUL that does not count */
	size_t len;
	struct source_line *lines; /* of the text, counted from 1 */
	size_t line_count;
};

enum {
	SOURCE_FILE_MAX = 4 * 1024 * 1024,
	SOURCE_DEPTH_MAX = 10,
	SOURCE_INCLUDES_MAX = 1000, /* in all, or they multiply by depth */
};

/*
 * Reads a file and what it includes; all lives in the arena. False when
 * the file itself could not be read. Mistakes are told either way.
 */
bool source_read(
    struct arena *, const char *path, struct source *, struct mistakes *);

/*
 * Another file that an administrator writes, as it is, at the end of the
 * buffer, whose maximum bounds it; wanted_at is blamed where it is not
 * there (line 0: itself).
 */
bool source_read_whole(const char *path, struct source_line wanted_at,
    struct buffer *, struct mistakes *);

/* A text that is in memory already, without @include. */
void source_of_text(
    struct arena *, const char *name, struct sp_view text, struct source *);

/* Where a line of the text comes from; the last for one past the end. */
struct source_line source_where(const struct source *, size_t line);

/* The names of a folder's *.conf files in order; the folder is checked. */
struct string_list
source_folder(struct arena *, const char *path, struct mistakes *);

#endif
