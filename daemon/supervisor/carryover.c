/* A file that is an image of memory, with a line about what it is. */
#include "daemon/supervisor/carryover.h"

#include "lib/wire/view.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 16384 };

/* Changes with the layout of the memory. */
static const char kind[] = "sallyport arrears 1";
static const char boot_path[] = "/proc/sys/kernel/random/boot_id";

static void
name_file(const char *folder, const char *end, char path[PATH_MAX + 32])
{
	snprintf(path, PATH_MAX + 32, "%s/arrears%s", folder, end);
}

/* What the file begins with, as long as this machine runs. */
static bool
make_header(char header[CARRYOVER_HEADER])
{
	char boot[64] = "";
	int fd = open(boot_path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, boot, sizeof boot - 1);
	close(fd);
	if (n <= 0) {
		errno = ENODATA;
		return false;
	}
	boot[strcspn(boot, "\n")] = '\0';
	memset(header, 0, CARRYOVER_HEADER);
	snprintf(header, CARRYOVER_HEADER, "%s\n%s\n", kind, boot);
	return true;
}

static bool
is_zero(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

/* From one offset to another; what is zero is left out. */
static bool
copy(int from, off_t at, int to, off_t there, off_t len)
{
	uint8_t block[BLOCK];

	while (len > 0) {
		size_t most = len < BLOCK ? (size_t)len : BLOCK;
		ssize_t n = pread(from, block, most, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n == 0 ? EIO : errno;
			return false;
		}
		if (!is_zero(block, (size_t)n) &&
		    pwrite(to, block, (size_t)n, there) != n)
			return false;
		at += n;
		there += n;
		len -= n;
	}
	return true;
}

static bool
write_file(int file, int memory)
{
	char header[CARRYOVER_HEADER];
	struct stat st;

	return make_header(header) && fstat(memory, &st) == 0 &&
	    pwrite(file, header, sizeof header, 0) == sizeof header &&
	    copy(memory, 0, file, CARRYOVER_HEADER, st.st_size) &&
	    ftruncate(file, CARRYOVER_HEADER + st.st_size) == 0;
}

bool
carryover_leave(const char *folder, int memory)
{
	char path[PATH_MAX + 32], new[PATH_MAX + 32];
	bool done;
	int saved;
	int fd;

	name_file(folder, "", path);
	name_file(folder, ".new", new);
	unlink(new);
	fd = open(
	    new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return false;
	done = write_file(fd, memory);
	saved = errno;
	if (close(fd) != 0 && done) {
		saved = errno;
		done = false;
	}
	if (done && rename(new, path) == 0)
		return true;
	if (done)
		saved = errno;
	unlink(new);
	errno = saved;
	return false;
}

static bool
is_ours(int file, int memory)
{
	char wanted[CARRYOVER_HEADER], found[CARRYOVER_HEADER];
	struct stat st, room;

	return fstat(file, &st) == 0 && fstat(memory, &room) == 0 &&
	    S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	    (st.st_mode & 022) == 0 &&
	    st.st_size == CARRYOVER_HEADER + room.st_size &&
	    make_header(wanted) &&
	    pread(file, found, sizeof found, 0) == sizeof found &&
	    memcmp(wanted, found, sizeof found) == 0;
}

/* Of a half that could be read each row is whole, or free. */
bool
carryover_take(const char *folder, int memory)
{
	char path[PATH_MAX + 32];
	struct stat room;
	bool is_taken;
	int fd;

	name_file(folder, "", path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return false;
	unlink(path);
	is_taken = is_ours(fd, memory) && fstat(memory, &room) == 0 &&
	    copy(fd, CARRYOVER_HEADER, memory, 0, room.st_size);
	close(fd);
	return is_taken;
}
