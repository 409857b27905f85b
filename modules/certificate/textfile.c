/* A file at once: its size is looked at before there is room for it. */
#include "modules/certificate/textfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

enum { PROBLEM_SIZE = 512 };

/* Up to size bytes; less where it cannot be read, or has shrunk meanwhile. */
static size_t
read_all(int fd, char *room, size_t size)
{
	size_t used = 0;

	while (used < size) {
		ssize_t n = read(fd, room + used, size - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		used += (size_t)n;
	}
	return used;
}

bool
textfile_read(struct textfile *file, int fd, const char *path)
{
	struct stat st;

	*file = (struct textfile){ .text = NULL };
	if (fstat(fd, &st) != 0 || st.st_size > TEXTFILE_MAX)
		sp_log(LOG_WARNING, "file_too_large",
		    "%s has more than %d bytes and is not read", path,
		    TEXTFILE_MAX);
	else if ((file->text = malloc((size_t)st.st_size + 1)) == NULL)
		sp_log(LOG_ERR, "file_unreadable", "%s: out of memory", path);
	else
		file->len = read_all(fd, file->text, (size_t)st.st_size);
	close(fd);
	if (file->text == NULL)
		return false;
	/* What is behind could take back what is before. */
	if (file->len == (size_t)st.st_size)
		return true;
	sp_log(
	    LOG_ERR, "file_unreadable", "%s cannot be read to its end", path);
	textfile_free(file);
	return false;
}

bool
textfile_read_trusted(struct textfile *file, const char *path)
{
	char problem[PROBLEM_SIZE];
	int fd = sp_open_trusted(path, problem, sizeof problem);

	if (fd >= 0)
		return textfile_read(file, fd, path);
	sp_log(LOG_ERR, "file_refused", "%s", problem);
	return false;
}

void
textfile_free(struct textfile *file)
{
	free(file->text);
	*file = (struct textfile){ .text = NULL };
}

struct sp_view
textfile_view(const struct textfile *file)
{
	return (struct sp_view){ (const uint8_t *)file->text, file->len };
}

size_t
textfile_line(const struct textfile *file, const uint8_t *place)
{
	const char *at = file->text, *end = (const char *)place;
	size_t line = 1;

	while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		line++;
		at++;
	}
	return line;
}
