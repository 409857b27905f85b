/* Files and folders that were not there before. */
#include "daemon/supervisor/newfile.h"

#include "lib/wire/view.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool
newfile_make_folders(const char *path, mode_t mode)
{
	char above[PATH_MAX];
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof above) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(above, path, len + 1);
	for (size_t i = 1; i < len; i++) {
		if (above[i] != '/')
			continue;
		above[i] = '\0';
		if (mkdir(above, 0755) != 0 && errno != EEXIST)
			return false;
		above[i] = '/';
	}
	return mkdir(above, mode) == 0 || errno == EEXIST;
}

static bool
write_all(int fd, struct sp_view text)
{
	while (text.len > 0) {
		ssize_t n = write(fd, text.data, text.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		text = view_of(text.data + n, text.len - (size_t)n);
	}
	return true;
}

bool
newfile_write(const char *path, struct sp_view text, mode_t mode)
{
	char temporary[PATH_MAX + 64];
	bool done;
	int saved;
	int fd;

	snprintf(temporary, sizeof temporary, "%s.%ld", path, (long)getpid());
	fd = open(temporary,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return false;
	done = write_all(fd, text) && fchmod(fd, mode) == 0 && fsync(fd) == 0;
	saved = errno;
	if (close(fd) != 0 && done) {
		saved = errno;
		done = false;
	}
	if (done && link(temporary, path) != 0) {
		saved = errno;
		done = false;
	}
	unlink(temporary);
	errno = saved;
	return done;
}
