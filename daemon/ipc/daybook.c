/* The daybook: a ring of entries in a memfd, and a count of all of them. */
#include "daemon/ipc/daybook.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct daybook_pages {
	uint64_t written; /* in all; the last is at (written - 1) % size */
	struct daybook_entry entries[DAYBOOK_ENTRIES];
};

/* Nobody can take pages away from under who has mapped them. */
int
daybook_make(void)
{
	int fd = memfd_create("daybook", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int saved;

	if (fd < 0)
		return -1;
	if (ftruncate(fd, sizeof(struct daybook_pages)) == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) ==
		0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

bool
daybook_open(struct daybook *d, int fd)
{
	struct stat file;
	void *pages;

	if (fstat(fd, &file) != 0 ||
	    file.st_size != sizeof(struct daybook_pages))
		return false;
	pages = mmap(NULL, sizeof(struct daybook_pages), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	if (pages == MAP_FAILED)
		return false;
	if (madvise(pages, sizeof(struct daybook_pages), MADV_DONTFORK) != 0) {
		munmap(pages, sizeof(struct daybook_pages));
		return false;
	}
	*d = (struct daybook){ .pages = pages, .fd = fd };
	return true;
}

void
daybook_close(struct daybook *d)
{
	if (d->pages == NULL)
		return;
	munmap(d->pages, sizeof *d->pages);
	close(d->fd);
	*d = (struct daybook){ 0 };
}

/* A record lock is its process's own: a child does not inherit it. */
static bool
set_lock(const struct daybook *d, short type)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET };
	int done;

	do {
		done = fcntl(d->fd, F_SETLKW, &lock);
	} while (done != 0 && errno == EINTR);
	return done == 0;
}

bool
daybook_lock(struct daybook *d)
{
	return d->pages != NULL && set_lock(d, F_WRLCK);
}

void
daybook_unlock(struct daybook *d)
{
	set_lock(d, F_UNLCK);
}

bool
daybook_peek(struct daybook *d, struct daybook_entry *entry)
{
	uint64_t written = d->pages->written;

	/* What was written over had expired. */
	if (written - d->read > DAYBOOK_ENTRIES)
		d->read = written - DAYBOOK_ENTRIES;
	if (d->read == written)
		return false;
	*entry = d->pages->entries[d->read % DAYBOOK_ENTRIES];
	return true;
}

void
daybook_advance(struct daybook *d)
{
	d->read++;
}

bool
daybook_write(
    struct daybook *d, const struct daybook_entry *entry, uint64_t now)
{
	struct daybook_entry *place =
	    &d->pages->entries[d->pages->written % DAYBOOK_ENTRIES];

	assert(d->read == d->pages->written);
	if (place->expiry > now)
		return false;
	/* Who dies on the way has counted an entry that has expired. */
	d->pages->written++;
	memcpy(place->id, entry->id, sizeof place->id);
	place->expiry = entry->expiry;
	d->read++;
	return true;
}
