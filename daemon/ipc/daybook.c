/*
 * The daybook: words in a memfd, each a ticket or free. Where a ticket may
 * stand follows from its hash, and each word changes at once or not at all.
 */
#include "daemon/ipc/daybook.h"

#include "lib/wire/view.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Else a word would be guarded by a lock, which is not shared. */
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "words of 64 bits are atomic");

/* The second in which the ticket expires, then a mark of it; 0 is free. */
struct daybook_pages {
	_Atomic uint64_t words[DAYBOOK_ENTRIES];
};

enum { MARK_BITS = 32 };

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

	daybook_close(d);
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
	close(fd);
	d->pages = pages;
	return true;
}

void
daybook_close(struct daybook *d)
{
	if (d->pages != NULL)
		munmap(d->pages, sizeof *d->pages);
	d->pages = NULL;
}

/* ---- a ticket ---- */

struct mark {
	uint64_t word; /* what stands for the ticket */
	size_t first; /* of its places */
};

/* An exchange hash is as random as any hash of it would be. */
static struct mark
mark_of(struct sp_view hash, uint64_t expiry)
{
	struct mark mark;
	uint32_t id;
	uint64_t place;

	memcpy(&id, hash.data, sizeof id);
	memcpy(&place, hash.data + 8, sizeof place);
	/* Rounded up: it is remembered for as long as it could be used. */
	mark.word = (expiry / 1000 + 1) << MARK_BITS | id;
	mark.first = place % DAYBOOK_ENTRIES;
	return mark;
}

static _Atomic uint64_t *
word_at(struct daybook *d, const struct mark *mark, size_t i)
{
	return &d->pages->words[(mark->first + i) % DAYBOOK_ENTRIES];
}

static bool
is_live(uint64_t word, uint64_t now)
{
	return (word >> MARK_BITS) * 1000 > now;
}

/* How many of the ticket's places hold it. */
static unsigned
count_of(struct daybook *d, const struct mark *mark, uint64_t now)
{
	unsigned count = 0;

	for (size_t i = 0; i < DAYBOOK_PLACES; i++) {
		uint64_t word = atomic_load(word_at(d, mark, i));

		if ((uint32_t)word == (uint32_t)mark->word &&
		    is_live(word, now))
			count++;
	}
	return count;
}

/* Into a place whose ticket has expired. */
static bool
put(struct daybook *d, const struct mark *mark, uint64_t now)
{
	for (size_t i = 0; i < DAYBOOK_PLACES; i++) {
		_Atomic uint64_t *place = word_at(d, mark, i);
		uint64_t word = atomic_load(place);

		if (!is_live(word, now) &&
		    atomic_compare_exchange_strong(place, &word, mark->word))
			return true;
	}
	return false;
}

/*
 * Whoever takes it looks at all places after his own was written: of two
 * at least one sees the other's.
 */
bool
daybook_take(
    struct daybook *d, struct sp_view hash, uint64_t expiry, uint64_t now)
{
	struct mark mark;

	assert(hash.len >= DAYBOOK_HASH_MIN);
	if (d->pages == NULL || expiry <= now)
		return false;
	mark = mark_of(hash, expiry);
	return count_of(d, &mark, now) == 0 && put(d, &mark, now) &&
	    count_of(d, &mark, now) == 1;
}
