/* Files of lines that a module reads whole. */
#ifndef SP_MODULE_TEXTFILE_H
#define SP_MODULE_TEXTFILE_H

#include <sallyport/module.h>

/* 100,000 keys and more. */
enum { TEXTFILE_MAX = 64 * 1024 * 1024 };

struct textfile {
	char *text; /* not a string */
	size_t len;
};

/*
 * Reads what was opened, all of it, and closes it. False where that cannot be
 * done, it is too large, or memory is short; then the log says which.
 */
SP_MUST_USE bool textfile_read(struct textfile *, int fd, const char *path);
/* The same of one that must be trusted as the configuration is. */
SP_MUST_USE bool textfile_read_trusted(struct textfile *, const char *path);
void textfile_free(struct textfile *);

struct sp_view textfile_view(const struct textfile *);

/* The number of the line in which a place of the file stands. */
size_t textfile_line(const struct textfile *, const uint8_t *place);

#endif
